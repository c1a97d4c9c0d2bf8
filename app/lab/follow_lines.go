package lab

import "attnlab/app/session"

// FollowedLine is a line of the followed problem: of its first answer, of the answer that is shown, or of both.
type FollowedLine struct {
	session.StepView
	First, Now bool
}

// FollowedLines sets the lines of an answer beside those of the first: lines of equal text are one, by the longest common
// subsequence.
func FollowedLines(first, now []session.StepView) (lines []FollowedLine) {
	n, m := len(first), len(now)
	common := make([][]int, n+1) // of first[i:] and now[j:]
	for i := range common {
		common[i] = make([]int, m+1)
	}
	for i := n - 1; i >= 0; i-- {
		for j := m - 1; j >= 0; j-- {
			common[i][j] = max(common[i+1][j], common[i][j+1])
			if first[i].Text == now[j].Text {
				common[i][j] = common[i+1][j+1] + 1
			}
		}
	}
	for i, j := 0, 0; i < n || j < m; {
		switch {
		case i < n && j < m && first[i].Text == now[j].Text && common[i][j] == common[i+1][j+1]+1:
			lines = append(lines, FollowedLine{now[j], true, true})
			i, j = i+1, j+1
		case j == m || i < n && common[i+1][j] >= common[i][j+1]:
			lines = append(lines, FollowedLine{first[i], true, false})
			i++
		default:
			lines = append(lines, FollowedLine{now[j], false, true})
			j++
		}
	}
	return lines
}
