//go:build !js && cgo

package gpu_test

import (
	"testing"
	"time"

	"attnlab/gpu/gputest"
)

// TestWaitLongSubmit reads what a submit of more than 5 seconds wrote: wgpu-native's own wait ends earlier.
func TestWaitLongSubmit(t *testing.T) {
	d := gputest.Adapter(t)
	if testing.Short() {
		t.Skip("-short: the submit alone takes 5 seconds")
	}
	if !d.Info.Software {
		t.Skip("a GPU would need a very long list of dispatches")
	}
	const N = 1 << 20
	x, y := d.Floats("x", N), d.Floats("y", N)
	ones := make([]float32, N)
	for i := range ones {
		ones[i] = 1
	}
	x.Write(0, ones)
	p := d.NewProgram("long")
	p.Add(add, func() any { return addParams{N, 1} }, x, y)
	defer func() {
		p.Release()
		x.Release()
		y.Release()
	}()
	total, longest := 0, time.Duration(0)
	for times := 64; longest < 5500*time.Millisecond; times = int(float64(times) * min(8, max(1.1, float64(6*time.Second)/float64(longest)))) {
		begun := time.Now()
		if err := p.Run(times); err != nil {
			t.Fatal(err)
		}
		if err := d.Wait(); err != nil {
			t.Fatal(err)
		}
		total += times
		got := []float32{0}
		if err := y.Read(N-1, got); err != nil {
			t.Fatal(err)
		}
		if got[0] != float32(total) {
			t.Fatalf("after %d dispatches the last word is %g", total, got[0])
		}
		longest = max(longest, time.Since(begun))
	}
}
