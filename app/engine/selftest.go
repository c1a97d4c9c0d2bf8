package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"time"

	"attnlab/app/session"
	"attnlab/gpu"
	"attnlab/shaders/attn"
	"attnlab/shaders/decode"
	"attnlab/shaders/loss"
	"attnlab/shaders/nn"
	"attnlab/shaders/optim"
)

// A visitor need not wait for the self-test: kernels are verified one case after another while nobody asks for anything,
// and what came of it is told as it comes.

const (
	// casesPerKernel are enough to see that a kernel works here; "attnlab doctor" runs them all.
	casesPerKernel = 2
	// rested is how long nobody has asked for anything before the next case is run.
	rested = 20 * time.Millisecond
	// tellEvery keeps screens from drawing every kernel by itself.
	tellEvery = 250 * time.Millisecond
)

// selfTest is how far the kernels of the device at work are verified.
type selfTest struct {
	left []gpu.Case // kernel by kernel
	at   session.KernelCheck
	told time.Time
}

// testAnew begins the self-test of the device at work.
func (e *Engine) testAnew() {
	r := rand.New(rand.NewPCG(1, 0))
	e.test = selfTest{left: largest(slices.Concat(nn.Cases(r), attn.Cases(r), loss.Cases(r), optim.Cases(r), decode.Cases(r)))}
	e.capabilities.Kernels, e.capabilities.Untested = []session.KernelCheck{}, 0
	for i, c := range e.test.left {
		if i == 0 || c.Kernel.Name != e.test.left[i-1].Kernel.Name {
			e.capabilities.Untested++
		}
	}
}

// largest keeps the cases of each kernel that fill its buffers most: those of
// several workgroups, the last not full.
func largest(cases []gpu.Case) (kept []gpu.Case) {
	words := func(c gpu.Case) (n int) {
		for _, b := range c.Buffers {
			n += reflect.ValueOf(b).Len()
		}
		return n
	}
	byKernel := map[string][]gpu.Case{}
	for _, c := range cases {
		byKernel[c.Kernel.Name] = append(byKernel[c.Kernel.Name], c)
	}
	for _, name := range slices.Sorted(maps.Keys(byKernel)) {
		of := byKernel[name]
		slices.SortStableFunc(of, func(a, b gpu.Case) int { return cmp.Compare(words(b), words(a)) })
		kept = append(kept, of[:min(casesPerKernel, len(of))]...)
	}
	return kept
}

// nextJob waits for a job, and goes on with the self-test meanwhile. It is false
// after the last.
func (e *Engine) nextJob(ctx context.Context, jobs <-chan *job) (*job, bool) {
	for len(e.test.left) > 0 && ctx.Err() == nil {
		select {
		case j, ok := <-jobs:
			return j, ok
		case <-time.After(rested):
			e.testNext(ctx)
		}
	}
	j, ok := <-jobs
	return j, ok
}

// testNext verifies one case, and tells of its kernel after the last of them.
func (e *Engine) testNext(ctx context.Context) {
	d, c := e.rig.device, e.test.left[0]
	report, err := c.Verify(d)
	if d.Err() != nil && d.Lost() {
		text, err := e.recover(attentive{ctx, e})
		if err != nil {
			e.fail("Open", err)
		}
		e.rest(text)
		return
	}
	k := &e.test.at
	if k.Name != c.Kernel.Name {
		*k = session.KernelCheck{Name: c.Kernel.Name, OK: true}
	}
	if err != nil && k.OK {
		k.OK, k.Error = false, sentence(err)
	}
	k.MaxError = max(k.MaxError, min(report.MaxError, 1e30)) // JSON has no infinity
	e.test.left = e.test.left[1:]
	if len(e.test.left) > 0 && e.test.left[0].Kernel.Name == k.Name {
		return
	}
	e.capabilities.Kernels = append(e.capabilities.Kernels, *k)
	e.capabilities.Untested--
	switch {
	case len(e.test.left) == 0:
		e.announce()
		e.judge(ctx)
	case time.Since(e.test.told) > tellEvery:
		e.test.told = time.Now()
		e.announce()
	}
}

// judge leaves a device whose kernels give wrong numbers, or says so where that very
// device was asked for.
func (e *Engine) judge(ctx context.Context) {
	kernels := e.capabilities.Kernels
	bad := slices.DeleteFunc(slices.Clone(kernels), func(k session.KernelCheck) bool { return k.OK })
	switch {
	case len(bad) == 0:
	case e.backend != gpu.Auto || e.rig.device.Info.Backend == gpu.Host:
		e.rest(fmt.Sprintf("%d of %d kernels give wrong numbers here, so do not trust what you see; choose the host engine.", len(bad), len(kernels)))
	default:
		why := fmt.Sprintf("%d of %d kernels gave wrong numbers on %s, %s first", len(bad), len(kernels), e.rig.device.Info, bad[0].Name)
		d := gpu.OpenHost()
		if err := e.move(d); err != nil {
			d.Close()
			e.fail("Open", err)
			return
		}
		e.describe(why)
		e.announce()
		if e.reasoning != nil {
			if err := e.show(); err != nil {
				e.fail("Open", err)
			}
		}
		e.rest(e.capabilities.Why + " The engine goes on from here on the processor: right numbers, more slowly.")
	}
}

// describe takes the device at work into the capabilities, and why it is that one.
func (e *Engine) describe(why string) {
	info := e.rig.device.Info
	other := info.Name != e.capabilities.Adapter || info.Backend != e.capabilities.Backend
	e.capabilities.Adapter, e.capabilities.Backend, e.capabilities.Software = info.Name, info.Backend, info.Software
	e.capabilities.Why = sentence(errors.New(why))
	if other {
		e.testAnew()
	}
}
