package explain

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"attnlab/app/session"
	"attnlab/rl/score"
)

// inputOf returns what the scores of package score are computed from, with the attention of one head as that of a model with a
// single head. It returns false for the attention where the page does not have that head's; then Attention is empty.
func inputOf(t *session.Trace, layer, head int) (in score.Input, attention bool) {
	in = score.Input{AnswerTokens: t.Answer[1] - t.Answer[0], Delta: t.Delta, LogProbs: t.LogProbs, Entropy: t.Entropy, Received: t.Received}
	for _, step := range t.Steps {
		in.Steps = append(in.Steps, [2]int{step.Start, step.End})
	}
	mean := t.InHead(layer, head)
	if mean != nil {
		in.Attention = score.StepAttention{Layers: 1, Heads: 1, Ranges: t.Ranges(), Mean: mean}
	}
	return in, mean != nil
}

// sumOf returns the terms of a score of step k, and their sum as text. A term of a step selects that step.
func sumOf(s score.Score, in score.Input, k int) (terms []Term, total string) {
	sum := 0.0
	for _, term := range s.Sum(in, score.Head{}, k) {
		t := Term{Name: term.Name, Value: Format(term.Value)}
		if term.From >= 0 && term.From != k {
			t.Do = "step:" + strconv.Itoa(term.From)
		}
		terms, sum = append(terms, t), sum+term.Value
	}
	if len(terms) == 0 {
		return nil, ""
	}
	return terms, "sum " + Format(sum)
}

// ofScore begins the explanation of a score with what package score says about it.
func ofScore(t *session.Trace, s score.Score, k int, value float64) Explanation {
	e := Explanation{Title: s.Title + " of step " + StepName(k), Value: Format(value), Formula: s.Formula, Source: s.Source, Note: s.Meaning}
	if s.Name == score.FCI.Name { // the short name that the page uses everywhere
		e.Title = s.Symbol + " of step " + StepName(k)
	}
	if strings.Contains(s.Formula, "Δ") {
		e.Note += fmt.Sprintf(" Here Δ = %d.", t.Delta)
	}
	return e
}

// explainFCI shows the maximum over heads.
func explainFCI(s Subject, k int) Explanation {
	t := &s.Trace
	if !t.Scored(k) {
		return notScored(t, k)
	}
	e := ofScore(t, score.FCI, k, StepFCI(t, session.NoSelection, k))
	e.Note += " Press a head to see its sum."
	type scored struct {
		layer, head int
		v           float64
	}
	var heads []scored
	for h, v := range t.HeadsAt(score.FCI.Name, k) {
		if v != nil {
			heads = append(heads, scored{h / t.Heads, h % t.Heads, *v})
		}
	}
	slices.SortStableFunc(heads, func(a, b scored) int { return cmp.Compare(b.v, a.v) })
	for n, h := range heads {
		if n == 6 {
			e.Total = fmt.Sprintf("and %d heads with less", len(heads)-n)
			break
		}
		e.Terms = append(e.Terms, Term{HeadName(h.layer, h.head), Format(h.v), n == 0, fmt.Sprintf("head:%d.%d", h.layer, h.head), ""})
	}
	return e
}

// notScored says why a step has no FCI.
func notScored(t *session.Trace, k int) Explanation {
	e := ofScore(t, score.FCI, k, math.NaN())
	e.Value = "not scored"
	if k == 0 {
		e.Note += " This is the first step: later tokens attend to where the reasoning begins, whatever it says, so its 0 is no measurement."
	} else {
		e.Note += " No later step and no answer is far enough from this step, so its 0 is no measurement."
	}
	return e
}

// explainScoreInHead shows what a score of step k adds up in one head. Without that head's attention it shows no terms.
func explainScoreInHead(t *session.Trace, s score.Score, layer, head, k int, value float64) Explanation {
	if s.Name == score.FCI.Name && !t.Scored(k) {
		return notScored(t, k)
	}
	e := ofScore(t, s, k, value)
	e.Title += " in " + HeadName(layer, head)
	in, ok := inputOf(t, layer, head)
	if !ok {
		return e
	}
	if e.Terms, e.Total = sumOf(s, in, k); e.Terms == nil {
		e.Total = "nothing to add up"
	}
	return e
}

// explainScore opens a score of a step, such as "fci-mean:3", with its terms: of a score of heads, those in the selected head.
func explainScore(t *session.Trace, at session.Selection, of string) (Explanation, bool) {
	name, step, _ := strings.Cut(of, ":")
	k, err := strconv.Atoi(step)
	s, unknown := score.Find(name)
	if err != nil || unknown != nil || k < 0 || k >= len(t.Steps) {
		return Explanation{}, false
	}
	value := StepScore(t, name, k)
	e := ofScore(t, s, k, value)
	in, attention := inputOf(t, at.Layer, at.Head)
	if s.Sum != nil && !math.IsNaN(value) && (attention || !s.PerHead) {
		e.Terms, e.Total = sumOf(s, in, k)
	}
	switch {
	case s.PerHead && e.Terms != nil:
		e.Total += " in " + HeadName(at.Layer, at.Head)
	case s.PerHead && !math.IsNaN(value) && !attention:
		e.Note += " Select a head to see its sum."
	}
	for _, other := range t.StepScores {
		if other.Name == name && other.Position != nil && !s.Control {
			e.Note += fmt.Sprintf(" In this trace its rank correlation with the place of the step is %s (1: earlier steps always score higher).", Format(*other.Position))
		}
	}
	return e, true
}
