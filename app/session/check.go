package session

import (
	"fmt"
	"math"
	"slices"

	"attnlab/rl/task"
)

// Limits of a trace from a file. They are far above what the lab writes and low enough for a screen to draw the trace.
const (
	maxTraceTokens = 1 << 16
	maxTraceHeads  = 1 << 12 // layers × heads
	maxTraceValues = 1 << 26 // of the largest array
)

// Check returns an error if a screen could not draw the trace: a range outside of the tokens, an array with a wrong length. An
// empty array is allowed: its values are not known yet. Traces of the engine always pass; those of a file may not.
func (t *Trace) Check() error {
	T, K := len(t.Tokens), len(t.Steps)
	switch {
	case T == 0:
		return fmt.Errorf("tokens is empty")
	case T > maxTraceTokens:
		return fmt.Errorf("tokens has %d tokens, more than the %d that can be shown", T, maxTraceTokens)
	case t.PromptLength < 1 || t.PromptLength > T:
		return fmt.Errorf("prompt_length is %d of %d tokens", t.PromptLength, T)
	case slices.ContainsFunc(t.Tokens, func(id int) bool { return id < 0 || id > math.MaxInt32 }):
		return fmt.Errorf("tokens has a number that is no token")
	case t.Layers < 0 || t.Heads < 0 || t.Layers > maxTraceHeads || t.Heads > maxTraceHeads || t.Layers*t.Heads > maxTraceHeads:
		return fmt.Errorf("layers is %d and heads is %d", t.Layers, t.Heads)
	case t.Delta < 0 || t.Delta > maxTraceTokens:
		return fmt.Errorf("delta is %d", t.Delta)
	}
	noHead := func(h int) bool { return h < 0 || h >= max(1, t.Layers*t.Heads) }
	if slices.ContainsFunc(t.Of, noHead) || slices.ContainsFunc(t.FCIOf, noHead) {
		return fmt.Errorf("of has a number that is no head")
	}
	for _, s := range slices.Concat(t.HeadScores, t.Detail.Heads) {
		if len(s.Values) != t.Layers*t.Heads {
			return fmt.Errorf("score %.20q has %d values where %d heads belong", s.Name, len(s.Values), t.Layers*t.Heads)
		}
	}
	end := 0
	for k, s := range t.Steps {
		if s.Start < max(end, 0) || s.End < s.Start || s.End > T {
			return fmt.Errorf("step %d goes from token %d to %d of %d, and the step before ends at %d", k+1, s.Start, s.End, T, end)
		}
		var label task.Label
		if end = s.End; s.Label != "" && label.UnmarshalText([]byte(s.Label)) != nil {
			return fmt.Errorf("step %d has the unknown label %.20q", k+1, s.Label)
		}
	}
	for name, r := range map[string][2]int{"think": t.Think, "answer": t.Answer} {
		if r[0] < 0 || r[1] < r[0] || r[1] > T {
			return fmt.Errorf("%s goes from token %d to %d of %d", name, r[0], r[1], T)
		}
	}
	for _, s := range t.StepScores {
		if len(s.Values) != K {
			return fmt.Errorf("score %.20q has %d values where %d belong", s.Name, len(s.Values), K)
		}
	}
	cells := t.Layers * t.Heads
	if cells*(K+2) > maxTraceValues/(K+2) {
		return fmt.Errorf("%d heads and %d steps are more than can be shown", cells, K)
	}
	for _, array := range []struct {
		name      string
		has, want int
		mayLack   bool
	}{
		{"text", len(t.Text), T, false}, {"logprobs", len(t.LogProbs), T, true}, {"entropy", len(t.Entropy), T, true}, {"received", len(t.Received), T, true}, {"top", len(t.Top), T, true},
		{"fci", len(t.FCI), K, true}, {"fci_of", len(t.FCIOf), K, true}, {"fci_heads", len(t.FCIHeads), cells * K, true}, {"focus", len(t.Focus), cells * K, true}, {"attention", len(t.Attention), (K + 2) * (K + 2), true}, {"of", len(t.Of), (K + 2) * (K + 2), true},
		{"chosen", len(t.Chosen.Attention), (K + 2) * (K + 2), true}, {"chosen.fci", len(t.Chosen.FCI), K, true}, {"chosen.focus", len(t.Chosen.Focus), K, true}, {"all", len(t.All), cells * (K + 2) * (K + 2), true},
	} {
		if array.has != array.want && !(array.mayLack && array.has == 0) {
			return fmt.Errorf("%s has %d values where %d belong", array.name, array.has, array.want)
		}
	}
	return t.CheckEdits()
}
