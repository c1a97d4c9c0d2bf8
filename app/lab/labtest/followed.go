package labtest

import (
	"fmt"

	"attnlab/app/session"
)

// Followed are three answers of a run: K lines, then without every third line, then without every second. The changes follow from a
// formula.
func Followed(K int) session.Followed {
	f := session.Followed{Number: 4, ID: "r", Problem: "<bos> a 9 ; ? a <think>", Gold: "9", Answers: []session.FollowedAnswer{}}
	if K == 0 {
		return f
	}
	labels := []string{"essential", "redundant", "wrong"}
	for n := range 3 {
		a := session.FollowedAnswer{Step: 10 * n, Correct: n != 1}
		for k := range K {
			if n > 0 && k%(4-n) == 1 {
				continue
			}
			start := len(a.Text)
			a.Text = append(a.Text, fmt.Sprint("k", k), "=", fmt.Sprint(k%10), "\n")
			a.Steps = append(a.Steps, session.StepView{Start: start, End: len(a.Text), Label: labels[k%3]})
		}
		a.Text = append(a.Text, "</think>", "#", "9", "<eos>")
		for i := range a.Text {
			a.Change = append(a.Change, float64(n)*float64(i%5-2)/2)
		}
		f.Answers = append(f.Answers, a)
	}
	for n := range f.Answers {
		for i := range f.Answers[0].Text {
			f.Answers[n].OnFirst = append(f.Answers[n].OnFirst, -float64(n)*float64(i%3))
		}
	}
	f.Answers[1].Change = nil // not known yet
	return f
}
