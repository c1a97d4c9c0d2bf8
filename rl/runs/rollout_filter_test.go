package runs

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"
)

// four are two groups of two: right and short, or wrong.
func four(step int) []Rollout {
	one := func(problem string, sample int, right bool, tokens int) Rollout {
		return Rollout{Step: step, Problem: problem, Prompt: "prompt of " + problem, Sample: sample, Response: "a b c", Correct: &right, WellFormed: To(true), Tokens: tokens, Think: tokens - 5, Reward: map[bool]float64{true: 1}[right], Advantage: To(-1.0)}
	}
	return []Rollout{one("p1", 0, true, 50), one("p1", 1, false, 60), one("p2", 0, true, 50), one("p2", 1, false, 40)}
}

// run are steps of four, each changed.
func run(steps int, change func(step int, r *Rollout)) (all []Rollout) {
	for step := 1; step <= steps; step++ {
		for _, r := range four(step) {
			change(step, &r)
			all = append(all, r)
		}
	}
	return all
}

func TestRolloutFilter(t *testing.T) {
	all := run(5, func(step int, r *Rollout) {
		if step == 2 {
			r.WellFormed, r.Cut = To(false), r.Sample == 1
		}
	})
	for name, c := range map[string]struct {
		f    RolloutFilter
		want int
	}{
		"all": {RolloutFilter{}, 20}, "steps": {RolloutFilter{From: 2, To: 3}, 8}, "from": {RolloutFilter{From: 5}, 4}, "name": {RolloutFilter{Problem: "p1"}, 10}, "part": {RolloutFilter{Problem: "of p2"}, 10},
		"right": {RolloutFilter{Outcome: "right"}, 10}, "wrong": {RolloutFilter{Outcome: "wrong", Problem: "p1"}, 5}, "malformed": {RolloutFilter{Outcome: "malformed"}, 4}, "cut": {RolloutFilter{Outcome: "cut"}, 2},
		"least": {RolloutFilter{Least: To(0.5)}, 10}, "most": {RolloutFilter{Most: To(0.5), From: 4}, 4}, "none": {RolloutFilter{Problem: "p3"}, 0},
	} {
		if got := len(c.f.Of(all)); got != c.want {
			t.Errorf("%s takes %d, want %d", name, got, c.want)
		}
	}
	if err := (RolloutFilter{Outcome: "odd"}).Check(); err == nil || !strings.Contains(err.Error(), "choose one of right") {
		t.Errorf("an outcome that does not exist: %v", err)
	}
	b := Browse(all, RolloutFilter{Problem: "p1"}, 8, 5)
	if b.All != 20 || b.Matches != 10 || b.First != 8 || len(b.Rows) != 2 || b.Rows[0].Step != 5 || len(b.Steps) != 5 {
		t.Errorf("%+v", b)
	}
	if s := b.Steps[2]; s.Step != 3 || s.Rollouts != 2 || *s.Right != 0.5 || s.Reward != 0.5 || s.Tokens != 55 || *s.Advantage != 1 {
		t.Errorf("this problem at step 3: %+v", s)
	}
	if b := Browse(all, RolloutFilter{}, 99, 5); len(b.Rows) != 0 || b.First != 20 {
		t.Errorf("beyond the end: %d rows from %d", len(b.Rows), b.First)
	}
}

// Each alarm has its own cause, with figures, and needs no other.
func TestAlarms(t *testing.T) {
	late := func(change func(r *Rollout)) func(int, *Rollout) {
		return func(step int, r *Rollout) {
			if step > 8 {
				change(r)
			}
		}
	}
	phrase := "one two three four five six seven eight "
	for name, c := range map[string]struct {
		change func(int, *Rollout)
		text   string
	}{
		"":             {func(int, *Rollout) {}, ""},
		"collapsed":    {late(func(r *Rollout) { r.Reward = 1 }), "All rewards are equal in 8 of 8 groups of steps 9 to 12 (100 %)"},
		"longer":       {late(func(r *Rollout) { r.Tokens *= 2 }), "Responses have 100 tokens in steps 9 to 12 and 50 in steps 1 to 4: 2.0 times as many; 50 % of them are right, and 50 % were."},
		"repetition":   {late(func(r *Rollout) { r.Response = strings.Repeat(phrase, 3) }), "16 of 16 responses of steps 9 to 12 (100 %)"},
		"no reasoning": {late(func(r *Rollout) { r.Think = 3 }), "16 of 16 answers of steps 9 to 12 (100 %) come after fewer than 4 think tokens; in steps 1 to 4 the mean was 45."},
	} {
		all := run(12, c.change)
		alarms := Alarms(all)
		if name == "" && len(alarms) == 0 {
			continue
		}
		if len(alarms) != 1 || alarms[0].Name != name || !strings.Contains(alarms[0].Text, c.text) {
			t.Errorf("%s: %+v, want %q", name, alarms, c.text)
		}
	}
	if a := Alarms(run(1, func(_ int, r *Rollout) { r.Tokens, r.Think = 9999, 0 })); len(a) != 0 {
		t.Errorf("one step has nothing before it: %+v", a)
	}
	if a := Alarms(nil); len(a) != 0 {
		t.Errorf("no rollouts: %+v", a)
	}
	unknown := func(_ int, r *Rollout) {
		r.Tokens, r.Think, r.Correct, r.WellFormed, r.Advantage, r.Problem = 0, 0, nil, nil, nil, ""
	}
	if a := Alarms(run(12, unknown)); len(a) != 0 {
		t.Errorf("of a log that says little: %+v", a)
	}
	for text, want := range map[string]float64{"": 0, phrase: 0, strings.Repeat(phrase, 2): 1.0 / 9, strings.Repeat("no ", 20): 12.0 / 13} {
		if got := Repeated(text); got != want {
			t.Errorf("%.20q repeats %g of itself, want %g", text, got, want)
		}
	}
}

// A healthy run has no alarm: testdata/grpo-1.jsonl.gz has a tenth of the problems of the shipped run grpo-1, by
// "attnlab train --method grpo --seed 1 --budget 300000 --save-rollouts 0.1".
func TestHealthyRun(t *testing.T) {
	data, err := os.ReadFile("testdata/grpo-1.jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	all, err := ReadRollouts(map[string][]byte{RolloutsFile: data})
	if err != nil || len(all) == 0 {
		t.Fatal(err)
	}
	if a := Alarms(all); len(a) != 0 {
		t.Errorf("%+v", a)
	}
	first, newest := ends(all)
	if first[len(first)-1].Step > 10 || newest[0].Step < 20 || len(GroupsOf(all)) < 20 || slices.ContainsFunc(all, func(r Rollout) bool { return r.Tokens == 0 || r.Correct == nil }) {
		t.Errorf("%d rollouts, the first end to step %d, the newest from step %d", len(all), first[len(first)-1].Step, newest[0].Step)
	}
	if !bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		t.Error("it is no gzip")
	}
}
