package labtest

import (
	"fmt"

	"attnlab/app/session"
	"attnlab/rl/stat"
)

// Samples are n responses to one problem: every third is wrong, and they get longer and shorter again.
func Samples(n int) session.Samples {
	labels := []string{"essential", "redundant", "correcting", "wrong", "essential"}
	v := session.Samples{Number: 11, Of: n + 1, Sampling: session.Sampling{Temperature: 1, Seed: 3}, Judged: true, Method: Methods().Methods[0].Name, Responses: []session.Response{}, Pass: []session.PassPoint{}}
	for i := range n {
		r := session.Response{Text: fmt.Sprintf("b &k 8\nso b %d\n</think> # %d <eos>", i%7, i%7), Tokens: 20 + 5*(i%5), Answer: fmt.Sprint(i % 7), Right: i%3 != 2, WellFormed: true}
		for k := range 2 + i%4 {
			r.Steps = append(r.Steps, session.ResponseStep{Label: labels[(i+k)%len(labels)], Start: 4 * k, End: 4*k + 4})
		}
		r.Think = r.Steps[len(r.Steps)-1].End
		reward := 0.0
		if r.Right {
			reward = 1 - float64(i%5)/20
		}
		r.Reward = &reward
		v.Responses = append(v.Responses, r)
	}
	if n > 1 {
		v.Pass = []session.PassPoint{{K: 1, Value: 0.6, Interval: stat.Interval{Low: 0.4, High: 0.8}}, {K: 2, Value: 0.9, Interval: stat.Interval{Low: 0.6, High: 0.98}}}
		v.Split = &session.Split{Token: 3, Step: 0, Options: []session.SplitOption{{Text: "b &k 8", N: n - 1, Right: 2}, {Text: "", N: 1, First: n - 1}}}
	}
	return v
}
