package explain

import (
	"fmt"

	"attnlab/app/session"
)

// explainPass opens how likely one of k responses is right.
func explainPass(v *session.Samples, k int) (Explanation, bool) {
	for _, p := range v.Pass {
		if p.K != k {
			continue
		}
		n, right := len(v.Responses), v.RightOnes()
		e := Explanation{Title: fmt.Sprintf("pass@%d", k), Value: fmt.Sprintf("%s, 95 %% interval %s to %s, %s", Format(p.Value), Format(p.Low), Format(p.High), N(n)),
			Formula: "pass@k = 1 − C(n − c, k) / C(n, k)", Source: "Chen et al. 2021, arXiv 2107.03374",
			Terms: []Term{{Name: "n, responses", Value: fmt.Sprint(n)}, {Name: "c, right ones", Value: fmt.Sprint(right)}, {Name: "k", Value: fmt.Sprint(k)}},
			Note:  "How likely at least one of k responses is right. The estimate has no bias: it is the share of all choices of k of the n responses that hold a right one. The interval comes from Wilson's of c/n; it holds for this problem, not for the task."}
		return e, true
	}
	return Explanation{}, false
}
