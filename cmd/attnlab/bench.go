package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"regexp"

	"attnlab/gpu"
	"attnlab/model/speed"
	"attnlab/model/workload"
)

var benchCommand = command{
	name: "bench",
	does: "measures kernels, training steps and decoding",
	about: `
With --backend auto both backends are measured, run by run in turn, and a table shows which one is faster by the size of the model. Each row
is warmed up and then run up to five times, within half a second; --full always runs it five times and adds larger batches. The names:

  train-P      a training step of preset P on 4096 tokens, from tokens in to weights changed
  decode-P-B   sampling 32 tokens after a prompt of 16 for B sequences, tokens in to tokens out
  train-nano, train-pico, decode-nano, decode-pico   the workloads of common browser libraries, loss read back every step
  path-nano-P  decode-nano by one path (kernels, layers or tokens, see "attnlab help doctor"), on adapters with --full
  kernel-K     all dispatches of kernel K in a training step of small, each waited for
  token-kernel-K   the same in a decoded token of 64 sequences of small; --full adds the kernels of the other paths on adapters
  ceiling-product, ceiling-copy   the rates of a large matrix product and of a copy: what kernels are compared with

dispatches, submits and readbacks are those of a training step, or of one decoded token of all sequences. bytes and operations are what a
kernel must do at least. share_of_ceiling is the time in which the device would do that at its ceilings over the time that it took: the bound
of the roofline model.

  attnlab bench
  attnlab bench --filter 'small|nano' --backend host --json
  attnlab bench --filter 'kernel|ceiling'
`,
	flags: func(_ *options, f *flag.FlagSet) action {
		filter := f.String("filter", "", "`RE` that the name of a row must match")
		full := f.Bool("full", false, "five runs of everything, and batches of 256")
		return func(ctx context.Context, c *console) error {
			re, err := regexp.Compile(*filter)
			if err != nil {
				return wrongUsage("bench: --filter: %w", err)
			}
			return c.bench(ctx, workload.Plan{Filter: re, Full: *full})
		}
	},
}

func (c *console) bench(ctx context.Context, plan workload.Plan) error {
	devices, err := c.benchDevices()
	if err != nil {
		return err
	}
	for _, d := range devices {
		defer d.Close()
		c.note("%s", d.Info)
	}
	p := c.progress("measuring")
	rows, err := workload.Measure(ctx, devices, plan, func(done, total int, name string, _ []speed.Row) { p.set(done, total, name) })
	p.end()
	switch {
	case err != nil && ctx.Err() == nil:
		return fmt.Errorf("bench %w", err)
	case ctx.Err() != nil:
		err = fmt.Errorf("stopped after %d rows", len(rows))
	}
	switch {
	case len(rows) == 0 && err != nil:
		return err
	case len(rows) == 0:
		return fmt.Errorf("no row matches %q; \"attnlab help bench\" shows how they are named", plan.Filter)
	}
	var failed error
	if printed := c.print(rows, func(w io.Writer) { failed = speed.Text(w, rows) }); printed != nil {
		return printed
	}
	if failed != nil {
		return failed
	}
	return err
}

// benchDevices opens the backends to measure.
func (c *console) benchDevices() ([]*gpu.Device, error) {
	d, why, err := gpu.Open(c.backend)
	if err != nil {
		return nil, err
	}
	if err := c.tune(d); err != nil {
		return nil, err
	}
	if c.backend == gpu.Auto && d.Info.Backend != gpu.Host {
		return []*gpu.Device{gpu.OpenHost(), d}, nil
	}
	if c.backend == gpu.Auto {
		c.note("%s", why)
	}
	return []*gpu.Device{d}, nil
}
