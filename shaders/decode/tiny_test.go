package decode

import (
	"strings"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

// TestSteady ends for a kernel that never draws the same token twice.
func TestSteady(t *testing.T) {
	type params struct{ N uint32 }
	drawn := uint32(0)
	k := gpu.New("restless", gpu.WGSL(""), []gpu.Binding{gpu.In("x"), gpu.OutU("out")}, func(params) gpu.Groups { return gpu.Groups{} }, nil,
		func(_ params, a gpu.Args[float64]) {
			drawn++
			a.U(1)[0] = drawn
		})
	defer func() {
		if text, _ := recover().(string); !strings.Contains(text, "draws other tokens") || drawn != 3*mostChanges {
			t.Errorf("%q after %d runs", text, drawn)
		}
	}()
	(&tinyModel{}).steady(gputest.Rand(1), []int{1}, gpu.Case{Name: "a", Kernel: k, Params: params{1}, Buffers: []any{[]float32{1}, []uint32{0}}}, 0)
}
