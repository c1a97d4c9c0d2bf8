package engine

import (
	"attnlab/app/session"
	"attnlab/rl/score"
)

// mostShown is how many densities of all heads a trace snapshot carries at most: about 80 kB of a message. The small models of the lab
// stay below it.
var mostShown = 8192

// attended is the attention of the newest trace in every head. All heads would not fit a message, so each screen gets the
// largest over heads with the trace, and one head when it is selected.
type attended struct {
	score.StepAttention
	trace uint64 // number of its snapshot
	sent  [2]int // layer and head of the last one sent, -1 for none
}

// in is the attention in the selected head; without one it is empty.
func (a *attended) in(s session.Selection) session.HeadAttention {
	h := session.HeadAttention{Layer: -1, Head: -1, Attention: session.Densities{}}
	if s.Layer >= 0 && s.Layer < a.Layers && s.Head >= 0 && s.Head < a.Heads {
		square := a.Ranges * a.Ranges
		h.Layer, h.Head = s.Layer, s.Head
		h.Attention = a.Mean[(s.Layer*a.Heads+s.Head)*square:][:square]
	}
	a.sent = [2]int{h.Layer, h.Head}
	return h
}

// publishTrace publishes a trace with the largest attention over its heads and that of the selected head, and remembers
// that of the others.
func (e *Engine) publishTrace(t session.Trace, a score.StepAttention) {
	e.mu.Lock()
	defer e.mu.Unlock()
	t.Number = e.next()
	e.attended = attended{StepAttention: a, trace: t.Number}
	t.Attention, t.Of = session.Densities(a.Mean).Largest(a.Ranges)
	if len(a.Mean) <= mostShown {
		t.All = a.Mean
	}
	selection, _ := e.snapshots[session.Kind(session.Selection{})].(session.Selection)
	t.Chosen = e.attended.in(selection)
	e.put(t)
}

// choose publishes a selection, and the attention of a head that is selected now and was not before.
func (e *Engine) choose(s session.Selection) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.put(s)
	before := e.attended.sent
	if h := e.attended.in(s); h.Layer >= 0 && e.attended.sent != before {
		h.Number, h.Trace = e.next(), e.attended.trace
		e.put(h)
	}
}
