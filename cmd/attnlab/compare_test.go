package main

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"attnlab/rl"
	"attnlab/rl/examine"
	"attnlab/rl/runs"
	"attnlab/rl/task"
)

// writeRun writes a finished run of 6 steps whose accuracy rises by .1 each, from .1, with the outcome given. It is as runs of
// version 1 were, but for what change adds.
func writeRun(t *testing.T, dir string, run runs.Settings, accuracy, tokens, redundant float64, change ...func(*runs.Settings, *runs.Result)) {
	t.Helper()
	run.Task, run.Difficulty, run.Model = "chain", "2-3", "/somewhere/"+run.Model
	auc := 0.75
	var last rl.StepReport
	log := runs.Log{}
	for step := 1; step <= 6; step++ {
		last = rl.StepReport{Step: step, Method: run.Method, Seed: run.Seed, Accuracy: float64(step) / 10, ThinkTokens: 60 - float64(step), RedundantSteps: 2, EssentialSteps: 1, CreditAUC: &auc,
			Groups: rl.GroupCount{Total: 4, AllCorrect: 1, Valid: 2}, ValidSequences: 3, Generated: int64(1000 * step), Charged: int64(1500 * step), Updates: 2 * step, Seconds: 10 * float64(step)}
		if err := log.Add([]byte(mustJSON(t, last))); err != nil {
			t.Fatal(err)
		}
	}
	result := runs.Result{Step: 6, Adapter: "an adapter",
		Base:       []byte(mustJSON(t, rl.Probe{Problems: 100, Accuracy: 0.5, ThinkTokens: 50, RedundantSteps: 4, EssentialSteps: 2})),
		FocusHeads: []runs.FocusHead{{Layer: 1, Head: 0, Before: 0.9, After: noNumber}},
		Evaluation: []byte(mustJSON(t, examine.Evaluation{Problems: 10, Accuracy: accuracy, ThinkTokens: tokens, Reflections: tokens / 10,
			Labels:       map[task.Label]float64{task.Redundant: redundant, task.Essential: 1.5, task.Correcting: 0.3},
			ByDifficulty: []examine.LevelEvaluation{{Difficulty: 2, Accuracy: accuracy + .1, ThinkTokens: 40, Reflections: 1}, {Difficulty: 3, Accuracy: accuracy - .1, Reflections: tokens / 5}}}))}
	result.AddLine([]byte(mustJSON(t, last)))
	for _, f := range change {
		f(&run, &result)
	}
	if err := runs.Ship(t.Context(), runs.Folder(filepath.Dir(dir)), filepath.Base(dir), runs.Run{Settings: run, Log: log, Result: &result}); err != nil {
		t.Fatal(err)
	}
}

func TestCompare(t *testing.T) {
	root := t.TempDir()
	in := func(name string) string { return filepath.Join(root, name) }
	common := map[string]string{"learning-rate": "0.001", "problems": "16"} // the first all have in common, the second is the default
	cut := map[string]string{"learning-rate": "0.001", "cut": "normal"}
	writeRun(t, in("a1"), runs.Settings{Method: "attnpo", Seed: 1, Model: "base", Hyper: common}, 0.5, 20, 1)
	writeRun(t, in("a2"), runs.Settings{Method: "attnpo", Seed: 2, Model: "base", Hyper: common}, 0.7, 30, 2)
	writeRun(t, in("wrong"), runs.Settings{Method: "attnpo", Seed: 1, Model: "base", Hyper: common, FocusHeads: "0.0,0.1"}, 0.4, 60, 5)
	writeRun(t, in("g"), runs.Settings{Method: "grpo", Seed: 1, Model: "base", Hyper: common}, 0.5, 50, 4)
	writeRun(t, in("r"), runs.Settings{Method: "rearl", Seed: 1, Model: "base", Hyper: cut, Reflection: "/tmp/reflection"}, 0.6, 40, 4)
	writeRun(t, in("open"), runs.Settings{Method: "grpo", Seed: 9, Model: "base", Hyper: common}, 0.5, 50, 4)
	if err := os.Remove(filepath.Join(in("open"), runs.ResultFile)); err != nil {
		t.Fatal(err)
	}

	var d comparison
	document(t, &d, "", "compare", "--runs", in("r"), in("a2"), in("open"), "--reach", "0.4", "--runs", in("a1"), in("g"), in("wrong"))
	var names []string
	for _, r := range d.Rows {
		names = append(names, r.Method)
	}
	if got, want := strings.Join(names, "; "), "grpo; attnpo; attnpo focus-heads=0.0,0.1; rearl cut=normal"; got != want {
		t.Fatalf("rows %s, want %s", got, want)
	}
	if len(d.LeftOut) != 1 || !strings.Contains(d.LeftOut[0], "open is not finished") || d.Bases[0].Problems != 200 || d.Bases[0].Accuracy != 0.5 {
		t.Errorf("left out %v, base %+v", d.LeftOut, d.Bases)
	}
	near := func(what string, got number, want float64) {
		t.Helper()
		if !(math.Abs(float64(got)-want) < 1e-9) {
			t.Errorf("%s is %v, want %g", what, got, want)
		}
	}
	attnpo, grpo := d.Rows[1], d.Rows[0]
	near("accuracy", attnpo.Accuracy, 0.6)
	near("its deviation", attnpo.AccuracySD, math.Sqrt(0.02))
	near("think tokens", attnpo.ThinkTokens, 25)
	near("length change", attnpo.LengthChange, -0.5)
	near("AES", attnpo.AES, 0.5+3*0.2)
	near("redundant removed", attnpo.RedundantRemoved.Mean, 1-1.5/4)
	near("essential lost", attnpo.EssentialLost.Mean, 0.1)
	near("accuracy at 3", attnpo.ByDifficulty[1].Accuracy.Mean, 0.5)
	near("reflections", attnpo.Reflections.Mean, 2.5)
	near("reflections at 3", attnpo.ByDifficulty[1].Reflections.Mean, 5)
	near("all correct", attnpo.Groups.AllCorrect.Mean, 0.25)
	near("valid", attnpo.Groups.Valid.Mean, 0.5)
	near("valid per 10,000 tokens", attnpo.ValidRate.Mean, 30)
	near("tokens", attnpo.GeneratedTokens.Mean, 6000)
	near("charged", attnpo.ChargedTokens.Mean, 9000)
	near("credit AUC", attnpo.CreditAUC.Mean, 0.75)
	near("tokens to .4", attnpo.TokensToReach.Mean, 6000) // steps 2 to 6
	if attnpo.Seeds != 2 || attnpo.Reached != 2 || !math.IsNaN(float64(grpo.AccuracySD)) || len(attnpo.FocusHeads) != 2 || !math.IsNaN(float64(attnpo.FocusHeads[0].After)) {
		t.Errorf("attnpo %+v\ngrpo %+v", attnpo, grpo)
	}
	near("AES of a loss", d.Rows[2].AES, -0.2-5*0.2)

	if len(d.Bases[0].Seeds) != 2 || d.Bases[0].From != "probe" {
		t.Errorf("the base is measured %+v", d.Bases)
	}

	// With an evaluation of the base, and as text.
	base := in("base.json")
	if err := os.WriteFile(base, []byte(mustJSON(t, evaluation{Evaluation: examine.Evaluation{Problems: 7, Accuracy: 0.8, ThinkTokens: 100, Labels: map[task.Label]float64{task.Redundant: 5}}, Task: "chain", Temperature: 1, Seed: 1,
		Measured: runs.Measured{Task: "chain", Teacher: "verdict", Difficulty: "2-3", Temperature: runs.To(1.0), Seed: runs.To(runs.Seed(1)), Stream: "eval"}})), 0o644); err != nil {
		t.Fatal(err)
	}
	code, text, stderr := call("", "compare", in("g"), in("a1"), in("a2"), "--base", base)
	if code != 0 || !strings.Contains(text, "AES") || !strings.Contains(text, "0.600 ± 0.141") || !strings.Contains(text, "base.json, 7 problems") {
		t.Errorf("exit status %d, %s%s", code, text, stderr)
	}
	code, text, _ = call("", "compare", "--runs", in("g"), "--markdown")
	if code != 0 || !strings.Contains(text, "| a | grpo learning-rate=0.001 | 1 | 0.500 |") || strings.Contains(text, "┤") {
		t.Errorf("exit status %d, %s", code, text)
	}
}

// The plot shows each row at its place.
func TestComparePlot(t *testing.T) {
	d := comparison{runs.Comparison{Bases: []runs.BaseRow{{Accuracy: 0.5, ThinkTokens: 50}}, Rows: []runs.Row{
		{Seeds: 1, Accuracy: 0.6, ThinkTokens: 20}, {Seeds: 1, Accuracy: 0.6, ThinkTokens: 20}, {Seeds: 3, Accuracy: 0.55, ThinkTokens: 35, AccuracySD: 0.02, ThinkTokensSD: 5}}}}
	var text strings.Builder
	d.plot(&text)
	lines := strings.Split(text.String(), "\n")
	top, bottom := lines[1], lines[plotHeight]
	if !strings.HasPrefix(top, " 0.600 ┤ab") || !strings.HasSuffix(bottom, strings.Repeat(" ", plotWidth-1)+baseMark) || !strings.Contains(text.String(), "─c─") || strings.Count(text.String(), "│") < 4 {
		t.Errorf("plot\n%s", text.String())
	}
}

func TestCompareRefuses(t *testing.T) {
	root := t.TempDir()
	in := func(name string) string { return filepath.Join(root, name) }
	run := runs.Settings{Method: "grpo", Seed: 1, Model: "base"}
	for _, name := range []string{"good", "twin", "broken", "longer", "other"} {
		writeRun(t, in(name), run, 0.5, 50, 4)
	}
	os.WriteFile(filepath.Join(in("broken"), runs.ResultFile), []byte(`{"step":`), 0o644)
	run.Model = "another"
	writeRun(t, in("other"), run, 0.5, 50, 4)
	log, _ := os.ReadFile(filepath.Join(in("longer"), runs.MetricsFile))
	os.WriteFile(filepath.Join(in("longer"), runs.MetricsFile), append(log, `{"step":7}`+"\n"...), 0o644)
	os.WriteFile(in("countdown.json"), []byte(`{"problems":5,"accuracy":0.5,"think_tokens":9,"task":"countdown"}`), 0o644)
	for args, says := range map[string]string{
		"":                                   "--runs is missing",
		"GOOD --reach 2":                     "--reach is 2",
		"--runs GOOD/trainer_state.json":     "there is no file or folder",
		"--runs GOOD/..":                     "there is no run in",
		"GOOD TWIN":                          "the same run twice",
		"GOOD BROKEN":                        "cannot be read",
		"LONGER":                             "none of these runs is finished",
		"GOOD OTHER":                         "differ in model (base and another)",
		"GOOD --base GOOD/none":              "--base",
		"GOOD --base GOOD/run.json":          "is not what attnlab eval --json prints",
		"GOOD --base GOOD/../countdown.json": "task countdown and chain",
		"GOOD --markdown --json":             "either --markdown or --json",
		"GOOD --ship GOOD/run.json":          "--ship",
		"GOOD --bogus":                       "no flag --bogus",
	} {
		words := []string{"compare"}
		for _, word := range strings.Fields(args) {
			first, rest, _ := strings.Cut(word, "/")
			if strings.ToUpper(first) == first && !strings.HasPrefix(word, "-") && first != "2" {
				word = filepath.Join(in(strings.ToLower(first)), rest)
			}
			words = append(words, word)
		}
		code, stdout, stderr := call("", words...)
		if code == 0 || stdout != "" || !strings.HasPrefix(stderr, "attnlab: ") || !strings.Contains(stderr, says) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("compare %s: exit status %d, %q, %q, want %q in it", args, code, stdout, stderr, says)
		}
	}
}

// What is shipped is named after what sets it apart, can be compared again but for its measurement, and knows no path of this machine.
func TestCompareShips(t *testing.T) {
	root := t.TempDir()
	writeRun(t, filepath.Join(root, "a"), runs.Settings{Method: "attnpo", Seed: 3, Model: "base", FocusHeads: "0.0,0.1", Reflection: "/tmp/x"}, 0.5, 20, 1)
	code, _, stderr := call("", "compare", filepath.Join(root, "a"), "--ship", filepath.Join(root, "web", "runs"))
	if code != 0 {
		t.Fatal(stderr)
	}
	if got, err := filepath.Glob(filepath.Join(root, "web", "runs", "*", runs.MetricsFile)); err != nil || len(got) != 1 || filepath.Base(filepath.Dir(got[0])) != "attnpo-focus-heads-0.0-0.1-3" {
		t.Fatalf("shipped %v, %v", got, err)
	}
	folder := filepath.Join(root, "web", "runs", "attnpo-focus-heads-0.0-0.1-3")
	data, err := os.ReadFile(filepath.Join(folder, runs.RunFile))
	var run runs.Settings
	if err != nil || json.Unmarshal(data, &run) != nil || run.Model != "base" || run.Seed != 3 || run.Steps != 6 || run.Name != "attnpo focus-heads=0.0,0.1, seed 3" || run.Note != "attnlab train on an adapter" || strings.Contains(string(data), "/") {
		t.Errorf("%v, %s", err, data)
	}
	log, err := os.ReadFile(filepath.Join(folder, runs.MetricsFile))
	if err != nil || strings.Count(string(log), "\n") != 6 {
		t.Errorf("%v, %s", err, log)
	}
}

// A number that was not measured is a dash in the tables and is not in the plot: no text says NaN, and nothing stops.
func TestCompareUnknownNumbers(t *testing.T) {
	const known = `{"problems":600,"accuracy":0.5,"think_tokens":40,"labels":{"redundant":4,"essential":2}}`
	for _, key := range []string{"accuracy", "think_tokens", "reflections"} {
		for _, of := range []string{"base_evaluation", "evaluation", "both"} {
			root := t.TempDir()
			null := func(text string) json.RawMessage {
				var keys map[string]any
				if err := json.Unmarshal([]byte(text), &keys); err != nil {
					t.Fatal(err)
				}
				keys[key] = nil
				return json.RawMessage(mustJSON(t, keys))
			}
			dirs := []string{"compare"}
			for i, name := range []string{"one", "two"} {
				writeRun(t, filepath.Join(root, name), runs.Settings{Method: "grpo", Model: "base", Seed: runs.Seed(i + 1)}, 0.6, 20, 1, func(_ *runs.Settings, r *runs.Result) {
					if r.BaseEvaluation = json.RawMessage(known); of != "evaluation" {
						r.BaseEvaluation = null(known)
					}
					if of != "base_evaluation" {
						r.Evaluation = null(string(r.Evaluation))
					}
				})
				dirs = append(dirs, filepath.Join(root, name))
			}
			code, text, stderr := call("", dirs...)
			if code != 0 || strings.Contains(text, "NaN") || strings.Contains(text, "– %") {
				t.Errorf("%s of %s is null: exit status %d, %s%s", key, of, code, text, stderr)
			}
			if listed := strings.Contains(text, "Not in the plot"); listed != (key != "reflections") {
				t.Errorf("%s of %s is null: the plot lists what it lacks: %v\n%s", key, of, listed, text)
			}
		}
	}
}

// A result whose values cannot be measurements is refused by file and key, never shown.
func TestCompareRefusesImpossibleResults(t *testing.T) {
	for _, c := range []struct{ key, value, says string }{
		{"evaluation", `{}`, "evaluation.problems is missing"},
		{"evaluation", `[]`, "evaluation must be an object"},
		{"evaluation", `{"problems":4,"think_tokens":1}`, "evaluation.accuracy is missing"},
		{"evaluation", `{"problems":4,"accuracy":5,"think_tokens":1}`, "evaluation.accuracy is 5"},
		{"evaluation", `{"problems":4,"accuracy":-0.1,"think_tokens":1}`, "evaluation.accuracy is -0.1"},
		{"evaluation", `{"problems":-4,"accuracy":0.5,"think_tokens":1}`, "evaluation.problems is -4"},
		{"evaluation", `{"problems":4,"accuracy":0.5,"think_tokens":-1}`, "evaluation.think_tokens is -1"},
		{"evaluation", `{"problems":4,"accuracy":0.5,"think_tokens":1,"labels":{"redundant":-2}}`, "evaluation.labels.redundant is -2"},
		{"evaluation", `{"problems":4,"accuracy":0.5,"think_tokens":1,"by_difficulty":[{"difficulty":2,"accuracy":3}]}`, "evaluation.by_difficulty[0].accuracy is 3"},
		{"base_evaluation", `{"problems":4,"accuracy":2,"think_tokens":1}`, "base_evaluation.accuracy is 2"},
		{"base", `{"problems":0,"accuracy":1,"think_tokens":1}`, "base.problems is 0"},
		{"base", `{"problems":1,"accuracy":1,"think_tokens":1,"redundant_steps":-3}`, "base.redundant_steps is -3"},
		{"focus_heads", `[{"layer":0,"head":0,"sra_before":7}]`, "focus_heads[0].sra_before is 7"},
		{"measured", `{"problems":-1}`, "measured.problems is -1"},
		{"measured", `{"top_p":1.5}`, "measured.top_p is 1.5"},
		{"version", `9`, "version 9"},
	} {
		dir := filepath.Join(t.TempDir(), "run")
		writeRun(t, dir, runs.Settings{Method: "grpo", Model: "base", Seed: 1}, 0.5, 20, 1)
		file := filepath.Join(dir, runs.ResultFile)
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var keys map[string]any
		if err := json.Unmarshal(data, &keys); err != nil {
			t.Fatal(err)
		}
		keys[c.key] = json.RawMessage(c.value)
		if err := os.WriteFile(file, []byte(mustJSON(t, keys)), 0o644); err != nil {
			t.Fatal(err)
		}
		code, stdout, stderr := call("", "compare", dir)
		if code != 1 || stdout != "" || !strings.Contains(stderr, runs.ResultFile) || !strings.Contains(stderr, c.says) {
			t.Errorf("%s %s: exit status %d, %q, %q, want %q", c.key, c.value, code, stdout, stderr, c.says)
		}
	}
}

// Two names of the same weights are one base: the checksum decides, not the name.
func TestCompareBaseByChecksum(t *testing.T) {
	root := t.TempDir()
	for i, name := range []string{"chain-small", "basecopy"} {
		writeRun(t, filepath.Join(root, name), runs.Settings{Method: "grpo", Model: name, Seed: runs.Seed(i + 1), Base: &runs.Identity{Name: name, Weights: strings.Repeat("a", 64)}}, 0.5, 20, 1)
	}
	var d runs.Comparison
	document(t, &d, "", "compare", filepath.Join(root, "chain-small"), filepath.Join(root, "basecopy"))
	if len(d.Rows) != 1 || d.Rows[0].Seeds != 2 {
		t.Errorf("%d rows: %+v", len(d.Rows), d.Rows)
	}
}
