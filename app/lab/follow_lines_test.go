package lab

import (
	"strings"
	"testing"

	"attnlab/app/session"
)

func lines(text string) (steps []session.StepView) {
	for _, t := range strings.Fields(text) {
		steps = append(steps, session.StepView{Text: t, Label: "essential"})
	}
	return steps
}

// Lines of both answers are one line; those of the first alone are gone, those of the other are new. Read without the gone ones the
// lines are the answer, without the new ones the first.
func TestFollowedLines(t *testing.T) {
	for _, c := range [][3]string{
		{"a b c", "a c", "a -b c"}, {"a b c", "a b c", "a b c"}, {"a", "b", "-a +b"}, {"", "a", "+a"}, {"a a b a", "a b", "-a a b -a"}, {"a b", "", "-a -b"}, {"a c", "a b c d", "a +b c +d"},
	} {
		var got, first, now []string
		for _, l := range FollowedLines(lines(c[0]), lines(c[1])) {
			sign := ""
			if l.First {
				first = append(first, l.Text)
			} else {
				sign = "+"
			}
			if l.Now {
				now = append(now, l.Text)
			} else {
				sign = "-"
			}
			got = append(got, sign+l.Text)
		}
		kept := func(s string) int { return strings.Count(s, "-") + strings.Count(s, "+") }
		if strings.Join(first, " ") != c[0] || strings.Join(now, " ") != c[1] || kept(strings.Join(got, " ")) != kept(c[2]) {
			t.Errorf("%q to %q: %v, want as %q", c[0], c[1], got, c[2])
		}
	}
}
