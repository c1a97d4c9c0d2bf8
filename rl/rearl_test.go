package rl

import (
	"slices"
	"testing"

	"attnlab/rl/rltest/near"
	"attnlab/rl/task"
)

func TestCuts(t *testing.T) {
	// n = 10: the second half starts at step 5, the cap is step 8; a cut at step
	// i keeps i+1 steps.
	for _, c := range []struct {
		name                 string
		p                    []float64
		normal, weak, strong int
	}{
		{"no result", []float64{0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 9, 9, 9},
		{"in the second half", []float64{0, 0, 0, 0, 0, 0, .9, 0, 0, 0}, 7, 9, 7},
		{"in the first half only", []float64{0, 0, .6, 0, 0, 0, 0, 0, 0, 0}, 9, 9, 3},
		{"two runs", []float64{0, 0, 0, 0, 0, .5, .9, 0, .9, 0}, 6, 9, 6},
		{"a likely step before the result", []float64{0, .25, .4, .3, 0, .5, 0, .7, 0, 0}, 6, 8, 3},
		{"capped", []float64{0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 9, 9, 9},
	} {
		if got := [3]int{cutNormal(c.p), cutWeak(c.p), cutStrong(c.p)}; got != [3]int{c.normal, c.weak, c.strong} {
			t.Errorf("%s: %v, want %v", c.name, got, [3]int{c.normal, c.weak, c.strong})
		}
	}
	// Of 30 steps the cap is step 30-1-2, of 200 it is 200-1-5.
	if a, b := cutNormal(make([]float64, 30)), cutStrong(make([]float64, 200)); a != 28 || b != 195 {
		t.Errorf("capped at %d and %d steps, want 28 and 195", a, b)
	}
	for n := range 200 { // some step is always kept, where there are two, and some dropped
		p := slices.Repeat([]float64{1}, n)
		for name, cut := range map[string]func([]float64) int{"normal": cutNormal, "weak": cutWeak, "strong": cutStrong} {
			for _, p := range [][]float64{p, make([]float64, n)} {
				if got := cut(p); got < min(1, n-1) || got > max(0, n-1) {
					t.Errorf("%s keeps %d of %d steps", name, got, n)
				}
			}
		}
	}
	if a, b, c := cutOracle([]bool{false, true, true}), cutOracle([]bool{false, false}), cutOracle(nil); a != 2 || b != 1 || c != 0 {
		t.Errorf("oracle keeps %d, %d, %d; want 2, 1, 0", a, b, c)
	}
}

// rea is what REA-RL's rewards need of a response.
type rea struct {
	correct                    bool
	length, reflections, think int
}

// reaGroup is the responses followed by their revisions.
func reaGroup(responses, revisions []rea) (g Group) {
	for i, r := range slices.Concat(responses, revisions) {
		s := Sample{Reflections: r.reflections, Trace: task.Trace{Tokens: make([]int, r.length), ThinkEnd: r.think, Correct: r.correct}}
		if i >= len(responses) {
			s.Kind = "revision"
		}
		g.Samples = append(g.Samples, s)
	}
	return g
}

func newPaperREARL(t *testing.T, change map[string]string) *rearl {
	t.Helper()
	trainer, err := REARL.New(paper(t, "rearl", change), Setup{})
	if err != nil {
		t.Fatal(err)
	}
	return trainer.(*rearl)
}

// creditREA is rewards and advantages of one group.
func creditREA(t *testing.T, c *rearl, g Group) (rewards, advantages []float64, after Group) {
	t.Helper()
	groups := []Group{g}
	if err := c.Credit(1, groups); err != nil {
		t.Fatal(err)
	}
	for _, s := range groups[0].Samples {
		rewards, advantages = append(rewards, s.Reward), append(advantages, s.Inputs.Advantage)
	}
	return rewards, advantages, groups[0]
}

func TestREAGroup(t *testing.T) {
	group := func() Group {
		return reaGroup([]rea{{true, 300, 3, 1000}, {false, 100, 5, 1000}}, []rea{{true, 100, 5, 1000}, {false, 40, 0, 30}})
	}
	rewards, a, after := creditREA(t, newPaperREARL(t, nil), group())
	if copied := after.Samples[3]; len(copied.Tokens) != 100 || copied.Kind != "revision" || !copied.Inputs.Own.(reaInputs).copied || after.Samples[2].Inputs.Own.(reaInputs).copied {
		t.Errorf("the wrong revision became %+v", copied)
	}
	near.Want(t, "rewards", rewards, []float64{1 + 0 - .3247, 0, 1 + 1, 0}, 5e-5)
	near.Want(t, "credit", a, groupScale{sampleStd, 1e-4}.advantages(rewards), 0)
	_, a, _ = creditREA(t, newPaperREARL(t, map[string]string{"std": "off"}), group())
	near.Want(t, "without std", a, scaled(noStd)(rewards), 0)

	wrong := reaGroup([]rea{{false, 10, 0, 5}, {false, 20, 5, 5}}, nil)
	rewards, a, _ = creditREA(t, newPaperREARL(t, nil), wrong)
	if rewards[0] == rewards[1] {
		t.Fatalf("rewards %v should differ by reflection", rewards)
	}
	near.Want(t, "all wrong", a, []float64{0, 0}, 0)
}

// Fault A10: the code divides by the sample's standard deviation plus 1e-4. Rewards 1, 1, 0, 0 have .57735 there.
func TestREADividesBySampleStd(t *testing.T) {
	c := newPaperREARL(t, map[string]string{"length-weight": "0", "reflection-weight": "0"})
	_, a, _ := creditREA(t, c, reaGroup([]rea{{true, 9, 0, 5}, {true, 9, 0, 5}, {false, 9, 0, 5}, {false, 9, 0, 5}}, nil))
	want := .5 / (.5773502691896258 + 1e-4)
	near.Want(t, "advantages", a, []float64{want, want, -want, -want}, 1e-12)
}

// A task's words of reflection are found in what its teacher writes.
func TestTasksReflect(t *testing.T) {
	for _, name := range []string{"chain", "countdown"} {
		tk := mustTask(t, name)
		reflecting := 0
		for seed := range uint64(40) {
			p := tk.Problem(seed)
			trace := tk.Judge(p, tk.Demonstrate(p, seed))
			reflections := task.Reflections(tk, trace)
			lines := 0
			for _, step := range trace.Steps {
				if first := task.Text(tk, trace.Tokens[step.Start:step.Start+1]); first == "wait" || first == "back" {
					lines++
				}
			}
			if reflections != lines {
				t.Errorf("%s: %d reflections counted, %d lines begin with one: %s", name, reflections, lines, task.Text(tk, trace.Response()))
			}
			reflecting += reflections
		}
		if reflecting == 0 {
			t.Errorf("%s: no response reflects", name)
		}
	}
}

// The code's reflection reward is the paper's plus one, and its length reward the paper's less one half: credit is the same.
func TestREAFormsGiveOneCredit(t *testing.T) {
	group := func() Group {
		return reaGroup([]rea{{true, 30, 1, 900}, {true, 80, 0, 60}, {false, 50, 3, 40}, {true, 55, 2, 300}}, nil)
	}
	_, paper, _ := creditREA(t, newPaperREARL(t, nil), group())
	_, code, _ := creditREA(t, newPaperREARL(t, map[string]string{"reward-form": "code"}), group())
	near.Want(t, "code", code, paper, 1e-12)
}

// REA-RL without revisions and extra rewards is GRPO.
func TestREAOffIsGRPO(t *testing.T) {
	same := map[string]string{"std": "sample", "std-epsilon": "0.0001", "aggregation": "token", "max-length": "8000"}
	g := paper(t, "grpo", same)
	same["length-weight"], same["reflection-weight"], same["revise"] = "0", "0", "off"
	c := newPaperREARL(t, same)
	_, a, _ := creditREA(t, c, reaGroup([]rea{{true, 30, 1, 20}, {false, 50, 0, 40}, {false, 10, 0, 5}}, nil))
	near.Want(t, "credit", a, newGRPO(g).scale.advantages([]float64{1, 0, 0}), 0)
	if rea := newLoss(paper(t, "rearl", nil)); rea != newLoss(g) {
		t.Errorf("losses %+v and %+v", rea, newLoss(g))
	}
}

func mustTask(t *testing.T, name string) task.Task {
	t.Helper()
	task, err := task.New(name, "", "")
	if err != nil {
		t.Fatal(err)
	}
	return task
}
