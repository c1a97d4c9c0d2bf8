package rl

import (
	"math/rand/v2"
	"testing"

	"attnlab/rl/hyper"
	"attnlab/rl/rltest/near"
)

// paperATTNPO is the paper's rule with a few values changed.
func paperATTNPO(change hyper.Values) ATTNPO {
	h, err := change.Over("attnpo")
	if err != nil {
		panic(err)
	}
	return NewATTNPO(h)
}

func TestStepScales(t *testing.T) {
	// |F| = 10 of 90 + 10 tokens: uniform attention is 0.1, S_base = 0.1 p².
	sample := func(correct bool, focus ...float64) FocusSample { return FocusSample{correct, 90, 10, focus} }
	for _, c := range []struct {
		name      string
		change    hyper.Values
		group     []FocusSample
		advantage []float64
		step      int
		want      []float64 // of the first response
	}{
		{"p=1, half the baseline", nil, []FocusSample{sample(true, .05, .2), sample(true)}, []float64{1, -1}, 1, []float64{.5, 1}},
		{"p=1/2, half the baseline", nil, []FocusSample{sample(true, .0125, .2), sample(false)}, []float64{1, -1}, 2000, []float64{.875, 1}},
		{"before its time", nil, []FocusSample{sample(true, .0125, .2), sample(false)}, []float64{1, -1}, 500, []float64{1, 1}},
		{"from its time on", nil, []FocusSample{sample(true, .0125, .2), sample(false)}, []float64{1, -1}, 501, []float64{.875, 1}},
		{"a shorter schedule", hyper.Values{"schedule": 10}, []FocusSample{sample(true, .0125, .2), sample(false)}, []float64{1, -1}, 6, []float64{.875, 1}},
		{"p=1 from step 1", nil, []FocusSample{sample(true, 0, .1), sample(true)}, []float64{1, -1}, 1, []float64{0, 1}},
		{"a long correct response: essential steps do not pay", nil, []FocusSample{sample(true, .05, .2), sample(true)}, []float64{-1, 1}, 1, []float64{1, 0}},
		{"a wrong response pays in full", nil, []FocusSample{sample(false, .05, .2), sample(true)}, []float64{-1, 1}, 2000, []float64{1, 1}},
		{"a floor", hyper.Values{"floor": 0.2}, []FocusSample{sample(true, .05, .2), sample(true)}, []float64{1, -1}, 1, []float64{.6, 1}},
		{"kappa 2", hyper.Values{"kappa": 2}, []FocusSample{sample(true, .05, .2), sample(true)}, []float64{1, -1}, 1, []float64{.25, 1}},
		{"over the response alone", hyper.Values{"base-length": 1}, []FocusSample{sample(true, .05, .2), sample(true)}, []float64{1, -1}, 1, []float64{.45, 1}},
		{"positive off", hyper.Values{"positive": 0}, []FocusSample{sample(true, .05, .2), sample(true)}, []float64{1, -1}, 1, []float64{1, 1}},
		{"negative off", hyper.Values{"negative": 0}, []FocusSample{sample(true, .05, .2), sample(true)}, []float64{-1, 1}, 1, []float64{1, 1}},
		{"one step only", nil, []FocusSample{sample(true, .05), sample(true)}, []float64{1, -1}, 1, []float64{1}},
		{"no advantage", nil, []FocusSample{sample(true, .05, .2), sample(true)}, []float64{0, 0}, 1, []float64{1, 1}},
	} {
		gamma, _ := paperATTNPO(c.change).StepScales(c.group, c.advantage, 10, c.step)
		near.Want(t, c.name, gamma[0], c.want, 1e-12)
	}
	_, base := paperATTNPO(nil).StepScales([]FocusSample{sample(true), sample(false)}, []float64{1, -1}, 10, 1)
	near.Want(t, "baseline", base, []float64{.025, .025}, 1e-15)
}

func TestStepScalesStayBetween0And1(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	for range 300 {
		group := make([]FocusSample, 2+random.IntN(6))
		advantages := make([]float64, len(group))
		for i := range group {
			group[i] = FocusSample{random.IntN(3) > 0, 50 + random.IntN(50), random.IntN(10), make([]float64, random.IntN(6))}
			for k := range group[i].Focus {
				group[i].Focus[k] = random.ExpFloat64() / 10
			}
			advantages[i] = random.NormFloat64()
		}
		rule := paperATTNPO(hyper.Values{"floor": random.Float64(), "schedule": 10})
		gamma, _ := rule.StepScales(group, advantages, 12, 1+random.IntN(20))
		for i := range gamma {
			for k, g := range gamma[i] {
				if !(g >= 0 && g <= 1) || !group[i].Correct && g != 1 {
					t.Fatalf("γ = %g for step %d of %+v", g, k, group[i])
				}
			}
		}
	}
}

func TestExpandSteps(t *testing.T) {
	got := ExpandSteps(8, [][2]int{{0, 2}, {3, 5}}, []float64{.5, 0}, -2)
	near.Want(t, "tokens", got, []float64{-1, -1, -2, 0, 0, -2, -2, -2}, 0)
	near.Want(t, "no steps", ExpandSteps(2, nil, nil, 3), []float64{3, 3}, 0)
}
