package engine

import (
	"errors"
	"slices"

	"attnlab/gpu"
)

// describe puts the current device into the capabilities, with the reason for its choice. If the device is another one than
// before, it starts the self-test.
func (e *Engine) describe() {
	info := e.rig.device.Info
	backend := backendOf(info)
	other := info.Name != e.capabilities.Adapter || backend != e.capabilities.Backend
	e.capabilities.Adapter, e.capabilities.Backend, e.capabilities.Software = info.Name, backend, info.Software
	e.capabilities.Why, e.capabilities.Race = sentence(errors.New(e.choice.why)), e.choice.race()
	if other {
		e.startTest()
	}
}

// backendOf is the backend of a device. A native device names the interface below WebGPU, such as vulkan.
func backendOf(info gpu.Info) string {
	if info.Backend == gpu.Host {
		return gpu.Host
	}
	return gpu.WebGPU
}

// announce publishes the capabilities.
func (e *Engine) announce() {
	c := e.capabilities
	c.Disk = e.library.Root != nil
	c.Bases = slices.Clone(e.names)
	for _, t := range slices.Backward(e.runs) {
		if t.info.HasModel() && t.step() > 0 {
			c.Bases = append(c.Bases, runModel+t.info.ID)
		}
	}
	e.publish(c)
}
