package nn

import (
	"math"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

func TestEmbedFwdByHand(t *testing.T) {
	x := nans(16)
	embedFwd(Embed{N: 4, D: 4, V: 2}, args([]uint32{1, 0, 2, 1}, count(1, 8), x)) // 2 is outside
	near(t, "x", x, []float64{5, 6, 7, 8, 1, 2, 3, 4, 0, 0, 0, 0, 5, 6, 7, 8}, 0)
}

func TestEmbedFwdOfEveryTokenIsTheTable(t *testing.T) {
	p := Embed{N: 7, D: 8, V: 7}
	table, x := normal(gputest.Rand(10), 56), nans(56)
	embedFwd(p, args([]uint32{0, 1, 2, 3, 4, 5, 6}, table, x))
	near(t, "x", x, table, 0)
}

// Ids far outside must not wrap around into the table.
func TestEmbedFwdFarOutside(t *testing.T) {
	gputest.Verify(t, gpu.Case{
		Name: "far outside", Kernel: EmbedFwd, Params: Embed{N: 4, D: 4, V: 2},
		Buffers: []any{[]uint32{0, 1 << 30, 1 << 31, math.MaxUint32}, gpu.Normal(gputest.Rand(11), 8), gpu.NaNs(16)},
	})
}

func TestEmbedFwdDevice(t *testing.T) { gputest.Verify(t, embedFwdCases(gputest.Rand(12))...) }
