package rl

import (
	"slices"
	"testing"

	"attnlab/rl/rltest/near"
	"attnlab/rl/score"
)

// A token without a score gets no more, even where the share would reach it.
func TestFlowCredit(t *testing.T) {
	in, err := ReadGroup(flowTracer, []byte(`{"responses":[{"length":5,"correct":true,"token_scores":[0,0.3,0,0,0]},{"length":5,"correct":false,"token_scores":[0.2,0.9,0.5,0.3,0]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	out, err := CreditGroup(flowTracer, in, nil)
	if err != nil {
		t.Fatal(err)
	}
	near.Want(t, "right", out.TokenAdvantages[0], []float64{1, 1.5, 1, 1, 1}, 5e-6)
	near.Want(t, "wrong", out.TokenAdvantages[1], []float64{-1, -1.5, -1.5, -1, -1}, 5e-6)
}

// Without amplification it trains GRPO's weights, bit for bit; with it, and with its controls, others.
func TestFlowOffIsGRPO(t *testing.T) {
	trained := func(method string, change map[string]string) []float32 {
		r := openTask(t, diceWithAnswers{}, diceRun(t, method, change))
		steps(t, r, 3)
		return weights(t, r)
	}
	seen := [][]float32{trained("grpo", nil)}
	if !slices.Equal(trained("flowtracer", map[string]string{"amplify": "1"}), seen[0]) {
		t.Error("FlowTracer with the factor 1 trains otherwise than GRPO")
	}
	for _, change := range []map[string]string{nil, {"tokens": "shuffle"}, {"tokens": "position"}} {
		w := trained("flowtracer", change)
		if slices.ContainsFunc(seen, func(other []float32) bool { return slices.Equal(w, other) }) {
			t.Errorf("FlowTracer %v trains as another row does", change)
		}
		seen = append(seen, w)
	}
}

// The scores are the flow in a response's attention, 0 from its answer on.
func TestFlowScoresAreOfTheAttention(t *testing.T) {
	r := openTask(t, diceWithAnswers{}, diceRun(t, "flowtracer", nil))
	before := openTask(t, diceWithAnswers{}, diceRun(t, "grpo", nil))
	steps(t, r, 1)
	flowed := 0
	for _, g := range mixed(r.last)[:1] {
		for _, s := range g.Samples {
			want := make([]float64, len(s.Response()))
			if s.AnswerEnd > s.AnswerStart {
				copy(want[:s.AnswerStart-s.PromptLength], score.FlowOf(attentionOf(t, before, s), s.PromptLength, s.AnswerStart)[s.PromptLength:])
				flowed++
			}
			near.Want(t, "flow", s.TokenScores, want, 1e-5)
		}
	}
	if flowed == 0 {
		t.Error("no response has an answer")
	}
}
