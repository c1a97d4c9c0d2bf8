package many_test

import (
	"slices"
	"testing"

	"attnlab/rl"
	"attnlab/rl/many"
	"attnlab/rl/rltest/near"
	"attnlab/rl/task"
)

// Rewards of responses are those that the credit rule of a method gives to their lengths and verdicts, with the lab's values.
func TestRewards(t *testing.T) {
	var traces []task.Trace
	for i, correct := range []bool{true, false, true, true} {
		n := 10 + 10*i
		traces = append(traces, task.Trace{Tokens: make([]int, 5+n), PromptLength: 5, ThinkStart: 5, ThinkEnd: 5 + n - 4, AnswerStart: 5 + n - 3, AnswerEnd: 5 + n, Correct: correct})
	}
	kind, err := task.New("chain", "", "")
	if err != nil {
		t.Fatal(err)
	}
	rewards, err := many.Rewards(rl.GRPO, kind, traces)
	if err != nil {
		t.Fatal(err)
	}
	near.Want(t, "grpo", rewards, []float64{1, 0, 1, 1}, 0)
	rewards, err = many.Rewards(rl.TLMRE, kind, traces)
	if err != nil {
		t.Fatal(err)
	}
	in := rl.GroupInput{PromptLength: 5, Responses: []rl.Rated{{Length: 10, Correct: true, AnswerTokens: 3}, {Length: 20, AnswerTokens: 3}, {Length: 30, Correct: true, AnswerTokens: 3}, {Length: 40, Correct: true, AnswerTokens: 3}}}
	out, err := rl.CreditGroup(rl.TLMRE, in, rl.TLMRE.Params.Lab())
	if err != nil {
		t.Fatal(err)
	}
	near.Want(t, "tlmre", rewards, out.Rewards, 0)
	if !(rewards[0] > rewards[2] && rewards[2] > rewards[3] && rewards[1] == 0) {
		t.Errorf("shorter right responses should get more: %v", rewards)
	}
	for _, m := range rl.Methods {
		_, err := many.Rewards(m, kind, traces)
		if can := slices.ContainsFunc(many.Rewarding(), func(o rl.Method) bool { return o.Name == m.Name }); can != (err == nil) {
			t.Errorf("%s: rewards by length %v, error %v", m.Name, can, err)
		}
	}
}
