//go:build js || cgo

package gpu

import (
	"fmt"
	"time"

	"github.com/cogentcore/webgpu/wgpu"
)

// webgpu is the WebGPU backend, the same in the browser and on the desktop except for
// the files webgpu_js.go and webgpu_native.go: opening, errors, waiting, and mapping a
// buffer to read it.
type webgpu struct {
	platform
	dev       *Device
	device    *wgpu.Device
	queue     *wgpu.Queue
	pipelines map[*Kernel]*pipeline
	staging   *wgpu.Buffer // for readback, grown as needed
	stagingN  int
	subgroups bool          // the device was opened with WebGPU's feature of that name
	idle      time.Duration // that a wait for nothing takes; 0 before it is measured
}

// pipeline is a compiled kernel.
type pipeline struct {
	layout  *wgpu.BindGroupLayout
	compute *wgpu.ComputePipeline
}

// openWebGPU opens the adapter of an ID, or the one that WebGPU takes for fast if it is "".
func openWebGPU(id string) (*Device, error) {
	e := &webgpu{pipelines: map[*Kernel]*pipeline{}}
	info, limits, err := e.open(id)
	if err != nil {
		return nil, err
	}
	e.queue = e.device.GetQueue()
	e.dev = &Device{Info: info, Limits: limits, Features: e.features(), HasSubgroups: e.subgroups, impl: e}
	if err := probe(e.dev); err != nil {
		e.close()
		return nil, fmt.Errorf("gpu: %s opened but cannot compute: %w", info, err)
	}
	return e.dev, nil
}

func (e *webgpu) alloc(s *store) error {
	return e.named("buffer "+s.label, func() error {
		b, err := e.device.CreateBuffer(&wgpu.BufferDescriptor{
			Label: s.label, Size: uint64(s.words) * 4,
			Usage: wgpu.BufferUsageStorage | wgpu.BufferUsageCopySrc | wgpu.BufferUsageCopyDst,
		})
		s.handle = b
		return err
	})
}

func (e *webgpu) free(s *store) {
	if b, ok := s.handle.(*wgpu.Buffer); ok && b != nil {
		b.Destroy()
		b.Release()
	}
}

func (e *webgpu) write(s *store, off int, words []uint32) error {
	return e.guard(func() error { return e.writeBuffer(s.handle.(*wgpu.Buffer), off*4, bytesOf(words)) })
}

func (e *webgpu) read(transfers []Transfer) error {
	n := 0
	for _, t := range transfers {
		n += len(t.dst)
	}
	if n > e.stagingN {
		if e.staging != nil {
			e.staging.Destroy()
			e.staging.Release()
		}
		e.stagingN = max(n, 1<<14)
		err := e.named("readback buffer", func() (err error) {
			e.staging, err = e.device.CreateBuffer(&wgpu.BufferDescriptor{
				Label: "readback", Size: uint64(e.stagingN) * 4,
				Usage: wgpu.BufferUsageMapRead | wgpu.BufferUsageCopyDst,
			})
			return err
		})
		if err != nil {
			e.staging, e.stagingN = nil, 0
			return err
		}
	}
	err := e.guard(func() error {
		enc, err := e.device.CreateCommandEncoder(nil)
		if err != nil {
			return err
		}
		defer enc.Release()
		at := uint64(0)
		for _, t := range transfers {
			size := uint64(len(t.dst)) * 4
			if err := enc.CopyBufferToBuffer(t.store.handle.(*wgpu.Buffer), uint64(t.off)*4, e.staging, at, size); err != nil {
				return err
			}
			at += size
		}
		return e.submit(enc)
	})
	if err != nil {
		return err
	}
	return e.mapRead(e.staging, 4*n, func(mapped []byte) {
		for _, t := range transfers {
			mapped = mapped[copy(bytesOf(t.dst), mapped):]
		}
	})
}

// submit finishes an encoder and submits it to the queue.
func (e *webgpu) submit(enc *wgpu.CommandEncoder) error {
	cmd, err := enc.Finish(nil)
	if err != nil {
		return err
	}
	defer cmd.Release()
	e.queue.Submit(cmd)
	return nil
}

// pipeline compiles k once.
func (e *webgpu) pipeline(k *Kernel) (*pipeline, error) {
	if p := e.pipelines[k]; p != nil {
		return p, nil
	}
	entries := []wgpu.BindGroupLayoutEntry{{Binding: 0, Visibility: wgpu.ShaderStageCompute,
		Buffer: wgpu.BufferBindingLayout{Type: wgpu.BufferBindingTypeUniform, MinBindingSize: uint64(k.params.Size())}}}
	for i, b := range k.Bindings {
		typ := wgpu.BufferBindingTypeReadOnlyStorage
		if b.Write {
			typ = wgpu.BufferBindingTypeStorage
		}
		entries = append(entries, wgpu.BindGroupLayoutEntry{Binding: uint32(i + 1), Visibility: wgpu.ShaderStageCompute,
			Buffer: wgpu.BufferBindingLayout{Type: typ}})
	}
	p := &pipeline{}
	err := e.build(k, func(module *wgpu.ShaderModule) (err error) {
		if p.layout, err = e.device.CreateBindGroupLayout(&wgpu.BindGroupLayoutDescriptor{Label: k.Name, Entries: entries}); err != nil {
			return err
		}
		layout, err := e.device.CreatePipelineLayout(&wgpu.PipelineLayoutDescriptor{Label: k.Name, BindGroupLayouts: []*wgpu.BindGroupLayout{p.layout}})
		if err != nil {
			return err
		}
		defer layout.Release()
		p.compute, err = e.device.CreateComputePipeline(&wgpu.ComputePipelineDescriptor{
			Layout:  layout,
			Compute: wgpu.ProgrammableStageDescriptor{Module: module, EntryPoint: "main"},
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	e.pipelines[k] = p
	return p, nil
}

func (e *webgpu) compile(k *Kernel) error { _, err := e.pipeline(k); return err }

// build makes the shader module of k and calls with with it. An error of the backend
// about either becomes one that names k.
func (e *webgpu) build(k *Kernel, with func(*wgpu.ShaderModule) error) error {
	err := e.scoped(func() error {
		module, err := e.device.CreateShaderModule(&wgpu.ShaderModuleDescriptor{
			Label: k.Name, WGSLDescriptor: &wgpu.ShaderModuleWGSLDescriptor{Code: k.Source()}})
		if err != nil {
			return err
		}
		defer module.Release()
		return with(module)
	})
	if err == nil {
		return nil
	}
	if isLost(err) {
		return err
	}
	return &KernelError{k.Name, e.explain(k, err)}
}

func (e *webgpu) lose()  { e.destroy() }
func (e *webgpu) close() { e.destroy() }
