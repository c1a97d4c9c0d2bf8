package gpu

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"time"
)

// uniformSlot is the bytes of the parameter uniform of one dispatch: WebGPU's
// alignment of uniform offsets.
const uniformSlot = 256

// Program is a recorded list of dispatches, built once and replayed. Its kernels
// run in order, and each reads what the ones before it wrote.
type Program struct {
	dev  *Device
	name string
	list []*dispatch
	impl backendProgram
}

// dispatch is one recorded call of a kernel.
type dispatch struct {
	kernel  *Kernel
	params  func() any
	buffers []*Buffer
	args    any // host backend: the bindings of a twin, which stay where they are
}

// call is a dispatch with the parameters of this run.
type call struct {
	*dispatch
	slot   int // place in the program
	params any
	groups Groups
}

// backendProgram is a backend's side of a program.
type backendProgram interface {
	add(*dispatch) error
	run(calls []call, times int) error
	release()
}

// NewProgram starts an empty program.
func (d *Device) NewProgram(name string) *Program {
	return &Program{dev: d, name: name, impl: d.impl.newProgram()}
}

// Add records a dispatch of k. params is called at every run, so a program built
// for a capacity runs for any shape inside it; it returns the kernel's parameter
// struct. A run skips dispatches with no workgroups.
func (p *Program) Add(k *Kernel, params func() any, buffers ...*Buffer) {
	if len(buffers) != len(k.Bindings) {
		panic(fmt.Sprintf("gpu: program %s: kernel %s takes %d buffers, got %d", p.name, k.Name, len(k.Bindings), len(buffers)))
	}
	for i, b := range buffers {
		if b.Kind() != k.Bindings[i].Kind {
			panic(fmt.Sprintf("gpu: program %s: kernel %s: %s is %s, got buffer %s of %s",
				p.name, k.Name, k.Bindings[i].Name, k.Bindings[i].Kind, b.store.label, b.Kind()))
		}
		for j, other := range buffers[:i] {
			if clash(b, other, k.Bindings[i].Write, k.Bindings[j].Write) {
				panic(fmt.Sprintf("gpu: program %s: kernel %s writes buffer %s, which is bound twice, as %s and %s",
					p.name, k.Name, b.store.label, k.Bindings[j].Name, k.Bindings[i].Name))
			}
		}
		if limit := p.dev.Limits.MaxStorageBufferBindingSize; int64(b.n) > limit/4 {
			p.dev.fail(fmt.Errorf("gpu: kernel %s binds %d MiB of buffer %s, %s allows %d MiB; use a smaller batch, context or model",
				k.Name, int64(b.n)>>18, b.store.label, p.dev.Info.Name, limit>>20))
		}
		if b.dev != p.dev {
			panic(fmt.Sprintf("gpu: program %s on %s: kernel %s: buffer %s is on another device, %s",
				p.name, p.dev.Info, k.Name, b.store.label, b.dev.Info))
		}
	}
	d := &dispatch{kernel: k, params: params, buffers: buffers}
	p.list = append(p.list, d)
	if p.dev.ready() {
		p.dev.fail(p.impl.add(d))
	}
}

// clash reports whether WebGPU refuses two bindings of one dispatch: one allocation
// that is read and written, or overlapping parts that are written twice.
func clash(a, b *Buffer, writeA, writeB bool) bool {
	if a.store != b.store || !writeA && !writeB {
		return false
	}
	return writeA != writeB || a.off < b.off+b.n && b.off < a.off+a.n
}

// Len is the number of recorded dispatches.
func (p *Program) Len() int { return len(p.list) }

// Run replays the program times times in one submit, with one set of parameters.
// It returns before the work is done.
func (p *Program) Run(times int) error {
	if !p.dev.ready() {
		return p.dev.err
	}
	calls := p.calls()
	p.dev.Counters.Dispatches += int64(len(calls) * times)
	p.dev.Counters.Submits++
	p.dev.fail(p.impl.run(calls, times))
	return p.dev.err
}

// calls are the dispatches of this run.
func (p *Program) calls() []call {
	calls := make([]call, 0, len(p.list))
	for i, d := range p.list {
		params := d.params()
		if reflect.TypeOf(params) != d.kernel.params {
			panic(fmt.Sprintf("gpu: program %s: kernel %s takes parameters %v, got %T", p.name, d.kernel.Name, d.kernel.params, params))
		}
		for _, b := range d.buffers {
			if b.store.released {
				panic(fmt.Sprintf("gpu: program %s: kernel %s on released buffer %s", p.name, d.kernel.Name, b.store.label))
			}
		}
		g := d.kernel.groups(params)
		if g[0] > maxGroups || g[1] > maxGroups || g[2] > maxGroups {
			panic(fmt.Sprintf("gpu: program %s: kernel %s wants %v workgroups, at most %d in a dimension", p.name, d.kernel.Name, g, maxGroups))
		}
		if g[0]*g[1]*g[2] > 0 {
			calls = append(calls, call{d, i, params, g})
		}
	}
	return calls
}

// Release frees what the backend holds for the program, not its buffers.
func (p *Program) Release() { p.impl.release() }

// Do runs one kernel once: a program of one dispatch.
func (d *Device) Do(k *Kernel, params any, buffers ...*Buffer) error {
	p := d.NewProgram(k.Name)
	defer p.Release()
	p.Add(k, func() any { return params }, buffers...)
	return p.Run(1)
}

// Timing is how long the dispatches of one kernel took in a run, and what they did.
type Timing struct {
	Kernel string
	Calls  int
	Took   time.Duration
	Work   Work // zero if the kernel does not count it
}

// On a device the wait after a dispatch takes longer than many a kernel. One that took less than brief is therefore measured
// as the mean of repeats in one submit.
const (
	brief   = 4 * time.Millisecond
	repeats = 16
)

// Profile runs the program once, waits after each dispatch, and returns the time of
// each kernel, the longest first. The sum is more than a run takes. Brief dispatches run
// several times, so what accumulates in a buffer is wrong afterwards.
func (p *Program) Profile() ([]Timing, error) {
	byKernel := map[string]*Timing{}
	var timings []*Timing
	for _, c := range p.calls() {
		work, _, err := c.work()
		if err != nil {
			return nil, err
		}
		took, err := p.time(c, 1)
		if err == nil && took < brief && p.dev.Info.Backend != Host {
			took, err = p.time(c, repeats)
		}
		if err != nil {
			return nil, err
		}
		t := byKernel[c.kernel.Name]
		if t == nil {
			t = &Timing{Kernel: c.kernel.Name}
			byKernel[c.kernel.Name], timings = t, append(timings, t)
		}
		t.Calls++
		t.Took += took
		t.Work = t.Work.Plus(work)
	}
	slices.SortFunc(timings, func(a, b *Timing) int { return cmp.Compare(b.Took, a.Took) })
	sorted := make([]Timing, len(timings))
	for i, t := range timings {
		sorted[i] = *t
	}
	return sorted, p.dev.err
}

// time returns the mean time of a call in one submit of times of them.
func (p *Program) time(c call, times int) (time.Duration, error) {
	if err := p.dev.Wait(); err != nil {
		return 0, err
	}
	start := time.Now()
	p.dev.fail(p.impl.run([]call{c}, times))
	err := p.dev.Wait()
	return time.Since(start) / time.Duration(times), err
}
