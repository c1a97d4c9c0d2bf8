package rl

import (
	"context"
	"slices"

	"attnlab/rl/task"
)

// Grown is the branch tree of one problem, to look at.
type Grown struct {
	Problem task.Problem
	Tree    *Tree
	Leaves  []Sample // all responses
	Leaf    []int    // the nodes that they end in
	Points  []BranchPoint
}

// BranchPoint is where a response was branched.
type BranchPoint struct {
	Tree  int     `json:"tree"`
	Step  int     `json:"step"`
	FCI   float64 `json:"fci"`
	Token int     `json:"token"` // position in the trace of the first token sampled anew
}

// Grow samples and credits the whole branch tree of one problem: all initial
// responses are expanded.
func (p *Policy) Grow(ctx context.Context, c AttnRL, problem task.Problem) (Grown, error) {
	g := p.Plant(c, problem)
	for !g.Done() {
		if err := g.Round(ctx, p, len(g.points)); err != nil {
			return Grown{}, err
		}
	}
	return g.Grown()
}

// Growth is a branch tree that grows by rounds: the initial responses, where to
// branch them, then the rollouts of some branch points after another. The tree is the
// same however many points a round takes.
type Growth struct {
	rule    AttnRL
	problem task.Problem
	groups  []Group // one, with the initial responses; none before them
	shoot   *shoot  // with all branch points; nil before they are chosen
	points  []BranchPoint
	rolled  []Sample // of the first points, T each
}

// Plant begins a tree of nothing.
func (p *Policy) Plant(c AttnRL, problem task.Problem) *Growth {
	c.Filter, c.Trees = "off", "all"
	return &Growth{rule: c, problem: problem}
}

// Begun, Chosen and Rolled are how far the tree has come: whether there are initial
// responses and branch points, and how many of these have their rollouts.
func (g *Growth) Begun() bool  { return g.groups != nil }
func (g *Growth) Chosen() bool { return g.shoot != nil }
func (g *Growth) Rolled() int  { return len(g.rolled) / g.rule.Rollouts }

// Done says that every branch point has its rollouts.
func (g *Growth) Done() bool { return g.Chosen() && g.Rolled() == len(g.points) }

// Points are all branch points in the order of their rollouts.
func (g *Growth) Points() []BranchPoint { return slices.Clone(g.points) }

// Surprise is -log p of the first token sampled anew at a branch point, as the
// initial response had it.
func (g *Growth) Surprise(point int) float64 {
	s := g.shoot.Samples[g.points[point].Tree]
	return -float64(s.Old[g.points[point].Token-s.PromptLength])
}

// Round goes on by one round, with the rollouts of at most n branch points. Where ctx
// ends nothing has changed.
func (g *Growth) Round(ctx context.Context, p *Policy, n int) (err error) {
	before := p.Count
	defer func() {
		if err != nil {
			p.Count = before
		}
	}()
	switch {
	case !g.Begun():
		groups := []Group{{Problem: g.problem}}
		if err = p.rollouts(ctx, groups, g.rule.Initial); err == nil {
			g.groups = groups
		}
	case !g.Chosen():
		err = g.choose(p)
	case !g.Done():
		from := g.rule.branches([]shoot{*g.shoot})
		done := len(g.rolled)
		to := min(len(from), done+n*g.rule.Rollouts)
		var more []Sample
		if more, err = p.write(ctx, from[done:to], done); err == nil {
			g.rolled = append(g.rolled, more...)
		}
		if err == nil && g.Done() {
			p.Calls++
		}
	}
	return err
}

// choose finds the branch points, with their FCI whatever the rule is.
func (g *Growth) choose(p *Policy) error {
	shoots, err := g.rule.plan(p, &EasyFilter{}, g.groups)
	if err != nil {
		return err
	}
	c := g.rule
	c.Branch = "fci"
	fci, err := c.scores(p, g.groups)
	if err != nil {
		return err
	}
	g.shoot = &shoots[0]
	for tree, points := range g.shoot.Points {
		s := g.shoot.Samples[tree]
		for _, at := range points {
			k := slices.IndexFunc(s.Steps, func(step task.Step) bool { return s.PromptLength+at < step.End })
			g.points = append(g.points, BranchPoint{Tree: tree, Step: k, FCI: fci[0][tree][k], Token: s.PromptLength + at})
		}
	}
	return nil
}

// Grown is the tree so far, credited; there must be initial responses.
func (g *Growth) Grown() (Grown, error) {
	so := shoot{Group: g.groups[0], Points: make([][]int, len(g.groups[0].Samples))}
	for _, point := range g.points[:g.Rolled()] {
		so.Points[point.Tree] = append(so.Points[point.Tree], point.Token-len(g.problem.Prompt))
	}
	grown, rolled := Grown{Problem: g.problem, Points: g.points}, slices.Clone(g.rolled)
	var err error
	grown.Tree, grown.Leaves, grown.Leaf, err = g.rule.grow(so, &rolled)
	return grown, err
}

// Branching is what a rule of branching gave over problems.
type Branching struct {
	Problems   int // with a branch point
	GroupCount     // of these, by the outcome of the rollouts from branch points alone; valid ones have both
	Sampled    int64
	Points     int
	Place      float64 // sum over points of the share of the response before them
}

// TryBranching branches the same initial responses by each of some rules, which
// differ in nothing else, and adds what came of it to the tallies. first is the
// number of the first problem.
func (p *Policy) TryBranching(ctx context.Context, rules []AttnRL, problems []task.Problem, first int, tallies []Branching) (err error) {
	count := p.Count
	defer func() {
		if err != nil {
			p.Count = count
		}
	}()
	groups := make([]Group, len(problems))
	for i := range groups {
		groups[i] = Group{Problem: problems[i], Index: uint64(first + i)}
	}
	if err := p.rollouts(ctx, groups, rules[0].Initial); err != nil {
		return err
	}
	added := slices.Clone(tallies)
	for i, c := range rules {
		c.Filter, c.Trees = "off", "all"
		shoots, err := c.plan(p, &EasyFilter{}, groups)
		if err != nil {
			return err
		}
		before := p.Generated
		samples, err := p.generate(ctx, c.branches(shoots))
		if err != nil {
			return err
		}
		t := &added[i]
		t.Sampled += p.Generated - before
		for k, s := range shoots {
			n := len(c.branches(shoots[k : k+1]))
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
