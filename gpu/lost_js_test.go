package gpu_test

import (
	"errors"
	"testing"

	"attnlab/gpu"
)

// TestLossIsNoticed makes each kind of call while the browser itself reports that the
// device is lost.
func TestLossIsNoticed(t *testing.T) {
	for name, call := range map[string]func(d *gpu.Device, x, y *gpu.Buffer) error{
		"read": func(d *gpu.Device, x, y *gpu.Buffer) error { return x.Read(0, make([]float32, 64)) },
		"wait": func(d *gpu.Device, x, y *gpu.Buffer) error { return d.Wait() },
		"run": func(d *gpu.Device, x, y *gpu.Buffer) error {
			d.Do(add, addParams{64, 1}, x, y)
			return y.Read(0, make([]float32, 64))
		},
		"new buffer": func(d *gpu.Device, x, y *gpu.Buffer) error {
			return d.Floats("z", 64).Read(0, make([]float32, 64))
		},
	} {
		d := ownDevice(t)
		x, y := d.Floats("x", 64), d.Floats("y", 64)
		d.Destroy()
		err := call(d, x, y)
		if err == nil { // a wait may end before the loss is reported
			err = x.Read(0, make([]float32, 64))
		}
		var lost *gpu.LostError
		if !errors.As(err, &lost) || !d.Lost() {
			t.Errorf("%s: %v, want a LostError", name, err)
		}
	}
}
