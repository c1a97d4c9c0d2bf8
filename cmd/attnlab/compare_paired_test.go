package main

import (
	"encoding/json"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"attnlab/rl/runs"
	"attnlab/rl/stat"
)

// seeded writes runs of a method, one for each accuracy, whose redundant steps are ten times as many; correct are the outcomes of their
// problems, none of an older version.
func seeded(t *testing.T, root, method string, hyper map[string]string, accuracies []float64, correct ...string) (dirs []string) {
	t.Helper()
	for i, accuracy := range accuracies {
		dir := filepath.Join(root, method+hyper["kl"]+string(rune('1'+i)))
		writeRun(t, dir, runs.Settings{Method: method, Seed: runs.Seed(i + 1), Model: "base", Hyper: hyper}, accuracy, 20, 10*accuracy, func(_ *runs.Settings, r *runs.Result) {
			if i >= len(correct) {
				return
			}
			var e map[string]any
			if err := json.Unmarshal(r.Evaluation, &e); err != nil {
				t.Fatal(err)
			}
			words := strings.Fields(correct[i])
			e["problems"] = len(words)
			e["each"] = map[string]string{"correct": correct[i], "think_tokens": strings.TrimSpace(strings.Repeat("20 ", len(words))),
				"redundant_steps": strings.ReplaceAll(correct[i], "1", "10")}
			r.Evaluation = []byte(mustJSON(t, e))
		})
		dirs = append(dirs, dir)
	}
	return dirs
}

func TestComparePaired(t *testing.T) {
	root := t.TempDir()
	none := map[string]string{}
	dirs := seeded(t, root, "grpo", none, []float64{0.66, 0.66, 0.68})
	dirs = append(dirs, seeded(t, root, "grpo", map[string]string{"kl": "0.1"}, []float64{0.70, 0.72, 0.71})...)
	dirs = append(dirs, seeded(t, root, "tlmre", none, []float64{0.66, 0.67, 0.67, 0.9})...) // the fourth seed has no pair

	var d runs.Comparison
	document(t, &d, "", append([]string{"compare", "--paired", "grpo kl=0.1", "--outcome", "accuracy"}, dirs...)...)
	if len(d.Paired) != 2 || d.Paired[0].Second != "grpo" || d.Paired[1].Second != "tlmre" {
		t.Fatalf("contrasts %+v", d.Paired)
	}
	want := stat.Paired([]float64{0.70, 0.72, 0.71}, []float64{0.66, 0.66, 0.68})
	other := stat.Paired([]float64{0.70, 0.72, 0.71}, []float64{0.66, 0.67, 0.67})
	adjusted := stat.Holm([]float64{want.P, other.P})
	c := d.Paired[0]
	for what, pair := range map[string][2]float64{"estimate": {float64(c.Estimate), want.Mean}, "low": {float64(c.Low), want.Low}, "high": {float64(c.High), want.High},
		"p": {float64(c.P), want.P}, "Holm": {float64(c.Holm), adjusted[0]}, "the other's": {float64(d.Paired[1].Holm), adjusted[1]}} {
		if math.Abs(pair[0]-pair[1]) > 1e-9 {
			t.Errorf("%s is %g, want %g", what, pair[0], pair[1])
		}
	}
	if c.N != 3 || c.Pairs != "seeds" || c.Test != "t" || c.Nested != nil || (c.Verdict == stat.Shown) != (adjusted[0] < 0.05) || d.Paired[1].Verdict != stat.Shown {
		t.Errorf("%+v and %+v", c, d.Paired[1])
	}

	code, text, stderr := call("", append([]string{"compare", "--paired", "grpo", "--outcome", "accuracy", "--within", "0.03"}, dirs...)...)
	for _, want := range []string{"row grpo less each other row", "by Holm over the 2 contrasts", "0.000", "3 seeds", "shown to be absent within 0.03", "−0.043"} {
		if code != 0 || !strings.Contains(text, want) {
			t.Errorf("exit status %d, %q is not in\n%s%s", code, want, text, stderr)
		}
	}
	if strings.Contains(text, "AES") {
		t.Error("the table of rows is printed too")
	}
}

// Outcomes of single problems give the nested interval, and two checkpoints are compared by problem.
func TestComparePairedByProblem(t *testing.T) {
	root := t.TempDir()
	none, kl := map[string]string{}, map[string]string{"kl": "0.1"}
	a := seeded(t, root, "grpo", none, []float64{0.75, 0.5}, "1 1 1 0", "1 0 1 0")
	b := seeded(t, root, "grpo", kl, []float64{0.25, 0.25}, "0 0 1 0", "0 0 0 1")
	var d runs.Comparison
	document(t, &d, "", append([]string{"compare", "--paired", "grpo"}, append(a, b...)...)...)
	for _, c := range d.Paired {
		if c.Nested == nil || c.N != 2 || c.Pairs != "seeds" {
			t.Errorf("%+v", c)
		}
	}
	want := stat.Nested([][]float64{{1, 1, 0, 0}, {1, 0, 1, -1}}, 2000, 1)
	if c := d.Paired[1]; c.Outcome != "accuracy" || float64(c.Nested.Low) != want.Low || float64(c.Nested.High) != want.High || c.Estimate != 0.375 {
		t.Errorf("%+v, want %+v", c, want)
	}
	half := seeded(t, root, "tlmre", none, []float64{0.5}, "1 0 1 0") // has one seed in common with the others
	_, text, _ := call("", append([]string{"compare", "--paired", "grpo", "--outcome", "accuracy"}, slices.Concat(a, b, half)...)...)
	for _, want := range []string{"of the same seeds, or, for rows with one seed in common, of the same problems. 95 % intervals: of seeds Student's t;", "; of problems Newcombe's", "2 seeds", "4 problems", "the 2 contrasts"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	elsewhere := t.TempDir() // runs without outcomes of single problems
	old := [2]string{seeded(t, elsewhere, "grpo", none, []float64{0.5})[0], seeded(t, elsewhere, "grpo", kl, []float64{0.5})[0]}
	for _, c := range []struct{ first, other, want string }{{a[0], b[0], "of the same problems. 95 % intervals: Newcombe's"}, {old[0], old[1], "1 seed "}} {
		if _, text, _ := call("", "compare", "--paired", "grpo", "--outcome", "accuracy", "--markdown", c.first, c.other); !strings.Contains(text, c.want) || !strings.Contains(text, "the 1 contrast of") || strings.Contains(text, "1 seeds") {
			t.Errorf("%q is not in\n%s", c.want, text)
		}
	}
	var two runs.Comparison
	document(t, &two, "", "compare", "--paired", "grpo", "--outcome", "accuracy", a[0], b[0])
	if c := two.Paired[0]; c.Test != "McNemar" || c.Pairs != "problems" || c.N != 4 || c.P != 0.5 || c.Estimate != 0.5 {
		t.Errorf("%+v", c)
	}
}

func TestComparePairedRefuses(t *testing.T) {
	root := t.TempDir()
	none, kl := map[string]string{}, map[string]string{"kl": "0.1"}
	a, b := seeded(t, root, "grpo", none, []float64{0.7, 0.7}), seeded(t, root, "grpo", kl, []float64{0.6, 0.6})
	broken := seeded(t, root, "tlmre", none, []float64{0.7}, "1 1 1 0") // whose mean is another
	for complaint, args := range map[string][]string{
		`there is no row "attnpo"`:       {"--paired", "attnpo", a[0], b[0]},
		`choose one of "grpo", "grpo kl`: {"--paired", "grpo kl", a[0], b[0]},
		"only the row":                   {"--paired", "grpo", a[0], a[1]},
		"no seed in common":              {"--paired", "grpo", a[0], b[1]},
		"belong to --paired":             {"--outcome", "accuracy", a[0], b[0]},
		"give --outcome too":             {"--paired", "grpo", "--within", "1", a[0], b[0]},
		"give one of redundant_steps":    {"--paired", "grpo", "--outcome", "nonsense", a[0], b[0]},
		"must be 0 or more":              {"--paired", "grpo", "--outcome", "accuracy", "--within", "-1", a[0], b[0]},
		"and finite":                     {"--paired", "grpo", "--outcome", "accuracy", "--within", "Inf", a[0], b[0]},
		"each has the mean":              {broken[0]},
	} {
		if code, _, stderr := call("", append([]string{"compare"}, args...)...); code == 0 || !strings.Contains(stderr, complaint) {
			t.Errorf("compare %s: exit status %d, %q; want %q", strings.Join(args, " "), code, stderr, complaint)
		}
	}
}
