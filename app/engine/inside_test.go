package engine

import (
	"math"
	"slices"
	"testing"

	"attnlab/app/session"
)

// What each part adds sums to the logits, whose difference is that of the probabilities; and what a head reads sums to what it adds.
func TestLookInside(t *testing.T) {
	s := severalLines(t)
	at := s.trace.Answer[1] - 2
	s.must(session.LookInside{Token: at, Layer: -1})
	v := s.inside
	H := s.trace.Heads
	if v.Token != at || v.Targets[0].Token != s.trace.Tokens[at] || v.Targets[1].Token == v.Targets[0].Token || len(v.Lens) != s.trace.Layers+1 || len(v.Heads) != s.trace.Layers*H || len(v.Reads) != at || v.Root != 4 {
		t.Fatalf("the view is %+v", v)
	}
	for n := range 2 {
		sum := v.Embed[n]
		for _, x := range slices.Concat(v.Heads, v.Feed) {
			sum += x[n]
		}
		if math.Abs(sum-v.Logits[n]) > 1e-4 {
			t.Errorf("the parts add %g to logit %d, which is %g", sum, n, v.Logits[n])
		}
	}
	last := v.Lens[len(v.Lens)-1].LogProbs
	if math.Abs(last[0]-float64(s.trace.LogProbs[at])) > 1e-4 || math.Abs(session.Odds(v.Logits)-session.Odds(last)) > 1e-4 {
		t.Errorf("the log-probability is %g, in the trace %g; the logits differ by %g", last[0], s.trace.LogProbs[at], session.Odds(v.Logits))
	}
	strongest := v.Layer*H + v.Head
	for _, x := range v.Heads {
		if math.Abs(session.Odds(x)) > math.Abs(session.Odds(v.Heads[strongest]))+1e-9 {
			t.Errorf("head %d.%d adds %g, another %g", v.Layer, v.Head, session.Odds(v.Heads[strongest]), session.Odds(x))
		}
	}
	s.must(session.LookInside{Token: at, Layer: 1, Head: 2})
	sum, weights := 0.0, 0.0
	for j, r := range s.inside.Reads {
		sum, weights = sum+r.Logits[0], weights+r.Weight
		if r.Key != j || math.Abs(r.Scaled*s.inside.Root-r.Dot) > 1e-9 {
			t.Errorf("read %d is %+v", j, r)
		}
	}
	if math.Abs(sum-s.inside.Heads[H+2][0]) > 1e-4 || math.Abs(weights-1) > 1e-9 {
		t.Errorf("the reads of head 1.2 add %g with weights of %g, the head %g", sum, weights, s.inside.Heads[H+2][0])
	}
	terms, shown := 0, s.inside.Strongest
	for _, r := range s.inside.Reads {
		product := 0.0
		for _, x := range r.Products {
			product += x
		}
		if len(r.Products) > 0 {
			if terms++; len(r.Products) != 16 || math.Abs(product-r.Dot) > 1e-6 {
				t.Errorf("%d products add up to %g, q·k is %g", len(r.Products), product, r.Dot)
			}
		}
	}
	if top := shown[at-1][0]; terms != min(session.ReadsShown, at) || len(shown) != len(s.trace.Tokens) || math.Abs(float64(top.Weight)-s.inside.Reads[top.Key].Weight) > 1e-4 {
		t.Errorf("%d reads have products; at the opened token the head reads %+v most", terms, top)
	}
	s.refused(session.LookInside{Token: 0, Layer: -1}, "the first is given")
	s.refused(session.LookInside{Token: len(s.trace.Tokens), Layer: -1}, "cannot be opened")
	s.refused(session.LookInside{Token: at, Layer: 7}, "no head 0 in layer 7")
	s.must(session.Generate{Unit: "token", Restart: true, Sampling: sampling})
	if len(s.inside.Reads) != 0 {
		t.Error("another response, and the old one is still open")
	}
}
