package gpu

// DoUnchecked is [Device.Do] without its checks of the buffers, to see the backend's
// own error.
func (d *Device) DoUnchecked(k *Kernel, params any, buffers ...*Buffer) error {
	p := d.NewProgram(k.Name)
	defer p.Release()
	step := &dispatch{kernel: k, params: func() any { return params }, buffers: buffers}
	p.list = append(p.list, step)
	d.fail(p.impl.add(step))
	return p.Run(1)
}
