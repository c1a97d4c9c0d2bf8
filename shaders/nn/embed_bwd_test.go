package nn

import (
	"slices"
	"testing"

	"attnlab/gpu/gputest"
)

func TestEmbedBwdByHand(t *testing.T) {
	order, first := SortTokens([]uint32{2, 0, 3, 2}, 3) // 3 is outside
	if !slices.Equal(order[:3], []uint32{1, 0, 3}) || !slices.Equal(first, []uint32{0, 1, 1, 3}) {
		t.Fatalf("SortTokens gives order %d, first %d", order, first)
	}
	dembed := []float64{100, 100, 100, 100, 200, 200, 200, 200, 300, 300, 300, 300}
	embedBwd(EmbedGrad{N: 4, D: 4, V: 3}, args(order, first, count(1, 16), dembed))
	near(t, "dembed", dembed, []float64{105, 106, 107, 108, 200, 200, 200, 200, 314, 316, 318, 320}, 0)
}

func TestEmbedBwdIsAScatter(t *testing.T) {
	r := gputest.Rand(20)
	for _, p := range []EmbedGrad{{1, 4, 1}, {40, 8, 6}, {5, 4, 30}} {
		N, D, V := int(p.N), int(p.D), int(p.V)
		token := make([]uint32, N)
		for n := range token {
			token[n] = r.Uint32N(p.V + 2)
		}
		dx, dembed := normal(r, N*D), normal(r, V*D)
		want := slices.Clone(dembed)
		for n, v := range token {
			for d := 0; d < D && int(v) < V; d++ {
				want[int(v)*D+d] += dx[n*D+d]
			}
		}
		order, first := SortTokens(token, V)
		embedBwd(p, args(order, first, dx, dembed))
		near(t, "dembed", dembed, want, 0) // the same sums in the same order
	}
}

func TestEmbedBwdGradient(t *testing.T) {
	r, p, token := gputest.Rand(21), EmbedGrad{N: 5, D: 4, V: 3}, []uint32{1, 3, 0, 1, 1}
	embed, dx, x, dembed := normal(r, 12), normal(r, 20), nans(20), make([]float64, 12)
	order, first := SortTokens(token, 3)
	embedBwd(p, args(order, first, dx, dembed))
	gputest.Gradient(t, "embed", embed, dembed, 1e-6, func() float64 {
		embedFwd(F32, Embed{N: p.N, D: p.D, V: p.V}, args(token, embed, x))
		return dot(x, dx)
	})
}

func TestEmbedBwdDevice(t *testing.T) { gputest.Verify(t, embedBwdCases(gputest.Rand(22))...) }
