package gpu_test

import (
	"errors"
	"strings"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
	"attnlab/gpu/simd"
)

// ownDevice opens an adapter that the test may break.
func ownDevice(t *testing.T) *gpu.Device {
	t.Helper()
	gputest.Adapter(t)
	d, _, err := gpu.Open(gpu.WebGPU)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

// eachOwn is gputest.Each with a device that the test may break.
func eachOwn(t *testing.T, f func(t *testing.T, d *gpu.Device)) {
	t.Run("host", func(t *testing.T) { f(t, gpu.OpenHost()) })
	t.Run("webgpu", func(t *testing.T) { f(t, ownDevice(t)) })
}

func TestLostDevice(t *testing.T) {
	eachOwn(t, func(t *testing.T, d *gpu.Device) {
		x, y := d.Floats("x", 64), d.Floats("y", 64)
		x.Write(0, ramp(64, 1))
		p := d.NewProgram("before")
		p.Add(add, func() any { return addParams{64, 1} }, x, y)
		if err := p.Run(1); err != nil {
			t.Fatal(err)
		}
		if d.Lost() || d.Err() != nil {
			t.Fatalf("lost %v, error %v", d.Lost(), d.Err())
		}
		d.Lose()
		d.Lose()
		z := d.Floats("after", 64)
		z.Write(0, ramp(64, 1))
		for name, err := range map[string]error{
			"Err":         d.Err(),
			"Wait":        d.Wait(),
			"Run":         p.Run(1),
			"read":        x.Read(0, make([]float32, 64)),
			"read after":  z.Read(0, make([]float32, 64)),
			"Do":          d.Do(add, addParams{64, 1}, x, y),
			"Do on after": d.Do(mark, markParams{64, 1}, d.Uints("u", 64)),
		} {
			var lost *gpu.LostError
			if !errors.As(err, &lost) || !strings.Contains(err.Error(), "open it again") {
				t.Errorf("%s: %v, want a LostError", name, err)
			}
		}
		if !d.Lost() {
			t.Error("the device does not say that it is lost")
		}
		p.Release()
		for _, b := range []*gpu.Buffer{x, y, z} {
			b.Release()
		}
		d.Close()
	})
}

// broken is a kernel of add's form with another source.
func broken(name, source string) *gpu.Kernel {
	return gpu.New(name, gpu.WGSL(source), []gpu.Binding{gpu.In("x"), gpu.Out("y")},
		func(p addParams) gpu.Groups { return gpu.Groups1D(int(p.N), 64) }, addTwin[float32], addTwin[float64])
}

// TestCompile refuses a kernel without stopping the device.
func TestCompile(t *testing.T) {
	d := ownDevice(t)
	err := d.Compile(broken("bad_kernel", strings.Replace(addSource, "p.scale * x[i]", "lost * x[i]", 1)))
	if kernel, ok := errors.AsType[*gpu.KernelError](err); !ok || kernel.Kernel != "bad_kernel" {
		t.Errorf("%v, want a KernelError of bad_kernel", err)
	}
	if err := d.Compile(add); err != nil {
		t.Error(err)
	}
	x, y := d.Floats("x", 64), d.Floats("y", 64)
	x.Write(0, []float32{3})
	got := make([]float32, 1)
	if err := errors.Join(d.Do(add, addParams{64, 2}, x, y), y.Read(0, got)); err != nil || got[0] != 6 {
		t.Errorf("after a refused kernel another one gives %v, %v", got, err)
	}
	d.Lose()
	if err := d.Compile(add); !d.Lost() || err == nil {
		t.Errorf("a lost device compiles: %v", err)
	}
}

func TestKernelError(t *testing.T) {
	for name, c := range map[string]struct {
		edit [2]string
		want []string // of the compiler's message; one is enough
	}{
		"unknown name": {[2]string{"p.scale * x[i]", "lost * x[i]"}, []string{"lost"}},
		"wrong type":   {[2]string{"p.scale * x[i]", "p.n"}, []string{"u32", "Add"}},
		"no entry":     {[2]string{"fn main(", "fn start("}, []string{"main"}},
		"other access": {[2]string{"read> x", "read_write> x"}, []string{"torage"}},
		"other params": {[2]string{"scale: f32", "scale: f32, more: vec4f"}, []string{"min_binding_size", "more bytes"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := ownDevice(t)
			x, y := d.Floats("x", 64), d.Floats("y", 64)
			err := d.Do(broken("bad_kernel", strings.Replace(addSource, c.edit[0], c.edit[1], 1)), addParams{64, 1}, x, y)
			var kernel *gpu.KernelError
			if !errors.As(err, &kernel) || kernel.Kernel != "bad_kernel" || !strings.Contains(err.Error(), "kernel bad_kernel: ") {
				t.Fatalf("%v, want a KernelError of bad_kernel", err)
			}
			found := false
			for _, want := range c.want {
				found = found || strings.Contains(kernel.Message, want)
			}
			if !found {
				t.Errorf("the message %q has none of %q", kernel.Message, c.want)
			}
			if got := x.Read(0, make([]float32, 64)); got != err || d.Lost() {
				t.Errorf("a later read gives %v, want the first error", got)
			}
		})
	}
}

func TestSameNameTwice(t *testing.T) {
	// The device distinguishes kernels by value, not by name.
	d := gputest.Adapter(t)
	x, y := d.Floats("x", 64), d.Floats("y", 64)
	defer x.Release()
	defer y.Release()
	x.Write(0, ramp(64, 1))
	for _, source := range []string{addSource, strings.Replace(addSource, "+=", "-=", 1)} {
		if err := d.Do(broken("twins", source), addParams{64, 1}, x, y); err != nil {
			t.Fatal(err)
		}
	}
	for i, v := range floats(t, y) {
		if v != 0 {
			t.Fatalf("y[%d] = %g after adding and subtracting, want 0", i, v)
		}
	}
}

func TestValidationErrorSurfaces(t *testing.T) {
	// One buffer read and written in a dispatch: WebGPU refuses it, and a browser
	// reports it later.
	d := ownDevice(t)
	x := d.Floats("x", 64)
	d.DoUnchecked(add, addParams{64, 1}, x, x)
	err := x.Read(0, make([]float32, 64))
	if err == nil || d.Lost() || d.Err() != err || !strings.HasPrefix(err.Error(), "gpu: ") {
		t.Fatalf("a read gives %v, the device %v", err, d.Err())
	}
}

func TestTooLargeBuffer(t *testing.T) {
	eachOwn(t, func(t *testing.T, d *gpu.Device) {
		b := d.Floats("huge thing", 1<<40)
		err := d.Err()
		if err == nil || !strings.Contains(err.Error(), "buffer huge thing needs 4194304 MiB") || !strings.Contains(err.Error(), "smaller") {
			t.Errorf("error %v", err)
		}
		b.Write(0, []float32{1})
		if got := b.Read(0, make([]float32, 1)); got != err {
			t.Errorf("a read gives %v, want %v", got, err)
		}
		b.Release()
	})
}

func TestOpen(t *testing.T) {
	if _, _, err := gpu.Open("nonsense"); err == nil || !strings.Contains(err.Error(), `backend "nonsense" is unknown; use auto, webgpu or host`) {
		t.Errorf("Open(nonsense) = %v", err)
	}
	d, why, err := gpu.Open(gpu.Host)
	if err != nil || why == "" || d.Info.Backend != gpu.Host || !d.Info.Software || d.Info.Name != "CPU, "+simd.Name() {
		t.Errorf("Open(host) = %+v, %q, %v", d, why, err)
	}
	gputest.Adapter(t)
	d, why, err = gpu.Open(gpu.Auto)
	if err != nil || why == "" || d.Info.Backend == gpu.Host || d.Info.Name == "" || d.Limits.MaxBufferSize < 1<<27 {
		t.Errorf("Open(auto) = %+v, %q, %v", d, why, err)
	}
	d.Close()
	d.Close()
}
