package session

import (
	"math"

	"attnlab/rl/score"
	"attnlab/rl/stat"
)

// Ranges returns the number of ranges of tokens that attention is pooled over: the prompt, the steps, the answer.
func (t *Trace) Ranges() int { return len(t.Steps) + 2 }

// InHead returns the attention between the ranges in one head, [K+2,K+2], or nil if this screen does not have it.
func (t *Trace) InHead(layer, head int) Densities {
	square := t.Ranges() * t.Ranges()
	if layer < 0 || layer >= t.Layers || head < 0 || head >= t.Heads {
		return nil
	}
	if c := t.Chosen; c.Layer == layer && c.Head == head && len(c.Attention) == square {
		return c.Attention
	}
	if at := (layer*t.Heads + head) * square; len(t.All) >= at+square {
		return t.All[at : at+square]
	}
	return nil
}

// Take adds the attention of a head to the trace. It returns false if that belongs to another trace.
func (t *Trace) Take(h HeadAttention) bool {
	if h.Trace != t.Number {
		return false
	}
	t.Chosen = h
	return true
}

// TakeDetail adds the detail of a step to the trace. It returns false if that belongs to another trace.
func (t *Trace) TakeDetail(d StepDetail) bool {
	if d.Trace != t.Number {
		return false
	}
	t.Detail = d
	return true
}

// FCIIn is the FCI of step k in one head, NaN if this screen does not have it.
func (t *Trace) FCIIn(layer, head, k int) float64 {
	return t.inHead(t.FCIHeads, t.Chosen.FCI, score.FCI.Name, layer, head, k)
}

// FocusIn is the answer's focus on step k in one head, NaN if this screen does not have it.
func (t *Trace) FocusIn(layer, head, k int) float64 {
	return t.inHead(t.Focus, t.Chosen.Focus, score.Focus.Name, layer, head, k)
}

// inHead looks a score of step k in one head up: among all heads, in the selected head, in the selected step.
func (t *Trace) inHead(all, chosen Scores, name string, layer, head, k int) float64 {
	K, h := len(t.Steps), layer*t.Heads+head
	switch {
	case layer < 0 || layer >= t.Layers || head < 0 || head >= t.Heads || k < 0 || k >= K:
	case len(all) == t.Layers*t.Heads*K:
		return all[h*K+k]
	case t.Chosen.Layer == layer && t.Chosen.Head == head && len(chosen) == K:
		return chosen[k]
	case t.Detail.Step == k:
		if v := valuesOf(t.Detail.Heads, name); len(v) == t.Layers*t.Heads && v[h] != nil {
			return *v[h]
		}
	}
	return math.NaN()
}

// HeadsAt is a score of step k in every head, [L,H], by its name in package score; null where a head has none. It is nil if this screen
// does not have it.
func (t *Trace) HeadsAt(name string, k int) []*float64 {
	n, K := t.Layers*t.Heads, len(t.Steps)
	all := map[string]Scores{score.FCI.Name: t.FCIHeads, score.Focus.Name: t.Focus}[name]
	if k < 0 || k >= K {
		return nil
	}
	if len(all) == n*K {
		values := make([]*float64, n)
		for h := range values {
			values[h] = &all[h*K+k]
		}
		return values
	}
	if v := valuesOf(t.Detail.Heads, name); t.Detail.Step == k && len(v) == n {
		return v
	}
	return nil
}

// HeadMeans is a score of every head, mean over the steps of the trace, [L,H]; null where a head has none, nil if this screen does not
// have it.
func (t *Trace) HeadMeans(name string) []*float64 {
	n, K := t.Layers*t.Heads, len(t.Steps)
	if v := valuesOf(t.HeadScores, name); len(v) == n {
		return v
	}
	all := map[string]Scores{score.FCI.Name: t.FCIHeads, score.Focus.Name: t.Focus}[name]
	if K == 0 || len(all) != n*K {
		return nil
	}
	values := make([]*float64, n) // of a file from before
	for h := range values {
		mean := stat.Mean(all[h*K : (h+1)*K])
		values[h] = &mean
	}
	return values
}

func valuesOf(list []HeadValues, name string) []*float64 {
	for _, v := range list {
		if v.Name == name {
			return v.Values
		}
	}
	return nil
}

// TopAt is the likeliest tokens at place i, nil if this screen does not have them.
func (t *Trace) TopAt(i int) []Choice {
	if i >= 0 && i < len(t.Top) {
		return t.Top[i]
	}
	if at := i - t.Detail.First; at >= 0 && at < len(t.Detail.Top) {
		return t.Detail.Top[at]
	}
	return nil
}

// BestHead is the head that gives step k its FCI, -1, -1 where no head is known to.
func (t *Trace) BestHead(k int) (layer, head int) {
	if k >= 0 && k < len(t.FCIOf) && t.Heads > 0 {
		return t.FCIOf[k] / t.Heads, t.FCIOf[k] % t.Heads
	}
	best := -1
	values := t.HeadsAt(score.FCI.Name, k)
	for h, v := range values {
		if v != nil && (best < 0 || *v > *values[best]) {
			best = h
		}
	}
	if best < 0 {
		return -1, -1
	}
	return best / t.Heads, best % t.Heads
}

// Largest returns the largest density over heads at each place and the first head that has it, [n,n]. d holds n·n densities
// for each head.
func (d Densities) Largest(n int) (largest Densities, of HeadOf) {
	largest, of = make(Densities, n*n), make(HeadOf, n*n)
	for i, v := range d {
		if at := i % (n * n); v > largest[at] {
			largest[at], of[at] = v, i/(n*n)
		}
	}
	return largest, of
}

// Scored reports whether step k has an FCI; see [score.Scored]. It is false for every step of a trace that is not scored yet.
func (t *Trace) Scored(k int) bool {
	return k >= 0 && k < len(t.FCI) && len(t.Attention) > 0 && score.Scored(k, len(t.Steps), t.Answer[1] > t.Answer[0], t.Delta)
}
