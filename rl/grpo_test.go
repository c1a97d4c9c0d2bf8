package rl

import (
	"math"
	"math/rand/v2"
	"testing"

	"attnlab/rl/hyper"
	"attnlab/rl/rltest/near"
)

func TestGroupAdvantages(t *testing.T) {
	r := []float64{1, 1, 0, 0}
	near.Want(t, "population", GroupAdvantages(r, PopulationStd), []float64{1, 1, -1, -1}, 1e-5)
	near.Want(t, "sample", GroupAdvantages(r, SampleStd), []float64{.866025, .866025, -.866025, -.866025}, 1e-5)
	near.Want(t, "none", GroupAdvantages(r, NoStd), []float64{.5, .5, -.5, -.5}, 0)
	near.Want(t, "RLOO", RLOO(r), []float64{2. / 3, 2. / 3, -2. / 3, -2. / 3}, 1e-12)
	near.Want(t, "no variance", GroupAdvantages([]float64{.9, .9, .9}, PopulationStd), []float64{0, 0, 0}, 0)
	near.Want(t, "no variance, RLOO", RLOO([]float64{.9, .9, .9}), []float64{0, 0, 0}, 0)
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
		loo := RLOO(r)
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
			"RLOO":   RLOO,
			"GRPO":   func(r []float64) []float64 { return GroupAdvantages(r, PopulationStd) },
			"sample": func(r []float64) []float64 { return GroupAdvantages(r, SampleStd) },
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

func TestSurrogate(t *testing.T) {
	c := LossConfig{ClipLow: 0.2, ClipHigh: 0.28, DualClip: 3}
	for _, x := range []struct{ ratio, advantage, want float64 }{
		{1, 2, 2}, {1, -2, -2},
		{1.28, 1, 1.28}, {1.5, 1, 1.28}, {0.5, 1, 0.5}, // a gain is capped above only
		{0.8, -1, -0.8}, {0.5, -1, -0.8}, {1.5, -1, -1.5}, // a loss from below only
		{3, -1, -3}, {50, -1, -3}, {50, -2, -6}, // until the dual clip
		{7, 0, 0},
	} {
		near.Want(t, "surrogate", []float64{c.Surrogate(x.ratio, x.advantage)}, []float64{x.want}, 1e-12)
	}
	if got := (LossConfig{ClipLow: 0.2, ClipHigh: 0.2}).Surrogate(50, -1); got != -50 {
		t.Errorf("without a dual clip %g, want -50", got)
	}
	random := rand.New(rand.NewPCG(5, 6))
	for range 1000 {
		ratio, a := math.Exp(2*random.NormFloat64()), random.NormFloat64()
		s := c.Surrogate(ratio, a)
		if a > 0 && s > 1.28*a+1e-12 || a < 0 && (s < 3*a-1e-12 || s > 0.8*a+1e-12) {
			t.Fatalf("ratio %g, advantage %g: %g is out of bounds", ratio, a, s)
		}
		if s > ratio*a+1e-12 && !(a < 0 && ratio > 3) {
			t.Fatalf("ratio %g, advantage %g: %g is above the unclipped %g", ratio, a, s, ratio*a)
		}
	}
}

func TestKLk3(t *testing.T) {
	near.Want(t, "k3", []float64{KLk3(-1, -1), KLk3(-1, -2), KLk3(-2, -1)}, []float64{0, math.Exp(-1), math.E - 2}, 1e-12)
	random := rand.New(rand.NewPCG(7, 8))
	for range 1000 {
		if k := KLk3(random.NormFloat64(), random.NormFloat64()); k < 0 {
			t.Fatalf("k3 = %g", k)
		}
	}
}

func TestTokenWeights(t *testing.T) {
	lengths := []int{1, 3, 0}
	for aggregation, want := range map[Aggregation][]float64{
		TokenMean:    {1. / 4, 1. / 4, 1. / 4},
		SequenceMean: {1. / 3, 1. / 9, 1. / 3},
		ConstantMean: {1. / 30, 1. / 30, 1. / 30},
	} {
		c := LossConfig{Aggregation: aggregation, MaxLength: 10}
		near.Want(t, "weights", c.TokenWeights(lengths), want, 1e-15)
	}
	near.Want(t, "no tokens", LossConfig{}.TokenWeights([]int{0, 0}), []float64{1, 1}, 0)
}

func TestDAPO(t *testing.T) {
	rule := NewGRPO(hyper.Paper("dapo"))
	for _, c := range []struct {
		correct []bool
		keep    bool
	}{{[]bool{true, true}, false}, {[]bool{false, false}, false}, {[]bool{true, false}, true}} {
		if rule.Keep(c.correct) != c.keep {
			t.Errorf("Keep(%v) = %v", c.correct, !c.keep)
		}
		if !NewGRPO(hyper.Paper("grpo")).Keep(c.correct) {
			t.Errorf("GRPO drops %v", c.correct)
		}
	}
	near.Want(t, "rewards", rule.Rewards([]bool{true, false}, []int{18432, 16384}), []float64{.5, 0}, 0)
}

// DAPO without its extras is GRPO with a token mean.
func TestDAPOOffIsGRPO(t *testing.T) {
	h := hyper.Paper("dapo")
	h["clip-high"], h["overlong-buffer"], h["dynamic"] = h["clip-low"], 0, 0
	g := hyper.Paper("grpo")
	g["aggregation"], g["kl"], g["max-length"] = float64(TokenMean), 0, h["max-length"]
	dapo, grpo := NewGRPO(h), NewGRPO(g)
	dapo.Factor = grpo.Factor
	if dapo != grpo {
		t.Errorf("%+v\n%+v", dapo, grpo)
	}
	correct, length := []bool{true, false, true}, []int{20480, 20480, 5}
	near.Want(t, "credit", dapo.Credit(dapo.Rewards(correct, length)), grpo.Credit(grpo.Rewards(correct, length)), 0)
}
