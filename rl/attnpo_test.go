package rl

import (
	"math/rand/v2"
	"testing"

	"attnlab/rl/rltest/near"
	"attnlab/rl/stat"
)

// focusSample is what ATTNPO's credit needs of a response.
type focusSample struct {
	correct bool
	length  int
	answer  int // |F|
	focus   []float64
}

// stepScales is γ of the steps of each response, and S_base, for responses with these advantages.
func stepScales(c attnpoRule, group []focusSample, advantages []float64, prompt, step int) (gamma [][]float64, base []float64) {
	right := 0.0
	for _, s := range group {
		right += stat.Indicator(s.correct)
	}
	p := right / float64(len(group))
	for i, s := range group {
		base = append(base, c.baseScore(p, s.answer, prompt, s.length))
		if gamma = append(gamma, ones(len(s.focus))); s.correct {
			gamma[i] = c.scales(s.focus, base[i], advantages[i], p, step)
		}
	}
	return gamma, base
}

// paperATTNPO is the paper's rule with a few values changed.
func paperATTNPO(t *testing.T, change map[string]string) attnpoRule {
	t.Helper()
	return newATTNPORule(paper(t, "attnpo", change))
}

func TestStepScales(t *testing.T) {
	// |F| = 10 of 90 + 10 tokens: uniform attention is 0.1, S_base = 0.1 p².
	sample := func(correct bool, focus ...float64) focusSample { return focusSample{correct, 90, 10, focus} }
	for _, c := range []struct {
		name      string
		change    map[string]string
		group     []focusSample
		advantage []float64
		step      int
		want      []float64 // of the first response
	}{
		{"p=1, half the baseline", nil, []focusSample{sample(true, .05, .2), sample(true)}, []float64{1, -1}, 1, []float64{.5, 1}},
		{"p=1/2, half the baseline", nil, []focusSample{sample(true, .0125, .2), sample(false)}, []float64{1, -1}, 2000, []float64{.875, 1}},
		{"before its time", nil, []focusSample{sample(true, .0125, .2), sample(false)}, []float64{1, -1}, 500, []float64{1, 1}},
		{"from its time on", nil, []focusSample{sample(true, .0125, .2), sample(false)}, []float64{1, -1}, 501, []float64{.875, 1}},
		{"a shorter schedule", map[string]string{"schedule": "10"}, []focusSample{sample(true, .0125, .2), sample(false)}, []float64{1, -1}, 6, []float64{.875, 1}},
		{"p=1 from step 1", nil, []focusSample{sample(true, 0, .1), sample(true)}, []float64{1, -1}, 1, []float64{0, 1}},
		{"a long correct response: essential steps do not pay", nil, []focusSample{sample(true, .05, .2), sample(true)}, []float64{-1, 1}, 1, []float64{1, 0}},
		{"a wrong response pays in full", nil, []focusSample{sample(false, .05, .2), sample(true)}, []float64{-1, 1}, 2000, []float64{1, 1}},
		{"a floor", map[string]string{"floor": "0.2"}, []focusSample{sample(true, .05, .2), sample(true)}, []float64{1, -1}, 1, []float64{.6, 1}},
		{"kappa 2", map[string]string{"kappa": "2"}, []focusSample{sample(true, .05, .2), sample(true)}, []float64{1, -1}, 1, []float64{.25, 1}},
		{"over the response alone", map[string]string{"base-length": "response"}, []focusSample{sample(true, .05, .2), sample(true)}, []float64{1, -1}, 1, []float64{.45, 1}},
		{"positive off", map[string]string{"positive": "off"}, []focusSample{sample(true, .05, .2), sample(true)}, []float64{1, -1}, 1, []float64{1, 1}},
		{"negative off", map[string]string{"negative": "off"}, []focusSample{sample(true, .05, .2), sample(true)}, []float64{-1, 1}, 1, []float64{1, 1}},
		{"one step only", nil, []focusSample{sample(true, .05), sample(true)}, []float64{1, -1}, 1, []float64{1}},
		{"no advantage", nil, []focusSample{sample(true, .05, .2), sample(true)}, []float64{0, 0}, 1, []float64{1, 1}},
	} {
		gamma, _ := stepScales(paperATTNPO(t, c.change), c.group, c.advantage, 10, c.step)
		near.Want(t, c.name, gamma[0], c.want, 1e-12)
	}
	_, base := stepScales(paperATTNPO(t, nil), []focusSample{sample(true), sample(false)}, []float64{1, -1}, 10, 1)
	near.Want(t, "baseline", base, []float64{.025, .025}, 1e-15)
}

func TestStepScalesStayBetween0And1(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	for range 300 {
		group := make([]focusSample, 2+random.IntN(6))
		advantages := make([]float64, len(group))
		for i := range group {
			group[i] = focusSample{random.IntN(3) > 0, 50 + random.IntN(50), random.IntN(10), make([]float64, random.IntN(6))}
			for k := range group[i].focus {
				group[i].focus[k] = random.ExpFloat64() / 10
			}
			advantages[i] = random.NormFloat64()
		}
		rule := paperATTNPO(t, map[string]string{"schedule": "10"})
		rule.floor = random.Float64()
		gamma, _ := stepScales(rule, group, advantages, 12, 1+random.IntN(20))
		for i := range gamma {
			for k, g := range gamma[i] {
				if !(g >= 0 && g <= 1) || !group[i].correct && g != 1 {
					t.Fatalf("γ = %g for step %d of %+v", g, k, group[i])
				}
			}
		}
	}
}

func TestScaleSteps(t *testing.T) {
	a := []float64{-2, -2, -2, -2, -2, -2, -2, -2}
	scaleSteps(a, [][2]int{{0, 2}, {3, 5}}, []float64{.5, 0})
	near.Want(t, "tokens", a, []float64{-1, -1, -2, 0, 0, -2, -2, -2}, 0)
	scaleSteps(a, nil, nil)
	near.Want(t, "no steps", a, []float64{-1, -1, -2, 0, 0, -2, -2, -2}, 0)
}
