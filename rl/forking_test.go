package rl

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"attnlab/model"
	"attnlab/rl/hyper"
	"attnlab/rl/rltest/near"
)

// The mask of the paper, from its definition: a token learns where fewer than ρN tokens of the batch have a higher entropy.
func TestForkingTokens(t *testing.T) {
	text := `{"responses":[{"length":4,"correct":true,"token_scores":[0.1,2,0.3,0.4]},{"length":6,"correct":false,"token_scores":[0.2,0.9,0.5,3,0.6,0.05]}]}`
	in, err := ReadGroup(forkingTokens, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for share, want := range map[string][2][]float64{ // of 10 tokens
		"0.1": {{0, 0, 0, 0}, {0, 0, 0, -1, 0, 0}},
		"0.2": {{0, 1, 0, 0}, {0, 0, 0, -1, 0, 0}},
		"0.3": {{0, 1, 0, 0}, {0, -1, 0, -1, 0, 0}},
		"0.5": {{0, 1, 0, 0}, {0, -1, -1, -1, -1, 0}},
		"1":   {{1, 1, 1, 1}, {-1, -1, -1, -1, -1, -1}},
	} {
		m := methodOf(t, "forking")
		out, err := CreditGroup(m, in, set(t, m, hyper.Values{}, map[string]string{"share": share}))
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			near.Want(t, "share "+share, out.TokenAdvantages[i], want[i], 2.1e-6)
		}
	}
}

func TestLeastOfHighest(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 60 {
		x := make([]float64, n+1)
		for i := range x {
			x[i] = random.Float64()
		}
		share := random.Float64()
		least, kept := leastOfHighest(x, share), 0
		for _, v := range x {
			higher := 0
			for _, w := range x {
				if w > v {
					higher++
				}
			}
			if is := float64(higher) < share*float64(len(x)); is != (v >= least) {
				t.Fatalf("%d of %d are higher than %g, the least is %g for the share %g", higher, len(x), v, least, share)
			} else if is {
				kept++
			}
		}
		if kept == 0 {
			t.Fatal("nothing is kept")
		}
	}
	if !math.IsInf(leastOfHighest(nil, .2), -1) || !math.IsInf(leastOfHighest([]float64{1, 2}, 1), -1) || leastOfHighest([]float64{1, 1, 1}, .2) != 1 {
		t.Error("of none, of all, of equals")
	}
}

// With the share 1 it trains GRPO's weights, bit for bit; with less it does not.
func TestForkingOffIsGRPO(t *testing.T) {
	trained := func(method string, change map[string]string) []float32 {
		r := open(t, nil, diceRun(t, method, change))
		steps(t, r, 3)
		return weights(t, r)
	}
	grpo := trained("grpo", nil)
	if !slices.Equal(trained("forking", map[string]string{"share": "1"}), grpo) {
		t.Error("forking tokens with the share 1 train otherwise than GRPO")
	}
	own, dealt, again := trained("forking", nil), trained("forking", map[string]string{"tokens": "shuffle"}), trained("forking", map[string]string{"tokens": "shuffle"})
	if slices.Equal(own, grpo) || slices.Equal(own, dealt) || !slices.Equal(dealt, again) {
		t.Error("the share or its control does nothing, or is not repeated")
	}
}

// The entropies by which tokens are chosen are those of a forward pass over the response, and the control takes as many of each response.
func TestForkingScoresAreEntropies(t *testing.T) {
	r, control := open(t, nil, diceRun(t, "forking", nil)), open(t, nil, diceRun(t, "forking", map[string]string{"tokens": "shuffle"}))
	scorer := open(t, nil, diceRun(t, "grpo", nil)) // the weights before the step
	steps(t, r, 1)
	steps(t, control, 1)
	taken, all := 0, 0
	for i, g := range r.last {
		for j, s := range g.Samples {
			near.Want(t, fmt.Sprintf("problem %d, response %d", i, j), s.TokenScores, entropies(t, scorer, s), 1e-4)
			count := func(a []float64) (n int) {
				for _, v := range a {
					if v != 0 {
						n++
					}
				}
				return n
			}
			n := count(s.Advantage)
			if other := count(control.last[i].Samples[j].Advantage); other != n {
				t.Errorf("problem %d, response %d: %d tokens learn, of the control %d", i, j, n, other)
			}
			if s.Inputs.Advantage != 0 {
				taken, all = taken+n, all+len(s.Advantage)
			}
		}
	}
	if taken != (all+4)/5 {
		t.Errorf("%d of %d tokens learn", taken, all)
	}
}

// entropies are those of a response's tokens by a forward pass of a run's model.
func entropies(t *testing.T, r *Run, s Sample) []float64 {
	t.Helper()
	scores, err := r.Scorer.Score([]model.ScoreRequest{{Tokens: s.Tokens}})
	if err != nil {
		t.Fatal(err)
	}
	var H []float64
	for _, h := range scores[0].Entropy[s.PromptLength:] {
		H = append(H, float64(h))
	}
	return H
}
