package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"attnlab/rl/parquet"
	"attnlab/rl/runs"
)

// The command lists what a run saved, and of a problem that comes again every step.
func TestRollouts(t *testing.T) {
	run := filepath.Join(t.TempDir(), "run")
	if code, _, stderr := call("", trainArgs("--method", "tlmre", "--steps", "2", "--eval", "0", "--held-out", "0", "--out", run)...); code != 0 {
		t.Fatal(stderr)
	}
	lines := metricsOf(t, run)
	var d, right rolloutsDocument
	document(t, &d, "", "rollouts", run, "--limit", "0")
	if d.All != d.Matches || len(d.Rows) != d.All || d.All == 0 || len(d.Steps) != 2 || len(d.Alarms) != 1 || d.Alarms[0].Name != "collapsed" { // the model writes the same again and again
		t.Fatalf("%d of %d, %d steps, %+v", d.Matches, d.All, len(d.Steps), d.Alarms)
	}
	for i, step := range d.Steps { // the log and the rollouts agree
		if got, want := *step.Right, lines[i]["accuracy"].(float64); got != want {
			t.Errorf("step %d: %g are right, in the log %g", i+1, got, want)
		}
		if got, want := step.Reward, lines[i]["reward"].(float64); got-want > 1e-5 || want-got > 1e-5 {
			t.Errorf("step %d: reward %g, in the log %g", i+1, got, want)
		}
	}
	if r := d.Rows[0]; r.Prompt == "" || r.Response == "" || r.Tokens == 0 || r.Think == 0 || len(r.Parts) == 0 || !strings.HasPrefix(r.Problem, "rollout-") {
		t.Errorf("%+v", r)
	}
	document(t, &right, "", "rollouts", run, "--outcome", "right", "--steps", "2", "--problem", d.Rows[len(d.Rows)-1].Problem)
	for _, r := range right.Rows {
		if !*r.Correct || r.Step != 2 || r.Problem != d.Rows[len(d.Rows)-1].Problem {
			t.Errorf("%+v does not match", r)
		}
	}
	if code, text, stderr := call("", "rollouts", run, "--limit", "1"); code != 0 || !strings.Contains(text, "rollouts match") || !strings.Contains(text, "list them by --first 1") {
		t.Errorf("%d, %s, %s", code, text, stderr)
	}
	empty := t.TempDir()
	if err := os.WriteFile(filepath.Join(empty, runs.RolloutsFile), []byte("damaged"), 0o644); err != nil {
		t.Fatal(err)
	}
	for args, says := range map[string]string{
		"rollouts": "give the folder", "rollouts " + empty: "damaged after step 0", "rollouts " + t.TempDir(): "no rollouts", "rollouts /no/such": "no file or folder", "rollouts " + run + " --outcome odd": "choose one of", "rollouts " + run + " --steps 3-1": "backwards",
		"train --method grpo --out x --save-rollouts 2":        "between 0 and 1",
		"train --resume --out " + run + " --save-rollouts 0.5": "begun with --save-rollouts 1",
		"train --method grpo --out x --save-rollouts NaN":      "between 0 and 1",
		"rollouts " + run + " --limit -1":                      "--limit",
		"rollouts " + run + " " + run:                          "one run",
		"rollouts " + filepath.Join(run, runs.RunFile):         "no log of TRL",
	} {
		if code, _, stderr := call("", strings.Fields(args)...); code == 0 || !strings.Contains(stderr, says) {
			t.Errorf("%s: %d, %s", args, code, stderr)
		}
	}
	// None are saved where nobody wants them.
	none := filepath.Join(t.TempDir(), "none")
	if code, _, stderr := call("", trainArgs("--method", "grpo", "--steps", "1", "--eval", "0", "--held-out", "0", "--save-rollouts", "0", "--out", none)...); code != 0 {
		t.Fatal(stderr)
	}
	if _, err := os.Stat(filepath.Join(none, runs.RolloutsFile)); err == nil {
		t.Error("a run that saves no rollouts has a file of them")
	}
}

// Rollouts of another trainer are listed with what is not known of them.
func TestForeignRollouts(t *testing.T) {
	file := filepath.Join(t.TempDir(), "7.jsonl")
	if err := os.WriteFile(file, []byte(`{"input": "2 + 3?", "output": "5", "gts": "5", "score": 1.0, "step": 7}`+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var d rolloutsDocument
	document(t, &d, "", "rollouts", file)
	if d.All != 1 || d.Rows[0].Response != "5" || d.Rows[0].Correct != nil || !strings.Contains(d.Note, "rollouts of verl. Unknown: method") {
		t.Errorf("%+v", d)
	}
	folder := t.TempDir()
	for _, step := range []string{"2", "10"} {
		line := `{"input": "2 + 3?", "output": "5", "gts": "5", "score": 1.0, "step": ` + step + "}\n"
		if err := os.WriteFile(filepath.Join(folder, step+".jsonl"), []byte(line), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	document(t, &d, "", "rollouts", folder)
	if d.All != 2 || len(d.Steps) != 2 || !strings.Contains(d.Note, "rollouts of verl. Unknown: method") {
		t.Errorf("a folder of verl: %+v", d)
	}
	tables := t.TempDir()
	for _, name := range []string{"completions_00002.parquet", "completions_00004.parquet"} {
		data, err := os.ReadFile(filepath.Join("..", "..", "rl", "parquet", "testdata", name))
		if err == nil {
			err = os.WriteFile(filepath.Join(tables, name), data, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	document(t, &d, "", "rollouts", filepath.Join(tables, "completions_00002.parquet"))
	if d.All != 4 || len(d.Steps) != 1 || !strings.Contains(d.Note, "rollouts of TRL. Unknown: method") {
		t.Errorf("Parquet of TRL: %+v", d)
	}
	document(t, &d, "", "rollouts", tables)
	if d.All != 8 || len(d.Steps) != 2 {
		t.Errorf("a folder of Parquet: %+v", d)
	}
	for _, run := range []string{tables, filepath.Join(tables, "completions_00002.parquet"), folder} {
		if code, _, stderr := call("", "compare", "--runs", run); code != 0 {
			t.Errorf("compare %s: %s", run, stderr)
		}
	}
	damaged := filepath.Join(tables, "completions_00004.parquet")
	if data, err := os.ReadFile(damaged); err != nil || os.WriteFile(damaged, data[:len(data)-30], 0o644) != nil {
		t.Fatal(err)
	}
	for _, of := range []string{tables, damaged} {
		if code, _, stderr := call("", "rollouts", of); code != 1 || !strings.Contains(stderr, "completions_00004.parquet: it is a damaged Parquet file; copy it again") || strings.Count(stderr, "\n") != 1 {
			t.Errorf("a damaged table: %d, %s", code, stderr)
		}
	}
	problems := filepath.Join(t.TempDir(), "train.parquet")
	if err := os.WriteFile(problems, parquet.Marshal(1, []parquet.Field{{Name: "prompt", Text: func(int, int) string { return "x" }}}), 0o644); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := call("", "rollouts", problems); code != 1 || !strings.Contains(stderr, "is Parquet without rollouts") {
		t.Errorf("a table of problems: %d, %s", code, stderr)
	}
	log := filepath.Join(t.TempDir(), "v.jsonl")
	if err := os.WriteFile(log, []byte(`{"step": 1, "data": {"critic/score/mean": 0.5}}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := call("", "rollouts", log); code != 1 || !strings.Contains(stderr, "a log without rollouts") {
		t.Errorf("%d, %s", code, stderr)
	}
}
