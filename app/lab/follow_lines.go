package lab

import (
	"attnlab/app/session"
	"attnlab/rl/task"
)

// FollowedLine is a line of the followed problem: of its first answer, of the answer that is shown, or of both.
type FollowedLine struct {
	session.StepView
	First, Now bool
}

// FollowedLines sets the lines of an answer beside those of the first, as [task.Align] pairs them. Lines of equal text are one; of a
// pair that differs the first answer's line comes before the other.
func FollowedLines(first, now []session.StepView) (lines []FollowedLine) {
	for _, pair := range task.Align(texts(first), texts(now)) {
		i, j := pair[0], pair[1]
		if i >= 0 && j >= 0 && first[i].Text == now[j].Text {
			lines = append(lines, FollowedLine{now[j], true, true})
			continue
		}
		if i >= 0 {
			lines = append(lines, FollowedLine{first[i], true, false})
		}
		if j >= 0 {
			lines = append(lines, FollowedLine{now[j], false, true})
		}
	}
	return lines
}

func texts(steps []session.StepView) (all []string) {
	for _, s := range steps {
		all = append(all, s.Text)
	}
	return all
}
