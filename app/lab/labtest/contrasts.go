package labtest

import (
	"math"

	"attnlab/app/session"
	"attnlab/rl/runs"
	"attnlab/rl/stat"
)

// Contrasts are of the accuracy of [Runs]: one with all its numbers, and one of a single pair without an interval.
func Contrasts() session.Contrasts {
	none := stat.Number(math.NaN())
	return session.Contrasts{Number: 3, Asked: session.ContrastRuns{IDs: []string{}, Row: "a1", Outcome: "accuracy", Within: 0.02}, Of: []string{"a1", "a2", "g1", "m1"}, Task: "chain", Rows: []runs.Contrast{
		{First: "here", Second: "there", Outcome: "accuracy", Seeds: []runs.Seed{1, 2, 3}, Estimate: 0.0625, Low: -0.25, High: 0.375, N: 3, Pairs: "seeds", Test: "t", P: 0.5, Holm: 0.75,
			Nested: &runs.NestedResult{Low: -0.5, High: 0.5}, Within: 0.02, Verdict: stat.NotShown},
		{First: "here", Second: "elsewhere", Outcome: "accuracy", Seeds: []runs.Seed{1}, Estimate: 0.5, Low: none, High: none, N: 1, Pairs: "seeds", Test: "t", P: none, Holm: none, Within: 0.02, Verdict: stat.NotShown},
	}, LeftOut: []string{"m1 is not finished"}, Notes: []string{}}
}
