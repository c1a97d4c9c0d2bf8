package stat

// ShareRemoved is the share of before that is missing after, such as of redundant steps a
// response. NaN where before is 0.
func ShareRemoved(before, after float64) float64 { return (before - after) / before }

// AES is the accuracy-efficiency score with O1-Pruner's coefficients: the share
// of tokens removed, plus 3 times a relative gain in accuracy or minus 5 times
// a relative loss.
func AES(accuracy, tokens, baseAccuracy, baseTokens float64) float64 {
	gain := (accuracy - baseAccuracy) / baseAccuracy
	if gain >= 0 {
		return ShareRemoved(baseTokens, tokens) + 3*gain
	}
	return ShareRemoved(baseTokens, tokens) + 5*gain
}
