package rl

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"

	"attnlab/rl/rltest/near"
)

// With flat-groups keep, flat groups take part: the others then weigh less, as in the means of GRPO over all groups.
func TestTaking(t *testing.T) {
	mixed := Group{Samples: []Sample{{Advantage: []float64{0, 1}}, {Advantage: []float64{-1}}}}
	flat := Group{Samples: []Sample{{Advantage: []float64{0, 0, 0}}, {Advantage: []float64{0}}}}
	groups := []Group{flat, mixed, flat, mixed}
	if got := taking(groups, false); len(got) != 2 || !got[0].valid() || !got[1].valid() {
		t.Errorf("without flat groups %d take part", len(got))
	}
	if got := taking(groups, true); len(got) != 4 || got[0].valid() {
		t.Errorf("with flat groups %d take part", len(got))
	}
	c := lossConfig{aggregation: "sequence"}
	if half, whole := c.tokenWeights([]int{3, 1, 2, 1})[2], c.tokenWeights([]int{2, 1})[0]; half != whole/2 {
		t.Errorf("a response weighs %v beside a flat group and %v without", half, whole)
	}
	for method, keep := range map[string]string{"grpo": "keep", "drgrpo": "keep", "tlmre": "keep", "attnpo": "keep", "rearl": "keep", "dapo": "drop", "treerl": "drop", "attnrl": "drop"} {
		if got := methodOf(t, method).Params.Paper().Choice("flat-groups"); got != keep {
			t.Errorf("%s: the paper's way with flat groups is %q", method, got)
		}
		if got := methodOf(t, method).Params.Lab().Choice("flat-groups"); got != "drop" {
			t.Errorf("%s: the lab's way with flat groups is %q", method, got)
		}
	}
}

// That no begun tree is left is saved as that: a resumed run does not begin others in their place.
func TestEmptyPlanIsSaved(t *testing.T) {
	for _, want := range []treeState{{Planned: []plannedTree{}}, {}} {
		data, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got treeState
		if err := json.Unmarshal(data, &got); err != nil || (got.Planned == nil) != (want.Planned == nil) {
			t.Errorf("%#v comes back as %#v, %v", want.Planned, got.Planned, err)
		}
	}
}

func TestSurrogate(t *testing.T) {
	c := lossConfig{clipLow: 0.2, clipHigh: 0.28, dualClip: 3}
	for _, x := range []struct{ ratio, advantage, want float64 }{
		{1, 2, 2}, {1, -2, -2},
		{1.28, 1, 1.28}, {1.5, 1, 1.28}, {0.5, 1, 0.5}, // a gain is capped above only
		{0.8, -1, -0.8}, {0.5, -1, -0.8}, {1.5, -1, -1.5}, // a loss from below only
		{3, -1, -3}, {50, -1, -3}, {50, -2, -6}, // until the dual clip
		{7, 0, 0},
	} {
		near.Want(t, "surrogate", []float64{c.surrogate(x.ratio, x.advantage)}, []float64{x.want}, 1e-12)
	}
	if got := (lossConfig{clipLow: 0.2, clipHigh: 0.2}).surrogate(50, -1); got != -50 {
		t.Errorf("without a dual clip %g, want -50", got)
	}
	random := rand.New(rand.NewPCG(5, 6))
	for range 1000 {
		ratio, a := math.Exp(2*random.NormFloat64()), random.NormFloat64()
		s := c.surrogate(ratio, a)
		if a > 0 && s > 1.28*a+1e-12 || a < 0 && (s < 3*a-1e-12 || s > 0.8*a+1e-12) {
			t.Fatalf("ratio %g, advantage %g: %g is out of bounds", ratio, a, s)
		}
		if s > ratio*a+1e-12 && !(a < 0 && ratio > 3) {
			t.Fatalf("ratio %g, advantage %g: %g is above the unclipped %g", ratio, a, s, ratio*a)
		}
	}
}

func TestKLk3(t *testing.T) {
	near.Want(t, "k3", []float64{klk3(-1, -1), klk3(-1, -2), klk3(-2, -1)}, []float64{0, math.Exp(-1), math.E - 2}, 1e-12)
	random := rand.New(rand.NewPCG(7, 8))
	for range 1000 {
		if k := klk3(random.NormFloat64(), random.NormFloat64()); k < 0 {
			t.Fatalf("k3 = %g", k)
		}
	}
}

func TestTokenWeights(t *testing.T) {
	lengths := []int{1, 3, 0}
	for aggregation, want := range map[string][]float64{
		"token":    {1. / 4, 1. / 4, 1. / 4},
		"sequence": {1. / 3, 1. / 9, 1. / 3},
		"constant": {1. / 30, 1. / 30, 1. / 30},
	} {
		c := lossConfig{aggregation: aggregation, maxLength: 10}
		near.Want(t, "weights", c.tokenWeights(lengths), want, 1e-15)
	}
	near.Want(t, "no tokens", lossConfig{aggregation: "token"}.tokenWeights([]int{0, 0}), []float64{1, 1}, 0)
}
