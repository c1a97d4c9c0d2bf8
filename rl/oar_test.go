package rl

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"attnlab/model"
	"attnlab/rl/rltest/near"
	"attnlab/rl/stat"
	"attnlab/rl/task"
)

// Two lines of two tokens, worked by hand: log(1+I) is 0, 1, 2 and 4, stretched 0, 1/4, 1/2, 1. The median is 3/8.
func TestOARWeights(t *testing.T) {
	influence := []float64{math.Expm1(2), 0, math.Expm1(4), math.Expm1(1)}
	for _, c := range []struct {
		suppress, boost float64
		want            []float64 // before they are scaled to add up to 4
	}{
		{.5, 1, []float64{1 + .125/.625, .1, 2, .25 / .375}},
		{.5, 0, []float64{1, .1, 1, .25 / .375}},
		{0, 1, []float64{1.5, 1, 2, 1.25}},
		{1, 3, []float64{.5, .1, 4, .25}},
		{0, 0, []float64{1, 1, 1, 1}},
	} {
		sum := stat.Mean(c.want)
		for i := range c.want {
			c.want[i] /= sum
		}
		near.Want(t, fmt.Sprint(c.suppress, " ", c.boost), reshaping{suppress: c.suppress, boost: c.boost}.weights(influence), c.want, 1e-12)
	}
	near.Want(t, "equal influence", reshaping{suppress: .5, boost: 1}.weights([]float64{2, 2, 2}), []float64{1, 1, 1}, 0)
	if len((reshaping{suppress: .5}).weights(nil)) != 0 {
		t.Error("no think tokens")
	}

	in, err := ReadGroup(oar, []byte(`{"responses":[
		{"length":5,"correct":true,"answer_tokens":1,"step_ranges":[[0,2],[2,4]],"token_scores":[0,0,3,3,77]},
		{"length":3,"correct":false,"answer_tokens":0,"step_ranges":[[0,3]],"token_scores":[1,1,1]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	out, err := CreditGroup(oar, in, nil)
	if err != nil {
		t.Fatal(err)
	}
	// Stretched 0 0 1 1, the median .5: weights .1 .1 2 2, of which the mean is 1.05. The answer keeps its credit.
	near.Want(t, "credit", out.TokenAdvantages[0], []float64{.1 / 1.05, .1 / 1.05, 2 / 1.05, 2 / 1.05, 1}, 5e-6)
	near.Want(t, "one line", out.TokenAdvantages[1], []float64{-1, -1, -1}, 5e-6)
	in.Responses[0].TokenScores[1] = -1
	if _, err := CreditGroup(oar, in, nil); err == nil {
		t.Error("an influence below 0 is taken")
	}
}

// Without suppression and boost it trains GRPO's weights, bit for bit; with them, and with its controls, others.
func TestOAROffIsGRPO(t *testing.T) {
	trained := func(method string, change map[string]string) []float32 {
		r := openTask(t, diceWithAnswers{}, diceRun(t, method, change))
		steps(t, r, 3)
		return weights(t, r)
	}
	seen := [][]float32{trained("grpo", nil)}
	if !slices.Equal(trained("oar", map[string]string{"suppress": "0", "boost": "0"}), seen[0]) {
		t.Error("OAR that is off trains otherwise than GRPO")
	}
	for _, change := range []map[string]string{nil, {"perturb": "token"}, {"tokens": "shuffle"}, {"tokens": "position"}} {
		w := trained("oar", change)
		if slices.ContainsFunc(seen, func(other []float32) bool { return slices.Equal(w, other) }) {
			t.Errorf("OAR %v trains as another row does", change)
		}
		seen = append(seen, w)
	}
}

// diceWithAnswers are dice whose last think step is the answer.
type diceWithAnswers struct{ dice }

func (d diceWithAnswers) Judge(p task.Problem, response []int) task.Trace {
	t := d.dice.Judge(p, response)
	if n := len(t.Steps); n > 1 {
		t.AnswerStart, t.AnswerEnd = t.Steps[n-1].Start, t.Steps[n-1].End
		t.Steps = t.Steps[:n-1]
	}
	return t
}

// The influence of a line is what its answer's log-probability loses, by two passes over the response, whole and with the line blanked out.
func TestOARInfluence(t *testing.T) {
	for _, perturb := range []string{"line", "token"} {
		r := openTask(t, diceWithAnswers{}, diceRun(t, "oar", map[string]string{"perturb": perturb}))
		before := openTask(t, diceWithAnswers{}, diceRun(t, "grpo", nil))
		steps(t, r, 1)
		logp := func(s Sample, start, end int) (sum float64) {
			tokens := slices.Clone(s.Tokens)
			for k := start; k < end; k++ {
				tokens[k] = diceShape.PadID
			}
			scores, err := before.Scorer.Score([]model.ScoreRequest{{Tokens: tokens}})
			if err != nil {
				t.Fatal(err)
			}
			for k := s.AnswerStart; k < s.AnswerEnd; k++ {
				sum += float64(scores[0].LogProbs[k])
			}
			return sum / float64(s.AnswerEnd-s.AnswerStart)
		}
		some := 0
		for _, g := range mixed(r.last) {
			for _, s := range g.Samples {
				if s.AnswerStart == s.AnswerEnd {
					continue
				}
				for _, step := range s.Steps {
					for k := step.Start; k < step.End; k++ {
						start, end := step.Start, step.End
						if perturb == "token" {
							start, end = k, k+1
						}
						want := max(0, logp(s, 0, 0)-logp(s, start, end))
						near.Want(t, perturb, []float64{s.TokenScores[k-s.PromptLength]}, []float64{want}, 1e-4)
						if want > 1e-3 {
							some++
						}
					}
				}
			}
		}
		if some == 0 {
			t.Errorf("no %s has an influence", perturb)
		}
	}
}
