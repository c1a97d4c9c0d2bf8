package gpu_test

import (
	"testing"

	"attnlab/gpu"
)

// doubled is what a twin remembers of its input: twice its first word.
type doubled struct {
	value    float32
	released *int
}

func (d *doubled) Release() { *d.released++ }

// TestMemo checks that a twin computes again what it remembers of a buffer after each kind of write to it, and only then.
func TestMemo(t *testing.T) {
	computed, released := 0, 0
	twin := func(_ markParams, a gpu.Args[float32]) {
		d, ok := gpu.Memo(a, 0, "doubled", func() *doubled { computed++; return &doubled{2 * a.F(0)[0], &released} })
		if !ok {
			t.Fatal("the host backend remembers nothing")
		}
		a.F(1)[0] = d.value
		if _, ok := gpu.Memo(a, 1, "doubled", func() *doubled { return d }); ok {
			t.Error("a binding that the kernel writes is remembered")
		}
	}
	none := func(markParams, gpu.Args[float64]) {}
	bindings := []gpu.Binding{gpu.In("x"), gpu.Out("y")}
	twice := gpu.New("test_twice", gpu.WGSL(""), bindings, func(markParams) gpu.Groups { return gpu.Groups{1, 1, 1} }, twin, none)

	d := gpu.OpenHost()
	all, y, ones := d.Floats("x", 256), d.Floats("y", 64), d.Floats("ones", 64)
	x := all.Part(64, 64)
	ones.Write(0, []float32{1})
	check := func(what string, want float32, wantComputed int) {
		t.Helper()
		for range 2 {
			if err := d.Do(twice, markParams{}, x, y); err != nil {
				t.Fatal(err)
			}
		}
		got := make([]float32, 1)
		if err := y.Read(0, got); err != nil {
			t.Fatal(err)
		}
		if got[0] != want || computed != wantComputed || released != wantComputed-1 {
			t.Errorf("%s: %g, computed %d times, released %d times; want %g, %d and %d", what, got[0], computed, released, want, wantComputed, wantComputed-1)
		}
	}
	x.Write(0, []float32{5})
	check("at first", 10, 1)
	x.Write(0, []float32{7})
	check("after an upload", 14, 2)
	if err := d.Do(add, addParams{N: 1, Scale: 3}, ones, x); err != nil {
		t.Fatal(err)
	}
	check("after a kernel", 20, 3)
	all.Write(0, []float32{1})
	check("after an upload to another part", 20, 4)
	if err := d.Do(add, addParams{N: 1, Scale: 3}, x, y); err != nil {
		t.Fatal(err)
	}
	check("after a kernel that reads it", 20, 4)

	if _, ok := gpu.Memo(gpu.NewArgs[float32](make([]float32, 4)), 0, "doubled", func() *doubled { return nil }); ok {
		t.Error("slices of a test are remembered")
	}
}
