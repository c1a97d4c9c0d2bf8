package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"attnlab/model/hf"
	"attnlab/rl"
)

// The folder of a run: run.json, metrics.jsonl, the checkpoint, and result.json.
const (
	runFile     = "run.json"
	metricsFile = "metrics.jsonl"
	resultFile  = "result.json"
)

// claim looks at the folder of a run. For one that goes on it reads run.json, refuses flags that say otherwise, and returns
// the checkpoint, or nil where the run was stopped before its first.
func (t *training) claim(c *console) (*hf.Checkpoint, error) {
	data, err := os.ReadFile(filepath.Join(t.out, runFile))
	switch {
	case !t.resume && err == nil:
		return nil, fmt.Errorf("there is a run in %s; go on with it by --resume, or give another --out", t.out)
	case t.resume && errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is no run in %s to go on with; leave out --resume", t.out)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("--out: %w", err)
	case !t.resume && t.hasAny(append(slices.Clone(hf.CheckpointFiles), metricsFile)):
		return nil, fmt.Errorf("there is a model or a log in %s that training would write over; give another --out", t.out)
	case !t.resume:
		if info, err := os.Stat(t.Model); err == nil && info.IsDir() {
			if t.Model, err = filepath.Abs(t.Model); err != nil {
				return nil, fmt.Errorf("--model: %w", err)
			}
		}
		return nil, nil
	}
	if err := t.recall(c, data); err != nil {
		return nil, err
	}
	if !t.hasAny(hf.CheckpointFiles) {
		return nil, nil // stopped before its first checkpoint: begin anew
	}
	return hf.Load(t.out)
}

func (t *training) hasAny(names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		_, err := os.Stat(filepath.Join(t.out, name))
		return err == nil
	})
}

// recall reads run.json over what the flags say: how far to go, if they say that, and nothing else that differs.
func (t *training) recall(c *console, data []byte) error {
	given := *t
	t.Hyper = nil
	if err := json.Unmarshal(data, t); err != nil {
		return fmt.Errorf("%s cannot be read: %w", filepath.Join(t.out, runFile), err)
	}
	if given.Steps > 0 || given.Budget > 0 {
		t.Steps, t.Budget = given.Steps, given.Budget
	}
	if t.Steps == 0 && t.Budget == 0 {
		return wrongUsage("train: the run in %s does not say how far it was to go; give --steps or --budget", t.out)
	}
	if full, err := filepath.Abs(c.model); err == nil && full == t.Model {
		c.model = full
	}
	for _, flag := range []struct{ name, given, usual, kept string }{
		{"method", given.Method, "", t.Method}, {"model", c.model, "", t.Model}, {"task", c.task, defaults.task, t.Task}, {"difficulty", c.difficulty, "", t.Difficulty},
		{"teacher", c.teacher, "", t.Teacher}, {"focus-heads", given.FocusHeads, "", t.FocusHeads}, {"reflection", given.Reflection, "", t.Reflection},
		{"seed", fmt.Sprint(c.seed), fmt.Sprint(defaults.seed), fmt.Sprint(t.Seed)},
	} {
		if flag.given != flag.usual && flag.given != flag.kept {
			return t.differs(flag.name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(given.Hyper)) {
		if given.Hyper[name] != t.Hyper[name] {
			return t.differs(name)
		}
	}
	c.model, c.task, c.difficulty, c.teacher, c.seed = t.Model, t.Task, t.Difficulty, t.Teacher, t.Seed
	return nil
}

func (t *training) differs(flag string) error {
	return wrongUsage("train: the run in %s was begun with another --%s; leave it out to go on with the run, or give another --out", t.out, flag)
}

func wrapOut(err error) error {
	if err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	return nil
}

func writeJSON(path string, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(data, '\n'), 0o644)
}

// open opens the folder for a run that nothing is wrong with: the log behind the line of the last kept step, which it
// returns, and run.json. Lines after it, of a run that broke off, are taken again; a log that lacks one before is left as
// it is.
func (t *training) open(steps int) (log *os.File, last rl.StepReport, err error) {
	if err := os.MkdirAll(t.out, 0o755); err != nil {
		return nil, last, fmt.Errorf("--out: %w", err)
	}
	path := filepath.Join(t.out, metricsFile)
	if log, err = os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644); err != nil {
		return nil, last, fmt.Errorf("--out: %w", err)
	}
	if last, err = keepLines(log, path, steps); err == nil {
		err = wrapOut(writeJSON(filepath.Join(t.out, runFile), t))
	}
	if err != nil {
		log.Close()
		return nil, last, err
	}
	return log, last, nil
}

// keepLines cuts a log after so many steps and returns the last line that is kept.
func keepLines(log *os.File, path string, steps int) (last rl.StepReport, err error) {
	old, err := os.ReadFile(path)
	if err != nil {
		return last, fmt.Errorf("--out: %w", err)
	}
	at := 0
	for step := 1; step <= steps; step++ {
		text, _, whole := bytes.Cut(old[at:], []byte("\n"))
		var line rl.StepReport
		if err := json.Unmarshal(text, &line); !whole || err != nil || line.Step != step {
			return last, fmt.Errorf("line %d of %s is not that of step %d, and the checkpoint has %d steps; mend the log, or begin anew in another --out", step, path, step, steps)
		}
		last = line
		at += len(text) + 1
	}
	if err = log.Truncate(int64(at)); err == nil {
		_, err = log.Seek(int64(at), 0)
	}
	return last, wrapOut(err)
}
