// Package gputest runs one conformance suite on every backend: on the host always, and on
// the WebGPU adapter where it finds one. Without an adapter it skips the test with the
// reason, or fails it where ATTNLAB_GPU=require.
package gputest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"attnlab/gpu"
)

var (
	opened  bool
	adapter *gpu.Device
	openErr error
	checks  = map[string]int{}
)

// Main runs a package's tests and prints how many kernel checks ran on each
// backend. Use it as the package's TestMain.
func Main(m *testing.M) {
	code := m.Run()
	for backend, n := range checks {
		fmt.Printf("gputest: %s: %d kernel checks\n", backend, n)
	}
	if adapter != nil {
		adapter.Close()
	}
	os.Exit(code)
}

// Adapter opens the WebGPU adapter once for the package, or skips, or fails
// where ATTNLAB_GPU=require.
func Adapter(t testing.TB) *gpu.Device {
	t.Helper()
	if !opened || adapter != nil && adapter.Err() != nil {
		opened = true
		adapter, _, openErr = gpu.Open(gpu.WebGPU)
	}
	if openErr != nil {
		if os.Getenv("ATTNLAB_GPU") == "require" {
			t.Fatalf("ATTNLAB_GPU=require: %v", openErr)
		}
		t.Skip(openErr)
	}
	return adapter
}

// Each runs f on the host and on the adapter.
func Each(t *testing.T, f func(t *testing.T, d *gpu.Device)) {
	t.Helper()
	t.Run("host", func(t *testing.T) { f(t, gpu.OpenHost()) })
	t.Run("webgpu", func(t *testing.T) { f(t, Adapter(t)) })
}

// Verify runs the cases on every backend against the twin in float64. It skips, by name, kernels of subgroups where an adapter has none.
func Verify(t *testing.T, cases ...gpu.Case) {
	t.Helper()
	Each(t, func(t *testing.T, d *gpu.Device) {
		var left []string
		for _, c := range cases {
			if !d.CanRun(c.Kernel) {
				if !slices.Contains(left, c.Kernel.Name) {
					left = append(left, c.Kernel.Name)
				}
				continue
			}
			if _, err := c.Verify(d); err != nil {
				t.Error(err)
			}
			Count(d)
		}
		if len(left) > 0 {
			t.Run("subgroups", func(t *testing.T) {
				t.Skipf("%s offers no subgroups, so that only the host ran %s", d.Info, strings.Join(left, ", "))
			})
		}
	})
}

// Count counts one kernel check on d.
func Count(d *gpu.Device) { checks[d.Info.String()]++ }

// Rand is a seeded source for test data.
func Rand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

// Gradient checks an analytic gradient against central differences in float64:
// d/dx of loss at x. loss must not store x. grad is compared word by word
// with the relative tolerance tol (and absolute 1e-7).
func Gradient(t *testing.T, name string, x, grad []float64, tol float64, loss func() float64) {
	t.Helper()
	for i := range x {
		h := 6e-6 * max(1, math.Abs(x[i]))
		keep := x[i]
		x[i] = keep + h
		up := loss()
		x[i] = keep - h
		down := loss()
		x[i] = keep
		want := (up - down) / (2 * h)
		if diff := math.Abs(grad[i] - want); !(diff <= 1e-7+tol*math.Abs(want)) {
			t.Errorf("d loss/d %s[%d] = %g, central difference %g", name, i, grad[i], want)
			return
		}
	}
}
