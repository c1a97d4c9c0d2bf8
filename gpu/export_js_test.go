package gpu

// Destroy destroys the JavaScript device behind the backend's back, as a driver
// reset would.
func (d *Device) Destroy() { d.impl.(*webgpu).raw.Call("destroy") }
