package workload

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"attnlab/gpu"
	"attnlab/model/speed"
	"attnlab/shaders/attn"
	"attnlab/shaders/loss"
	"attnlab/shaders/nn"
	"attnlab/shaders/optim"
)

// kernelNames are the names that rows of kernels can have.
func kernelNames() (names []string) {
	r := rand.New(rand.NewPCG(0, 0))
	for _, c := range slices.Concat(nn.Cases(r, nn.Tiles), attn.Cases(r), loss.Cases(r), optim.Cases(r)) {
		if name := speed.Kernel + c.Kernel.Name; len(names) == 0 || names[len(names)-1] != name {
			names = append(names, name)
		}
	}
	return names
}

// kernels measures the ceilings of each device, and every kernel of a training step of w against them.
func (p Plan) kernels(ctx context.Context, devices []*gpu.Device, w Workload) (rows []speed.Row, err error) {
	for _, d := range devices {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		of, err := p.profile(ctx, d, w)
		if err != nil {
			return nil, err
		}
		rows = append(rows, of...)
	}
	return rows, nil
}

// profile measures one device. It measures the ceilings before, between and after the kernels, because a machine can be slower for
// a while.
func (p Plan) profile(ctx context.Context, d *gpu.Device, w Workload) (rows []speed.Row, err error) {
	fail := func(what string, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("%s on %s: %w", what, d.Info, err)
	}
	ceilings := newCeilings(d)
	defer ceilings.release()
	t, err := w.Trainer(d)
	if err != nil {
		return nil, fail(kernels, err)
	}
	defer t.Model.Release()
	defer t.Release()
	if err := t.Step(0, w.Part(false)); err != nil { // compiles
		return nil, fail(kernels, err)
	}
	for range 3 {
		if err := ceilings.measure(); err != nil {
			return nil, fail("ceilings", err)
		}
	}
	part := w.Part(true)
	last := map[string]gpu.Timing{}
	took := map[string][]float64{}
	var names []string
	start := time.Now()
	for runs := 0; p.another(runs, time.Since(start)); runs++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := ceilings.measure(); err != nil {
			return nil, fail("ceilings", err)
		}
		timings, err := t.Profile(part)
		if err != nil {
			return nil, fail(kernels, err)
		}
		names = nil // the slowest first
		for _, one := range timings {
			names = append(names, one.Kernel)
			last[one.Kernel] = one
			took[one.Kernel] = append(took[one.Kernel], ms(one.Took))
		}
	}
	if err := ceilings.measure(); err != nil {
		return nil, fail("ceilings", err)
	}
	rows = ceilings.rows()
	best := gpu.Work(speed.CeilingsOf(rows, backend(d)))
	for _, name := range names {
		row, one := speed.Timed(took[name]), last[name]
		row.Name, row.Shape = speed.Kernel+name, fmt.Sprintf("%d calls in %s%s, %d tokens", one.Calls, speed.Train, w.Name, part.N())
		row.Backend, row.Adapter = backend(d), d.Info.Name
		row.TokensPerSecond = float64(part.N()) / row.MedianMs * 1e3
		row.Dispatches = float64(one.Calls)
		row.Operations, row.Bytes = one.Work.Operations, one.Work.Bytes
		row.Share = one.Work.Share(best, time.Duration(row.MedianMs*float64(time.Millisecond)))
		rows = append(rows, row)
	}
	return slices.DeleteFunc(rows, func(r speed.Row) bool { return !p.Filter.MatchString(r.Name) }), nil
}
