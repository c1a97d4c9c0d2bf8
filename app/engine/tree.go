package engine

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"attnlab/app/session"
	"attnlab/rl"
	"attnlab/rl/hyper"
	"attnlab/rl/score"
	"attnlab/rl/task"
)

// growth is the current tree as it grows.
type growth struct {
	*rl.TreeBuilder
	of     *reasoning
	rule   session.TreeRule
	seed   uint64
	policy *rl.Policy
	hand   []session.HandBranch // branches that a person began, each with its tokens
}

// treeHyper are the lab's hyper-parameters of trees with those of a rule.
func treeHyper(rule session.TreeRule) (hyper.Values, error) {
	rows := rl.AttnRL.Params
	h := rows.Lab()
	for name, text := range map[string]string{"branch": rule.Branch, "initial": strconv.Itoa(rule.Initial),
		"points": strconv.Itoa(rule.Points), "rollouts": strconv.Itoa(rule.Rollouts)} {
		if err := rows.Set(h, name, text); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// policy samples with the current model, keyed as "attnlab tree --seed" is.
func (e *Engine) policy(task task.Task, h hyper.Values, seed uint64) *rl.Policy {
	return rl.PolicyOf(e.rig.decoder, e.rig.scorer, task, rl.PolicyConfig{Seed: seed, SamplingKey: uint64(h.Int("sampling-key")), Temperature: h.Number("temperature"), MaxLength: h.Int("max-length")})
}

// planGrowTree continues the current tree, or begins another where that has another
// rule or seed.
func (e *Engine) planGrowTree(c session.GrowTree) func(context.Context) (string, error) {
	planted := false
	return func(ctx context.Context) (string, error) {
		r, err := e.problem()
		switch {
		case err != nil:
			return "", err
		case r.Gold == "":
			return "", errNoGold
		case c.Unit != "round" && c.Unit != "all":
			return "", fmt.Errorf("there is no unit %q; use round or all", c.Unit)
		}
		h, err := treeHyper(c.Rule)
		if err != nil {
			return "", err
		}
		g := e.growth
		if again := c.Restart && !planted; g == nil || again || g.rule != c.Rule || g.seed != c.Seed {
			g = &growth{of: e.reasoning, rule: c.Rule, seed: c.Seed, policy: e.policy(e.reasoning.task, h, c.Seed)}
			g.TreeBuilder = g.policy.NewTree(rl.NewTreeRule(h), e.reasoning.Problem)
			e.growth, planted = g, true
		}
		g.policy.Decoder, g.policy.Scorer = e.rig.decoder, e.rig.scorer // of another device, after a loss
		for first := true; !g.Done() && (first || c.Unit == "all"); first = false {
			e.busy("growing the tree", g.Rolled(), len(g.Points()))
			points := 1
			if c.Unit == "all" { // as many as the decoder samples at once
				points = max(1, e.rig.slots/c.Rule.Rollouts)
			}
			if err := g.Round(ctx, g.policy, points); err != nil {
				return "", err
			}
			if err := e.showTree(g); err != nil {
				return "", err
			}
		}
		if g.Done() && len(g.Points()) == 0 {
			return "No response has a place to branch.", nil
		}
		if g.Done() {
			return "The tree is complete.", nil
		}
		return "", nil
	}
}

// showTree publishes the tree so far.
func (e *Engine) showTree(g *growth) error {
	grown, err := g.Built()
	if err != nil {
		return err
	}
	P, kind := len(g.of.Prompt), g.of.task
	tree := session.Tree{Number: e.next(), Problem: task.Text(kind, g.of.Prompt), Gold: g.of.Gold, Seed: g.seed, Rule: g.rule, Temperature: g.policy.Temperature, Prompt: P,
		Done: g.Done(), Next: g.next(), Hand: g.hand, Points: []session.BranchView{}, Charged: g.policy.Charged, Sampled: g.policy.Generated}
	// Any response through a node has its tokens.
	through := make([]rl.Sample, len(grown.Tree.Nodes))
	for i, leaf := range grown.Leaf {
		for id := leaf; id > 0; id = grown.Tree.Nodes[id].Parent {
			through[id] = grown.Leaves[i]
		}
	}
	for _, n := range grown.Tree.Nodes {
		v := session.TreeNode{ID: n.ID, Parent: n.Parent, Tree: n.Tree, Start: P + n.Start, End: P + n.End, Leaves: n.Leaves, Reward: n.Reward,
			Value: &n.Value, Global: n.Global, Local: n.Local, Advantage: n.Advantage, Trained: n.Trained}
		if n.Parent < 0 {
			v.Start, v.End, v.Text = 0, P, tree.Problem
		} else {
			v.Text = task.Text(kind, through[n.ID].Tokens[v.Start:v.End])
		}
		tree.Nodes = append(tree.Nodes, v)
	}
	for i, leaf := range grown.Leaf {
		tree.Nodes[leaf].ByHand = grown.Leaves[i].Kind == "hand"
	}
	for i, point := range g.Points() {
		v := session.BranchView{Tree: point.Tree, Step: point.Step, Token: point.Token, Score: g.Score(i), Node: -1}
		if i < g.Rolled() {
			v.Node = slices.IndexFunc(tree.Nodes, func(n session.TreeNode) bool {
				return n.Tree == point.Tree && n.End == point.Token && n.Reward == nil
			})
		}
		tree.Points = append(tree.Points, v)
	}
	e.publish(tree)
	return nil
}

// next describes the next round.
func (g *growth) next() string {
	points := g.Points()
	switch at := g.Rolled(); {
	case !g.Started():
		return fmt.Sprintf("Sample %d responses from the start.", g.rule.Initial)
	case len(points) == 0 && !g.Done():
		return fmt.Sprintf("Choose up to %d branch points in each response, %s.", g.rule.Points, score.FindBranch(g.rule.Branch).Phrase)
	case g.Done():
		return ""
	default:
		return fmt.Sprintf("Sample response %d again from its step %d on, %d times (branch point %d of %d).",
			points[at].Tree+1, points[at].Step+1, g.rule.Rollouts, at+1, len(points))
	}
}

// clearTree clears the current tree.
func (e *Engine) clearTree() {
	e.growth = nil
	e.clear(session.Tree{Number: e.next(), Nodes: []session.TreeNode{}, Points: []session.BranchView{}})
}
