package stat

import (
	"math"
	"math/rand/v2"
	"testing"

	"attnlab/rl/rltest/near"
)

func TestTokensToHalfGain(t *testing.T) {
	tokens := []float64{100, 200, 300, 400}
	at, level := TokensToHalfGain(0.5, 0.02, tokens, []float64{0.55, 0.65, 0.75, 0.7})
	near.Want(t, "between two measurements", []float64{at, level}, []float64{150, 0.6}, 1e-9)
	at, _ = TokensToHalfGain(0.5, 0.02, tokens[:1], []float64{0.7})
	near.Want(t, "from the base", []float64{at}, []float64{50}, 1e-9)
	for name, accuracy := range map[string][]float64{
		"a gain within the noise": {0.5, 0.52, 0.55, 0.57}, "no gain": {0.7, 0.5, 0.5, 0.5}, "a loss": {0.4, 0.3, 0.3, 0.2}, "nothing": nil,
	} {
		if at, _ := TokensToHalfGain(0.5, 0.02, tokens[:len(accuracy)], accuracy); !math.IsNaN(at) {
			t.Errorf("%s is reached after %v tokens", name, at)
		}
	}
}

func TestMeanWhileTraining(t *testing.T) {
	tokens, accuracy := []float64{100, 200, 400}, []float64{0.4, 0.6, 0.6}
	for upTo, want := range map[float64]float64{50: 0.25, 100: 0.3, 200: 0.4, 300: (0.3 + 0.5 + 0.6) / 3, 400: (0.3 + 0.5 + 1.2) / 4} {
		near.Want(t, "the area", []float64{MeanWhileTraining(0.2, tokens, accuracy, upTo)}, []float64{want}, 1e-9)
	}
	near.Want(t, "a frozen policy", []float64{MeanWhileTraining(0.3, tokens, []float64{0.3, 0.3, 0.3}, 350)}, []float64{0.3}, 1e-9)
	for _, measured := range []int{0, 3} {
		if got := MeanWhileTraining(0.2, tokens[:measured], accuracy[:measured], 401); !math.IsNaN(got) {
			t.Errorf("%d measurements that end before: %v", measured, got)
		}
	}
}

// A policy that never learns must not reach the level (in an earlier measure up to all of them did).
func TestFrozenPolicyReachesNothing(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 5))
	const problems, p, runs = 200, 0.5, 4000
	measure := func() float64 {
		right := 0.0
		for range problems {
			right += Indicator(random.Float64() < p)
		}
		return right / problems
	}
	reached := 0
	for range runs {
		base := measure()
		var tokens, accuracy []float64
		for i := range 10 {
			tokens, accuracy = append(tokens, float64(i+1)), append(accuracy, measure())
		}
		at, _ := TokensToHalfGain(base, ShareError(base, problems), tokens, accuracy)
		reached += int(Indicator(!math.IsNaN(at)))
	}
	if share := float64(reached) / runs; share > 0.02 {
		t.Errorf("%.3f of policies that never learn reach half of their gain", share)
	}
}
