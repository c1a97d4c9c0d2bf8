package rl

import (
	"testing"

	"attnlab/rl/rltest/near"
)

// The worked numbers are those of the fact sheet, section 6, to the digits
// printed there.

func TestShortCorrectReward(t *testing.T) {
	got := lengthReward{0.2}.rewards([]bool{true, true, true, false}, []int{100, 200, 300, 50})
	near.Want(t, "lengths 100, 200, 300 and a wrong one", got, []float64{0.9546, 0.9, 0.8454, 0}, 5e-5)
	near.Want(t, "one correct", lengthReward{0.2}.rewards([]bool{true, false}, []int{7, 9}), []float64{0.9, 0}, 1e-12)
	near.Want(t, "none correct", lengthReward{0.2}.rewards([]bool{false, false}, []int{7, 9}), []float64{0, 0}, 0)
}

func TestRefinedLengthReward(t *testing.T) {
	correct, length := []bool{true, true, true, false}, []int{100, 200, 300, 10}
	near.Want(t, "paper", refinedLengthReward(correct, length, false), []float64{1, 0.5, 0, 0}, 1e-15)
	near.Want(t, "code", refinedLengthReward(correct, length, true), []float64{0.5, 0, -0.5, -0.5}, 1e-15)
	near.Want(t, "tie, paper", refinedLengthReward([]bool{true, true, false}, []int{5, 5, 5}, false), []float64{1, 1, 0}, 0)
	near.Want(t, "tie, code", refinedLengthReward([]bool{true, true, false}, []int{5, 5, 5}, true), []float64{0, 0, -0.5}, 0)
	near.Want(t, "none correct", refinedLengthReward([]bool{false}, []int{5}, false), []float64{0}, 0)
}

func TestReflectionReward(t *testing.T) {
	quantile := 1 / 225.09
	few, many := reflectionDensity(3, 1000), reflectionDensity(5, 1000)
	near.Want(t, "paper", []float64{reflectionReward(few, quantile, false), reflectionReward(many, quantile, false)}, []float64{-0.3247, 0}, 5e-5)
	near.Want(t, "code", []float64{reflectionReward(few, quantile, true), reflectionReward(many, quantile, true)}, []float64{0.6753, 1}, 5e-5)
	near.Want(t, "nothing thought", []float64{reflectionDensity(0, 0)}, []float64{0}, 0)
}
