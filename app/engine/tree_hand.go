package engine

import (
	"context"
	"errors"
	"fmt"

	"attnlab/app/session"
	"attnlab/rl/task"
)

// planBranch adds branches by hand to the current tree, and drops those that are not asked for.
func (e *Engine) planBranch(c session.BranchByHand) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		g := e.growth
		switch {
		case g == nil || !g.Started():
			return "", errors.New("there is no tree with a response to branch yet; grow one first")
		case len(c.Branches) > session.MaxEdits:
			return "", fmt.Errorf("a tree can have %d branches by hand and not %d; undo some", session.MaxEdits, len(c.Branches))
		}
		g.policy.Decoder, g.policy.Scorer = e.rig.decoder, e.rig.scorer // of another device, after a loss
		same := 0
		for same < min(len(g.hand), len(c.Branches)) && g.hand[same].Same(c.Branches[same]) {
			same++
		}
		changed := same < len(g.hand)
		if err := g.BranchByHand(ctx, g.policy, same, 0); err != nil {
			return "", err
		}
		g.hand = g.hand[:same:same]
		var err error
		for n, b := range c.Branches[same:] {
			e.busy("branching by hand", n, len(c.Branches)-same)
			if err = g.branch(ctx, b); err != nil {
				break
			}
			changed = true
		}
		if !changed && err != nil {
			return "", err
		}
		if shown := e.showTree(g); err == nil {
			err = shown
		}
		return "", err
	}
}

// branch adds one branch by hand.
func (g *growth) branch(ctx context.Context, b session.HandBranch) error {
	edit := task.Edit{At: b.At, Tokens: b.Tokens}
	if len(b.Tokens) == 0 && b.Text != "" {
		t, err := g.initial(b.Tree)
		if err != nil {
			return err
		}
		if edit, err = task.EditStep(g.of.task, t, b.At, b.Text); err != nil {
			return err
		}
	}
	if err := g.BranchByHand(ctx, g.policy, len(g.hand), b.Tree, edit); err != nil {
		return err
	}
	g.hand = append(g.hand, session.HandBranch{Tree: b.Tree, At: edit.At, Tokens: edit.Tokens, Text: task.Text(g.of.task, edit.Tokens)})
	return nil
}

// initial is an initial response of the tree by its number.
func (g *growth) initial(tree int) (task.Trace, error) {
	built, err := g.Built()
	for _, s := range built.Leaves {
		if s.Kind != "" { // a branch
			continue
		}
		if tree == 0 {
			return s.Trace, err
		}
		tree--
	}
	return task.Trace{}, errors.New("the tree has no such response")
}
