package rl

import (
	"math"
	"slices"
	"testing"

	"attnlab/rl/rltest/near"
	"attnlab/rl/task"
)

// The quantiles of a step are those of the responses that it was trained on.
func TestQuantilesAreOfTheStep(t *testing.T) {
	r := open(t, nil, diceRun(t, "tlmre", nil)) // whose rewards are not 0 and 1 alone
	report := steps(t, r, 1)[0]
	var rewards, lengths, advantages []float64
	for _, g := range r.last {
		for _, s := range g.Samples {
			rewards, lengths = append(rewards, s.Reward), append(lengths, float64(len(s.Response())))
			if g.valid() {
				advantages = append(advantages, s.Advantage...)
			}
		}
	}
	for _, c := range []struct {
		what string
		got  *deciles
		of   []float64
	}{{"reward", report.Quantiles.Reward, rewards}, {"response_length", report.Quantiles.ResponseLength, lengths}, {"advantage", report.Quantiles.Advantage, advantages}} {
		if c.got == nil || len(c.of) < 10 {
			t.Fatalf("%s of %d values: %v", c.what, len(c.of), c.got)
		}
		x := slices.Sorted(slices.Values(c.of))
		for q, got := range map[float64]float64{0.1: c.got.P10, 0.5: c.got.P50, 0.9: c.got.P90} {
			at := q * float64(len(x)-1)
			low, high := x[int(at)], x[int(math.Ceil(at))]
			if want := low + (at-math.Floor(at))*(high-low); math.Abs(got-want) > 1e-12 {
				t.Errorf("%s: the %g-quantile is %g, want %g", c.what, q, got, want)
			}
		}
		if !(c.got.P10 < c.got.P90) {
			t.Errorf("%s: all values are equal, so this shows little", c.what)
		}
	}
}

// Supervised steps have no rewards and no advantages: their quantiles are left out, and so are those of numbers that JSON has not.
func TestQuantilesOfNothing(t *testing.T) {
	q := steps(t, open(t, nil, diceRun(t, "sft", nil)), 1)[0].Quantiles
	if q.Reward != nil || q.Advantage != nil || q.ResponseLength == nil {
		t.Errorf("sft reports %s", text(t, q))
	}
	for _, x := range [][]float64{nil, {1, math.NaN()}, {1, math.Inf(1)}} {
		if got := decilesOf(x); got != nil {
			t.Errorf("the quantiles of %v are %+v", x, got)
		}
	}
}

// The parts of the reward sum to it; how many responses were cut off, how long the others are and how far advantages spread follow from
// the responses.
func TestPartsOfTheReward(t *testing.T) {
	for _, method := range []string{"grpo", "tlmre", "dapo", "rearl"} {
		r := open(t, nil, diceRun(t, method, nil))
		report := steps(t, r, 1)[0]
		var right, responses, finished, tokens, reward, credited float64
		var advantages []float64
		for _, g := range r.last {
			for _, s := range g.Samples {
				if reward, credited = reward+s.Reward, credited+1; s.Correct {
					right++
				}
				if s.Kind == "" {
					if responses++; s.Tokens[len(s.Tokens)-1] == task.Eos {
						finished, tokens = finished+1, tokens+float64(len(s.Response()))
					}
				}
				if g.valid() {
					advantages = append(advantages, s.Advantage...)
				}
			}
		}
		p := report.RewardParts
		near.Want(t, method+", reward", []float64{p.Accuracy + p.Other, p.Accuracy}, []float64{reward / credited, right / credited}, 1e-12)
		if method == "rearl" {
			near.Want(t, "other parts", []float64{*p.Length + *p.Reflection}, []float64{p.Other}, 1e-12)
		}
		if (method == "rearl") != (p.Length != nil) || (method == "grpo") != (p.Other == 0) {
			t.Errorf("%s: %s", method, text(t, p))
		}
		if method != "dapo" { // which draws groups that it drops
			near.Want(t, method, []float64{*report.CutOff, *report.FinishedTokens}, []float64{1 - finished/responses, tokens / finished}, 1e-12)
		}
		if *report.CutOff == 0 || *report.CutOff == 1 {
			t.Errorf("%s: the share cut off is %g, so this shows little", method, *report.CutOff)
		}
		mean, squares := 0.0, 0.0
		for _, a := range advantages {
			mean += a / float64(len(advantages))
		}
		for _, a := range advantages {
			squares += (a - mean) * (a - mean)
		}
		near.Want(t, method+", advantages", []float64{*report.AdvantageSpread}, []float64{math.Sqrt(squares / float64(len(advantages)))}, 1e-12)
	}
	if r := steps(t, open(t, nil, diceRun(t, "sft", nil)), 1)[0]; r.RewardParts != nil || r.AdvantageSpread != nil || r.CutOff == nil {
		t.Errorf("sft reports %s", text(t, r))
	}
}

// Valid sequences are the responses that a step trained on: of trees the leaves, for each 10,000 tokens that it generated.
func TestValidSequences(t *testing.T) {
	for _, method := range []string{"grpo", "attnrl", "rearl", "deepgrpo", "sft"} {
		r := open(t, nil, diceRun(t, method, nil))
		generated := int64(0)
		for _, report := range steps(t, r, 2) {
			if method != "sft" && (report.ValidSequences == 0 || *report.ValidRate != 1e4*float64(report.ValidSequences)/float64(report.Generated-generated)) {
				t.Errorf("%s: %s", method, text(t, report))
			}
			if method == "attnrl" && report.ValidSequences != report.Leaves {
				t.Errorf("%d valid sequences, %d leaves", report.ValidSequences, report.Leaves)
			}
			generated = report.Generated
		}
		count := 0
		for _, g := range r.last {
			for _, s := range g.Samples {
				if g.valid() && s.Advantage != nil {
					count++
				}
			}
		}
		if got := steps(t, open(t, nil, diceRun(t, method, nil)), 2)[1].ValidSequences; got != count {
			t.Errorf("%s: %d valid sequences, %d have an advantage", method, got, count)
		}
	}
}

// Compute counts every token that an update packs: of a tree a prefix as often as it is continued, of a group without advantage nothing.
func TestTrainingCompute(t *testing.T) {
	for _, method := range []string{"grpo", "attnrl", "deepgrpo", "sft"} {
		r := open(t, nil, diceRun(t, method, nil))
		want := 0.0
		for _, report := range steps(t, r, 2) {
			if report.Compute == nil || *report.Compute <= want {
				t.Fatalf("%s: %s", method, text(t, report))
			}
			want = *report.Compute
		}
		if method == "sft" { // it packs demonstrations, not responses
			continue
		}
		before := *steps(t, open(t, nil, diceRun(t, method, nil)), 1)[0].Compute
		for _, g := range r.last {
			for _, s := range g.Samples {
				if g.valid() && s.Advantage != nil {
					before += 3 * diceShape.Operations(len(s.Tokens)) / 1e9
				}
			}
		}
		near.Want(t, method, []float64{want}, []float64{before}, 1e-12)
	}
}

// The cosine of two halves is measured on demand, and measuring it changes nothing else. Problems that are all the same, answered alike, would
// have 1: here it is within its bounds, and none where one problem is trained on.
func TestGradientCosine(t *testing.T) {
	for _, method := range []string{"grpo", "attnrl", "deepgrpo"} {
		c := diceRun(t, method, map[string]string{"minibatches": "2"})
		plain := open(t, nil, c)
		c.GradientCosine = true
		measured := open(t, nil, c)
		want, got := steps(t, plain, 3), steps(t, measured, 3)
		seen := 0
		for i := range got {
			if x := got[i].GradientCosine; x != nil && math.Abs(*x) <= 1 && *x != 0 {
				seen++
			}
			if want[i].GradientCosine != nil {
				t.Errorf("%s: measured without being asked", method)
			}
			got[i].GradientCosine = nil
		}
		if seen == 0 || text(t, got) != text(t, want) || !slices.Equal(weights(t, measured), weights(t, plain)) {
			t.Errorf("%s: %d cosines; with it the run is %s\nwithout %s", method, seen, text(t, got), text(t, want))
		}
	}
	r := open(t, nil, diceRun(t, "grpo", nil))
	steps(t, r, 1)
	g := mixed(r.last)[0]
	for _, groups := range [][]Group{{g}, {g, g}} {
		var samples []Sample
		var reference [][]float32
		var weights []float64
		for _, g := range groups {
			for _, s := range g.Samples {
				samples, reference, weights = append(samples, s), append(reference, s.Old), append(weights, 0.1)
			}
		}
		r.tally = &tally{}
		if err := r.measureCosine(groups, samples, reference, weights); err != nil {
			t.Fatal(err)
		}
		if x := r.tally.GradientCosine; (x == nil) != (len(groups) == 1) || x != nil && math.Abs(*x-1) > 1e-6 {
			t.Errorf("%d groups that are alike: %v", len(groups), x)
		}
	}
}
