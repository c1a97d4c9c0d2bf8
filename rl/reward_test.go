package rl

import (
	"testing"

	"attnlab/rl/rltest/near"
)

// The worked numbers are those of the fact sheet, section 6, to the digits
// printed there.

func TestShortCorrectReward(t *testing.T) {
	got := ShortCorrectReward([]bool{true, true, true, false}, []int{100, 200, 300, 50}, 0.2)
	near.Want(t, "lengths 100, 200, 300 and a wrong one", got, []float64{0.9546, 0.9, 0.8454, 0}, 5e-5)
	near.Want(t, "one correct", ShortCorrectReward([]bool{true, false}, []int{7, 9}, 0.2), []float64{0.9, 0}, 1e-12)
	near.Want(t, "none correct", ShortCorrectReward([]bool{false, false}, []int{7, 9}, 0.2), []float64{0, 0}, 0)
}

func TestOverlongPenalty(t *testing.T) {
	for length, want := range map[int]float64{1: 0, 16384: 0, 18432: -0.5, 20480: -1, 22528: -1.5} {
		near.Want(t, "overlong", []float64{OverlongPenalty(length, 20480, 4096, 1)}, []float64{want}, 0)
	}
	near.Want(t, "off", []float64{OverlongPenalty(1<<30, 20480, 0, 1)}, []float64{0}, 0)
}

func TestRefinedLengthReward(t *testing.T) {
	correct, length := []bool{true, true, true, false}, []int{100, 200, 300, 10}
	near.Want(t, "paper", RefinedLengthReward(correct, length, false), []float64{1, 0.5, 0, 0}, 1e-15)
	near.Want(t, "code", RefinedLengthReward(correct, length, true), []float64{0.5, 0, -0.5, -0.5}, 1e-15)
	near.Want(t, "tie, paper", RefinedLengthReward([]bool{true, true, false}, []int{5, 5, 5}, false), []float64{1, 1, 0}, 0)
	near.Want(t, "tie, code", RefinedLengthReward([]bool{true, true, false}, []int{5, 5, 5}, true), []float64{0, 0, -0.5}, 0)
	near.Want(t, "none correct", RefinedLengthReward([]bool{false}, []int{5}, false), []float64{0}, 0)
}

func TestReflectionReward(t *testing.T) {
	quantile := 1 / 225.09
	few, many := ReflectionDensity(3, 1000), ReflectionDensity(5, 1000)
	near.Want(t, "paper", []float64{ReflectionReward(few, quantile, false), ReflectionReward(many, quantile, false)}, []float64{-0.3247, 0}, 5e-5)
	near.Want(t, "code", []float64{ReflectionReward(few, quantile, true), ReflectionReward(many, quantile, true)}, []float64{0.6753, 1}, 5e-5)
	near.Want(t, "nothing thought", []float64{ReflectionDensity(0, 0)}, []float64{0}, 0)
}
