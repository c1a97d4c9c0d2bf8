package task

import (
	"slices"
	"strings"
)

// Align pairs the lines of two responses to one problem by the least edits: a[i] and b[j] stand side by side where the result has
// (i, j), and a line that the other response does not have stands alone, beside -1. Two lines cost the share of their words that
// they do not have in common, a line alone costs .6, so lines of which two fifths are common still pair.
func Align(a, b []string) [][2]int {
	const alone = 0.6
	cost := make([][]float64, len(a)+1) // of the first i lines of a and the first j of b
	for i := range cost {
		cost[i] = make([]float64, len(b)+1)
		for j := range cost[i] {
			switch {
			case i == 0:
				cost[i][j] = alone * float64(j)
			case j == 0:
				cost[i][j] = alone * float64(i)
			default:
				cost[i][j] = min(cost[i-1][j-1]+unlike(a[i-1], b[j-1]), cost[i-1][j]+alone, cost[i][j-1]+alone)
			}
		}
	}
	var back [][2]int
	for i, j := len(a), len(b); i > 0 || j > 0; {
		switch {
		case i > 0 && j > 0 && cost[i][j] == cost[i-1][j-1]+unlike(a[i-1], b[j-1]):
			i, j = i-1, j-1
			back = append(back, [2]int{i, j})
		case j == 0 || i > 0 && cost[i][j] == cost[i-1][j]+alone:
			i--
			back = append(back, [2]int{i, -1})
		default:
			j--
			back = append(back, [2]int{-1, j})
		}
	}
	slices.Reverse(back)
	return back
}

// unlike is the share of the words of two lines that they do not have in common, 0 for equal ones, and 2 where nothing is: such lines
// never pair.
func unlike(a, b string) float64 {
	left, n, common := map[string]int{}, 0, 0
	for _, w := range strings.Fields(a) {
		left[w]++
		n++
	}
	for _, w := range strings.Fields(b) {
		if n++; left[w] > 0 {
			left[w]--
			common++
		}
	}
	switch {
	case a == b:
		return 0
	case common == 0:
		return 2
	}
	return 1 - 2*float64(common)/float64(n)
}
