package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"attnlab/model/hf"
	"attnlab/rl/runs"
)

// filesOf is what the files of a folder hold: nothing that is refused may change it.
func filesOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = string(data)
	}
	return files
}

// Training never writes over what is not its own, and what it refuses loses nothing.
func TestTrainLeavesFoldersAlone(t *testing.T) {
	run := filepath.Join(t.TempDir(), "run")
	if code, _, stderr := call("", trainArgs("--method", "grpo", "--steps", "2", "--eval", "4", "--out", run)...); code != 0 {
		t.Fatal(stderr)
	}
	resume := func(args ...string) []string {
		return append([]string{"train", "--resume", "--out", run, "--eval", "4", "--backend", "host"}, args...)
	}
	path := func(name string) string { return filepath.Join(run, name) }
	remove := func(name string) func() { return func() { os.Remove(path(name)) } }
	write := func(name, text string) func() { return func() { os.WriteFile(path(name), []byte(text), 0o644) } }
	was := filesOf(t, run)
	replace := func(string) func() { // as if the base's folder had been written over since
		return func() {
			text := regexp.MustCompile(`"weights_sha256": "[0-9a-f]+"`).ReplaceAllString(was[runs.RunFile], `"weights_sha256": "`+strings.Repeat("0", 64)+`"`)
			os.WriteFile(path(runs.RunFile), []byte(text), 0o644)
		}
	}
	line1, line2, _ := strings.Cut(was[runs.MetricsFile], "\n")
	for name, test := range map[string]struct {
		break_ func()
		args   []string
		code   int
		says   string
	}{
		"a model's folder":             {remove(runs.RunFile), trainArgs("--method", "grpo", "--steps", "1", "--out", run), 1, "write over"},
		"pretrain":                     {nil, []string{"pretrain", "--preset", "tiny", "--steps", "9", "--resume", "--out", run, "--backend", "host"}, 1, "attnlab train --resume"},
		"another probe":                {nil, resume("--probe", "256"), 1, "--probe"},
		"the papers' values":           {nil, resume("--paper"), 1, "--paper"},
		"another task":                 {nil, resume("--task", "countdown"), 1, "--task"},
		"the task's own difficulty":    {nil, resume("--difficulty", "2-5"), 1, "--difficulty"},
		"a default seed before":        {nil, append([]string{"--seed", "2"}, resume()...), 1, "--seed"},
		"a base that was replaced":     {replace(run), resume("--steps", "3"), 1, "not the one that this run began with"},
		"a damaged line":               {write(runs.MetricsFile, "{\n"+line2), resume("--steps", "3"), 1, "line 1 of"},
		"a line lost":                  {write(runs.MetricsFile, line1+"\n"), resume("--steps", "3"), 1, "line 2 of"},
		"an empty log":                 {write(runs.MetricsFile, ""), resume(), 1, "line 1 of"},
		"a checkpoint without state":   {remove(runs.StateFile), resume("--steps", "3"), 1, "no training state"},
		"another method":               {nil, resume("--method", "tlmre"), 1, "--method"},
		"another model":                {nil, resume("--model", "chain-small"), 1, "--model"},
		"another seed":                 {nil, resume("--seed", "9"), 1, "--seed"},
		"another hyper-parameter":      {nil, resume("--learning-rate", "0.01"), 1, "--learning-rate"},
		"heads where there are none":   {nil, trainArgs("--method", "grpo", "--focus-heads", "0.0", "--out", run+"2"), 2, "--focus-heads is for attnpo"},
		"heads with something after":   {nil, trainArgs("--method", "attnpo", "--focus-heads", "0.1junk", "--out", run+"2"), 2, "layer.head"},
		"a run that says not how far":  {write(runs.RunFile, strings.Replace(was[runs.RunFile], `"steps": 2`, `"steps": 0`, 1)), resume(), 1, "--steps or --budget"},
		"a log that has lost its step": {write(runs.MetricsFile, line1+"\n"+strings.Replace(line2, `"step":2`, `"step":3`, 1)), []string{"compare", run}, 1, "every step from 1"},
	} {
		t.Run(name, func(t *testing.T) {
			if test.break_ != nil {
				test.break_()
			}
			before := filesOf(t, run)
			code, _, stderr := call("", test.args...)
			if code != test.code || !strings.Contains(stderr, test.says) {
				t.Errorf("exit status %d, %q, want %d and %q", code, stderr, test.code, test.says)
			}
			after := filesOf(t, run)
			for file, text := range before {
				if after[file] != text {
					t.Errorf("%s is another", file)
				}
			}
			if _, err := os.Stat(run + "2"); err == nil {
				t.Error("what was refused has a folder")
			}
			for file, text := range was {
				write(file, text)()
			}
		})
	}
	// A finished run has nothing left to do, also where it is not said how far it was to go; a torn last line is taken again.
	if code, _, stderr := call("", resume()...); code != 0 || filesOf(t, run)[runs.MetricsFile] != was[runs.MetricsFile] {
		t.Errorf("--resume of a finished run: %d, %s", code, stderr)
	}
	write(runs.MetricsFile, was[runs.MetricsFile]+`{"step":3,"meth`)()
	if code, _, stderr := call("", resume("--steps", "3", "--learning-rate", "5e-3")...); code != 1 {
		t.Errorf("a hyper-parameter that was not given before: %d, %s", code, stderr)
	}
	if code, _, stderr := call("", resume("--steps", "3")...); code != 0 || bytes.Count([]byte(filesOf(t, run)[runs.MetricsFile]), []byte("\n")) != 3 {
		t.Errorf("behind a torn line: %d, %s", code, stderr)
	}
	if kept, err := hf.Load(run); err != nil || kept.Train.Schedule != 3 {
		t.Errorf("the checkpoint is %+v, %v", kept, err)
	}
}

// What fails before a run is there leaves no run behind: the corrected command works.
func TestFailedTrainLeavesNoRun(t *testing.T) {
	out := filepath.Join(t.TempDir(), "run")
	for _, args := range [][]string{
		{"--method", "attnpo", "--focus-heads", "9.9"}, {"--method", "grpo", "--difficulty", "77"}, {"--method", "rearl", "--cut", "normal"},
	} {
		if code, _, stderr := call("", trainArgs(append(args, "--out", out)...)...); code == 0 || stderr == "" {
			t.Errorf("%q: %d, %q", args, code, stderr)
		}
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("there is a folder")
	}
}

// Numbers that no machine has room for are refused in a sentence.
func TestNumbersOutOfRange(t *testing.T) {
	const huge = "9223372036854775807"
	for _, args := range []string{"eval --problems " + huge, "heads --problems " + huge, "disrupt --problems " + huge, "trace --delta " + huge, "heads --delta " + huge,
		"disrupt --delta " + huge, "reflect --out x --tokens " + huge, "train --method grpo --out x --probe " + huge, "train --method grpo --out x --eval " + huge} {
		code, stdout, stderr := call("", strings.Fields(args)...)
		if code != 2 || stdout != "" || !strings.Contains(stderr, "it must be at most") {
			t.Errorf("attnlab %s: %d, %q", args, code, stderr)
		}
	}
	for _, args := range []string{"train --method grpo --out x --kl 5", "pretrain --out x --tokens " + huge, "pretrain --out x --tokens 1.5", "pretrain --out x --rate 0", "pretrain --out x --rate NaN"} {
		words := strings.Fields(args)
		want := fmt.Sprintf("%s cannot be %q; give a ", words[len(words)-2], words[len(words)-1])
		if code, _, stderr := call("", words...); code != 2 || !strings.Contains(stderr, want) {
			t.Errorf("attnlab %s: %d, %q", args, code, stderr)
		}
	}
}

// What was not given on --resume stays, and what is given again may be: also a value equal to a default, in other words.
func TestRecall(t *testing.T) {
	base := t.TempDir()
	begun := runs.Settings{Method: "grpo", Model: base, Task: "countdown", Seed: 7, Probe: 64, Hyper: map[string]string{"kl": "0.1"}, Budget: 5000}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	relative, err := filepath.Rel(here, base)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		given map[string]string
		says  string
	}{
		{nil, ""}, {map[string]string{"seed": "7", "task": "countdown", "model": relative}, ""}, {map[string]string{"model": base, "kl": "1e-1", "probe": "64"}, ""},
		{map[string]string{"difficulty": "3-4", "learning-rate": "5e-4", "paper": "false"}, ""},
		{map[string]string{"seed": "1"}, "--seed"}, {map[string]string{"task": "chain"}, "--task"}, {map[string]string{"kl": "0"}, "--kl"},
		{map[string]string{"probe": "256"}, "--probe"}, {map[string]string{"paper": "true"}, "--paper"}, {map[string]string{"learning-rate": "0.01"}, "--learning-rate"},
		{map[string]string{"difficulty": "3"}, "--difficulty"}, {map[string]string{"teacher": "plain"}, "--teacher"}, {map[string]string{"model": "chain-small"}, "--model"},
	} {
		again := training{}
		err := again.recall(&console{given: c.given}, begun)
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) || again.Budget != 5000 || again.Hyper["kl"] != "0.1" {
			t.Errorf("%v: %+v, %v", c.given, again.Settings, err)
		}
	}
	further := training{Settings: runs.Settings{Steps: 3}}
	if err := further.recall(&console{}, begun); err != nil || further.Steps != 3 || further.Budget != 0 {
		t.Errorf("as far as step 3: %+v, %v", further, err)
	}
}
