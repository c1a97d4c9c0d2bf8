package rl

import (
	"slices"
	"testing"

	"attnlab/rl/hyper"
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
		if got := [3]int{CutNormal(c.p), CutWeak(c.p), CutStrong(c.p)}; got != [3]int{c.normal, c.weak, c.strong} {
			t.Errorf("%s: %v, want %v", c.name, got, [3]int{c.normal, c.weak, c.strong})
		}
	}
	// Of 30 steps the cap is step 30-1-2, of 200 it is 200-1-5.
	if a, b := CutNormal(make([]float64, 30)), CutStrong(make([]float64, 200)); a != 28 || b != 195 {
		t.Errorf("capped at %d and %d steps, want 28 and 195", a, b)
	}
	for n := range 200 { // some step is always kept, where there are two, and some dropped
		p := slices.Repeat([]float64{1}, n)
		for name, cut := range map[string]func([]float64) int{"normal": CutNormal, "weak": CutWeak, "strong": CutStrong} {
			for _, p := range [][]float64{p, make([]float64, n)} {
				if got := cut(p); got < min(1, n-1) || got > max(0, n-1) {
					t.Errorf("%s keeps %d of %d steps", name, got, n)
				}
			}
		}
	}
	if a, b, c := CutOracle([]bool{false, true, true}), CutOracle([]bool{false, false}), CutOracle(nil); a != 2 || b != 1 || c != 0 {
		t.Errorf("oracle keeps %d, %d, %d; want 2, 1, 0", a, b, c)
	}
}

func TestREAGroup(t *testing.T) {
	rule := NewREARL(hyper.Paper("rearl"))
	responses := []REASample{{true, 300, 3, 1000}, {false, 100, 5, 1000}}
	revisions := []REASample{{true, 100, 5, 1000}, {false, 40, 0, 30}}
	group, copied := rule.Group(responses, revisions)
	if !slices.Equal(copied, []bool{false, true}) || group[3] != responses[1] || group[2] != revisions[0] {
		t.Errorf("group %+v, copied %v", group, copied)
	}
	rewards := rule.Rewards(group)
	near.Want(t, "rewards", rewards, []float64{1 + 0 - .3247, 0, 1 + 1, 0}, 5e-5)
	a := rule.Credit(group, rewards)
	near.Want(t, "credit", a, GroupAdvantages(rewards, PopulationStd), 0)
	rule.Std = NoStd
	near.Want(t, "without std", rule.Credit(group, rewards), GroupAdvantages(rewards, NoStd), 0)

	wrong := []REASample{{false, 10, 0, 5}, {false, 20, 5, 5}}
	rewards = rule.Rewards(wrong)
	if rewards[0] == rewards[1] {
		t.Fatalf("rewards %v should differ by reflection", rewards)
	}
	near.Want(t, "all wrong", rule.Credit(wrong, rewards), []float64{0, 0}, 0)
}

// A task's words of reflection are found in what its teacher writes.
func TestTasksReflect(t *testing.T) {
	for _, name := range []string{"chain", "countdown"} {
		tk := mustTask(t, name)
		reflecting := 0
		for seed := range uint64(40) {
			p := tk.Problem(seed)
			trace := tk.Judge(p, tk.Demonstrate(p, seed))
			s := reaSample(tk, trace)
			lines := 0
			for _, step := range trace.Steps {
				if first := task.Text(tk, trace.Tokens[step.Start:step.Start+1]); first == "wait" || first == "back" {
					lines++
				}
			}
			if s.Reflections != lines {
				t.Errorf("%s: %d reflections counted, %d lines begin with one: %s", name, s.Reflections, lines, task.Text(tk, trace.Response()))
			}
			reflecting += s.Reflections
		}
		if reflecting == 0 {
			t.Errorf("%s: nobody reflects", name)
		}
	}
}

// The code's reflection reward is the paper's plus one, and its length reward
// the paper's less one half: credit is the same.
func TestREAFormsGiveOneCredit(t *testing.T) {
	paper := NewREARL(hyper.Paper("rearl"))
	code := paper
	code.CodeForm = true
	group := []REASample{{true, 30, 1, 900}, {true, 80, 0, 60}, {false, 50, 3, 40}, {true, 55, 2, 300}}
	near.Want(t, "code", code.Credit(group, code.Rewards(group)), paper.Credit(group, paper.Rewards(group)), 1e-12)
}

// REA-RL without revisions and extra rewards is GRPO.
func TestREAOffIsGRPO(t *testing.T) {
	rule := NewREARL(hyper.Paper("rearl"))
	rule.Length, rule.Reflection = 0, 0
	grpo := NewGRPO(hyper.Paper("grpo"))
	samples := []REASample{{true, 30, 1, 20}, {false, 50, 0, 40}, {false, 10, 0, 5}}
	group, _ := rule.Group(samples, nil)
	near.Want(t, "credit", rule.Credit(group, rule.Rewards(group)), grpo.Credit(grpo.Rewards([]bool{true, false, false}, []int{30, 50, 10})), 0)
	if rule.Loss.ClipHigh != grpo.Loss.ClipHigh || rule.Loss.Aggregation != grpo.Loss.Aggregation || rule.Loss.KL != grpo.Loss.KL {
		t.Errorf("losses %+v and %+v", rule.Loss, grpo.Loss)
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
