package rl

import (
	"context"
	"math/rand/v2"
	"slices"

	"attnlab/rl/examine"
	"attnlab/rl/hyper"
	"attnlab/rl/score"
	"attnlab/rl/stat"
	"attnlab/rl/task"
)

// treeTrainer is the training step of TreeRL and AttnRL, whose trees are the same:
//
//	gen     initial responses of this step, then rollouts from their branch points: two calls; or
//	        rollouts of this step and initial responses of the next: one call, the initial ones
//	        one step old when they are trained on, with the log-probabilities of then (pipeline)
//	score   one forward pass over initial responses: FCI; filter easy problems, choose branch points
//	credit  values of the tree's nodes, advantages of its segments
//	learn   problems whose leaves are all right or all wrong dropped
type treeTrainer struct {
	AttnRL
	pipeline bool
}

// newTreeRLBranching is TreeRL as the special case of AttnRL without adaptive
// sampling: all problems, all responses, a fixed batch.
func newTreeRLBranching(h hyper.Values) AttnRL {
	return AttnRL{TreeRL: NewTreeRL(h), Delta: h.Int("delta"), TopShare: h["quantile"], Spacing: h.Int("spacing"),
		Filter: "off", Trees: "all", Batch: "fixed"}
}

// shoot is the initial responses to a problem with the places to branch them at.
type shoot struct {
	Group
	Points [][]int // [sample] response tokens kept before each branch; empty where it is not expanded
}

// ---- Sample

// branches are the rollouts that shoots ask for: T at each point.
func (c AttnRL) branches(shoots []shoot) []begun {
	var from []begun
	for _, s := range shoots {
		for i, points := range s.Points {
			for _, at := range points {
				for range c.Rollouts {
					from = append(from, begun{problem: s.Problem, response: s.Samples[i].Response()[:at], old: s.Samples[i].Old[:at]})
				}
			}
		}
	}
	return from
}

// ---- Score

// plan decides what becomes of initial responses: which problems stay, which
// responses are expanded, and where.
func (c AttnRL) plan(p *Policy, easy *EasyFilter, groups []Group) ([]shoot, error) {
	fci, err := c.scores(p, groups)
	if err != nil {
		return nil, err
	}
	var solved []int
	var means []float64
	for i, g := range groups {
		if g.passRate() == 1 && c.Filter != "off" {
			solved, means = append(solved, i), append(means, score.MeanFCI(fci[i]))
		}
	}
	keep := easy.Keep(c, means)
	shoots := []shoot{}
	for i, g := range groups {
		if j := slices.Index(solved, i); j >= 0 && !keep[j] {
			continue
		}
		random := task.NewRandom(task.SeedOf("branch", p.seed, g.Index), 0)
		s := shoot{Group: g, Points: make([][]int, len(g.Samples))}
		correct, _ := g.verdicts()
		for _, k := range c.Expanded(correct, random) {
			s.Points[k] = c.points(g.Samples[k], fci[i][k], random)
		}
		shoots = append(shoots, s)
	}
	return shoots, nil
}

// scores are the FCI of all steps, [group][sample][step], where anything asks for
// them; zeros otherwise.
func (c AttnRL) scores(p *Policy, groups []Group) (fci [][][]float64, err error) {
	var traces []task.Trace
	var wanted []*[]float64
	for i, g := range groups {
		fci = append(fci, make([][]float64, len(g.Samples)))
		for k, s := range g.Samples {
			fci[i][k] = make([]float64, len(s.Steps))
			if c.Branch == "fci" || c.Filter != "off" && g.passRate() == 1 {
				traces, wanted = append(traces, s.Trace), append(wanted, &fci[i][k])
			}
		}
	}
	examined, err := examine.Examine(p.Scorer, traces, c.Delta)
	for i, e := range examined {
		*wanted[i] = e.FCI
	}
	return fci, err
}

// points are the response tokens to keep before each branch, by the rule of
// Branch, in order. Steps are sampled anew from their first token, and never the
// first step.
func (c AttnRL) points(s Sample, fci []float64, random *rand.Rand) []int {
	var steps []int
	switch later := max(0, len(s.Steps)-1); c.Branch {
	case "entropy":
		logprob, think := make([]float64, len(s.Old)), make([]bool, len(s.Old))
		for t, l := range s.Old {
			logprob[t], think[t] = float64(l), s.PromptLength+t < s.ThinkEnd
		}
		return UncertainPoints(logprob, think, c.Points)
	case "fci":
		ranges := make([][2]int, len(s.Steps))
		for k, step := range s.Steps {
			ranges[k] = [2]int{step.Start, step.End}
		}
		steps = c.BranchPoints(fci, ranges)
	case "random":
		steps = random.Perm(later)[:min(c.Points, later)]
		slices.Sort(steps)
		for i := range steps {
			steps[i]++
		}
	case "earliest":
		for k := 1; k <= min(c.Points, later); k++ {
			steps = append(steps, k)
		}
	}
	at := make([]int, len(steps))
	for i, k := range steps {
		at[i] = s.Steps[k].Start - s.PromptLength
	}
	return at
}

// ---- Credit

// grow takes the rollouts of a shoot's branches off samples and makes its tree.
// leaves are all responses, leaf the nodes that they end in.
func (c AttnRL) grow(s shoot, samples *[]Sample) (tree *Tree, leaves []Sample, leaf []int, err error) {
	tree = NewTree()
	for i, initial := range s.Samples {
		grown := []Sample{initial}
		var branches []Branch
		for _, at := range s.Points[i] {
			for range c.Rollouts {
				b := (*samples)[0]
				*samples = (*samples)[1:]
				grown = append(grown, b)
				branches = append(branches, Branch{At: at, Length: len(b.Response()) - at, Reward: stat.Indicator(b.Correct)})
			}
		}
		leaf = append(leaf, tree.Grow(len(initial.Response()), stat.Indicator(initial.Correct), branches)...)
		leaves = append(leaves, grown...)
	}
	err = c.Credit(tree)
	for i := range leaves {
		leaves[i].Reward = stat.Indicator(leaves[i].Correct)
		leaves[i].Given = Given{Advantage: leaves[i].Reward - tree.Nodes[0].Value, Leaf: leaf[i]}
		if tree.Nodes[leaf[i]].Trained && tree.Valid() {
			leaves[i].Advantage = tree.TokenAdvantages(leaf[i])
		}
	}
	return tree, leaves, leaf, err
}

// ---- Step

func (c treeTrainer) step(ctx context.Context, r *Run) error {
	if r.state.Batch == 0 {
		r.state.Batch = r.Hyper.Int("problems")
	}
	ready := r.state.Shoots
	if ready == nil {
		groups := r.draw(r.state.Batch)
		if err := r.rollouts(ctx, groups, c.Initial); err != nil {
			return err
		}
		var err error
		if ready, err = c.plan(r.Policy, &r.state.Easy, groups); err != nil {
			return err
		}
	}
	var next []Group
	if c.pipeline {
		next = r.draw(r.state.Batch)
	}
	first := fresh(next, c.Initial)
	samples, err := r.generate(ctx, slices.Concat(first, c.branches(ready)))
	if err != nil {
		return err
	}
	if c.pipeline {
		deal(next, samples, c.Initial)
		r.tally.groups(next)
		if r.state.Shoots, err = c.plan(r.Policy, &r.state.Easy, next); err != nil {
			return err
		}
	}
	samples = samples[len(first):]
	valid := 0
	r.tally.Branches = &GroupCount{}
	groups := make([]Group, len(ready))
	for i, s := range ready {
		if n := len(c.branches(ready[i : i+1])); n > 0 && r.tally.Branches.add(Group{Samples: samples[:n]}) {
			r.tally.Branches.Valid++
		}
		tree, leaves, _, err := c.grow(s, &samples)
		if err != nil {
			return err
		}
		groups[i] = Group{Problem: s.Problem, Index: s.Index, Samples: leaves, Tree: tree}
		valid += tree.ValidSequences()
	}
	r.tally.Leaves = valid
	r.state.Batch = c.NextBatch(r.state.Batch, valid)
	return r.learn(groups, c.Loss)
}
