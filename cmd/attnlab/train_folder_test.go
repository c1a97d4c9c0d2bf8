package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"attnlab/model/hf"
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
	line1, line2, _ := strings.Cut(was[metricsFile], "\n")
	for name, test := range map[string]struct {
		break_ func()
		args   []string
		code   int
		says   string
	}{
		"a model's folder":             {remove(runFile), trainArgs("--method", "grpo", "--steps", "1", "--out", run), 1, "write over"},
		"pretrain":                     {nil, []string{"pretrain", "--preset", "tiny", "--steps", "9", "--resume", "--out", run, "--backend", "host"}, 1, "attnlab train --resume"},
		"a damaged line":               {write(metricsFile, "{\n"+line2), resume("--steps", "3"), 1, "line 1 of"},
		"a line lost":                  {write(metricsFile, line1+"\n"), resume("--steps", "3"), 1, "line 2 of"},
		"an empty log":                 {write(metricsFile, ""), resume(), 1, "line 1 of"},
		"half a checkpoint":            {remove("config.json"), resume("--steps", "3"), 1, "config.json is missing"},
		"another method":               {nil, resume("--method", "tlmre"), 2, "--method"},
		"another model":                {nil, resume("--model", "chain-small"), 2, "--model"},
		"another seed":                 {nil, resume("--seed", "9"), 2, "--seed"},
		"another hyper-parameter":      {nil, resume("--learning-rate", "0.01"), 2, "--learning-rate"},
		"heads where there are none":   {nil, trainArgs("--method", "grpo", "--focus-heads", "0.0", "--out", run+"2"), 2, "--focus-heads is for attnpo"},
		"heads with something after":   {nil, trainArgs("--method", "attnpo", "--focus-heads", "0.1junk", "--out", run+"2"), 2, "layer.head"},
		"a run that says not how far":  {write(runFile, strings.Replace(was[runFile], `"steps": 2`, `"steps": 0`, 1)), resume(), 2, "--steps or --budget"},
		"a log that has lost its step": {write(metricsFile, line1+"\n"+strings.Replace(line2, `"step":2`, `"step":3`, 1)), []string{"compare", run}, 1, "every step from 1"},
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
	if code, _, stderr := call("", resume()...); code != 0 || filesOf(t, run)[metricsFile] != was[metricsFile] {
		t.Errorf("--resume of a finished run: %d, %s", code, stderr)
	}
	write(metricsFile, was[metricsFile]+`{"step":3,"meth`)()
	if code, _, stderr := call("", resume("--steps", "3", "--learning-rate", "5e-4")...); code != 2 {
		t.Errorf("a hyper-parameter that was not given before: %d, %s", code, stderr)
	}
	if code, _, stderr := call("", resume("--steps", "3")...); code != 0 || bytes.Count([]byte(filesOf(t, run)[metricsFile]), []byte("\n")) != 3 {
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
		"disrupt --delta " + huge, "pretrain --out x --tokens " + huge, "reflect --out x --tokens " + huge, "train --method grpo --out x --probe " + huge, "train --method grpo --out x --eval " + huge} {
		code, stdout, stderr := call("", strings.Fields(args)...)
		if code != 2 || stdout != "" || !strings.Contains(stderr, "it must be at most") {
			t.Errorf("attnlab %s: %d, %q", args, code, stderr)
		}
	}
	if code, _, stderr := call("", "train", "--method", "grpo", "--kl", "5", "--out", "x"); code != 2 || !strings.Contains(stderr, "--kl cannot be \"5\": ") {
		t.Errorf("--kl 5: %d, %q", code, stderr)
	}
}

// What is not said on --resume is as it was, and what is said again may be.
func TestRecall(t *testing.T) {
	base := t.TempDir()
	kept := fmt.Sprintf(`{"method":"grpo","model":%q,"task":"countdown","difficulty":"","teacher":"","seed":7,"probe":64,"paper":false,"hyper":{"kl":"0.1"},"budget":5000}`, base)
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	relative, err := filepath.Rel(here, base)
	if err != nil {
		t.Fatal(err)
	}
	for _, given := range []options{defaults, {seed: 7, task: "countdown", model: relative}, {seed: 7, task: "chain", model: base}} {
		c, again := &console{options: given}, training{Hyper: map[string]string{"kl": "0.1"}}
		if err := again.recall(c, []byte(kept)); err != nil || c.task != "countdown" || c.seed != 7 || c.model != base || again.Budget != 5000 || again.Hyper["kl"] != "0.1" {
			t.Errorf("%+v: %+v, %+v, %v", given, c.options, again, err)
		}
	}
	c, further := &console{options: defaults}, training{Steps: 3}
	if err := further.recall(c, []byte(kept)); err != nil || further.Steps != 3 || further.Budget != 0 {
		t.Errorf("as far as step 3: %+v, %v", further, err)
	}
}
