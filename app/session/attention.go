package session

import "attnlab/rl/score"

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

// Largest returns the largest density over heads at each place and the first head that has it, [n,n]. d holds n·n densities
// for each head.
func (d Densities) Largest(n int) (largest Densities, of []int) {
	largest, of = make(Densities, n*n), make([]int, n*n)
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
