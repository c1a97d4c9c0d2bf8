package decode

import (
	"math"
	"slices"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

// The cases worked by hand and the invariants of sampling are in sample_test.go, for both kernels.

func TestSampleRowDevice(t *testing.T) {
	gputest.Verify(t, sampleRowCases(gputest.Rand(2), SampleRow)...)
}

// SampleRow draws what Sample draws, with and without truncation.
func TestSampleRowIsSample(t *testing.T) {
	r := gputest.Rand(3)
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		for _, p := range ways {
			const N = 65
			p.N, p.V, p.M, p.Eos, p.Seed = N, 1500, 1, 9, 5
			at, row := make([]uint32, 4*N), make([]uint32, 4*N)
			for n := range N {
				row[4*n], row[4*n+2] = 1, uint32(n)
			}
			peaks := peaked(r, p, at, row)
			s := rows{logits: slices.Clone(peaks), at: at, token: make([]uint32, N), row: row, out: make([]uint32, N), stat: gpu.NaNs(2 * N)}
			other := rows{logits: peaks, at: slices.Clone(at), token: make([]uint32, N), row: slices.Clone(row), out: make([]uint32, N), stat: gpu.NaNs(2 * N)}
			s.sample(t, d, Sample, p)
			other.sample(t, d, SampleRow, p)
			if !slices.Equal(s.out, other.out) || !slices.Equal(s.row, other.row) || !slices.Equal(s.at, other.at) {
				t.Errorf("%+v: sample drew %v, sample_row %v", p, s.out, other.out)
			}
			for i, v := range other.stat {
				if !(math.Abs(float64(v-s.stat[i])) < 1e-4) {
					t.Errorf("%+v: stat[%d] is %g from sample, %g from sample_row", p, i, s.stat[i], v)
				}
			}
		}
	})
}

// Over 50,000 tokens with probabilities far apart, log-probability and entropy are those of float64 to 1e-5, the draw is right, and
// a vocabulary of equal logits is drawn from evenly to its end.
func TestSampleRowOfLargeVocabulary(t *testing.T) {
	r := gputest.Rand(4)
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		const V = 50257
		logits := gpu.Normal(r, V)
		var top, sum, moment float64
		for v := range logits {
			logits[v] *= 3
			top = max(top, float64(logits[v]))
		}
		for _, l := range logits {
			e := math.Exp(float64(l) - top)
			sum += e
			moment += e * (float64(l) - top)
		}
		s := fresh(1, 1, 1, logits...)
		s.sample(t, d, SampleRow, SampleParams{N: 1, V: V, M: 1, Eos: V, Seed: 3, TopP: 1, Temperature: 1})
		logp := float64(logits[s.out[0]]) - top - math.Log(sum)
		if entropy := math.Log(sum) - moment/sum; math.Abs(float64(s.stat[0])/logp-1) > 1e-5 || math.Abs(float64(s.stat[1])/entropy-1) > 1e-5 {
			t.Errorf("log-probability %g and entropy %g, want %g and %g", s.stat[0], s.stat[1], logp, entropy)
		}

		const N = 256
		even := fresh(N, 1, 1, make([]float32, V)...)
		even.sample(t, d, SampleRow, SampleParams{N: N, V: V, M: 1, Eos: V, Seed: 3, TopP: 1, Temperature: 1})
		quarter := [4]int{}
		for n, token := range even.out {
			u := float64(Uniform(3, 0, uint32(n), 11))
			if math.Abs(float64(token)-u*V) > 3 {
				t.Fatalf("random number %g of %d equal tokens drew token %d", u, V, token)
			}
			quarter[4*token/V]++
		}
		for q, n := range quarter {
			if n < N/8 || n > N/2 {
				t.Errorf("%d of %d draws fall into quarter %d of the vocabulary", n, N, q)
			}
		}
	})
}
