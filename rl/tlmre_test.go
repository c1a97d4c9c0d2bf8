package rl

import (
	"math"
	"testing"

	"attnlab/rl/rltest/near"
	"attnlab/rl/task"
)

// lengths is a group of responses with these verdicts and lengths.
func lengths(correct []bool, length []int) (g Group) {
	for i, n := range length {
		g.Samples = append(g.Samples, Sample{Trace: task.Trace{Tokens: make([]int, n), Correct: correct[i]}})
	}
	return g
}

// Fault A10: advantages are whitened over all tokens of the batch. Two groups with α = 0: rewards 1, 0 of 1 and 3 tokens give the
// advantages 1 and -1, rewards 1, 1 of 2 tokens each give 0. Of the 8 tokens the mean is (1 - 3)/8 = -.25 and the variance
// (1 + 3)/8 - .0625 = .4375.
func TestWhiteningIsOverTheBatch(t *testing.T) {
	c := tlmre{whiten: true}
	groups := []Group{lengths([]bool{true, false}, []int{1, 3}), lengths([]bool{true, true}, []int{2, 2})}
	if err := c.Credit(1, groups); err != nil {
		t.Fatal(err)
	}
	d := math.Sqrt(.4375)
	near.Want(t, "right", groups[0].Samples[0].Advantage, []float64{1.25 / d}, 1e-12)
	near.Want(t, "wrong", groups[0].Samples[1].Advantage, []float64{-.75 / d, -.75 / d, -.75 / d}, 1e-12)
	near.Want(t, "flat", groups[1].Samples[1].Advantage, []float64{.25 / d, .25 / d}, 1e-12)
	if got := groups[0].Samples[0].Inputs; got.Advantage != 1 || got.Before != 1 {
		t.Errorf("before whitening %+v", got)
	}
	terms := c.Explain(groups[0], 1).Outcome
	near.Want(t, "explained", []float64{term(terms, "m"), term(terms, "d"), term(terms, "A'")}, []float64{-.25, d, -.75 / d}, 1e-12)

	// Advantages that are all equal stay 0: the deviation is at least 1e-4.
	flat := []Group{lengths([]bool{true, true}, []int{2, 3})}
	if err := c.Credit(1, flat); err != nil {
		t.Fatal(err)
	}
	near.Want(t, "all equal", flat[0].Samples[1].Advantage, []float64{0, 0, 0}, 0)
}

// Fault A10: KL is in the reward. With weight .1 and log-ratios .5, -.2, 1 the tokens lose .1 of the sums from them on: .13, .08, .1.
func TestKLInTheReward(t *testing.T) {
	c := tlmre{kl: .1}
	g := lengths([]bool{true, false}, []int{3, 1})
	g.Samples[0].Old, g.Samples[0].Reference = []float32{-1, -2, -1}, []float32{-1.5, -1.8, -2}
	if err := c.Credit(1, []Group{g}); err != nil {
		t.Fatal(err)
	}
	near.Want(t, "right", g.Samples[0].Advantage, []float64{1 - .13, 1 - .08, 1 - .1}, 1e-7)
	near.Want(t, "wrong, whose reference is not known", g.Samples[1].Advantage, []float64{-1}, 0)
}

// A run takes the reference's log-probabilities from the frozen base: at the first step the policy is the base, later it is not.
func TestRewardKLUsesTheBase(t *testing.T) {
	c := diceRun(t, "tlmre", map[string]string{"reward-kl": "0.5", "learning-rate": "0.01", "minibatches": "1"})
	if !c.NeedsBase() {
		t.Fatal("the run does not need its base")
	}
	r := open(t, nil, c)
	apart := func() (sum float64) {
		steps(t, r, 1)
		for _, g := range r.Last().Groups {
			for _, s := range g.Samples {
				for i := range s.Reference {
					sum += math.Abs(float64(s.Old[i] - s.Reference[i]))
				}
			}
		}
		return sum
	}
	if first, second := apart(), apart(); first > 1e-2 || second < .1 {
		t.Errorf("log-ratios to the base add up to %g, then %g", first, second)
	}
}
