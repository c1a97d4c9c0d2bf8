package main

import (
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"attnlab/rl/runs"
)

// resumable trains a run of two steps with an evaluation on 4 problems, and returns its folder and its files.
func resumable(t *testing.T) (run string, was map[string]string) {
	t.Helper()
	run = filepath.Join(t.TempDir(), "run")
	if code, _, stderr := call("", trainArgs("--method", "grpo", "--steps", "2", "--eval", "4", "--held-out", "0", "--out", run)...); code != 0 {
		t.Fatal(stderr)
	}
	return run, filesOf(t, run)
}

// resumeOf resumes a run. It passes no --eval, which run.json records.
func resumeOf(run string, args ...string) (code int, stderr string) {
	code, _, stderr = call("", append([]string{"train", "--resume", "--out", run, "--backend", "host"}, args...)...)
	return code, stderr
}

// onWrite calls a function with each text that is written to it.
type onWrite func(text string)

func (f onWrite) Write(data []byte) (int, error) {
	f(string(data))
	return len(data), nil
}

// A run that was killed before its first checkpoint has one before it takes a step, so that it can be killed again.
func TestResumeBeforeTheFirstCheckpoint(t *testing.T) {
	for command, args := range map[string][]string{
		"train":    trainArgs("--method", "grpo", "--steps", "1", "--held-out", "0"),
		"pretrain": {"pretrain", "--preset", "tiny", "--tokens", "256", "--steps", "1", "--backend", "host"},
	} {
		dir := filepath.Join(t.TempDir(), "run")
		if code, _, stderr := call("", append(args, "--out", dir)...); code != 0 {
			t.Fatal(stderr)
		}
		settings := filesOf(t, dir)[runs.RunFile]
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		os.Mkdir(dir, 0o755)
		os.WriteFile(filepath.Join(dir, runs.RunFile), []byte(settings), 0o644)
		looked := false
		code := run(t.Context(), []string{command, "--resume", "--out", dir, "--backend", "host"}, strings.NewReader(""), io.Discard, onWrite(func(text string) {
			if strings.Contains(text, "parameters on") { // what it says before the first step
				looked = true
				if files := filesOf(t, dir); files[runs.StateFile] == "" || files[runs.MetricsFile] != "" || files[runs.PretrainFile] != "" {
					t.Errorf("%s: before its first step it has %q", command, slices.Sorted(maps.Keys(files)))
				}
			}
		}))
		if code != 0 || !looked {
			t.Errorf("%s: exit status %d, looked at: %t", command, code, looked)
		}
	}
}

// A resumed run is evaluated on as many problems as it was begun with, also if an older version did not record the number.
func TestResumeKeepsTheEvaluation(t *testing.T) {
	run, _ := resumable(t)
	problems := func() int {
		r, err := readRun(t.Context(), run)
		if err != nil {
			t.Fatal(err)
		}
		r.Settings.Evaluate = nil // what result.json says
		return *withEvaluation(r).Evaluate
	}
	for i, recorded := range []bool{true, false} {
		if !recorded {
			text := strings.Replace(filesOf(t, run)[runs.RunFile], `"evaluate": 4,`, "", 1)
			if text == filesOf(t, run)[runs.RunFile] {
				t.Fatal("run.json does not record the evaluation")
			}
			os.WriteFile(filepath.Join(run, runs.RunFile), []byte(text), 0o644)
		}
		if code, stderr := resumeOf(run, "--eval", "0"); code != 1 || !strings.Contains(stderr, "begun with --eval 4, not 0") {
			t.Errorf("--eval 0: %d, %s", code, stderr)
		}
		if code, stderr := resumeOf(run, "--steps", strconv.Itoa(3+i)); code != 0 {
			t.Fatal(stderr)
		}
		if n := problems(); n != 4 {
			t.Errorf("recorded %t: evaluated on %d problems", recorded, n)
		}
	}
}

// A resume that would lose or contradict what is saved is refused, names the values or the file, and changes nothing.
func TestResumeRefusesWhatContradictsTheRun(t *testing.T) {
	run, was := resumable(t)
	edit := func(file, old, by string) func() {
		return func() {
			text := strings.Replace(was[file], old, by, 1)
			if text == was[file] {
				t.Fatalf("%s has no %s", file, old)
			}
			os.WriteFile(filepath.Join(run, file), []byte(text), 0o644)
		}
	}
	remove := func(names ...string) func() {
		return func() {
			for _, name := range names {
				os.Remove(filepath.Join(run, name))
			}
		}
	}
	shipped := []string{runs.StateFile, runs.WeightsFile, runs.ConfigFile}
	for name, test := range map[string]struct {
		change func()
		args   []string
		code   int
		says   []string
	}{
		"metrics without a checkpoint": {remove(shipped...), nil, 1, []string{"a log of 2 steps but no checkpoint"}},
		"a result alone":               {remove(append(shipped, runs.MetricsFile)...), nil, 1, []string{"no checkpoint"}},
		"a flag of another method":     {nil, []string{"--alpha", "0.9"}, 1, []string{"grpo does not take --alpha"}},
		"fewer steps than it has":      {nil, []string{"--steps", "1"}, 1, []string{"has 2 steps already", "--steps is 1"}},
		"fewer tokens than it has":     {nil, []string{"--budget", "1"}, 1, []string{"tokens already", "--budget is 1"}},
		"another seed":                 {nil, []string{"--seed", "9"}, 1, []string{"--seed 1, not 9"}},
		"no run.json":                  {remove(runs.RunFile), nil, 1, []string{"run.json is missing"}},
		"no method":                    {edit(runs.RunFile, `"method": "grpo"`, `"method": ""`), nil, 1, []string{"names no method"}},
		"a damaged log":                {edit(runs.MetricsFile, `{"step":1`, `{{`), nil, 1, []string{"line 1 of", "another --out"}},
		"no task of that name":         {edit(runs.RunFile, `"task": "chain"`, `"task": "foo"`), nil, 1, []string{"run.json", "foo"}},
		"no probe":                     {edit(runs.RunFile, `"probe": 12`, `"probe": 0`), nil, 1, []string{"run.json has probe 0"}},
		"a negative held-out set":      {edit(runs.RunFile, `"probe": 12`, `"probe": 12, "held_out": -1`), nil, 1, []string{"run.json", "negative"}},
		"hyper against values":         {edit(runs.RunFile, `"group": "4"`, `"group": "5"`), nil, 1, []string{"run.json", "group 4", "5"}},
		"an unknown hyper-parameter":   {edit(runs.RunFile, `"group": "4"`, `"group": "4", "colour": "1"`), nil, 1, []string{"run.json", "colour"}},
	} {
		t.Run(name, func(t *testing.T) {
			if test.change != nil {
				test.change()
			}
			before := filesOf(t, run)
			code, stderr := resumeOf(run, test.args...)
			for _, says := range test.says {
				if code != test.code || !strings.Contains(stderr, says) {
					t.Errorf("exit status %d, %q, want %d and %q", code, stderr, test.code, says)
				}
			}
			for file, text := range before {
				if filesOf(t, run)[file] != text {
					t.Errorf("%s has changed", file)
				}
			}
			for file, text := range was {
				os.WriteFile(filepath.Join(run, file), []byte(text), 0o644)
			}
		})
	}
}

// The base of a run may be named by the name of the default, and a result.json that is damaged is written again.
func TestResumeAcceptsTheSame(t *testing.T) {
	run := filepath.Join(t.TempDir(), "run")
	args := []string{"train", "--method", "grpo", "--problems", "2", "--group", "4", "--probe", "12", "--difficulty", "2", "--max-length", "64",
		"--held-out", "0", "--eval", "4", "--steps", "1", "--backend", "host", "--out", run}
	if code, _, stderr := call("", args...); code != 0 {
		t.Fatal(stderr)
	}
	for _, damaged := range []string{"", "{"} {
		os.WriteFile(filepath.Join(run, runs.ResultFile), []byte(damaged), 0o644)
		code, stderr := resumeOf(run, "--model", "chain-small")
		if code != 0 || !strings.Contains(stderr, "result.json is not JSON") {
			t.Errorf("%q: %d, %s", damaged, code, stderr)
		}
		if r, err := readRun(t.Context(), run); err != nil || r.Result == nil || r.Result.Evaluation == nil {
			t.Errorf("%q: %+v, %v", damaged, r.Result, err)
		}
	}
}

// A finished run of either kind has nothing left to do: exit status 0.
func TestResumeOfAFinishedRun(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "base")
	args := []string{"pretrain", "--preset", "tiny", "--tokens", "256", "--steps", "4", "--out", dir, "--backend", "host"}
	if code, _, stderr := call("", args...); code != 0 {
		t.Fatal(stderr)
	}
	var last struct{ Step int }
	document(t, &last, "", "pretrain", "--resume", "--out", dir)
	if code, _, stderr := call("", "pretrain", "--resume", "--out", dir, "--backend", "host"); code != 0 || last.Step != 4 || !strings.Contains(stderr, "has its 4 steps") {
		t.Errorf("%d, step %d, %s", code, last.Step, stderr)
	}
	if code, _, stderr := call("", "pretrain", "--resume", "--steps", "2", "--out", dir, "--backend", "host"); code != 1 || !strings.Contains(stderr, "4 steps already") {
		t.Errorf("fewer steps: %d, %s", code, stderr)
	}
}

// Measurements of pretraining without a checkpoint are not trained over.
func TestResumeRefusesAPretrainingLogAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "base")
	if code, _, stderr := call("", "pretrain", "--preset", "tiny", "--tokens", "256", "--steps", "2", "--out", dir, "--backend", "host"); code != 0 {
		t.Fatal(stderr)
	}
	os.Remove(filepath.Join(dir, runs.StateFile))
	os.Remove(filepath.Join(dir, runs.WeightsFile))
	before := filesOf(t, dir)[runs.PretrainFile]
	code, _, stderr := call("", "pretrain", "--resume", "--out", dir, "--backend", "host")
	if code != 1 || !strings.Contains(stderr, "a log of 2 steps but no checkpoint") || filesOf(t, dir)[runs.PretrainFile] != before {
		t.Errorf("%d, %s", code, stderr)
	}
}

// compare names the file whose task does not exist.
func TestCompareRefusesAnUnknownTask(t *testing.T) {
	run, was := resumable(t)
	os.WriteFile(filepath.Join(run, runs.RunFile), []byte(strings.Replace(was[runs.RunFile], `"task": "chain"`, `"task": "foo"`, 1)), 0o644)
	if code, _, stderr := call("", "compare", run); code != 1 || !strings.Contains(stderr, "run.json") || !strings.Contains(stderr, "foo") {
		t.Errorf("%d, %s", code, stderr)
	}
}

// A base in the run's own folder is read first, so an error names its path.
func TestErrorNamesTheBaseInTheRun(t *testing.T) {
	run, _ := resumable(t)
	base := filepath.Join(run, "base")
	if err := os.CopyFS(base, os.DirFS(filepath.Join("..", "..", "web", "models", "chain-tiny"))); err != nil {
		t.Fatal(err)
	}
	if code, stderr := resumeOf(run, "--steps", "3"); code != 1 || !strings.Contains(stderr, base) {
		t.Errorf("%d, %s", code, stderr)
	}
}

// The reflection model is for methods that use one.
func TestReflectionIsForMethodsThatUseIt(t *testing.T) {
	if code, _, stderr := call("", trainArgs("--method", "grpo", "--reflection", t.TempDir(), "--out", filepath.Join(t.TempDir(), "run"))...); code != 2 || !strings.Contains(stderr, "--reflection is for rearl; grpo has none") {
		t.Errorf("%d, %s", code, stderr)
	}
}
