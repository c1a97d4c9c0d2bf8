package rl

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"attnlab/model"
	"attnlab/rl/hyper"
	"attnlab/rl/score"
	"attnlab/rl/task"
)

// Methods lists every training method: supervised training first, then the baselines, among them other ways to weigh tokens, then the
// three papers. To add a method, write one file like those named here and add its value to this list; only values that other packages
// name are exported.
var Methods = []Method{SFT, GRPO, DrGRPO, DAPO, TLMRE, forkingTokens, anchorTokens, vinePPO, oar, flowTracer, deepGRPO, TreeRL, AttnRL, ATTNPO, REARL}

// Method is a way to train. Its file holds the equations, the rows of its hyper-parameters, its training step and the explanation
// of its credit.
type Method struct {
	Name    string // flag, URL key and key of a saved run
	Title   string // as its paper writes it
	Summary string // one or two sentences
	Source  string
	Steps   int // training steps of a run that names no number

	Params hyper.Table
	Rules  []hyper.Rule // besides hyper.Rules
	Takes  Takes

	// New returns a trainer for values that passed [Method.Check].
	New func(hyper.Values, Setup) (Trainer, error)
}

// Takes says what a method works on, beside problems and responses.
type Takes struct {
	Demonstrations bool // the teacher's, in place of credit
	Tree           bool // responses that share prefixes
	Revisions      bool // a second response made from each
	Branches       bool // responses that continue another's first tokens and do not learn from these
	Heads          bool // attention heads that the user may name

	Keys []string // of a group's JSON, besides length and correct, that Credit needs

	// ReflectionModel reports whether these values need one; nil is never.
	ReflectionModel func(hyper.Values) bool
}

// Setup is what a trainer may need beside its hyper-parameters.
type Setup struct {
	Heads     []score.Head    // named by the user, in place of those that the method finds
	Reflector *Reflector      // where the method needs one
	State     json.RawMessage // what State returned when the run was saved; nil at the start
}

// Trainer takes the training steps of one run by one method. [Run.Step] calls Sample and Credit and then updates the weights.
type Trainer interface {
	// Sample writes responses to problems and measures what Credit needs of them, such as scores of their steps.
	Sample(ctx context.Context, r *Run) ([]Group, error)
	// Credit fills in rewards and advantages by arithmetic on the groups alone, so that it also works on groups from a file.
	// step is the training step, counted from 1.
	Credit(step int, groups []Group) error
	// Explain shows the arithmetic of one credited response. It is called while the next step runs and reads the group only.
	Explain(g Group, sample int) Explanation
	// State is what the trainer remembers between steps, as JSON for a saved run; nil is nothing.
	State() (json.RawMessage, error)
}

// ownLoss is a trainer that updates the weights itself.
type ownLoss interface {
	learn(r *Run, groups []Group) error
}

// Check returns an error unless h has a value for each of the method's rows, each in its range, and no two contradict each other
// or the limits.
func (m Method) Check(h hyper.Values, limits hyper.Limits) error {
	return m.Params.CheckRules(h, limits, m.Rules...)
}

// limitsOf are the limits that a model sets to hyper-parameters.
func limitsOf(c model.Config) hyper.Limits {
	return hyper.Limits{Context: c.MaxContext, Heads: c.Layers * c.Heads}
}

// MethodOf returns the method of a name.
func MethodOf(name string) (Method, error) {
	if i := slices.IndexFunc(Methods, func(m Method) bool { return m.Name == name }); i >= 0 {
		return Methods[i], nil
	}
	return Method{}, fmt.Errorf("rl: there is no method %q; choose one of %s", name, strings.Join(Names(Methods), ", "))
}

// Crediting returns the methods that credit responses: all but those that learn from demonstrations.
func Crediting() []Method {
	return slices.DeleteFunc(slices.Clone(Methods), func(m Method) bool { return m.Takes.Demonstrations })
}

// Suits returns an error if the method cannot train on a task with these hyper-parameters.
func (m Method) Suits(t task.Task, h hyper.Values) error {
	if _, free := t.(task.Written); free && m.Takes.Revisions {
		return fmt.Errorf("rl: %s ends think parts by a token of the task, and free text has none; choose another method", m.Name)
	}
	if m.Takes.Demonstrations && t.Demonstrate(task.Draw(t, task.TrainStream, 1, 0), 1) == nil {
		return fmt.Errorf("rl: %s learns from demonstrations, and task %s has none; choose another method", m.Name, t.Name())
	}
	if m.Takes.Tree {
		return NewTreeRule(h).suits(t)
	}
	return nil
}

// Names returns the names of methods.
func Names(methods []Method) []string {
	names := make([]string, len(methods))
	for i, m := range methods {
		names[i] = m.Name
	}
	return names
}

// Rows returns every row of some methods once. Where methods differ, the values and the source are those of the first.
func Rows(methods []Method) (all hyper.Table) {
	for _, m := range methods {
		for _, p := range m.Params {
			if _, seen := all.Row(p.Name); !seen {
				all = append(all, p)
			}
		}
	}
	return all
}

// With returns those of some methods that have a row of this name.
func With(methods []Method, row string) []Method {
	return slices.DeleteFunc(slices.Clone(methods), func(m Method) bool { _, has := m.Params.Row(row); return !has })
}
