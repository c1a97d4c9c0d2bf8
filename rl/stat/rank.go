package stat

import (
	"cmp"
	"math"
	"slices"
)

// Ranks returns the place of each value in the sorted order, from 1; equal values share the mean of their places.
func Ranks(x []float64) []float64 {
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(x[a], x[b]) })
	ranks := make([]float64, len(x))
	for i := 0; i < len(order); {
		j := i + 1
		for j < len(order) && x[order[j]] == x[order[i]] {
			j++
		}
		for _, k := range order[i:j] {
			ranks[k] = float64(i+j+1) / 2
		}
		i = j
	}
	return ranks
}

// AUC is the share of pairs (one of positive, one of negative) in which the positive has the higher score; equal scores
// count half. 0.5 is chance. NaN where there are no pairs.
func AUC(positive, negative []float64) float64 {
	p, n := float64(len(positive)), float64(len(negative))
	sum := 0.0
	for _, r := range Ranks(slices.Concat(positive, negative))[:len(positive)] {
		sum += r
	}
	return (sum - p*(p+1)/2) / (p * n)
}

// Spearman is the rank correlation of x and y, from -1 to 1. NaN where either is constant or has fewer than two values. It
// panics where the lengths differ.
func Spearman(x, y []float64) float64 {
	if len(x) < 2 || Constant(x) || Constant(y) {
		if len(x) != len(y) {
			panic("stat: Spearman of two lengths")
		}
		return math.NaN()
	}
	r, s := Ranks(x), Ranks(y)
	middle, sum := float64(len(x)+1)/2, 0.0 // the mean of ranks, with ties too
	for i := range r {
		sum += (r[i] - middle) * (s[i] - middle)
	}
	return sum / math.Sqrt(squares(r)*squares(s))
}
