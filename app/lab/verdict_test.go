package lab

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"attnlab/app/lab/labtest"
	"attnlab/app/session"
)

// ended is a run of a seed that began at a base and whose last steps all have the same numbers.
func ended(method string, seed uint64, think, accuracy, baseThink, baseAccuracy float64) session.KeptRun {
	r := labtest.KeptRun(fmt.Sprint(method, seed), method, seed, "shipped", map[string][]float64{"step": {1, 2}, "accuracy": {accuracy, accuracy}, "think_tokens": {think, think}})
	if !math.IsNaN(baseThink) {
		r.Base = []session.Metric{{Name: "think_tokens", Values: labtest.Values(baseThink)}, {Name: "accuracy", Values: labtest.Values(baseAccuracy)}, {Name: "problems", Values: labtest.Values(256)}}
	}
	return r
}

// The words say no more than the intervals: a change is named only where its interval excludes 0, and a single seed shows nothing.
func TestVerdictSays(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		what       string
		runs       []session.KeptRun
		want, none string
	}{
		{"a clear change", []session.KeptRun{ended("a", 1, 45, .85, 65, .65), ended("a", 2, 46, .87, 66, .66), ended("a", 3, 44, .86, 64, .64)}, "Shorter by 20.0 think tokens, 31 % (95 %: −20.0 to −20.0); more accurate by 0.210", "not shown"},
		{"a spread one", []session.KeptRun{ended("a", 1, 45, .85, 65, .85), ended("a", 2, 70, .70, 65, .85), ended("a", 3, 60, .9, 65, .85)}, "A change of length is not shown (−6.7 think tokens, 95 %: −37.9 to +24.6)", "Shorter"},
		{"one seed", []session.KeptRun{ended("a", 1, 45, .85, 65, .65)}, "One seed does not show", "95 %"},
		{"own bases only", []session.KeptRun{ended("a", 1, 45, .85, 65, .65), ended("a", 2, 46, .87, nan, nan)}, "One seed does not show", "95 %"},
		{"no base", []session.KeptRun{ended("a", 1, 45, .85, nan, nan), ended("a", 2, 46, .87, nan, nan)}, "The base is not known", "95 %"},
	} {
		all := Verdicts(Standings(c.runs))
		if len(all) != 1 {
			t.Fatalf("%s: %d groups", c.what, len(all))
		}
		if says := all[0].Says(); !strings.Contains(says, c.want) || strings.Contains(says, c.none) {
			t.Errorf("%s: %q, want %q and no %q", c.what, says, c.want, c.none)
		}
	}
}

// A difference from the base counts as shown only beyond two standard errors, and not where an error is unknown.
func TestChangeOf(t *testing.T) {
	run := func(errors bool, values ...float64) *session.Run {
		r := &session.Run{Metrics: []session.Metric{{Name: "think_tokens", Values: labtest.Values(values...)}}, Base: []session.Metric{{Name: "think_tokens", Values: labtest.Values(60)}}}
		if errors {
			r.Base = append(r.Base, session.Metric{Name: "standard_error.think_tokens", Values: labtest.Values(1)})
		}
		return r
	}
	for _, c := range []struct {
		what  string
		r     *session.Run
		shown bool
	}{
		{"far and sure", run(true, 50, 51, 49, 50, 50), true}, {"near", run(true, 59, 58, 60, 59, 59), false}, {"one step", run(true, 20), false},
		{"no error of the base", run(false, 20, 21, 20), false}, {"no step", run(true), false},
	} {
		if got := ChangeOf(c.r, "think_tokens"); got.Shown != c.shown {
			t.Errorf("%s: %+v", c.what, got)
		}
	}
	c := ChangeOf(run(true, 49, 50, 51), "think_tokens")
	if c.Difference != -10 || math.Abs(c.Error-math.Hypot(1/math.Sqrt(3), 1)) > 1e-12 || c.Steps != 3 {
		t.Errorf("the mean of 49, 50, 51 from 60 ± 1: %+v", c)
	}
}

// Buttons tick all runs, none, or those of a method; the list has an order.
func TestChooseManyRuns(t *testing.T) {
	l, _ := compareBench(t)
	l.Receive(labtest.Runs())
	l.Do("choose-runs:none")
	if len(l.ChosenRuns()) != 0 {
		t.Error("none leaves some")
	}
	l.Do("choose-runs:method:attnpo")
	if n := len(l.ChosenRuns()); n != 2 || !l.ComparesMethod("attnpo") || l.ComparesMethod("grpo") {
		t.Errorf("attnpo ticks %d runs", n)
	}
	l.Do("choose-runs:method:grpo")
	l.Do("choose-runs:method:attnpo")
	if n := len(l.ChosenRuns()); n != 1 {
		t.Errorf("%d runs are left", n)
	}
	if l.Do("choose-runs:all"); l.Compared != "" {
		t.Errorf("all is %q in the link", l.Compared)
	}
	for order, want := range map[string]string{"": "a1 a2 g1 m1", "newest": "a1 a2 g1 m1", "accuracy": "a2 a1 g1 m1", "length": "a2 a1 g1 m1"} {
		l.Set("run-order", order)
		var got []string
		for _, r := range l.SortedRuns() {
			got = append(got, r.Info.ID)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("order %q: %v, want %s", order, got, want)
		}
	}
}
