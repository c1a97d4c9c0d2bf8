package gpu

// Destroy destroys the JavaScript device behind the engine's back, as a driver
// reset would.
func (d *Device) Destroy() { d.eng.(*webgpu).raw.Call("destroy") }
