package stat

import "math"

// TokensToHalfGain is how many tokens a run needed for half of what it gained: the place where accuracy first reaches level, the
// middle between base and the last accuracy, with a straight line between neighbouring measurements.
//
// tokens[i], increasing, is how many tokens the run had generated when accuracy[i] was measured; base is the accuracy before
// training, at 0 tokens, and baseError its standard error. All accuracies must be of the same problems with the same random
// numbers.
//
// tokens is NaN where level is not more than two standard errors above base. A run that learns nothing passes lower levels by
// chance.
func TokensToHalfGain(base, baseError float64, tokens, accuracy []float64) (at, level float64) {
	if len(tokens) != len(accuracy) {
		panic("stat: TokensToHalfGain of two lengths")
	}
	if len(accuracy) == 0 {
		return math.NaN(), math.NaN()
	}
	level = base + (accuracy[len(accuracy)-1]-base)/2
	if !(level-base > 2*baseError) { // also where an error is NaN
		return math.NaN(), level
	}
	before, value := 0.0, base
	for i, a := range accuracy {
		if a >= level {
			return before + (tokens[i]-before)*(level-value)/(a-value), level
		}
		before, value = tokens[i], a
	}
	panic("unreachable: the last accuracy lies above the level")
}

// MeanWhileTraining is the accuracy of a run over its first upTo tokens, the mean over tokens: the area under the straight lines between the same measurements as those of
// [TokensToHalfGain]. It is NaN where the last measurement lies before upTo.
func MeanWhileTraining(base float64, tokens, accuracy []float64, upTo float64) float64 {
	if len(tokens) != len(accuracy) {
		panic("stat: MeanWhileTraining of two lengths")
	}
	area, before, value := 0.0, 0.0, base
	for i, a := range accuracy {
		if tokens[i] >= upTo {
			at := value + (a-value)*(upTo-before)/(tokens[i]-before)
			return (area + (upTo-before)*(value+at)/2) / upTo
		}
		area += (tokens[i] - before) * (value + a) / 2
		before, value = tokens[i], a
	}
	return math.NaN()
}
