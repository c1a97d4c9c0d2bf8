//go:build js || cgo

package gpu

import (
	"time"

	"github.com/cogentcore/webgpu/wgpu"
)

// webgpuProgram holds what a replay needs: pipelines and bind groups, made once, and
// one uniform buffer with a slot for every dispatch.
type webgpuProgram struct {
	e       *webgpu
	steps   []step
	uniform *wgpu.Buffer
	params  []uint32 // what the uniform buffer holds after the next write
	pace    pace     // 0 where a submit has no bound
}

// step is a dispatch with its pipeline and bind group.
type step struct {
	*pipeline
	binds *wgpu.BindGroup
}

func (e *webgpu) newProgram() backendProgram { return &webgpuProgram{e: e, pace: e.pace()} }

func (p *webgpuProgram) add(d *dispatch) error {
	pipe, err := p.e.pipeline(d.kernel)
	if err != nil {
		return err
	}
	p.steps = append(p.steps, step{pipeline: pipe})
	return nil
}

// prepare makes the uniform buffer and the bind groups when the list has grown.
func (p *webgpuProgram) prepare() error {
	p.release()
	p.params = make([]uint32, len(p.steps)*uniformSlot/4)
	return p.e.named("program", func() (err error) {
		p.uniform, err = p.e.device.CreateBuffer(&wgpu.BufferDescriptor{
			Label: "params", Size: uint64(len(p.params)) * 4, Usage: wgpu.BufferUsageUniform | wgpu.BufferUsageCopyDst})
		return err
	})
}

// bind makes the bind group of step i, for the dispatch d.
func (p *webgpuProgram) bind(i int, d *dispatch) error {
	s := &p.steps[i]
	entries := []wgpu.BindGroupEntry{{Binding: 0, Buffer: p.uniform, Offset: uint64(i * uniformSlot), Size: uniformSlot}}
	for j, b := range d.buffers {
		entries = append(entries, wgpu.BindGroupEntry{Binding: uint32(j + 1),
			Buffer: b.store.handle.(*wgpu.Buffer), Offset: uint64(b.off) * 4, Size: uint64(min(roundUp(b.n, 4), b.store.words-b.off)) * 4})
	}
	return p.e.named("kernel "+d.kernel.Name, func() (err error) {
		s.binds, err = p.e.device.CreateBindGroup(&wgpu.BindGroupDescriptor{Label: d.kernel.Name, Layout: s.layout, Entries: entries})
		return err
	})
}

func (p *webgpuProgram) run(calls []call, times int) error {
	if p.uniform == nil || len(p.params) != len(p.steps)*uniformSlot/4 {
		if err := p.prepare(); err != nil {
			return err
		}
	}
	for _, c := range calls {
		if p.e.dev.runsOnHost(c.kernel) {
			return p.runBisecting(calls, times)
		}
	}
	return p.submit(calls, times)
}

func (p *webgpuProgram) submit(calls []call, times int) error {
	if len(calls) == 0 {
		return nil
	}
	for _, c := range calls {
		copy(bytesOf(p.params[c.slot*uniformSlot/4:]), c.kernel.bytes(c.params))
		if p.steps[c.slot].binds == nil {
			if err := p.bind(c.slot, c.dispatch); err != nil {
				return err
			}
		}
	}
	if err := p.e.guard(func() error { return p.e.writeBuffer(p.uniform, 0, bytesOf(p.params)) }); err != nil {
		return err
	}
	all := times * len(calls)
	if p.pace == 0 {
		return p.encode(calls, 0, all)
	}
	for from, to := 0, 0; from < all; from = to {
		to = min(from+int(p.pace), all)
		if p.e.dev.Yield != nil {
			time.Sleep(p.e.dev.Yield())
		}
		began := time.Now()
		if err := p.encode(calls, from, to); err != nil || to == all {
			return err
		}
		if err := p.e.wait(); err != nil {
			return err
		}
		p.pace = p.pace.next(to-from, time.Since(began), p.e.idle)
	}
	return nil
}

// encode submits the dispatches from from to to, counted over all repetitions of the calls.
func (p *webgpuProgram) encode(calls []call, from, to int) error {
	return p.e.guard(func() error {
		enc, err := p.e.device.CreateCommandEncoder(nil)
		if err != nil {
			return err
		}
		defer enc.Release()
		pass := enc.BeginComputePass(nil)
		for i := from; i < to; i++ {
			c := calls[i%len(calls)]
			s := &p.steps[c.slot]
			pass.SetPipeline(s.compute)
			pass.SetBindGroup(0, s.binds, nil)
			pass.DispatchWorkgroups(uint32(c.groups[0]), uint32(c.groups[1]), uint32(c.groups[2]))
		}
		err = endPass(pass)
		pass.Release() // before submit: wgpu-native requires it
		if err != nil {
			return err
		}
		if err := p.e.submit(enc); err != nil {
			return err
		}
		p.e.tick()
		return nil
	})
}

// runBisecting runs the kernels named in ATTNLAB_HOST as their twins, on copies
// of their buffers, between the others.
func (p *webgpuProgram) runBisecting(calls []call, times int) error {
	for range times {
		for _, c := range calls {
			if !p.e.dev.runsOnHost(c.kernel) {
				if err := p.submit([]call{c}, 1); err != nil {
					return err
				}
				continue
			}
			args := Args[float32]{floats: make([][]float32, len(c.buffers)), uints: make([][]uint32, len(c.buffers))}
			words := make([][]uint32, len(c.buffers))
			for i, b := range c.buffers {
				words[i] = make([]uint32, b.n)
				if err := p.e.read([]Transfer{{b.store, b.off, words[i]}}); err != nil {
					return err
				}
				if b.Kind() == U32 {
					args.uints[i] = words[i]
				} else {
					args.floats[i] = floatsOf(words[i])
				}
			}
			c.kernel.host32(c.params, args)
			for i, b := range c.buffers {
				if c.kernel.Bindings[i].Write {
					if err := p.e.write(b.store, b.off, words[i]); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}

func (p *webgpuProgram) release() {
	for i := range p.steps {
		if p.steps[i].binds != nil {
			p.steps[i].binds.Release()
			p.steps[i].binds = nil
		}
	}
	if p.uniform != nil {
		p.uniform.Destroy()
		p.uniform.Release()
		p.uniform = nil
	}
}

func roundUp(n, to int) int { return (n + to - 1) / to * to }
