package nn

import (
	"math"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

func TestEmbedFwdByHand(t *testing.T) {
	x := nans(16)
	embedFwd(F32, Embed{N: 4, D: 4, V: 2}, args([]uint32{1, 0, 2, 1}, count(1, 8), x)) // 2 is outside
	near(t, "x", x, []float64{5, 6, 7, 8, 1, 2, 3, 4, 0, 0, 0, 0, 5, 6, 7, 8}, 0)
}

func TestEmbedFwdOfEveryTokenIsTheTable(t *testing.T) {
	p := Embed{N: 7, D: 8, V: 7}
	table, x := normal(gputest.Rand(10), 56), nans(56)
	embedFwd(F32, p, args([]uint32{0, 1, 2, 3, 4, 5, 6}, table, x))
	near(t, "x", x, table, 0)
}

// An embedding in two parts: the second dispatch leaves the rows of the first.
func TestEmbedFwdInParts(t *testing.T) {
	token, table, whole, x := []uint32{4, 0, 2, 3, 9, 1}, normal(gputest.Rand(13), 5*4), nans(6*4), nans(6*4)
	embedFwd(F32, Embed{N: 6, D: 4, V: 5}, args(token, table, whole))
	embedFwd(F32, Embed{N: 6, D: 4, V: 3}, args(token, table[:12], x))
	embedFwd(F32, Embed{N: 6, D: 4, V: 2, First: 3, Keep: 1}, args(token, table[12:], x))
	near(t, "x", x, whole, 0)
	gputest.Verify(t, gpu.Case{
		Name: "second part", Kernel: EmbedFwd, Params: Embed{N: 6, D: 4, V: 2, First: 3, Keep: 1},
		Buffers: []any{token, gpu.Normal(gputest.Rand(14), 8), gpu.Normal(gputest.Rand(15), 24)},
	})
}

// Ids far outside must not wrap around into the table.
func TestEmbedFwdFarOutside(t *testing.T) {
	gputest.Verify(t, gpu.Case{
		Name: "far outside", Kernel: EmbedFwd, Params: Embed{N: 4, D: 4, V: 2},
		Buffers: []any{[]uint32{0, 1 << 30, 1 << 31, math.MaxUint32}, gpu.Normal(gputest.Rand(11), 8), gpu.NaNs(16)},
	})
}

func TestEmbedFwdDevice(t *testing.T) { gputest.Verify(t, embedFwdCases(gputest.Rand(12))...) }
