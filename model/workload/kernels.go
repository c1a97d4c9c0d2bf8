package workload

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"attnlab/gpu"
	"attnlab/model"
	"attnlab/model/speed"
	"attnlab/shaders/attn"
	"attnlab/shaders/decode"
	"attnlab/shaders/loss"
	"attnlab/shaders/nn"
	"attnlab/shaders/optim"
)

// kernelNames are the names that rows of kernels can have.
func kernelNames() (names []string) {
	r := rand.New(rand.NewPCG(0, 0))
	list := func(prefix string, cases ...[]gpu.Case) {
		for _, c := range slices.Concat(cases...) {
			if name := prefix + c.Kernel.Name; !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	list(speed.Kernel, nn.Cases(r, nn.Tiles), attn.Cases(r), loss.Cases(r), optim.Cases(r))
	list(speed.TokenKernel, nn.Cases(r, nn.Tiles), attn.Cases(r), decode.Cases(r), decode.FusedCases(r))
	return names
}

// kernelPart is what kernels are measured in: a training step or a decoded token.
type kernelPart struct {
	prefix string                       // of the rows' names
	within string                       // the job that they are a part of
	tokens int                          // of a run
	run    func() ([]gpu.Timing, error) // times every kernel once
}

// parts returns the training step and the decoded token whose kernels are measured, by each path where the plan is full and d is an
// adapter, and how to release them.
func (p Plan) parts(d *gpu.Device, w Workload) (parts []kernelPart, release func(), err error) {
	var releases []func()
	release = func() {
		for _, r := range releases {
			r()
		}
	}
	wants := func(prefix string) bool {
		return slices.ContainsFunc(kernelNames(), func(name string) bool { return strings.HasPrefix(name, prefix) && p.Filter.MatchString(name) })
	}
	if wants(speed.Kernel) {
		t, err := w.Trainer(d)
		if err != nil {
			return nil, release, err
		}
		releases = append(releases, func() { t.Release(); t.Model.Release() })
		if err := t.Step(0, w.Part(false)); err != nil { // compiles
			return nil, release, err
		}
		part := w.Part(true)
		parts = append(parts, kernelPart{speed.Kernel, speed.Train + w.Name, part.N(), func() ([]gpu.Timing, error) { return t.Profile(part) }})
	}
	if wants(speed.TokenKernel) {
		paths := []model.Path{model.PathKernels}
		if p.Full && d.Info.Backend != gpu.Host && !(d.Info.Software && d.Info.Backend == gpu.WebGPU) { // which takes seconds to compile them
			paths = model.Paths
		}
		for _, path := range paths {
			part, done, err := w.token(d, path)
			releases = append(releases, done)
			if err != nil {
				return nil, release, err
			}
			parts = append(parts, part)
		}
	}
	return parts, release, nil
}

// profiledSequences is how many sequences decode when kernels are measured.
const profiledSequences = 64

// token is a token of every sequence after w's prompt, decoded on a path.
func (w Workload) token(d *gpu.Device, path model.Path) (part kernelPart, release func(), err error) {
	m, err := w.model(d)
	if err != nil {
		return part, func() {}, err
	}
	dec, err := model.NewDecoder(m, model.DecoderSize{Slots: profiledSequences, Rows: profiledSequences * (w.prompt + w.drawn), Chunk: w.drawn, Path: path})
	if err != nil {
		return part, m.Release, err
	}
	release = func() { dec.Release(); m.Release() }
	requests := make([]model.Request, profiledSequences)
	for i, tokens := range w.sequences(profiledSequences, w.prompt) {
		requests[i] = model.Request{Tokens: tokens, Max: w.drawn, ID: uint32(i)}
	}
	_, err = dec.Generate(context.Background(), requests[:1], model.Sampling{Temperature: 1}, nil) // compiles
	within := fmt.Sprintf("a token of %s%s-%d by path %s", speed.Decode, w.Name, profiledSequences, path)
	return kernelPart{speed.TokenKernel, within, profiledSequences, func() ([]gpu.Timing, error) { return dec.Profile(requests) }}, release, err
}

// kernels measures the ceilings of each device, and every kernel of a training step and of a decoded token of w against them.
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
	parts, release, err := p.parts(d, w)
	defer func() { release() }()
	if err != nil {
		return nil, fail(kernels, err)
	}
	for range 3 {
		if err := ceilings.measure(); err != nil {
			return nil, fail("ceilings", err)
		}
	}
	series := make([]kernelSeries, len(parts))
	start := time.Now()
	for runs := 0; p.another(runs, time.Since(start)); runs++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := ceilings.measure(); err != nil {
			return nil, fail("ceilings", err)
		}
		for i, part := range parts {
			timings, err := part.run()
			if err != nil {
				return nil, fail(kernels, err)
			}
			series[i].add(timings)
		}
	}
	if err := ceilings.measure(); err != nil {
		return nil, fail("ceilings", err)
	}
	rows = ceilings.rows()
	best := gpu.Work(speed.CeilingsOf(rows, backend(d)))
	for i, part := range parts {
		for _, name := range series[i].names {
			row, one := speed.Timed(series[i].took[name]), series[i].last[name]
			row.Name, row.Shape = part.prefix+name, fmt.Sprintf("%d calls in %s, %d tokens", one.Calls, part.within, part.tokens)
			row.Backend, row.Adapter = backend(d), d.Info.Name
			row.TokensPerSecond = float64(part.tokens) / row.MedianMs * 1e3
			row.Dispatches = float64(one.Calls)
			row.Operations, row.Bytes = one.Work.Operations, one.Work.Bytes
			row.Share = one.Work.Share(best, time.Duration(row.MedianMs*float64(time.Millisecond)))
			rows = append(rows, row)
		}
	}
	return slices.DeleteFunc(rows, func(r speed.Row) bool { return !p.Filter.MatchString(r.Name) }), nil
}

// kernelSeries are the times of the kernels of one part.
type kernelSeries struct {
	names []string // of the last run, the slowest first
	last  map[string]gpu.Timing
	took  map[string][]float64 // milliseconds
}

func (s *kernelSeries) add(timings []gpu.Timing) {
	if s.took == nil {
		s.last, s.took = map[string]gpu.Timing{}, map[string][]float64{}
	}
	s.names = nil
	for _, one := range timings {
		s.names = append(s.names, one.Kernel)
		s.last[one.Kernel] = one
		s.took[one.Kernel] = append(s.took[one.Kernel], ms(one.Took))
	}
}
