package explain

import (
	"fmt"
	"math"

	"attnlab/app/session"
)

// fewPairs is the number of pairs below which a cut shows nothing.
const fewPairs = 8

// CutVerdict says what the cut of one step shows, once all its continuations have ended; empty before that. label is that of the
// step.
func CutVerdict(d session.Disruption, label string) string {
	if len(d.Groups) == 0 || d.Groups[0].N < len(d.Pairs) {
		return ""
	}
	g := d.Groups[0]
	step, n := StepName(d.Step), g.N
	right, left := int(math.Round(g.Control*float64(n))), int(math.Round(g.Disrupted*float64(n)))
	numbers := fmt.Sprintf("Without step %s, %d of %d continuations are right; with it, %d. ", step, left, n, right)
	switch {
	case n < fewPairs:
		return numbers + "So few show nothing: cut with more samples."
	case g.Loss > 0 && g.Loss >= 2*g.LossSE:
		return numbers + fmt.Sprintf("The loss, %s%s, is more than chance: the step mattered.", Format(g.Loss), PlusMinus(g.LossSE))
	case g.Loss < 0 && -g.Loss >= 2*g.LossSE:
		return numbers + fmt.Sprintf("The gain, %s%s, is more than chance: the step misled the model.", Format(-g.Loss), PlusMinus(g.LossSE))
	case label == "redundant":
		return numbers + fmt.Sprintf("The change, %s%s, is within chance: no sign that the model needs this step, whatever attention it gets.", WithSign(-g.Loss), PlusMinus(g.LossSE))
	}
	return numbers + fmt.Sprintf("The change, %s%s, is within chance: the model finds the value elsewhere, or %d samples are too few to tell.", WithSign(-g.Loss), PlusMinus(g.LossSE), n)
}
