package rl

import (
	"attnlab/rl/rltest/near"
	"math"
	"math/rand/v2"
	"testing"
)

// paperATTNPO is the paper's rule with a few values changed.
func paperATTNPO(change Hyper) ATTNPO {
	h, err := change.over("attnpo")
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
		change    Hyper
		group     []FocusSample
		advantage []float64
		step      int
		want      []float64 // of the first response
	}{
		{"p=1, half the baseline", nil, []FocusSample{sample(true, .05, .2), sample(true)}, []float64{1, -1}, 1, []float64{.5, 1}},
		{"p=1/2, half the baseline", nil, []FocusSample{sample(true, .0125, .2), sample(false)}, []float64{1, -1}, 2000, []float64{.875, 1}},
		{"before its time", nil, []FocusSample{sample(true, .0125, .2), sample(false)}, []float64{1, -1}, 500, []float64{1, 1}},
		{"from its time on", nil, []FocusSample{sample(true, .0125, .2), sample(false)}, []float64{1, -1}, 501, []float64{.875, 1}},
		{"a shorter schedule", Hyper{"schedule": 10}, []FocusSample{sample(true, .0125, .2), sample(false)}, []float64{1, -1}, 6, []float64{.875, 1}},
		{"p=1 from step 1", nil, []FocusSample{sample(true, 0, .1), sample(true)}, []float64{1, -1}, 1, []float64{0, 1}},
		{"a long correct response: essential steps do not pay", nil, []FocusSample{sample(true, .05, .2), sample(true)}, []float64{-1, 1}, 1, []float64{1, 0}},
		{"a wrong response pays in full", nil, []FocusSample{sample(false, .05, .2), sample(true)}, []float64{-1, 1}, 2000, []float64{1, 1}},
		{"a floor", Hyper{"floor": 0.2}, []FocusSample{sample(true, .05, .2), sample(true)}, []float64{1, -1}, 1, []float64{.6, 1}},
		{"kappa 2", Hyper{"kappa": 2}, []FocusSample{sample(true, .05, .2), sample(true)}, []float64{1, -1}, 1, []float64{.25, 1}},
		{"over the response alone", Hyper{"base-length": 1}, []FocusSample{sample(true, .05, .2), sample(true)}, []float64{1, -1}, 1, []float64{.45, 1}},
		{"positive off", Hyper{"positive": 0}, []FocusSample{sample(true, .05, .2), sample(true)}, []float64{1, -1}, 1, []float64{1, 1}},
		{"negative off", Hyper{"negative": 0}, []FocusSample{sample(true, .05, .2), sample(true)}, []float64{-1, 1}, 1, []float64{1, 1}},
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
		rule := paperATTNPO(Hyper{"floor": random.Float64(), "schedule": 10})
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

func TestFocus(t *testing.T) {
	// Ranges: prompt, two steps, an answer of 4 tokens; one layer, two heads.
	s := StepAttention{Layers: 1, Heads: 2, Ranges: 4, Mean: make([]float32, 2*4*4)}
	copy(s.Mean[12:], []float32{.5, .25, .125, .5})
	copy(s.Mean[28:], []float32{.5, .125, .5, .5})
	heads := FocusHeads(s, 3, 4)
	near.Want(t, "head 0: sum over the answer, mean over the step", heads[0][0], []float64{2, 1, .5, 2}, 0)
	near.Want(t, "mean of heads", Focus(heads, []Head{{0, 0}, {0, 1}}), []float64{2, .75, 1.25, 2}, 0)
	near.Want(t, "one head", Focus(heads, []Head{{0, 1}}), []float64{2, .5, 2, 2}, 0)
}

func TestStepRanking(t *testing.T) {
	// Head 0 ranks both responses rightly, head 1 the first wrongly and the
	// second half; the third response has no redundant step.
	focus := [][][][]float64{
		{{{3, 1, 2}, {1, 3, 2}}},
		{{{5, 1, 2}, {2, 1, 3}}},
		{{{1, 2, 3}, {1, 2, 3}}},
	}
	needed := [][]bool{{true, false, true}, {true, false, false}, {true, true, true}}
	redundant := [][]bool{{false, true, false}, {false, true, true}, {false, false, false}}
	sra := StepRanking(focus, needed, redundant)
	near.Want(t, "SRA", sra[0], []float64{1, .25}, 1e-12)
	if got := TopHeads(sra, 1); got[0] != (Head{0, 0}) {
		t.Errorf("key-focus head %v", got)
	}
	near.Want(t, "no pairs", StepRanking(focus[2:], needed[2:], redundant[2:])[0], []float64{math.NaN(), math.NaN()}, 0)
}

func TestExpandSteps(t *testing.T) {
	got := ExpandSteps(8, [][2]int{{0, 2}, {3, 5}}, []float64{.5, 0}, -2)
	near.Want(t, "tokens", got, []float64{-1, -1, -2, 0, 0, -2, -2, -2}, 0)
	near.Want(t, "no steps", ExpandSteps(2, nil, nil, 3), []float64{3, 3}, 0)
}
