package rl

import (
	"context"
	"slices"

	"attnlab/rl/score"
	"attnlab/rl/task"
)

// BuiltTree is the branch tree of one problem, for display.
type BuiltTree struct {
	Problem task.Problem
	Tree    *Tree
	Leaves  []Sample // all responses
	Leaf    []int    // the nodes in which they end
	Points  []BranchPoint
}

// BranchPoint is where a response was branched.
type BranchPoint struct {
	Tree  int     `json:"tree"`
	Step  int     `json:"step"`
	FCI   float64 `json:"fci"`
	Token int     `json:"token"`           // position in the trace of the first token that is sampled again
	Pivot *bool   `json:"pivot,omitempty"` // it lies in the response's pivot, see [task.Pivotal]; nil where none is known
}

// TreeBuilder builds a branch tree in rounds: the initial responses, where to branch them, then the rollouts of some branch points
// after another. The tree is the same however many points a round takes.
type TreeBuilder struct {
	rule    TreeRule
	problem task.Problem
	groups  []Group      // one, with the initial responses; none before them
	planned *plannedTree // with all branch points; nil before they are chosen
	points  []BranchPoint
	rolled  []Sample // of the first points, T each
	hand    []handBranch
}

// NewTree returns the builder of a tree without any response.
func (p *Policy) NewTree(c TreeRule, problem task.Problem) *TreeBuilder {
	c.filter, c.trees = "off", "all"
	return &TreeBuilder{rule: c, problem: problem}
}

// Started reports whether there are initial responses.
func (b *TreeBuilder) Started() bool { return b.groups != nil }

// chosen reports whether there are branch points, or places for none.
func (b *TreeBuilder) chosen() bool { return b.planned != nil }

// Rolled is how many branch points have their rollouts.
func (b *TreeBuilder) Rolled() int { return len(b.rolled) / b.rule.rollouts }

// Done reports whether every branch point has its rollouts.
func (b *TreeBuilder) Done() bool { return b.chosen() && b.Rolled() == len(b.points) }

// Points are all branch points in the order of their rollouts.
func (b *TreeBuilder) Points() []BranchPoint { return slices.Clone(b.points) }

// Score is the score that the rule shows at a branch point, see [score.BranchRule]: the FCI of its step, or -log p of the first
// token that is sampled again, as the initial response had it.
func (b *TreeBuilder) Score(point int) float64 {
	if score.FindBranch(b.rule.branch).Score.Name == score.FCI.Name {
		return b.points[point].FCI
	}
	s := b.planned.Samples[b.points[point].Tree]
	return -float64(s.Old[b.points[point].Token-s.PromptLength])
}

// Round takes the next round, with the rollouts of at most n branch points. If ctx ends, Round returns its error and changes
// nothing.
func (b *TreeBuilder) Round(ctx context.Context, p *Policy, n int) (err error) {
	before := p.Count
	defer func() {
		if err != nil {
			p.Count = before
		}
	}()
	switch {
	case !b.Started():
		if err = b.rule.suits(p.Task); err != nil {
			return err
		}
		groups := []Group{{Problem: b.problem}}
		if err = p.rollouts(ctx, groups, b.rule.initial); err == nil {
			b.groups = groups
		}
	case !b.chosen():
		err = b.choose(p)
	case !b.Done():
		from := b.rule.branches([]plannedTree{*b.planned})
		done := len(b.rolled)
		to := min(len(from), done+n*b.rule.rollouts)
		var more []Sample
		if more, err = p.write(ctx, from[done:to], done); err == nil {
			b.rolled = append(b.rolled, more...)
		}
		if err == nil && b.Done() {
			p.Calls++
		}
	}
	return err
}

// choose finds the branch points, with their FCI whatever the rule is.
func (b *TreeBuilder) choose(p *Policy) error {
	planned, err := b.rule.plan(p, &easyFilter{}, b.groups)
	if err != nil {
		return err
	}
	c := b.rule
	c.branch = score.FCIBranch.Name
	fci, err := c.scores(p, b.groups)
	if err != nil {
		return err
	}
	b.planned = &planned[0]
	for tree, points := range b.planned.Points {
		s := b.planned.Samples[tree]
		for _, at := range points {
			k := slices.IndexFunc(s.Steps, func(step task.Step) bool { return s.PromptLength+at < step.End })
			point := BranchPoint{Tree: tree, Step: k, FCI: fci[0][tree][k], Token: s.PromptLength + at}
			if pivot := p.pivot(b.planned.Group, tree); pivot != noPivot {
				hit := hits(s, []int{at}, pivot)
				point.Pivot = &hit
			}
			b.points = append(b.points, point)
		}
	}
	return nil
}

// Built is the tree so far, credited; there must be initial responses.
func (b *TreeBuilder) Built() (BuiltTree, error) {
	so := plannedTree{Group: b.groups[0], Points: make([][]int, len(b.groups[0].Samples))}
	for _, point := range b.points[:b.Rolled()] {
		so.Points[point.Tree] = append(so.Points[point.Tree], point.Token-len(b.problem.Prompt))
	}
	rolled := slices.Clone(b.rolled)
	g := b.rule.grow(so, &rolled, b.hand...)
	built := BuiltTree{Problem: b.problem, Tree: g.Tree, Leaves: g.Samples, Points: b.points}
	for _, s := range g.Samples {
		built.Leaf = append(built.Leaf, s.leaf())
	}
	return built, b.rule.credit(g)
}

// BranchTally counts the outcomes of a branching rule over problems.
type BranchTally struct {
	Problems   int // with a branch point
	GroupCount     // of these, by the outcome of the rollouts from branch points alone; valid ones have both
	Sampled    int64
	Points     int
	Place      float64 // sum over points of the share of the response before them
}

// TryBranching branches the same initial responses by each of some rules, which differ in nothing else, and adds the outcomes to the
// tallies. first is the number of the first problem.
func (p *Policy) TryBranching(ctx context.Context, rules []TreeRule, problems []task.Problem, first int, tallies []BranchTally) (err error) {
	count := p.Count
	defer func() {
		if err != nil {
			p.Count = count
		}
	}()
	for _, c := range rules {
		if err := c.suits(p.Task); err != nil {
			return err
		}
	}
	groups := make([]Group, len(problems))
	for i := range groups {
		groups[i] = Group{Problem: problems[i], Index: uint64(first + i)}
	}
	if err := p.rollouts(ctx, groups, rules[0].initial); err != nil {
		return err
	}
	added := slices.Clone(tallies)
	for i, c := range rules {
		c.filter, c.trees = "off", "all"
		planned, err := c.plan(p, &easyFilter{}, groups)
		if err != nil {
			return err
		}
		before := p.Generated
		samples, err := p.generate(ctx, c.branches(planned))
		if err != nil {
			return err
		}
		t := &added[i]
		t.Sampled += p.Generated - before
		for k, s := range planned {
			n := len(c.branches(planned[k : k+1]))
			if n == 0 {
				continue
			}
			t.Problems++
			if t.add(Group{Samples: samples[:n]}) {
				t.Valid++
			}
			samples = samples[n:]
			for j, points := range s.Points {
				for _, at := range points {
					t.Points++
					t.Place += float64(at) / float64(len(s.Samples[j].Response()))
				}
			}
		}
	}
	copy(tallies, added)
	return nil
}
