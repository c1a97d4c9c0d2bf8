package stat

// AUC is the share of pairs (one of positive, one of negative) in which the
// positive has the higher score, equal scores counting half: 0.5 is chance. NaN
// where there are no pairs.
func AUC(positive, negative []float64) float64 {
	var won float64
	for _, p := range positive {
		for _, n := range negative {
			switch {
			case p > n:
				won++
			case p == n:
				won += 0.5
			}
		}
	}
	return won / float64(len(positive)*len(negative))
}
