package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"attnlab/model/hf"
	"attnlab/rl/runs"
	"attnlab/rl/task"
)

// saveEvery is how much work a crash may cost. Tests save more often.
var saveEvery = time.Minute

// openRun opens the folder of a run to resume. It returns an error where there is none, or where another process writes it.
func openRun(ctx context.Context, out, command string) (*runs.Writer, error) {
	store, id, err := runs.InFolder(out)
	if err != nil {
		return nil, wrapOut(err)
	}
	names, err := store.Names(ctx, id)
	if err != nil {
		return nil, wrapOut(err)
	}
	if !slices.ContainsFunc(names, func(name string) bool {
		return name == runs.RunFile || name == runs.PretrainFile || name == runs.StateFile
	}) {
		if slices.Contains(names, runs.WeightsFile) {
			return nil, noState(out)
		}
		return nil, fmt.Errorf("there is no run and no checkpoint in %s to resume; leave out --resume", out)
	}
	if command == "train" && !slices.Contains(names, runs.RunFile) && !slices.Contains(names, runs.PretrainFile) {
		return nil, fmt.Errorf("%s is missing in %s, and a run resumes with the settings in it; restore the file, or begin a new run in another --out", runs.RunFile, out)
	}
	w, err := runs.Open(ctx, store, id)
	if errors.Is(err, runs.ErrLocked) {
		return nil, inFolder(out, err)
	}
	if err != nil {
		return nil, fmt.Errorf("%w; repair the file, or begin a new run in another --out", inFolder(out, err))
	}
	pretrain := w.Settings.Method == runs.Pretrain
	if w.Settings.Method == "" && slices.Contains(names, runs.RunFile) {
		w.Close()
		return nil, fmt.Errorf("%s in %s names no method; restore the file, or begin a new run in another --out", runs.RunFile, out)
	}
	if w.Settings.Method == "" || pretrain != (command == runs.Pretrain) {
		w.Close()
		other := "train"
		if pretrain {
			other = runs.Pretrain
		}
		return nil, fmt.Errorf("the run in %s is of another kind; resume it by \"attnlab %s --resume --out %s\"", out, other, out)
	}
	return w, nil
}

// createRun makes the folder of a new run.
func createRun(ctx context.Context, out string, r runs.Run) (*runs.Writer, error) {
	store, id, err := runs.InFolder(out)
	if err != nil {
		return nil, wrapOut(err)
	}
	w, err := runs.Create(ctx, store, id, r)
	return w, inFolder(out, err)
}

func noState(out string) error {
	return fmt.Errorf("the checkpoint in %s has no training state to resume from; begin a new run in another --out", out)
}

// logAlone refuses to resume a run that has measurements and no checkpoint: to train it again would replace them.
func logAlone(out string, w *runs.Writer) error {
	return fmt.Errorf("the run in %s has a log of %d steps but no checkpoint to resume from; begin a new run in another --out, or copy the checkpoint's files back", out, w.Log.Step())
}

// refuseRun returns an error where a folder holds files that a new run would write over.
func refuseRun(ctx context.Context, out string) error {
	store, id, err := runs.InFolder(out)
	if err != nil {
		return wrapOut(err)
	}
	names, err := store.Names(ctx, id)
	if err == nil && len(names) > 0 {
		err = runs.ErrExists
		if !slices.Contains(names, runs.RunFile) {
			return fmt.Errorf("there is a model or a log in %s that training would write over; give another --out, or --resume to continue a run", out)
		}
	}
	return inFolder(out, err)
}

// inFolder adds to an error of a run's folder what to do about it.
func inFolder(out string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, runs.ErrLocked):
		return fmt.Errorf("another attnlab is writing to %s; wait until it ends, or give another --out", out)
	case errors.Is(err, runs.ErrExists):
		return fmt.Errorf("there is a run in %s already; resume it with --resume, or give another --out", out)
	}
	if errors.Is(err, syscall.ENOTDIR) {
		return wrapOut(err)
	}
	return fmt.Errorf("--out: %s: %w", out, err)
}

func wrapOut(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok && errors.Is(err, syscall.ENOTDIR) {
		return fmt.Errorf("--out: %s is a file or lies in one; give a folder", path.Path)
	}
	if err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	return nil
}

// checkFlags returns an error for a flag that differs from the run's settings.
func (c *console) checkFlags(out string, s runs.Settings) error {
	same := func(name, given, begun string) bool {
		switch name {
		case "model", "reflection", "from":
			full, err := fullPath(given)
			used := s.Base
			if name == "reflection" {
				used = s.ReflectionModel
			}
			return err == nil && (full == begun || begun == "" && used != nil && full == used.Name) // the default by its name is the same
		case "problem-file":
			full, err := fullFile(given)
			return err == nil && full == begun
		case "difficulty":
			_, a := task.Describe(s.Task, "", given)
			_, b := task.Describe(s.Task, "", begun)
			return a == b
		case "teacher":
			a, _ := task.Describe(s.Task, given, "")
			b, _ := task.Describe(s.Task, begun, "")
			return a == b
		}
		return false
	}
	names := slices.Sorted(maps.Keys(c.given))
	if name := s.Conflict(names, func(name string) string { return c.given[name] }, same); name != "" {
		begun, _ := s.Flag(name)
		if begun == "" {
			return fmt.Errorf("resume: the run in %s was begun without --%s; leave out --%s %s to resume the run, or give another --out", out, name, name, c.given[name])
		}
		return fmt.Errorf("resume: the run in %s was begun with --%s %s, not %s; leave it out to resume the run, or give another --out", out, name, begun, c.given[name])
	}
	return nil
}

// fullPath is an existing folder by its full path, so that a run finds it from everywhere; other text, such as the name of a
// shipped base, stays.
func fullPath(name string) (string, error) {
	if info, err := os.Stat(name); err != nil || !info.IsDir() {
		return name, nil
	}
	return filepath.Abs(name)
}

// fullFile is an existing file by its full path; no name stays none.
func fullFile(name string) (string, error) {
	if name == "" {
		return "", nil
	}
	if _, err := os.Stat(name); err != nil {
		return "", err
	}
	return filepath.Abs(name)
}

// identity identifies weights by their checksum. It returns an error where a run began with other weights.
func identity(what, name, weights string, begun *runs.Identity) (*runs.Identity, error) {
	is := &runs.Identity{Name: name, Weights: weights}
	if begun != nil && begun.Weights != "" && begun.Weights != is.Weights {
		if name != begun.Name {
			return nil, fmt.Errorf("the %s in %s is not the one that this run began with, %s: its weights differ; restore them, or begin a new run in another --out", what, name, begun.Name)
		}
		return nil, fmt.Errorf("the %s %s is not the one that this run began with: its weights were replaced since; restore them, or begin a new run in another --out", what, begun.Name)
	}
	if begun != nil && begun.Weights != "" {
		return begun, nil
	}
	return is, nil
}

// stateOf is the checkpoint that a run resumes from, nil for one that was stopped before its first.
func stateOf(w *runs.Writer, out string) (*hf.Checkpoint, error) {
	c, err := hf.LoadState(w.Checkpoint)
	if errors.Is(err, hf.ErrNoState) {
		if _, err := os.Stat(filepath.Join(out, runs.WeightsFile)); err == nil {
			return nil, noState(out)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, wrapOut(err)
		}
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", out, err)
	}
	return c, nil
}
