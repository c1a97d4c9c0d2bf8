package engine

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"attnlab/app/session"
	"attnlab/model"
	"attnlab/rl/examine"
	"attnlab/rl/stat"
	"attnlab/rl/task"
)

// patching is the stage of [Engine.patch].
const patching = "patching states"

// patch puts states of one response into another and measures how much of the answer comes back, as "attnlab inside --patch" does.
func (e *Engine) patch(ctx context.Context, c session.PatchStates) error {
	r, err := e.problem()
	if err != nil {
		return err
	}
	e.busy(patching, 0, 0)
	view := session.Patched{Into: c.Into}
	from, other := r.judge(), task.Trace{}
	switch c.Into {
	case session.PatchEdit:
		n := len(r.edits)
		if n == 0 {
			return errors.New("the response has no change whose answer could be compared; change a step first")
		}
		before := r.undone(r.edits[:n-1])
		from, other = before.judge(), from
	case session.PatchAnother:
		if !r.complete(e.rig.model.MaxContext) {
			return errors.New("the response is not finished; generate all of it before its states are patched")
		}
		seed := uint64(0)
		draw := func(seed uint64) model.Sampling {
			s := r.sampling
			s.Seed = uint32(seed)
			return key(s)
		}
		other, seed, err = examine.OtherAnswer(ctx, e.rig.decoder, r.task, r.Problem, from, examine.Cap(0, e.rig.model.MaxContext), uint64(r.sampling.Seed), draw)
		if err != nil {
			return err
		}
		view.Seed = uint32(seed)
	default:
		return fmt.Errorf("states can be put into %q or %q and not into %.20q", session.PatchEdit, session.PatchAnother, c.Into)
	}
	i, err := e.inspectorOf(from, other)
	if err != nil {
		return err
	}
	defer i.Release()
	p, err := examine.Patch(ctx, i, from, other, func(done, of int) { e.busy(patching, done, of) })
	if err != nil {
		return err
	}
	r.describe(&view, from, other, p)
	view.Number = e.next()
	e.publish(view)
	return nil
}

// describe fills in what was measured between two responses.
func (r *reasoning) describe(view *session.Patched, from, other task.Trace, p examine.Patching) {
	vocabulary := r.task.Vocabulary()
	view.Response, view.Found = task.Text(r.task, other.Response()), [2]string{from.Answer, other.Answer}
	view.Odds, view.LogProbs = [2]float64{p.From, p.To}, p.Likely
	likely := math.Exp(p.Likely[0])
	view.Targets = [2]session.Choice{{Token: p.Tokens[0], Text: vocabulary[p.Tokens[0]], Prob: float32(likely)},
		{Token: p.Tokens[1], Text: vocabulary[p.Tokens[1]], Prob: float32(likely * math.Exp(-p.From))}}
	for k, at := range p.Ranges {
		part := session.PatchRange{Text: task.Text(r.task, other.Tokens[at.Start:at.End])}
		if k > 0 && k <= len(other.Steps) {
			part.Label = other.Steps[k-1].Label.String()
		}
		part.Same = at.End <= len(from.Tokens) && slices.Equal(from.Tokens[at.Start:at.End], other.Tokens[at.Start:at.End])
		view.Ranges = append(view.Ranges, part)
	}
	for l := range p.Back {
		var back, gained []*float64
		for k := range p.Back[l] {
			back, gained = append(back, stat.Finite(p.Back[l][k])), append(gained, stat.Finite(p.Gained[l][k]))
		}
		view.Back, view.Gained = append(view.Back, back), append(view.Gained, gained)
	}
}
