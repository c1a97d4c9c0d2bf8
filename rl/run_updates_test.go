package rl

import (
	"math"
	"slices"
	"testing"

	"attnlab/rl/task"
)

// Fault A10: <eos> is appended to a revision that met its limit of tokens, with the policy's own log-probability.
func TestRevisionsThatMetTheirLimitEnd(t *testing.T) {
	for _, eos := range []string{"on", "off"} {
		c := diceRun(t, "rearl", map[string]string{"revision-eos": eos, "revision-tokens": "8"})
		r := open(t, nil, c)
		rule := r.trainer.(*rearl)
		groups, err := r.sampleGroups(t.Context(), 6, 4)
		if err != nil {
			t.Fatal(err)
		}
		revisions, err := rule.revisions(t.Context(), r, groups)
		if err != nil {
			t.Fatal(err)
		}
		met := 0
		for _, s := range revisions {
			finish := len(s.Response()) - (s.ThinkEnd - s.PromptLength) - 1 // after </think>
			ends := s.Tokens[len(s.Tokens)-1] == task.Eos
			switch {
			case len(s.Old) != len(s.Response()):
				t.Fatalf("%d log-probabilities of %d tokens", len(s.Old), len(s.Response()))
			case eos == "on" && finish == 9 && ends:
				met++
				if scored, err := r.logprobs(r.Scorer, revisions, indices(len(revisions))); err != nil {
					t.Fatal(err)
				} else if last := len(s.Old) - 1; math.Abs(float64(s.Old[last]-scored[slices.IndexFunc(revisions, func(o Sample) bool { return &o.Tokens[0] == &s.Tokens[0] })][last])) > 1e-5 {
					t.Errorf("<eos> has the log-probability %g", s.Old[last])
				}
			case eos == "off" && finish == 8 && !ends:
				met++
			case finish > 8:
				t.Errorf("revision-eos %s: %d tokens after </think>, the last is <eos>: %v", eos, finish, ends)
			}
		}
		if met == 0 {
			t.Errorf("revision-eos %s: no revision met its limit", eos)
		}
	}
}

func indices(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// Fault A10: the rate rises linearly over the first training steps, and all updates of a step have one rate.
