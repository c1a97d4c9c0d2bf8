package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"regexp"
	"slices"
	"time"

	"attnlab/gpu"
	"attnlab/model/workload"
)

var benchCommand = command{
	name: "bench",
	does: "measures kernels, training steps and decoding",
	about: `
With --backend auto both backends are measured. Each row is warmed up and then run up to five times, within half a second;
--full always runs it five times and adds larger batches. The names:

  train-P      a training step of preset P on 4096 tokens, from tokens in to weights changed
  decode-P-B   sampling 32 tokens after a prompt of 16 for B sequences, tokens in to tokens out
  train-nano, train-pico, decode-nano, decode-pico   the workloads of common browser libraries, loss read back every step
  kernel-K     all dispatches of kernel K in a training step of small, each waited for

dispatches, submits and readbacks are those of a training step, or of one decoded token of all sequences.

  attnlab bench
  attnlab bench --filter 'small|nano' --backend host --json
`,
	flags: func(_ *options, f *flag.FlagSet) action {
		filter := f.String("filter", "", "`RE` that the name of a row must match")
		full := f.Bool("full", false, "five runs of everything, and batches of 256")
		return func(ctx context.Context, c *console) error {
			re, err := regexp.Compile(*filter)
			if err != nil {
				return wrongUsage("bench: --filter: %w", err)
			}
			return c.bench(ctx, re, *full)
		}
	},
}

// benchRow is one line of what bench prints.
type benchRow struct {
	Name            string  `json:"name"`
	Shape           string  `json:"shape"`
	Backend         string  `json:"backend"`
	Adapter         string  `json:"adapter"`
	MedianMs        float64 `json:"median_ms"`
	MinMs           float64 `json:"min_ms"`
	MaxMs           float64 `json:"max_ms"`
	TokensPerSecond float64 `json:"tokens_per_second"`
	Dispatches      float64 `json:"dispatches"`
	Submits         float64 `json:"submits"`
	Readbacks       float64 `json:"readbacks"`
	Runs            int     `json:"runs"`
}

// A row is run at most benchRuns times, and no more once benchTime is used up.
const (
	benchRuns = 5
	benchTime = time.Second / 2
)

// another reports whether a row should run once more.
func another(runs int, used time.Duration, full bool) bool {
	return runs == 0 || runs < benchRuns && (full || used < benchTime)
}

func (c *console) bench(ctx context.Context, filter *regexp.Regexp, full bool) error {
	devices, err := c.benchDevices()
	if err != nil {
		return err
	}
	rows := []benchRow{}
	var stopped error
	for _, d := range devices {
		defer d.Close()
		c.note("%s", d.Info)
		some, err := c.benchDevice(ctx, d, filter, full)
		if err != nil && ctx.Err() == nil {
			return err
		}
		rows, stopped = append(rows, some...), err
	}
	switch {
	case stopped != nil && len(rows) == 0:
		return stopped
	case len(rows) == 0:
		return fmt.Errorf("no row matches %q; \"attnlab help bench\" shows how they are named", filter)
	}
	if err := c.print(rows, func(w io.Writer) { benchText(w, rows) }); err != nil {
		return err
	}
	return stopped
}

// benchDevices opens the backends to measure.
func (c *console) benchDevices() ([]*gpu.Device, error) {
	d, why, err := gpu.Open(c.backend)
	if err != nil {
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

func (c *console) benchDevice(ctx context.Context, d *gpu.Device, filter *regexp.Regexp, full bool) (rows []benchRow, err error) {
	all := workload.All(full)
	var chosen []workload.Job
	for _, w := range all {
		for _, job := range w.Jobs() {
			if filter.MatchString(job.Name) {
				chosen = append(chosen, job)
			}
		}
	}
	p := c.progress("measuring")
	defer p.end()
	defer func() {
		for i := range rows {
			rows[i].Backend, rows[i].Adapter = gpu.WebGPU, d.Info.Name
			if d.Info.Backend == gpu.Host {
				rows[i].Backend = gpu.Host
			}
		}
	}()
	for i, b := range chosen {
		if ctx.Err() != nil {
			return rows, fmt.Errorf("stopped after %d rows", len(rows))
		}
		p.set(i, len(chosen), b.Name)
		row, err := measure(b, d, full)
		if err != nil {
			return rows, fmt.Errorf("bench %s on %s: %w", b.Name, d.Info, err)
		}
		rows = append(rows, row)
	}
	if ctx.Err() == nil && matchesKernel(filter) {
		w := all[slices.IndexFunc(all, func(w workload.Workload) bool { return w.Name == profiled })]
		kernels, err := benchKernels(d, w, filter, full)
		if err != nil {
			return rows, fmt.Errorf("bench kernels on %s: %w", d.Info, err)
		}
		rows = append(rows, kernels...)
	}
	return rows, nil
}

func measure(b workload.Job, d *gpu.Device, full bool) (row benchRow, err error) {
	r, err := b.Prepare(d)
	if err != nil {
		return row, err
	}
	defer r.Release()
	if err := r.Warm(); err != nil {
		return row, err
	}
	var took []float64
	var counters gpu.Counters
	var used time.Duration
	for another(len(took), used, full) {
		if err := r.Before(); err != nil {
			return row, err
		}
		counters = d.Counters
		start := time.Now()
		if err := r.Run(); err != nil {
			return row, err
		}
		used += time.Since(start)
		took = append(took, ms(time.Since(start)))
	}
	row = timed(took)
	row.Name, row.Shape = b.Name, b.Shape
	row.TokensPerSecond = float64(b.Tokens) / row.MedianMs * 1e3
	units := float64(b.Units)
	row.Dispatches = float64(d.Counters.Dispatches-counters.Dispatches) / units
	row.Submits = float64(d.Counters.Submits-counters.Submits) / units
	row.Readbacks = float64(d.Counters.Readbacks-counters.Readbacks) / units
	return row, nil
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// timed is a row with the median, least and most of some times in milliseconds.
func timed(took []float64) benchRow {
	slices.Sort(took)
	return benchRow{MedianMs: took[len(took)/2], MinMs: took[0], MaxMs: took[len(took)-1], Runs: len(took)}
}

func benchText(w io.Writer, rows []benchRow) {
	fmt.Fprintf(w, "name\tbackend\tmedian ms\tmin\tmax\truns\ttokens/s\tdispatches\tsubmits\treadbacks\tshape\n")
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%s\t%.2f\t%.2f\t%.2f\t%d\t%.0f\t%.4g\t%.3g\t%.3g\t%s\n",
			r.Name, r.Backend, r.MedianMs, r.MinMs, r.MaxMs, r.Runs, r.TokensPerSecond, r.Dispatches, r.Submits, r.Readbacks, cmp.Or(r.Shape, "–"))
	}
}
