package rl

import (
	"slices"
	"testing"

	"attnlab/rl/hyper"
	"attnlab/rl/rltest/near"
	"attnlab/rl/stat"
)

// Two responses of three and one steps; V(s_0) is what the other has.
func TestVineCredit(t *testing.T) {
	in, err := ReadGroup(vinePPO, []byte(`{"responses":[
		{"length":9,"correct":true,"answer_tokens":2,"step_ranges":[[1,3],[3,4],[4,6]],"token_scores":[9,9,9,0.25,0.75,0.75,0.5,0.5,0.5]},
		{"length":3,"correct":false,"answer_tokens":0,"step_ranges":[[0,3]],"token_scores":[9,9,9]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	out, err := CreditGroup(vinePPO, in, nil)
	if err != nil {
		t.Fatal(err)
	}
	// V: 0 before the first token, .25 before step 1, .75 before step 2, .5 after it, then r = 1.
	near.Want(t, "right", out.TokenAdvantages[0], []float64{.25, .25, .25, .5, -.25, -.25, .5, .5, .5}, 1e-15)
	near.Want(t, "wrong", out.TokenAdvantages[1], []float64{-1, -1, -1}, 1e-15)
	if out, err = CreditGroup(vinePPO, in, hyper.Values{"continuations": hyper.Number(0)}); err != nil {
		t.Fatal(err)
	}
	near.Want(t, "one step", out.TokenAdvantages[0], slices.Repeat([]float64{1}, 9), 0)
}

// Without continuations it is TLMRE without its length term, bit for bit.
func TestVineOffIsLeaveOneOut(t *testing.T) {
	trained := func(method string, change map[string]string) []float32 {
		r := open(t, nil, diceRun(t, method, change))
		steps(t, r, 3)
		return weights(t, r)
	}
	want := trained("tlmre", map[string]string{"alpha": "0", "aggregation": "sequence"})
	if !slices.Equal(trained("vineppo", map[string]string{"continuations": "0"}), want) {
		t.Error("VinePPO without continuations trains otherwise than leave-one-out")
	}
	if slices.Equal(trained("vineppo", nil), want) {
		t.Error("continuations do nothing")
	}
}

// The values are the shares of right ones among as many continuations, sampled again by another policy; each counts as generated, and with
// its prefix as charged; the credit of a response's steps adds up to that of its outcome.
func TestVineValues(t *testing.T) {
	r, other := open(t, nil, diceRun(t, "vineppo", nil)), open(t, nil, diceRun(t, "grpo", nil))
	report := steps(t, r, 1)[0]
	fresh, err := other.sampleGroups(t.Context(), 4, 8)
	if err != nil {
		t.Fatal(err)
	}
	var from []pendingBranch
	for _, g := range mixed(fresh) {
		for _, s := range g.Samples {
			for _, at := range stepStarts(s)[1:] {
				for range 3 {
					from = append(from, pendingBranch{problem: g.Problem, response: s.Response()[:at], old: s.Old[:at]})
				}
			}
		}
	}
	again, err := other.generate(t.Context(), from)
	if err != nil || len(from) == 0 {
		t.Fatalf("%d continuations, %v", len(from), err)
	}
	if report.Generated != other.Generated || report.Charged != other.Charged || report.Charged <= report.Generated || report.Calls != 2 {
		t.Errorf("%d tokens generated, %d charged in %d calls; want %d and %d", report.Generated, report.Charged, report.Calls, other.Generated, other.Charged)
	}
	for _, g := range mixed(r.last) {
		for _, s := range g.Samples {
			starts := stepStarts(s)
			for k, at := range starts[1:] {
				right := 0.0
				for _, c := range again[:3] {
					right += stat.Indicator(c.Correct)
				}
				again = again[3:]
				end := len(s.Response())
				if k+2 < len(starts) {
					end = starts[k+2]
				}
				near.Want(t, "V", s.TokenScores[at:end], slices.Repeat([]float64{right / 3}, end-at), 1e-15)
			}
			sum := 0.0
			for _, at := range starts {
				sum += s.Advantage[at]
			}
			near.Want(t, "sum over steps", []float64{sum}, []float64{s.Inputs.Advantage}, 1e-12)
		}
	}
	if len(again) != 0 {
		t.Errorf("%d continuations more than were valued", len(again))
	}
}
