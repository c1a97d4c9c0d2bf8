package many

import (
	"fmt"
	"slices"

	"attnlab/rl"
	"attnlab/rl/task"
)

// Rewarding lists the methods whose rewards follow from a group's verdicts and lengths alone: they work on neither trees nor revisions nor
// demonstrations.
func Rewarding() []rl.Method {
	return slices.DeleteFunc(rl.Crediting(), func(m rl.Method) bool { return m.Takes.Tree || m.Takes.Revisions || len(m.Takes.Keys) > 0 })
}

// Rewards are what a method gives to the responses to one problem, two or more, as a group, with the lab's hyper-parameters. It returns an error
// where the method is none of [Rewarding].
func Rewards(m rl.Method, kind task.Task, traces []task.Trace) ([]float64, error) {
	if !slices.ContainsFunc(Rewarding(), func(o rl.Method) bool { return o.Name == m.Name }) {
		return nil, fmt.Errorf("many: the rewards of method %q need more than responses", m.Name)
	}
	in := rl.GroupInput{PromptLength: traces[0].PromptLength}
	for _, t := range traces {
		think := t.ThinkTokens()
		in.Responses = append(in.Responses, rl.Rated{Length: len(t.Response()), Correct: t.Correct, AnswerTokens: t.AnswerEnd - t.AnswerStart,
			Reflections: task.Reflections(kind, t), ThinkTokens: &think})
	}
	out, err := rl.CreditGroup(m, in, m.Params.Lab())
	return out.Rewards, err
}
