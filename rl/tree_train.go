package rl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"attnlab/rl/hyper"
	"attnlab/rl/score"
)

// treeTrainer takes the training steps of TreeRL and AttnRL, whose trees are the same:
//
//	sample  initial responses of this step, then rollouts from their branch points: two calls; or
//	        rollouts of this step and initial responses of the next: one call, the initial ones
//	        one step old when they are trained on, with the log-probabilities of then (pipeline)
//	score   one forward pass over initial responses: FCI; filter easy problems, choose branch points
//	credit  values of the tree's nodes, advantages of its segments
//	learn   problems whose leaves are all right or all wrong dropped
type treeTrainer struct {
	TreeRule
	pipeline bool
	state    treeState
	trained  int // problems drawn for the trees of this step
}

// treeState is what a run of trees saves.
type treeState struct {
	Easy    easyFilter    `json:"easy"`            // mean FCI of easy problems
	Batch   int           `json:"batch,omitempty"` // problems that are drawn next
	Drawn   int           `json:"drawn,omitempty"` // problems that were drawn for Planned
	Planned []plannedTree `json:"shoots"`          // trees begun at the step before; nil is not the same as none
}

func newTreeTrainer(c TreeRule, h hyper.Values, s Setup) (Trainer, error) {
	t := &treeTrainer{TreeRule: c, pipeline: h.On("pipeline")}
	if s.State != nil {
		if err := json.Unmarshal(s.State, &t.state); err != nil {
			return nil, err
		}
	}
	if t.state.Batch == 0 {
		t.state.Batch = h.Int("problems")
	}
	if t.state.Drawn == 0 { // runs saved before this was counted
		t.state.Drawn = t.state.Batch
	}
	return t, nil
}

// ---- Sample, Score

func (c *treeTrainer) Sample(ctx context.Context, r *Run) ([]Group, error) {
	s := &c.state
	ready := s.Planned
	c.trained = s.Drawn
	if ready == nil {
		c.trained = s.Batch
		groups, err := r.sampleGroups(ctx, s.Batch, c.initial)
		if err != nil {
			return nil, err
		}
		if ready, err = c.plan(r.Policy, &s.Easy, groups); err != nil {
			return nil, err
		}
	}
	var next []Group
	if c.pipeline {
		next = r.draw(s.Batch)
	}
	first := fresh(next, c.initial)
	samples, err := r.generate(ctx, slices.Concat(first, c.branches(ready)))
	if err != nil {
		return nil, err
	}
	if c.pipeline {
		deal(next, samples, c.initial)
		r.tally.groups(next)
		s.Drawn = len(next)
		if s.Planned, err = c.plan(r.Policy, &s.Easy, next); err != nil {
			return nil, err
		}
	}
	samples = samples[len(first):]
	r.tally.Branches, r.tally.Points = &GroupCount{}, &pointCount{}
	groups := make([]Group, len(ready))
	for i, planned := range ready {
		if n := len(c.branches(ready[i : i+1])); n > 0 && r.tally.Branches.add(Group{Samples: samples[:n]}) {
			r.tally.Branches.Valid++
		}
		c.count(r.tally.Points, planned, samples)
		groups[i] = c.grow(planned, &samples)
	}
	return groups, nil
}

// count adds the branch points of a planned tree, whose rollouts are the first of samples.
func (c TreeRule) count(points *pointCount, planned plannedTree, samples []Sample) {
	for i, own := range planned.Samples {
		for _, at := range planned.Points[i] {
			points.add(own, at, samples[:c.rollouts])
			samples = samples[c.rollouts:]
		}
	}
}

// ---- Credit

func (c *treeTrainer) Credit(_ int, groups []Group) error {
	valid := 0
	for _, g := range groups {
		if g.Tree == nil {
			return errors.New("the group has no tree; give one as \"tree\": {\"nodes\": […]}")
		}
		if err := c.credit(g); err != nil {
			return err
		}
		valid += g.Tree.validSequences()
	}
	c.state.Batch = c.nextBatch(c.trained, valid)
	return nil
}

// ---- Loss: see lossConfig. Explain

func (c *treeTrainer) Explain(g Group, i int) Explanation {
	s := g.Samples[i]
	x := newExplanation(s)
	root := g.Tree.Nodes[0]
	x.Outcome = []Term{
		{"r", "r = 1[correct]", s.Reward, score.NodeSource},
		{"V(root)", fmt.Sprintf("mean reward of the tree's %d leaves", root.Leaves), root.Value, score.NodeSource},
		{"r - V(root)", "what the whole response would get from its outcome alone", s.Inputs.Advantage, score.NodeSource}}
	for k := range x.Steps {
		x.Steps[k].Terms = explainNode(g, s, x.Steps[k].Start)
	}
	return x
}

// explainNode is the arithmetic of the node that holds a response token.
func explainNode(g Group, s Sample, token int) []Term {
	n := g.Tree.Nodes[s.leaf()]
	for n.Start > token {
		n = g.Tree.Nodes[n.Parent]
	}
	root, parent := g.Tree.Nodes[0], g.Tree.Nodes[n.Parent]
	of := score.Node{Reward: n.Value * float64(n.Leaves), Finished: n.Leaves, Leaves: n.Leaves, Value: n.Value, Root: root.Value, Parent: parent.Value,
		Global: n.Global, Local: n.Local, Trained: n.Trained, OneOutcome: !g.Tree.valid()}
	if s.Advantage != nil {
		of.Advantage = s.Advantage[token]
	}
	var terms []Term
	for _, t := range of.Terms() {
		terms = append(terms, Term(t))
	}
	return terms
}

// ---- State

func (c *treeTrainer) State() (json.RawMessage, error) { return json.Marshal(c.state) }
