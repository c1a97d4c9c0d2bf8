package model

import (
	"math"
	"testing"
)

func TestCutAndJoinByHand(t *testing.T) {
	steps := []Range{{0, 300}, {300, 300}, {310, 320}}
	pieces := cut(steps)
	want := []piece{{Range{0, 128}, 0}, {Range{128, 256}, 0}, {Range{256, 300}, 0}, {Range{310, 320}, 2}}
	if len(pieces) != len(want) {
		t.Fatalf("pieces %v, want %v", pieces, want)
	}
	for i := range want {
		if pieces[i] != want[i] {
			t.Errorf("piece %d is %v, want %v", i, pieces[i], want[i])
		}
	}
	// Rows are query pieces. Every row of the first step's pieces spreads a weight of
	// 1, so their mean does; the last step pays 0.5 + 0.25 + 0.125 to the first.
	pooled := []float32{1, 0, 0, 0, 0.25, 0.75, 0, 0, 0.5, 0.125, 0.375, 0, 0.5, 0.25, 0.125, 0.0625}
	got := join(steps, pieces, pooled, 1)
	for i, w := range []float64{1, 0, 0, 0, 0, 0, 0.875, 0, 0.0625} {
		if math.Abs(float64(got[i])-w) > 1e-6 {
			t.Errorf("between steps %d and %d: %g, want %g", i/3, i%3, got[i], w)
		}
	}
}

// A step of any length is pooled whole, also on adapters that end long loops: a
// prompt of 1,000 tokens takes over 65,535 iterations of one invocation if it is
// pooled in one piece.
func TestLongStepsArePooledWhole(t *testing.T) {
	c := Config{VocabSize: 16, HiddenSize: 16, IntermediateSize: 16, Layers: 1, Heads: 2, KVHeads: 1, HeadDim: 8,
		MaxContext: 1100, RMSNormEps: 1e-5, Rope: Rope{Theta: 10000}, PadID: -1, BosID: -1, EosID: -1}
	eachModel(t, c, func(t *testing.T, m *Model) {
		r := steps16(c, 1100)
		r.Steps = []Range{{0, 1000}, {1000, 1010}, {1010, 1100}}
		scores, err := newScorer(t, m, 1100).Score([]ScoreRequest{r})
		if err != nil {
			t.Fatal(err)
		}
		for h := range c.Heads {
			rows, err := m.Attention(r.Tokens, 0, h)
			if err != nil {
				t.Fatal(err)
			}
			within(t, "attention between long steps", scores[0].Attention.Sum[9*h:9*h+9], pooled(rows, r.Steps, Hide{}), 1e-4)
		}
	})
}
