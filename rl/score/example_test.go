package score_test

import (
	"fmt"

	"attnlab/rl/score"
)

// uniform is one head in which token m spreads its attention evenly over tokens 0..m: it prefers nothing. The trace has a
// prompt of two tokens, then n steps of one token, then an answer of one token, as n+2 ranges.
func uniform(n int) score.StepAttention {
	T := 2 + n + 1
	attention := make([]float32, T*T)
	for m := range T {
		for k := range m + 1 {
			attention[m*T+k] = 1 / float32(m+1)
		}
	}
	ranges := [][2]int{{0, 2}}
	for t := 2; t < T; t++ {
		ranges = append(ranges, [2]int{t, t + 1})
	}
	return score.PoolAttention(attention, 1, 1, T, ranges)
}

// FCI sums what all steps from Δ steps later on pay to a step. Here attention prefers nothing, and still FCI falls from step to step: an early
// step has more later ones to sum over. The first step has no score by definition.
func ExampleFCI() {
	s := uniform(6)
	in := score.Input{Attention: s, Delta: 2, Steps: make([][2]int, 6), AnswerTokens: 1}
	for k, y := range score.FCI.Of(in).Steps {
		fmt.Printf("step %d: %.3f\n", k+1, y)
	}
	// Output:
	// step 1: 0.000
	// step 2: 0.546
	// step 3: 0.379
	// step 4: 0.236
	// step 5: 0.111
	// step 6: 0.000
}

// Focus is what the answer pays to each step, over chosen heads. StepRanking shows which heads to choose: it is the share of pairs of a needed and a
// redundant step of a response that a head orders correctly.
func ExampleFocus() {
	// Two heads, prompt, three steps and an answer, one token each. Only the answer's row matters here: head 0 attends to the
	// steps 1 and 3, which are needed, head 1 to step 2.
	const T = 5
	attention := make([]float32, 2*T*T)
	copy(attention[0*T*T+4*T:], []float32{0.1, 0.4, 0.1, 0.3, 0.1})
	copy(attention[1*T*T+4*T:], []float32{0.1, 0.1, 0.6, 0.1, 0.1})
	s := score.PoolAttention(attention, 1, 2, T, [][2]int{{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 5}})

	heads := score.Focus.Of(score.Input{Attention: s, Steps: make([][2]int, 3), AnswerTokens: 1}).Heads
	needed := []bool{true, false, true}
	redundant := []bool{false, true, false}
	ranking := score.StepRanking([][][][]float64{heads}, [][]bool{needed}, [][]bool{redundant})
	fmt.Println("ranking accuracy:", ranking[0])

	best := score.TopHeads(ranking, 1)
	for k, v := range score.MeanOverHeads(heads, best) {
		fmt.Printf("step %d: %.1f\n", k+1, v)
	}
	// Output:
	// ranking accuracy: [1 0]
	// step 1: 0.4
	// step 2: 0.1
	// step 3: 0.3
}
