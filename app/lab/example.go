package lab

import (
	"encoding/json"
	"math"
	"slices"
	"time"

	"attnlab/app/session"
)

// Example is the worked example: a trace, and the cut of each of its steps as an engine recorded them ("attnlab example").
type Example struct {
	session.Trace
	Cuts []session.Disruption `json:"cuts,omitempty"`
}

// ReadExample reads web/example.json. It is the zero Example if there is none that can be shown.
func ReadExample(data []byte) Example {
	t, err := readTrace(data)
	if err != nil {
		return Example{}
	}
	var x Example
	if err := json.Unmarshal(data, &x); err != nil {
		return Example{Trace: t}
	}
	x.Trace = t
	x.Cuts = slices.DeleteFunc(x.Cuts, func(d session.Disruption) bool {
		return d.Step < 0 || d.Step >= len(t.Steps) || len(d.Groups) != 1 || len(d.Pairs) != d.Groups[0].N
	})
	return x
}

// Needed is the recorded cut that loses most, Spare that of the step with the highest FCI; false without cuts.
func (x Example) Needed() (session.Disruption, bool) {
	return most(x.Cuts, func(d session.Disruption) float64 { return d.Groups[0].Loss })
}

func (x Example) Spare() (session.Disruption, bool) {
	return most(x.Cuts, func(d session.Disruption) float64 {
		if d.Step >= len(x.FCI) {
			return math.Inf(-1)
		}
		return x.FCI[d.Step]
	})
}

func most(cuts []session.Disruption, of func(session.Disruption) float64) (best session.Disruption, ok bool) {
	for _, d := range cuts {
		if !ok || of(d) > of(best) {
			best, ok = d, true
		}
	}
	return best, ok
}

// The pace at which recorded continuations end: a pause in which the row is cut, then one pair after another.
const (
	cutPause   = 700 * time.Millisecond
	endingPace = 60 * time.Millisecond
)

// replay shows recorded cuts of the worked example again, as if their continuations ended one after another.
type replay struct {
	cuts  []session.Disruption
	shown int // pairs of each
}

// done reports whether all pairs are shown.
func (r *replay) done() bool {
	return !slices.ContainsFunc(r.cuts, func(d session.Disruption) bool { return r.shown < len(d.Pairs) })
}

// Cuts are the cuts of single steps that the page shows beside the trace: the engine's, or recorded ones of the worked example.
// Pairs that have not ended yet are empty.
func (s *State) Cuts() []session.Disruption {
	if d := s.Disruption; d.Step >= 0 && d.Step < len(s.Trace.Steps) && len(d.Pairs) > 0 {
		return []session.Disruption{d}
	}
	if s.replay == nil || !s.Example {
		return nil
	}
	cuts := slices.Clone(s.replay.cuts)
	for i, d := range cuts {
		if s.replay.shown >= len(d.Pairs) {
			continue
		}
		cuts[i].Pairs, cuts[i].Groups = slices.Clone(d.Pairs), nil
		clear(cuts[i].Pairs[s.replay.shown:])
	}
	return cuts
}

// IsCut reports whether a step is one that the page shows cut.
func (s *State) IsCut(step int) bool {
	return slices.ContainsFunc(s.Cuts(), func(d session.Disruption) bool { return d.Step == step })
}

// recorded are the recorded cuts of some steps; nil if one is missing or the page shows another trace.
func (s *State) recorded(steps ...int) (cuts []session.Disruption) {
	if !s.Example {
		return nil
	}
	for _, k := range steps {
		i := slices.IndexFunc(s.shipped.Cuts, func(d session.Disruption) bool { return d.Step == k })
		if i < 0 {
			return nil
		}
		cuts = append(cuts, s.shipped.Cuts[i])
	}
	return cuts
}

// playCuts shows recorded cuts; without motion all of them at once.
func (l *Lab) playCuts(cuts []session.Disruption) {
	r := &replay{cuts: cuts}
	l.replay, l.Disruption = r, session.Disruption{Step: -1}
	if l.screen.Still() {
		l.endReplay()
		return
	}
	l.screen.After(cutPause, func() { l.nextEnding(r) })
}

// nextEnding shows one pair more, until all are shown or another replay has begun.
func (l *Lab) nextEnding(r *replay) {
	if l.replay != r || r.done() {
		return
	}
	r.shown++
	l.screen.After(endingPace, func() { l.nextEnding(r) })
}

// endReplay shows the end of a replay at once.
func (l *Lab) endReplay() {
	if l.replay != nil {
		l.replay.shown = math.MaxInt
	}
}

// arrive plays the worked example once, for a visitor who comes to it and not to a tour, a lesson or a chosen step.
func (l *Lab) arrive() {
	if d, ok := l.shipped.Needed(); ok && l.View == Start() {
		l.playCuts([]session.Disruption{d})
	}
}

// cutStep is the step that a cut is about: the selected one, or that of the worked example that was needed most.
func (s *State) cutStep() int {
	if d, ok := s.shipped.Needed(); ok && s.Selection.Step < 0 && s.Example {
		return d.Step
	}
	return s.Selection.Step
}

// cut removes attention to a step: recorded while the engine loads, else by the engine.
func (l *Lab) cut() {
	k := l.cutStep()
	if k != l.Selection.Step {
		l.selectStep(k)
		l.selected()
	}
	if cuts := l.recorded(k); cuts != nil && !l.Opened {
		l.playCuts(cuts)
		return
	}
	l.replay, l.Disruption = nil, session.Disruption{}
	l.Send(session.Disrupt{Step: k, Samples: l.Controls.Samples})
}

// cutBoth shows the cuts of the worked example's most needed step and of the one with the highest FCI beside each other.
func (l *Lab) cutBoth() {
	needed, ok1 := l.shipped.Needed()
	spare, ok2 := l.shipped.Spare()
	if ok1 && ok2 && l.Example {
		l.playCuts([]session.Disruption{needed, spare})
	}
}
