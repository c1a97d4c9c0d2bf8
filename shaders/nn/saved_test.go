package nn

import (
	"math"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

// Gates and ups in half precision: the largest number stands for larger ones, small ones come back as they are or as 0, ties go to even.
func TestSavedByHand(t *testing.T) {
	tile := Wide.Saving(F16)
	for _, c := range []struct{ value, want float64 }{
		{1, 1}, {-2.5, -2.5}, {1 + 1./2048, 1}, {1 + 3./2048, 1 + 2./1024}, {65504, 65504}, {1e6, 65504}, {-70000, -65504}, {0x1p-14, 0x1p-14}, {0x1p-20, 0},
	} {
		words, got := make([]uint32, 1), make([]float64, 2)
		keep(tile, args(words), 0, []float64{c.value, 3})
		copy(got, kept(tile, args(words), 0, 2))
		near(t, "saved", got, []float64{c.want, 3}, 0)
	}
	for h, want := range map[uint32]float32{1: 0x1p-24, 0x83ff: -0x3ffp-24, 0x0400: 0x1p-14, 0x8000: 0} {
		if got := fromHalf(h); got != want {
			t.Errorf("half %#x is %g, want %g", h, got, want)
		}
	}
}

// Only what is saved is rounded: s is what it is without, and the weight's gradient is. Gradients of gates and ups are those of the rounded ones.
func TestSavingChangesOnlyWhatIsSaved(t *testing.T) {
	const N, D, F = 5, 8, 12
	r, tile := gputest.Rand(170), Wide.Saving(F16)
	x, w, p := normal(r, N*D), normal(r, 2*F*D), GateUp{N, D, F}
	gu, s, words, other := nans(2*N*F), nans(N*F), make([]uint32, N*F), nans(N*F)
	gateUpFwd(Wide, p, args(x, w, gu, s))
	gateUpFwd(tile, p, args(x, w, words, other))
	near(t, "s", other, s, 0)
	rounded := kept(tile, args(words), 0, 2*N*F)
	for i, v := range rounded {
		if v == gu[i] || math.Abs(v-gu[i]) > math.Abs(gu[i])/2048+0x1p-14 {
			t.Errorf("%g is saved as %g", gu[i], v)
		}
	}
	dy, down, g := normal(r, N*D), normal(r, D*F), LinearGrad{N: N, O: D, I: F, Z: 1}
	want, got, part, parts := nans(2*N*F), nans(2*N*F), nans(D*F), nans(D*F)
	downBwd(Wide, g, args(dy, down, s, rounded, want, part))
	downBwd(tile, g, args(dy, down, s, words, got, parts))
	near(t, "dgu", got, want, 0)
	near(t, "part", parts, part, 0)
}

// The kernels agree with their twins in every tile.
func TestSavedDevice(t *testing.T) {
	for _, tile := range TilesFor(gputest.Adapter(t).Info.Software) {
		gputest.Verify(t, savedCases(gputest.Rand(171), tile)...)
	}
}

// The kernels have names of their own, and take half the words for gates and ups.
func TestSavingNames(t *testing.T) {
	k := DownBwd(Narrow.Saving(F16))
	if k.Name != "down_bwd_4x4_half" || k != DownBwd(Narrow.Saving(F16)) || !k.Bindings[3].Halves || k.Bindings[3].Kind != gpu.U32 {
		t.Errorf("%s with %+v", k.Name, k.Bindings[3])
	}
	if got := GateUpFwd(Wide.Of(Q8).Saving(F16)).Name; got != "gate_up_fwd_8x8_half_q8" {
		t.Error(got)
	}
	whole, _ := DownBwd(Wide).Work(LinearGrad{N: 4, O: 8, I: 16, Z: 1}, nil)
	half, _ := DownBwd(Wide.Saving(F16)).Work(LinearGrad{N: 4, O: 8, I: 16, Z: 1}, nil)
	if whole.Operations != half.Operations || whole.Bytes-half.Bytes != 4*4*16 {
		t.Errorf("%+v and %+v", whole, half)
	}
	defer func() {
		if recover() == nil {
			t.Error("DownBwd takes a weight in Q8")
		}
	}()
	DownBwd(Wide.Of(Q8))
}
