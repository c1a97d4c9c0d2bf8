package rl

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// accuracyReward is r = 1[correct].
func accuracyReward(correct []bool) []float64 {
	r := make([]float64, len(correct))
	for i, c := range correct {
		if c {
			r[i] = 1
		}
	}
	return r
}

// meanStd returns mean and standard deviation of x over len(x) - less: less
// is 0 for the population's, 1 for the sample's.
func meanStd(x []float64, less int) (mean, std float64) {
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		std += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(std / math.Max(1, float64(len(x)-less)))
}

// lengthsOfCorrect returns the lengths (tokens) of the correct responses.
func lengthsOfCorrect(correct []bool, length []int) []float64 {
	var x []float64
	for i, c := range correct {
		if c {
			x = append(x, float64(length[i]))
		}
	}
	return x
}

// ShortCorrectReward is TLMRE's reward (Arora & Zanette, arXiv 2502.04463),
// r = 1[c] (1 - α σ((L-μ)/(s+1e-8))), with the logistic σ and with mean μ and
// population standard deviation s of L over the correct responses.
func ShortCorrectReward(correct []bool, length []int, alpha float64) []float64 {
	mu, s := meanStd(lengthsOfCorrect(correct, length), 0)
	r := accuracyReward(correct)
	for i := range r {
		r[i] *= 1 - alpha/(1+math.Exp(-(float64(length[i])-mu)/(s+1e-8)))
	}
	return r
}

// OverlongPenalty is DAPO's soft punishment (arXiv 2503.14476, eq. 13): 0 up
// to limit-buffer tokens, then falling to -factor at limit and below it beyond.
// A buffer of 0 switches it off.
func OverlongPenalty(length, limit, buffer int, factor float64) float64 {
	if buffer == 0 {
		return 0
	}
	return math.Min(0, -float64(length-(limit-buffer))/float64(buffer)*factor)
}

// RefinedLengthReward is REA-RL's length reward. In the paper's form a correct
// response gets 1 - (L-min)/(max-min) and a wrong one 0; in the code's form
// 0.5 - (L-min)/(max-min) and -0.5. Minimum and maximum are over the correct
// responses; where they are equal the paper's form gives 1, the code's 0.
func RefinedLengthReward(correct []bool, length []int, codeForm bool) []float64 {
	r := accuracyReward(correct)
	right := lengthsOfCorrect(correct, length)
	if len(right) > 0 {
		lo, hi := slices.Min(right), slices.Max(right)
		for i, c := range correct {
			switch {
			case c && hi > lo:
				r[i] -= (float64(length[i]) - lo) / (hi - lo)
			case c && codeForm:
				r[i] = 0.5
			}
		}
	}
	if codeForm {
		for i := range r {
			r[i] -= 0.5
		}
	}
	return r
}

// ReflectionReward is REA-RL's: min(0, D/D_q - 1) in the paper's form and
// min(D/D_q, 1) in the code's, which is the same plus one. D and D_q are
// reflections a think token.
func ReflectionReward(density, quantile float64, codeForm bool) float64 {
	if quantile == 0 { // a base that need not reflect: nothing is too little
		return indicator(codeForm)
	}
	if codeForm {
		return math.Min(density/quantile, 1)
	}
	return math.Min(0, density/quantile-1)
}

// ReflectionDensity is reflections over think tokens, and 0 where nothing was
// thought.
func ReflectionDensity(reflections, thinkTokens int) float64 {
	if thinkTokens == 0 {
		return 0
	}
	return float64(reflections) / float64(thinkTokens)
}

// reflectionWords are REA-RL's.
var reflectionWords = []string{"wait", "alternatively", "check", "but"}

// Hits on one line that are at most reflectionGap characters apart count once.
const reflectionGap = 59

// Reflections counts the reflections in the think part of a trace by the words of its task.
func Reflections(task Task, t Trace) int {
	return CountReflections(Text(task, t.Tokens[t.ThinkStart:t.ThinkEnd]), task.Reflections())
}

// CountReflections counts the reflections in a think part: whole words out of
// words, in any case.
func CountReflections(think string, words []string) int {
	n, reflection := 0, regexp.MustCompile(`(?i)\b(`+strings.Join(words, "|")+`)\b`)
	for line := range strings.Lines(think) {
		last := -1 // end of the hit before
		for _, hit := range reflection.FindAllStringIndex(line, -1) {
			if last < 0 || utf8.RuneCountInString(line[last:hit[0]]) > reflectionGap {
				n++
			}
			last = hit[1]
		}
	}
	return n
}

// Quantile is the q-quantile of x, 0 <= q <= 1, with linear interpolation
// between neighbours. It panics on an empty x.
func Quantile(x []float64, q float64) float64 {
	if len(x) == 0 {
		panic("rl: Quantile of no values")
	}
	s := slices.Sorted(slices.Values(x))
	at := q * float64(len(s)-1)
	i := min(int(at), len(s)-1)
	j := min(i+1, len(s)-1)
	return s[i] + (at-float64(i))*(s[j]-s[i])
}
