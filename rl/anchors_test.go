package rl

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"attnlab/model"
	"attnlab/rl/hyper"
	"attnlab/rl/rltest/near"
	"attnlab/rl/score"
)

// Of each response by itself the share of highest score gets 1.5 times the advantage, of either sign.
func TestAnchorCredit(t *testing.T) {
	in, err := ReadGroup(anchorTokens, []byte(`{"responses":[{"length":5,"correct":true,"token_scores":[0.1,2,0.3,0.4,0]},{"length":5,"correct":false,"token_scores":[20,90,50,30,60]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		change map[string]string
		want   [2][]float64
	}{
		{nil, [2][]float64{{1, 1.5, 1, 1.5, 1}, {-1, -1.5, -1, -1, -1.5}}},
		{map[string]string{"share": "0.2", "amplify": "3"}, [2][]float64{{1, 3, 1, 1, 1}, {-1, -3, -1, -1, -1}}},
		{map[string]string{"share": "0.2", "amplify": "0"}, [2][]float64{{1, 0, 1, 1, 1}, {-1, 0, -1, -1, -1}}},
		{map[string]string{"amplify": "1"}, [2][]float64{{1, 1, 1, 1, 1}, {-1, -1, -1, -1, -1}}},
	} {
		out, err := CreditGroup(anchorTokens, in, set(t, anchorTokens, hyper.Values{}, c.change))
		if err != nil {
			t.Fatal(err)
		}
		for i := range c.want {
			near.Want(t, fmt.Sprint(c.change), out.TokenAdvantages[i], c.want[i], 7e-6)
		}
	}
}

// Without amplification it trains GRPO's weights, bit for bit; with it, and with each of its controls and rules, it trains others.
func TestAnchorsOffAreGRPO(t *testing.T) {
	trained := func(method string, change map[string]string) []float32 {
		r := open(t, nil, diceRun(t, method, change))
		steps(t, r, 3)
		return weights(t, r)
	}
	seen := [][]float32{trained("grpo", nil)}
	if !slices.Equal(trained("anchors", map[string]string{"amplify": "1"}), seen[0]) {
		t.Error("anchors with the factor 1 train otherwise than GRPO")
	}
	for _, change := range []map[string]string{nil, {"rhythm": "local"}, {"tokens": "shuffle"}, {"tokens": "position"}} {
		w := trained("anchors", change)
		if slices.ContainsFunc(seen, func(other []float32) bool { return slices.Equal(w, other) }) {
			t.Errorf("anchors %v train as another row does", change)
		}
		seen = append(seen, w)
	}
}

// The scores are those of a response's attention: the tokens as they are in a pass that asks for every token's received attention.
func TestAnchorScoresAreOfTheAttention(t *testing.T) {
	for _, rhythm := range []string{"global", "local"} {
		r := open(t, nil, diceRun(t, "anchors", map[string]string{"rhythm": rhythm}))
		before := open(t, nil, diceRun(t, "grpo", nil))
		steps(t, r, 1)
		scored := 0
		for i, g := range r.last {
			for j, s := range g.Samples {
				if s.Inputs.Advantage == 0 {
					if len(s.TokenScores) != len(s.Response()) || slices.Max(s.TokenScores) != 0 {
						t.Errorf("a response without advantage has the scores %v", s.TokenScores)
					}
					continue
				}
				scored++
				a := attentionOf(t, before, s)
				want := score.RhythmOf(a, .3, 10, 10, 50).Influence
				if rhythm == "local" {
					back := score.RhythmOf(a, .3, 10, 10, 50).LookBack
					want = make([]float64, len(back))
					for k := range len(back) - 1 {
						want[k] = math.Abs(back[k] - back[k+1])
					}
				}
				near.Want(t, fmt.Sprintf("%s, problem %d, response %d", rhythm, i, j), s.TokenScores, want[s.PromptLength:], 1e-5)
			}
		}
		if scored == 0 {
			t.Error("no response was scored")
		}
	}
}

// attentionOf is the attention of a response by a run's model, token by token, from one pass for each query token: its last token's.
func attentionOf(t *testing.T, r *Run, s Sample) score.StepAttention {
	t.Helper()
	T, c := len(s.Tokens), r.Model.Config
	a := score.StepAttention{Layers: c.Layers, Heads: c.Heads, Ranges: T, Mean: make([]float32, c.Layers*c.Heads*T*T)}
	for q := range T {
		steps := []model.Range{{Start: 0, End: q}, {Start: q, End: q + 1}}
		for k := range q + 1 { // what token q pays to [k, k+1), by a range that ends there
			steps[0] = model.Range{Start: k, End: k + 1}
			if k == q {
				steps = steps[1:]
			}
			scores, err := r.Scorer.Score([]model.ScoreRequest{{Tokens: s.Tokens[:q+1], Steps: steps}})
			if err != nil {
				t.Fatal(err)
			}
			got := scores[0].Attention
			for l := range c.Layers {
				for h := range c.Heads {
					a.Mean[((l*c.Heads+h)*T+q)*T+k] = got.At(l, h, len(steps)-1, 0)
				}
			}
		}
	}
	return a
}
