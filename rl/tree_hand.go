package rl

import (
	"context"
	"errors"
	"fmt"

	"attnlab/rl/task"
)

// handBranch is a branch that a person began: it keeps the first tokens of an initial response.
type handBranch struct {
	tree, at int // the response, and how many of its tokens
	sample   Sample
}

// handCalls is the number of the decoder's call that continues such branches: other random numbers than those of the tree's own, whenever they are added.
const handCalls = 1 << 16

// BranchByHand keeps the first n branches by hand, and adds those of more to an initial response, by number: each keeps the response up to the edit, writes the
// edit's tokens, and the policy continues. Their samples have the kind "hand". The tree's own rollouts are the same with them and without. It returns an error
// where an edit begins at the first token, or at none of the response.
func (b *TreeBuilder) BranchByHand(ctx context.Context, p *Policy, n, tree int, more ...task.Edit) error {
	b.hand = b.hand[:n:n]
	for _, e := range more {
		if err := b.branchByHand(ctx, p, tree, e); err != nil {
			return err
		}
	}
	return nil
}

func (b *TreeBuilder) branchByHand(ctx context.Context, p *Policy, tree int, e task.Edit) error {
	if !b.Started() {
		return errors.New("the tree has no response to branch yet; grow it first")
	}
	initial := b.groups[0].Samples
	if tree < 0 || tree >= len(initial) {
		return fmt.Errorf("the tree has no response %d; it has %d", tree+1, len(initial))
	}
	s := initial[tree]
	response, err := e.Apply(p.Task, s.Trace, s.PromptLength+p.capacity(b.problem))
	if err != nil {
		return err
	}
	at := e.At - s.PromptLength
	switch {
	case at == 0:
		return errors.New("a branch keeps the beginning of a response; choose a node that does not begin at the problem")
	case at == len(s.Response()):
		return errors.New("nothing of the response follows there; choose an earlier node")
	}
	before := p.Count
	p.Calls = handCalls
	samples, err := p.write(ctx, []pendingBranch{{problem: b.problem, response: response, old: s.Old[:at:at]}}, len(b.hand))
	p.Calls = before.Calls
	if err != nil {
		p.Count = before
		return err
	}
	samples[0].Kind = "hand"
	if len(samples[0].Response()) <= at {
		return errors.New("the branch has no token of its own; write one")
	}
	b.hand = append(b.hand, handBranch{tree, at, samples[0]})
	return nil
}
