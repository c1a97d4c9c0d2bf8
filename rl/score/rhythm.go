package score

import (
	"cmp"
	"math"
	"slices"
)

// Rhythm is what Attention Illuminates LLM Reasoning, arXiv 2510.13554, reads from the attention of a response, token by token. T counts
// the tokens of the sequence.
type Rhythm struct {
	LookBack  []float64 // [T] WAAD: how far local heads look back from a token, in tokens, within a window
	Influence []float64 // [T] FAI: what a token receives from each of a range of later tokens, mean over global heads; 0 near the end
}

// RhythmOf computes both from attention whose ranges are the tokens. With d the distance that a head looks back, the mean over tokens t of
// Σ_s a(t → s) (t − s), the share of heads with the least d are local, as many with the most global:
//
//	WAAD_t = Σ_s ā_local(t → s) min(t − s, window)
//	FAI_s  = mean over t from s + low to min(T − 1, s + high) of ā_global(t → s)
//
// ā is the mean over the heads of a kind, of which there is at least one.
func RhythmOf(a StepAttention, share float64, window, low, high int) Rhythm {
	T := a.Ranges
	local, global := a.byDistance(share)
	r := Rhythm{make([]float64, T), make([]float64, T)}
	for t := range T {
		for s := range t + 1 {
			r.LookBack[t] += a.meanOver(local, t, s) * float64(min(t-s, window))
		}
	}
	for s := range T {
		last := min(T-1, s+high)
		for t := s + low; t <= last; t++ {
			r.Influence[s] += a.meanOver(global, t, s) / float64(last-s-low+1)
		}
	}
	return r
}

// byDistance returns the share of heads that look back least far, and as many that look farthest; at least one of each.
func (a StepAttention) byDistance(share float64) (near, far []Head) {
	type looker struct {
		Head
		distance float64
	}
	var heads []looker
	for l := range a.Layers {
		for h := range a.Heads {
			d := 0.0
			for t := range a.Ranges {
				for s := range t {
					d += a.At(l, h, t, s) * float64(t-s) / float64(a.Ranges)
				}
			}
			heads = append(heads, looker{Head{l, h}, d})
		}
	}
	slices.SortStableFunc(heads, func(x, y looker) int { return cmp.Compare(x.distance, y.distance) })
	n := max(1, int(math.Round(share*float64(len(heads)))))
	for i := range n {
		near, far = append(near, heads[i].Head), append(far, heads[len(heads)-1-i].Head)
	}
	return near, far
}

// meanOver is the mean over some heads of what range j pays to range k.
func (a StepAttention) meanOver(heads []Head, j, k int) (mean float64) {
	for _, h := range heads {
		mean += a.At(h.Layer, h.Head, j, k) / float64(len(heads))
	}
	return mean
}
