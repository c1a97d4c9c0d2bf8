package score

import (
	"math/rand/v2"
	"testing"

	"attnlab/rl/rltest/near"
)

// Four heads over five tokens: one looks at the token before it, one at itself, one at the first token, one evenly. Of the share .25 the
// second is local and the third global.
func TestRhythmByHand(t *testing.T) {
	const T = 5
	a := StepAttention{2, 2, T, make([]float32, 4*T*T)}
	pay := func(head, t, s int, weight float32) { a.Mean[(head*T+t)*T+s] = weight }
	for t := range T {
		pay(0, t, max(0, t-1), 1)
		pay(1, t, t, 1)
		pay(2, t, 0, 1)
		for s := range t + 1 {
			pay(3, t, s, 1/float32(t+1))
		}
	}
	r := RhythmOf(a, .25, 10, 1, 3)
	near.Want(t, "the local head looks at itself", r.LookBack, make([]float64, T), 0)
	near.Want(t, "the global head looks at the first token", r.Influence, []float64{1, 0, 0, 0, 0}, 0)

	// Of the half, the two that look least far: 0 and 1 (distance .8 and 0; evenly 1, the first token 2).
	r = RhythmOf(a, .5, 10, 2, 3)
	near.Want(t, "half a token back", r.LookBack, []float64{0, .5, .5, .5, .5}, 1e-12)
	// The others: (1 + 1/(t+1)) / 2 to the first token, 1/(2(t+1)) to the rest.
	want := []float64{((1+1./3)/2 + (1+1./4)/2) / 2, (1./4/2 + 1./5/2) / 2, 1. / 5 / 2, 0, 0}
	near.Want(t, "influence", r.Influence, want, 1e-7)
}

// Against the definition written over whole matrices, on random attention.
func TestRhythmByDefinition(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	const L, H, T, window, low, high = 2, 3, 40, 10, 5, 12
	a := StepAttention{L, H, T, make([]float32, L*H*T*T)}
	whole := make([][T][T]float64, L*H)
	for head := range whole {
		for t := range T {
			sum, w := 0.0, make([]float64, t+1)
			for s := range w {
				w[s] = random.ExpFloat64() / float64(1+(t-s)*head)
				sum += w[s]
			}
			for s := range w {
				whole[head][t][s] = w[s] / sum
				a.Mean[(head*T+t)*T+s] = float32(w[s] / sum)
			}
		}
	}
	// The heads are made so that a later one looks less far: of .3 (2 of 6) the last two are local, the first two global.
	var lookBack, influence []float64
	for t := range T {
		x := 0.0
		for s := range T {
			x += (whole[4][t][s] + whole[5][t][s]) / 2 * float64(min(t-s, window)) // 0 above the diagonal
		}
		lookBack = append(lookBack, x)
		y, n := 0.0, 0
		for m := range T {
			if m >= t+low && m <= t+high {
				y, n = y+(whole[0][m][t]+whole[1][m][t])/2, n+1
			}
		}
		influence = append(influence, y/float64(max(1, n)))
	}
	r := RhythmOf(a, .3, window, low, high)
	near.Want(t, "look-back", r.LookBack, lookBack, 1e-6)
	near.Want(t, "influence", r.Influence, influence, 1e-6)
}
