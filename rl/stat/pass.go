package stat

import "math"

// PassAtK estimates from n samples, c of them right, how likely at least one of k is right: 1 − C(n−c, k)/C(n, k), without bias (Chen et al.
// 2021, arXiv 2107.03374). It is computed as a product, so that nothing overflows. NaN where k is not within 1 and n, or c not within 0 and n.
func PassAtK(n, c, k int) float64 {
	switch {
	case k < 1 || k > n || c < 0 || c > n:
		return math.NaN()
	case n-c < k:
		return 1 // every choice of k has a right one
	}
	missed := 0.0 // logarithm of the product of (1 − k/i) for i in n-c+1 … n
	for i := n - c + 1; i <= n; i++ {
		missed += math.Log1p(-float64(k) / float64(i))
	}
	return -math.Expm1(missed)
}

// PassInterval holds with 95 % confidence how likely at least one of k is right, from n samples of one problem, c of them right: what the ends of
// [Wilson]'s interval give, widened to the estimate of [PassAtK], which is 0 or 1 where k is near n. k is within 1 and n. Of many problems take [MeanInterval] of their estimates.
func PassInterval(n, c, k int) Interval {
	if n < 1 {
		return Interval{0, 1}
	}
	p := Wilson(float64(c)/float64(n), n)
	of := func(p float64) float64 { return 1 - math.Pow(1-p, float64(k)) }
	estimate := PassAtK(n, c, k)
	return Interval{min(of(p.Low), estimate), max(of(p.High), estimate)}
}
