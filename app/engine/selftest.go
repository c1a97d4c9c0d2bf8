package engine

import (
	"cmp"
	"context"
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

// The self-test runs one case at a time while the engine is idle, and reports each result. A visitor does not wait for it.

const (
	// casesPerKernel are enough to see that a kernel works on this device. "attnlab doctor" runs all cases.
	casesPerKernel = 2
	// idleTime is how long no command may have come before the next case runs.
	idleTime = 20 * time.Millisecond
	// showEvery limits how often screens redraw the results.
	showEvery = 250 * time.Millisecond
)

// selfTest is the progress of the self-test on the current device.
type selfTest struct {
	left     []gpu.Case // kernel by kernel
	at       session.KernelCheck
	reported time.Time
}

// startTest starts the self-test of the current device from the beginning.
func (e *Engine) startTest() {
	r := rand.New(rand.NewPCG(1, 0))
	cases := slices.Concat(nn.Cases(r, nn.TilesFor(e.rig.device.Info.Software)), attn.Cases(r), loss.Cases(r), optim.Cases(r), decode.Cases(r))
	cases = slices.DeleteFunc(cases, func(c gpu.Case) bool { return !e.rig.device.MayUse(c.Kernel) })
	e.test = selfTest{left: largest(cases)}
	e.capabilities.Kernels, e.capabilities.Untested = []session.KernelCheck{}, 0
	for i, c := range e.test.left {
		if i == 0 || c.Kernel.Name != e.test.left[i-1].Kernel.Name {
			e.capabilities.Untested++
		}
	}
}

// largest returns the cases of each kernel with the largest buffers: they have several workgroups, of which the last is not
// full.
func largest(cases []gpu.Case) (chosen []gpu.Case) {
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
		chosen = append(chosen, of[:min(casesPerKernel, len(of))]...)
	}
	return chosen
}

// nextJob waits for a job and meanwhile runs the self-test, and a race that is due. It returns false after the last job.
func (e *Engine) nextJob(ctx context.Context, jobs <-chan *job) (*job, bool) {
	idle := time.Now()
	for (len(e.test.left) > 0 || e.raceDue()) && ctx.Err() == nil {
		select {
		case j, ok := <-jobs:
			return j, ok
		case <-time.After(idleTime):
			if e.raceDue() && time.Since(idle) > raceAfter {
				e.raceIdle()
				continue
			}
			if len(e.test.left) > 0 {
				e.testNext(ctx)
			}
		}
	}
	j, ok := <-jobs
	return j, ok
}

// testNext verifies one case. After the last case of a kernel it reports the kernel.
func (e *Engine) testNext(ctx context.Context) {
	d, c := e.rig.device, e.test.left[0]
	report, err := c.Verify(d)
	if d.Err() != nil && d.Lost() {
		text, err := e.recover(responsive{ctx, e})
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
	k.Used = max(k.Used, min(report.Used, 1e30))
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
	case time.Since(e.test.reported) > showEvery:
		e.test.reported = time.Now()
		e.announce()
	}
}

// judge replaces a device whose kernels give wrong numbers by the host, or warns if the visitor asked for that device.
func (e *Engine) judge(ctx context.Context) {
	kernels := e.capabilities.Kernels
	bad := slices.DeleteFunc(slices.Clone(kernels), func(k session.KernelCheck) bool { return k.OK })
	switch {
	case len(bad) == 0:
	case e.backend != gpu.Auto || e.rig.device.Info.Backend == gpu.Host:
		e.rest(fmt.Sprintf("%d of %d kernels give wrong numbers here, so do not trust what you see; choose the host backend.", len(bad), len(kernels)))
	default:
		why := fmt.Sprintf("%d of %d kernels gave wrong numbers on %s, %s first", len(bad), len(kernels), e.rig.device.Info, bad[0].Name)
		if err := e.useHost(ctx, why); err != nil {
			e.fail("Open", err)
			return
		}
		e.announce()
		if e.reasoning != nil {
			if err := e.show(); err != nil {
				e.fail("Open", err)
			}
		}
		e.rest(e.capabilities.Why + " The engine now uses the processor: its numbers are right, but it is slower.")
	}
}
