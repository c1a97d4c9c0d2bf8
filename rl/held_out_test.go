package rl

import (
	"slices"
	"testing"

	"attnlab/rl/task"
)

// A run measures itself on the same problems with the same random numbers, whatever its seed, at a fixed interval of tokens.
func TestHeldOut(t *testing.T) {
	const problems = 40
	plain := diceRun(t, "grpo", nil)
	with := plain
	with.HeldOut = HeldOutConfig{Problems: problems}
	a, b := open(t, nil, plain), open(t, nil, with)
	without, reports := steps(t, a, 4), steps(t, b, 4)
	for i, r := range reports {
		if r.HeldOut == nil || r.HeldOut.Problems != problems || (r.HeldOutBase != nil) != (i == 0) {
			t.Fatalf("step %d reports %+v and %+v", i+1, r.HeldOut, r.HeldOutBase)
		}
		r.HeldOut, r.HeldOutBase = nil, nil
		if got, want := text(t, r), text(t, without[i]); got != want {
			t.Errorf("measuring changes step %d:\n%s\nwithout:\n%s", i+1, got, want)
		}
	}
	if !slices.Equal(weights(t, a), weights(t, b)) {
		t.Error("measuring changes the weights")
	}

	other := with
	other.Seed++
	c := steps(t, open(t, nil, other), 1)[0]
	if *c.HeldOutBase != *reports[0].HeldOutBase {
		t.Errorf("the base of two seeds: %+v and %+v", c.HeldOutBase, reports[0].HeldOutBase)
	}
	if p := c.HeldOutBase.Accuracy; p == 0 || p == 1 {
		t.Errorf("the base has accuracy %g, so this shows little", p)
	}
}

// Measurements are Every tokens apart, and a resumed run has them at the same steps.
func TestHeldOutEvery(t *testing.T) {
	c := diceRun(t, "grpo", nil)
	c.HeldOut = HeldOutConfig{Problems: 10, Every: 2000}
	r := open(t, nil, c)
	whole := steps(t, r, 8)
	measured, before := 0, int64(0)
	for _, s := range whole {
		if due := before/2000 != s.Generated/2000; due != (s.HeldOut != nil) {
			t.Errorf("step %d, from %d to %d tokens: measured %v", s.Step, before, s.Generated, s.HeldOut != nil)
		}
		if s.HeldOut != nil {
			measured++
		}
		before = s.Generated
	}
	if measured == 0 || measured == len(whole) {
		t.Errorf("%d of %d steps are measured, so this shows little", measured, len(whole))
	}

	first := open(t, nil, c)
	got := steps(t, first, 3)
	kept, err := first.Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	rest := c
	rest.Hyper, rest.Seed = nil, 0
	got = append(got, steps(t, open(t, kept, rest), 5)...)
	if text(t, got) != text(t, whole) {
		t.Error("a resumed run measures otherwise than an uninterrupted one")
	}
}

// The held-out problems are never trained on.
func TestHeldOutProblemsAreForEvaluation(t *testing.T) {
	for _, p := range task.Problems(dice{}, task.EvalStream, 0, 100) {
		if task.PartOf(dice{}, p) != task.Evaluation {
			t.Fatalf("%v may be trained on", p.Prompt)
		}
	}
}
