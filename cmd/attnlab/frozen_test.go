package main

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"attnlab/rl"
	"attnlab/rl/runs"
	"attnlab/rl/stat"
)

// A frozen policy passes through every measure and shows nothing in any.
func TestFrozenPolicyShowsNothing(t *testing.T) {
	root := t.TempDir()
	var dirs []string
	for _, method := range []string{"grpo", "attnpo", "treerl"} {
		for _, seed := range []string{"1", "2"} {
			dir := filepath.Join(root, method+"-"+seed)
			dirs = append(dirs, dir)
			args := []string{"train", "--method", method, "--model", "chain-tiny", "--difficulty", "2", "--learning-rate", "0", "--problems", "4", "--steps", "3", "--seed", seed,
				"--probe", "48", "--eval", "40", "--held-out", "20", "--held-out-every", "1", "--backend", "host", "--out", dir}
			if code, _, stderr := call("", args...); code != 0 {
				t.Fatalf("%s: %s", strings.Join(args, " "), stderr)
			}
			var result struct {
				Measured       struct{ Model, Base string }
				Base, After    rl.Probe
				Evaluation     json.RawMessage
				BaseEvaluation json.RawMessage `json:"base_evaluation"`
			}
			data, err := os.ReadFile(filepath.Join(dir, runs.ResultFile))
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(data, &result); err != nil {
				t.Fatal(err)
			}
			if result.Measured.Model != result.Measured.Base || !bytes.Equal(result.Evaluation, result.BaseEvaluation) || mustJSON(t, result.Base) != mustJSON(t, result.After) {
				t.Errorf("%s: the trained model is another than the base:\n%s", dir, data)
			}
			for _, line := range metricsOf(t, dir) {
				if got := line["held_out"].(map[string]any)["accuracy"]; got != metricsOf(t, dir)[0]["held_out_base"].(map[string]any)["accuracy"] {
					t.Errorf("%s step %v: held-out accuracy %v", dir, line["step"], got)
				}
			}
		}
	}

	var d runs.Comparison
	document(t, &d, "", append([]string{"compare"}, dirs...)...)
	if len(d.Rows) != 3 {
		t.Fatalf("%d rows", len(d.Rows))
	}
	for _, r := range d.Rows {
		for what, x := range map[string]stat.Number{"length": r.LengthChange, "AES": r.AES, "redundant removed": r.RedundantRemoved.Mean, "essential lost": r.EssentialLost.Mean} {
			if !(math.Abs(float64(x)) < 1e-12) { // base and runs add up in another order
				t.Errorf("%s: %s is %v", r.Method, what, x)
			}
		}
		if r.Gained != 0 || !math.IsNaN(float64(r.TokensToHalf.Mean)) || r.Accuracy != r.Base.Accuracy || r.Accuracy == 0 {
			t.Errorf("%s gains: %+v", r.Method, r)
		}
	}
	for outcome, verdict := range map[string]stat.Verdict{"": stat.NotShown, "accuracy": stat.Absent} {
		args := append([]string{"compare", "--paired", "grpo"}, dirs...)
		if outcome != "" {
			args = append(args, "--outcome", outcome, "--within", "0.01")
		}
		var d runs.Comparison
		document(t, &d, "", args...)
		for _, c := range d.Paired {
			if c.Estimate != 0 || c.Low != 0 || c.High != 0 || c.P != 1 || c.Holm != 1 || c.Verdict != verdict || c.N != 2 || c.Nested == nil || c.Nested.Low != 0 || c.Nested.High != 0 {
				t.Errorf("%+v", c)
			}
		}
		if want := map[string]int{"": 6, "accuracy": 2}[outcome]; len(d.Paired) != want {
			t.Errorf("%d contrasts, want %d", len(d.Paired), want)
		}
	}
	var two runs.Comparison // checkpoints of one seed: problems are pairs
	document(t, &two, "", "compare", "--paired", "grpo", dirs[0], dirs[2])
	for _, c := range two.Paired {
		if c.Pairs != "problems" || c.N != 40 || c.Estimate != 0 || c.P != 1 || c.Verdict != stat.NotShown || (c.Test == "McNemar") != (c.Outcome == "accuracy") {
			t.Errorf("%+v", c)
		}
	}
}
