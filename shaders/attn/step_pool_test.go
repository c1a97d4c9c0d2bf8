package attn

import (
	"math"
	"slices"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

func TestStepPoolByHand(t *testing.T) {
	// With q = 0 token m spreads its weight evenly: 1/(m+1) on each of 0..m. Steps are
	// tokens 0-1 and 2-3; key token 3 is hidden from token 3 in the second case.
	qkv, lse := make([]float64, 4*12), make([]float64, 4)
	for m := range lse {
		lse[m] = math.Log(float64(m + 1))
	}
	for _, c := range []struct {
		name string
		lo   uint32
		last float64 // pooled[1,1]
	}{{"all", 4, (1./3 + 2./4) / 2}, {"token 3 hidden", 3, (1./3 + 1./4) / 2}} {
		pooled := slices.Repeat([]float64{math.NaN()}, 4)
		span := []uint32{0, 4, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 4, c.lo, 4}
		stepPool(4, StepPoolShape{1, 1, 1, 0, 4}, gpu.NewArgs[float64](
			qkv, span, lse, []uint32{0, 2, 2, 4}, []uint32{0, 2, 0, 0}, pooled))
		for i, want := range []float64{(1 + 1) / 2., 0, (2./3 + 2./4) / 2, c.last} {
			if math.Abs(pooled[i]-want) > 1e-12 {
				t.Errorf("%s: pooled[%d] = %g, want %g", c.name, i, pooled[i], want)
			}
		}
	}
}

// Pooling the full matrices of attn_rows on the host gives what step_pool gives, in
// one dispatch or in many.
func TestStepPoolIsPooledRows(t *testing.T) {
	r := gputest.Rand(14)
	for _, tr := range []packing{{4, 4, 16, []int{50, 1, 33}}, {6, 2, 16, []int{20, 47}}, {2, 1, 8, []int{64}}} {
		steps, seqs, words := tr.cut(r)
		b := forward(r, tr)
		span := tr.span(r, true)
		gputest.Each(t, func(t *testing.T, d *gpu.Device) {
			H, K := uint32(tr.H), uint32(tr.K)
			pool := func(pooled []float32, first, pairs int) {
				do(t, d, StepPool(tr.C), StepPoolShape{uint32(len(seqs) / 4), H, K, uint32(first), uint32(pairs)},
					b.qkv, span, b.lse, steps, seqs, pooled)
			}
			whole, parts := gpu.NaNs(words), gpu.NaNs(words)
			pool(whole, 0, words)
			for first := 0; first < words; first += 300 {
				pool(parts, first, min(300, words-first))
			}
			near(t, "pooled in parts", parts, whole, 0)

			want := make([]float32, words)
			start := 0
			for s, l := range tr.lengths {
				n := int(seqs[4*s+1])
				ranges := steps[2*seqs[4*s]:][:2*n]
				for h := range tr.H {
					rows := gpu.NaNs(l * l)
					do(t, d, Rows, RowsShape{H, K, uint32(tr.C), uint32(h), uint32(start), uint32(l), uint32(l)}, b.qkv, span, b.lse, rows)
					for j := range n {
						for k := range j + 1 {
							var sum float64
							for m := ranges[2*j]; m < ranges[2*j+1]; m++ {
								for _, w := range rows[int(m)*l-start*l:][int(ranges[2*k])-start : int(ranges[2*k+1])-start] {
									sum += float64(w)
								}
							}
							if size := ranges[2*j+1] - ranges[2*j]; size > 0 {
								want[int(seqs[4*s+2])+(h*n+j)*n+k] = float32(sum / float64(size))
							}
						}
					}
				}
				start += l
			}
			near(t, "pooled", whole, want, 1e-5)
		})
	}
}

func TestStepPoolDevice(t *testing.T) {
	gputest.Verify(t, stepPoolCases(gputest.Rand(15), slices.Concat(packings, otherHeads))...)
}
