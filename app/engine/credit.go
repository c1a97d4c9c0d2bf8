package engine

import (
	"fmt"

	"attnlab/app/session"
	"attnlab/rl"
	"attnlab/rl/task"
)

// explained is the rollout whose credit the page shows. The inbox explains it, so that
// a visitor does not wait for a training step.
type explained struct {
	last    *rl.Credited // nil before the first step
	rollout int          // -1 before one is chosen
}

// lastCredit takes the credit of a new step. The chosen rollout stays chosen if the
// new step has one with its number.
func (e *Engine) lastCredit(c *rl.Credited) {
	e.crediting.Lock()
	e.credit.last = c
	e.crediting.Unlock()
}

// clearCredit clears the credit of a run that is no longer active.
func (e *Engine) clearCredit() {
	e.crediting.Lock()
	defer e.crediting.Unlock()
	e.credit = explained{rollout: -1}
	e.clear(session.Credit{Number: e.next(), Rollout: -1, Text: []string{}, Before: []float64{}, After: []float64{}, Steps: []session.CreditStep{}, Outcome: []session.Term{}})
	e.clear(session.TokenLosses{Number: e.next(), Rollout: -1})
}

// showCredit chooses a rollout.
func (e *Engine) showCredit(c session.ShowCredit) {
	e.crediting.Lock()
	defer e.crediting.Unlock()
	switch n := len(places(e.credit.last)); {
	case n == 0:
		e.fail("ShowCredit", fmt.Errorf("there is no credit to explain yet; take a training step first"))
	case c.Rollout < 0 || c.Rollout >= n:
		e.fail("ShowCredit", fmt.Errorf("there is no rollout %d; the last step has 0 to %d", c.Rollout, n-1))
	default:
		e.credit.rollout = c.Rollout
		e.publishCredit()
	}
}

// refreshCredit explains the chosen rollout of a new step.
func (e *Engine) refreshCredit() {
	e.crediting.Lock()
	defer e.crediting.Unlock()
	if i := e.credit.rollout; i >= 0 && i < len(places(e.credit.last)) {
		e.publishCredit()
	}
}

func (e *Engine) publishCredit() {
	last, at := e.credit.last, places(e.credit.last)[e.credit.rollout]
	x := last.Explain(at[0], at[1])
	view := session.Credit{Number: e.next(), Rollout: e.credit.rollout, Before: x.Before, After: x.After, Steps: []session.CreditStep{}, Outcome: terms(x.Outcome),
		Text: words(last.Groups[at[0]].Samples[at[1]].Response(), last.Task.Vocabulary())}
	for _, s := range x.Steps {
		view.Steps = append(view.Steps, session.CreditStep{Start: s.Start, End: s.End, Label: s.Label.String(), Scale: s.Scale, Terms: terms(s.Terms)})
	}
	e.publish(view)
}

func terms(of []rl.Term) []session.Term {
	all := []session.Term{}
	for _, t := range of {
		all = append(all, session.Term(t))
	}
	return all
}

// places are group and sample of each row of the table of rollouts.
func places(c *rl.Credited) (at [][2]int) {
	if c == nil {
		return nil
	}
	for i, g := range c.Groups {
		for j := range g.Samples {
			at = append(at, [2]int{i, j})
		}
	}
	return at
}

// rollouts is the table of a step's rollouts.
func rollouts(c *rl.Credited) []session.RolloutRow {
	rows := []session.RolloutRow{}
	for _, at := range places(c) {
		g := c.Groups[at[0]]
		s := g.Samples[at[1]]
		row := session.RolloutRow{Group: at[0], Prompt: task.Text(c.Task, g.Problem.Prompt), Gold: g.Problem.Gold, Correct: s.Correct,
			Tokens: len(s.Response()), Think: s.ThinkTokens(), Reward: s.Reward, Kind: s.Kind, Advantage: s.Inputs.Before}
		for _, a := range s.Advantage {
			row.Trained = row.Trained || a != 0
		}
		rows = append(rows, row)
	}
	return rows
}
