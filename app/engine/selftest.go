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
	// quietTime is how long no command may have come before the first of them, so that what a page sends at its start does not wait.
	quietTime = 300 * time.Millisecond
	// showEvery limits how often screens redraw the results.
	showEvery = 250 * time.Millisecond
)

// selfTest is the progress of the self-test on the current device.
type selfTest struct {
	random   *rand.Rand
	making   []func(*rand.Rand) []gpu.Case // of packages whose cases are not made yet
	left     []gpu.Case                    // kernel by kernel
	at       session.KernelCheck
	reported time.Time
}

// due returns true if there is more to test.
func (t *selfTest) due() bool { return len(t.making) > 0 || len(t.left) > 0 }

// startTest starts the self-test of the current device from the beginning. Its cases are made while the engine is idle too: in a
// browser that takes two seconds.
func (e *Engine) startTest() {
	software := e.rig.device.Info.Software
	e.test = selfTest{random: rand.New(rand.NewPCG(1, 0)), making: []func(*rand.Rand) []gpu.Case{
		func(r *rand.Rand) []gpu.Case { return nn.Cases(r, nn.TilesFor(software)) }, attn.Cases, loss.Cases, optim.Cases, decode.Cases}}
	e.capabilities.Kernels, e.capabilities.Untested = []session.KernelCheck{}, session.NotCounted
}

// makeNext makes the cases of one package. After the last it counts the kernels.
func (e *Engine) makeNext() {
	t := &e.test
	cases := t.making[0](t.random)
	t.making = t.making[1:]
	t.left = append(t.left, largest(slices.DeleteFunc(cases, func(c gpu.Case) bool { return !e.rig.device.MayUse(c.Kernel) }))...)
	if len(t.making) > 0 {
		return
	}
	e.capabilities.Untested = 0
	for i, c := range t.left {
		if i == 0 || c.Kernel.Name != t.left[i-1].Kernel.Name {
			e.capabilities.Untested++
		}
	}
	e.announce()
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

// nextJob waits for a job and meanwhile reads the runs, runs the self-test and a race that is due, and watches the storage. It returns
// false after the last job.
func (e *Engine) nextJob(ctx context.Context, jobs <-chan *job) (*job, bool) {
	idle := time.Now()
	for ctx.Err() == nil {
		pause := watchEvery
		if e.runsDue() || e.test.due() || e.raceDue() {
			pause = idleTime
		} else if !e.watches() {
			break
		}
		select {
		case j, ok := <-jobs:
			return j, ok
		case <-time.After(pause):
			switch {
			case time.Since(idle) < quietTime: // what a page sends at its start comes first
			case e.runsDue():
				e.readNext(ctx)
			case e.raceDue() && time.Since(idle) > raceAfter:
				e.raceIdle()
			case len(e.test.making) > 0:
				e.makeNext()
			case e.test.due():
				e.testNext(ctx)
			case e.watches() && time.Since(e.watched) >= watchEvery:
				e.watchRuns(ctx)
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
