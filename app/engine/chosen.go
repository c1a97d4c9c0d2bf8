package engine

import (
	"fmt"

	"attnlab/app/session"
	"attnlab/rl/score"
)

// looked is what is known about the newest trace, and what screens already have of it.
type looked struct {
	seen
	trace uint64 // number of its snapshot
	head  [2]int // layer and head of the last one sent, -1 for none
	step  [2]int // step and token of the last detail sent, -1 for none
}

// publishTrace publishes a trace with the largest attention over its heads and that of the selected head, and remembers
// that of the others.
func (e *Engine) publishTrace(t session.Trace, s seen) {
	e.mu.Lock()
	defer e.mu.Unlock()
	t.Number = e.next()
	t.Attention, t.Of = session.Densities(s.Attention.Mean).Largest(s.Attention.Ranges)
	t.FCIOf, t.HeadScores = s.best(), s.means
	if s.fits(s.Attention.Ranges * s.Attention.Ranges) {
		t.All = s.Attention.Mean
	}
	if s.fits(len(s.Steps)) {
		t.FCIHeads, t.Focus = flat(s.of(score.FCI.Name)), flat(s.of(score.Focus.Name))
	}
	if len(s.top) <= mostTop {
		t.Top = s.top
	}
	to := session.NoSelection
	if selected, ok := e.snapshots[session.Kind(session.Selection{})].(session.Selection); ok {
		to = selected
	}
	t.Chosen, t.Detail = s.inHead(to), s.at(to)
	e.looked = looked{seen: s, trace: t.Number, head: [2]int{t.Chosen.Layer, t.Chosen.Head}, step: [2]int{to.Step, to.Token}}
	e.put(t)
}

// choose publishes a selection, and what was not selected before and screens do not have: a head's attention, and the detail of a step.
func (e *Engine) choose(to session.Selection) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.put(to)
	l := &e.looked
	if h := l.inHead(to); l.head != [2]int{h.Layer, h.Head} {
		l.head = [2]int{h.Layer, h.Head}
		if h.Layer >= 0 {
			h.Number, h.Trace = e.next(), l.trace
			e.put(h)
		}
	}
	if step := [2]int{to.Step, to.Token}; l.trace > 0 && step != l.step {
		l.step = step
		if d := l.at(to); d.Step >= 0 || d.Top != nil {
			d.Number, d.Trace = e.next(), l.trace
			e.put(d)
		}
	}
}

// scoreLayers scores the newest trace with the heads of some layers alone.
func (e *Engine) scoreLayers(c session.ScoreLayers) error {
	e.mu.Lock()
	in, trace := e.looked.Input, e.looked.trace
	e.mu.Unlock()
	if L := in.Attention.Layers; c.From < 0 || c.To <= c.From || c.To > L {
		return fmt.Errorf("layers %d to %d are none of the model; it has layers 0 to %d", c.From, c.To-1, L-1)
	}
	in.Layers = [2]int{c.From, c.To}
	view := session.LayerScores{Number: e.next(), Trace: trace, From: c.From, To: c.To}
	for _, s := range []score.Score{score.FCI, score.FCIMean, score.FCIOverUniform} {
		view.Scores = append(view.Scores, stepScore(s, in, s.Of(in)))
	}
	e.publish(view)
	return nil
}
