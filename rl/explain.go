package rl

import (
	"fmt"

	"attnlab/rl/stat"
	"attnlab/rl/task"
)

// Credited is the credit of one training step. It is never changed.
type Credited struct {
	Groups []Group
	Task   task.Task
	Step   int // from 1

	trainer Trainer
}

// Last is the credit of the last training step; nil before the first.
func (r *Run) Last() *Credited {
	if r.last == nil || r.state.Step == 0 {
		return nil
	}
	return &Credited{r.last, r.Task, r.state.Step, r.trainer}
}

// Explain repeats the arithmetic of one response from the values that were trained on.
func (c *Credited) Explain(group, sample int) Explanation {
	return c.trainer.Explain(c.Groups[group], sample)
}

// Term is one line of an arithmetic.
type Term struct {
	Name   string // its symbol
	Form   string // how it is formed
	Value  float64
	Source string // the paper that has it
}

// Explanation is how one response got its advantages.
type Explanation struct {
	Before  []float64 // [response] without the method's own term
	After   []float64 // [response] what was trained on; 0 where nothing was
	Outcome []Term    // from the reward to the advantage of the response
	Steps   []stepCredit
}

// stepCredit is the credit of one step, [Start, End) in response tokens.
type stepCredit struct {
	Start, End int
	Label      task.Label
	Scale      float64 // after over before, the means over the step; 1 where both are 0, and 0 where only before is
	Terms      []Term
}

// newExplanation is the part of an explanation that is the same for all methods: what each token and step got.
func newExplanation(s Sample) Explanation {
	x := Explanation{Before: make([]float64, len(s.Response())), After: s.Advantage}
	if x.After == nil {
		x.After = make([]float64, len(s.Response()))
	}
	for t := range x.Before {
		x.Before[t] = s.Inputs.Before
	}
	for k, r := range s.ResponseSteps() {
		before := stat.Mean(x.Before[r[0]:r[1]])
		after := stat.Mean(x.After[r[0]:r[1]])
		scale := 0.0
		switch {
		case s.Inputs.Scales != nil:
			scale = s.Inputs.Scales[k]
		case before != 0:
			scale = after / before
		case after == 0:
			scale = 1
		}
		x.Steps = append(x.Steps, stepCredit{Start: r[0], End: r[1], Label: s.Steps[k].Label, Scale: scale})
	}
	return x
}

// explainGroup goes from a group's rewards to one of its advantages.
func explainGroup(g Group, by groupScale, advantage float64, source string) []Term {
	rewards := g.rewards()
	terms := []Term{{"mean", fmt.Sprintf("mean reward of the group's %d responses", len(g.Samples)), stat.Mean(rewards), source}}
	form := "A = r - mean"
	if by.std != noStd {
		terms = append(terms, Term{"std", "standard deviation of these rewards", by.deviation(rewards), source})
		form = fmt.Sprintf("A = (r - mean) / (std + %g)", by.epsilon)
	}
	if stat.Constant(rewards) {
		form = "all rewards are equal: A = 0"
	}
	return append(terms, Term{"A", form, advantage, source})
}
