package rl

import (
	"math/rand/v2"
	"testing"

	"attnlab/rl/rltest/near"
)

func TestGroupAdvantages(t *testing.T) {
	r := []float64{1, 1, 0, 0}
	near.Want(t, "population", scaled(populationStd)(r), []float64{1, 1, -1, -1}, 1e-5)
	near.Want(t, "sample", scaled(sampleStd)(r), []float64{.866025, .866025, -.866025, -.866025}, 1e-5)
	near.Want(t, "none", scaled(noStd)(r), []float64{.5, .5, -.5, -.5}, 0)
	near.Want(t, "RLOO", leaveOneOut(r), []float64{2. / 3, 2. / 3, -2. / 3, -2. / 3}, 1e-12)
	near.Want(t, "no variance", scaled(populationStd)([]float64{.9, .9, .9}), []float64{0, 0, 0}, 0)
	near.Want(t, "no variance, RLOO", leaveOneOut([]float64{.9, .9, .9}), []float64{0, 0, 0}, 0)
}

func TestGroupAdvantageProperties(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		r := make([]float64, 2+random.IntN(10))
		for i := range r {
			r[i] = random.NormFloat64()
		}
		order := random.Perm(len(r))
		mixed := make([]float64, len(r))
		for i, j := range order {
			mixed[i] = r[j]
		}
		loo := leaveOneOut(r)
		for i := range r { // the definition
			var others float64
			for j := range r {
				if j != i {
					others += r[j] / float64(len(r)-1)
				}
			}
			near.Want(t, "leave one out", loo[i:i+1], []float64{r[i] - others}, 1e-12)
		}
		for name, rule := range map[string]func([]float64) []float64{
			"RLOO":   leaveOneOut,
			"GRPO":   func(r []float64) []float64 { return scaled(populationStd)(r) },
			"sample": func(r []float64) []float64 { return scaled(sampleStd)(r) },
		} {
			a, b := rule(r), rule(mixed)
			var sum float64
			for i, j := range order {
				sum += a[i]
				near.Want(t, name+" under a permutation", b[i:i+1], a[j:j+1], 1e-9)
			}
			near.Want(t, name+" sum", []float64{sum}, []float64{0}, 1e-9)
		}
	}
}

// scaled divides by a standard deviation.
func scaled(by std) func(rewards []float64) []float64 {
	return groupScale{by, 1e-6}.advantages
}
