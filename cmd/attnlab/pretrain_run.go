package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"strings"
	"time"

	"attnlab/model"
	"attnlab/model/hf"
	"attnlab/rl"
	"attnlab/rl/runs"
	"attnlab/rl/task"
)

// pretrainNote is what run.json notes of pretraining, before the adapter that it ran on.
const pretrainNote = "attnlab pretrain on "

// pretrainEvery is how many steps make a line of the log.
const pretrainEvery = 20

func (c *console) pretrain(ctx context.Context, p pretraining) error {
	var w *runs.Writer
	var settings runs.Settings
	var err error
	if p.resume {
		if w, err = openRun(ctx, p.out, runs.Pretrain); err != nil {
			return err
		}
		defer func() { w.Close() }()
		if settings, err = p.recall(c, w); err != nil {
			return err
		}
	} else {
		if err = refuseRun(ctx, p.out); err != nil {
			return err
		}
		if settings, err = p.settings(c); err != nil {
			return err
		}
	}
	kind, err := c.newTask()
	if err != nil {
		return err
	}
	start, err := p.start(c, w, kind, &settings)
	if err != nil {
		return err
	}
	values, err := settings.HyperValues(rl.PretrainParams)
	if err != nil {
		return err
	}
	config := rl.DefaultPretrain(settings.Steps).With(values)
	config.Seed, config.Every = uint64(settings.Seed), settings.Every
	began := ""
	if w != nil {
		began, _ = strings.CutPrefix(w.Settings.Note, pretrainNote)
	}
	d, err := c.resumeDevice(start.Config, began)
	if err != nil {
		return err
	}
	defer d.Close()
	r, err := rl.NewPretraining(d, kind, start.Config, start.Weights, start.Train, config)
	if err != nil {
		return err
	}
	defer r.Release()
	settings.Note = pretrainNote + d.Info.String()
	if w == nil {
		if w, err = createRun(ctx, p.out, runs.Run{Settings: settings}); err != nil {
			return err
		}
		defer func() { w.Close() }()
		if err := savePretraining(ctx, r, w); err != nil { // before the first line of the log: a log without a checkpoint is never that of a killed run
			return err
		}
	} else {
		w.Settings = settings
		if err := w.Cut(ctx, r.Trainer.Steps); err != nil {
			return wrapOut(err)
		}
		if err := w.SaveSettings(ctx); err != nil {
			return wrapOut(err)
		}
		if start.Train == nil { // it was killed before that first checkpoint
			if err := savePretraining(ctx, r, w); err != nil {
				return err
			}
		}
	}
	if r.Trainer.Steps == settings.Steps {
		c.note("the run in %s has its %d steps; give a larger --steps to train it further", p.out, settings.Steps)
	}
	c.note("%s with %d parameters on %s", settings.Model, r.Model.Count(), d.Info)
	last, err := c.runPretraining(ctx, r, w)
	if err != nil {
		return err
	}
	if err := c.print(last, func(out io.Writer) {
		fmt.Fprintf(out, "step\t%d\nloss\t%.4f\ntokens\t%d\t%.0f a second\ncheckpoint\t%s\n", last.Step, last.Loss, last.Tokens, last.TokensPerSecond, p.out)
	}); err != nil {
		return err
	}
	if r.Trainer.Steps < settings.Steps {
		return fmt.Errorf("stopped after %d of %d steps; resume by \"attnlab pretrain --resume --out %s\"", r.Trainer.Steps, settings.Steps, p.out)
	}
	return nil
}

// settings are those of a new run.
func (p pretraining) settings(c *console) (s runs.Settings, err error) {
	s = runs.Settings{Method: runs.Pretrain, Model: p.preset, Task: c.task, Difficulty: c.difficulty, Teacher: c.teacher, Seed: runs.Seed(c.seed),
		Steps: p.steps, Every: pretrainEvery, Hyper: p.hyper}
	if s.Start, err = fullPath(p.from); err != nil {
		return s, fmt.Errorf("--from: %w", err)
	}
	return s, s.Complete(rl.PretrainParams)
}

// recall are the settings that the run was begun with. --steps may change how far it goes, and nothing else may differ. A
// folder of version 1 has no settings: it takes those of the flags, and its seed and steps from the checkpoint.
func (p pretraining) recall(c *console, w *runs.Writer) (s runs.Settings, err error) {
	s = w.Settings
	if s.Task == "" {
		if s, err = p.settings(c); err != nil {
			return s, err
		}
		state, err := stateOf(w, p.out)
		if err != nil || state == nil {
			return s, err
		}
		s.Seed, s.Steps = runs.Seed(state.Train.Seed), state.Train.ScheduleOf
		c.note("the run in %s was saved by an older attnlab without its settings; it continues with those of the flags", p.out)
		if given, ok := c.given["seed"]; ok && given != s.Seed.String() {
			return s, fmt.Errorf("resume: the run in %s was begun with another --seed; leave it out to resume the run, or give another --out", p.out)
		}
	} else {
		if err := s.Complete(rl.PretrainParams); err != nil {
			return s, err
		}
		maps.Copy(c.given, p.hyper)
		if err := c.checkFlags(p.out, s); err != nil {
			return s, err
		}
	}
	if _, given := c.given["steps"]; given {
		s.Steps = p.steps
	}
	if s.Every == 0 {
		s.Every = pretrainEvery
	}
	c.task, c.difficulty, c.teacher, c.seed = s.Task, s.Difficulty, s.Teacher, uint64(s.Seed)
	return s, nil
}

// start is the checkpoint to begin with: the one in the folder, or else fresh weights or those of another model.
func (p pretraining) start(c *console, w *runs.Writer, kind task.Task, s *runs.Settings) (*hf.Checkpoint, error) {
	if w != nil {
		state, err := stateOf(w, p.out)
		if err != nil {
			return nil, err
		}
		if state != nil && state.Train.Method != nil {
			return nil, fmt.Errorf("the run in %s is of reinforcement learning; resume it by \"attnlab train --resume --out %s\"", p.out, p.out)
		}
		if state != nil && state.Train.Step > s.Steps {
			return nil, fmt.Errorf("the checkpoint in %s has %d steps already; give a larger --steps", p.out, state.Train.Step)
		}
		if state != nil {
			return state, suits(&state.Config, state.Tokenizer, kind, p.out)
		}
		if w.Log.Rows() > 0 {
			return nil, logAlone(p.out, w)
		}
	}
	if s.Start != "" {
		o := c.options
		o.model = s.Start
		from, name, err := o.checkpoint()
		if err != nil {
			return nil, err
		}
		from.Train = nil
		if s.Base, err = identity("model", name, from.WeightsSum(), s.Base); err != nil {
			return nil, err
		}
		return from, suits(&from.Config, from.Tokenizer, kind, name)
	}
	config, err := model.Preset(s.Model, len(kind.Vocabulary()))
	if err != nil {
		return nil, usageError{err}
	}
	return &hf.Checkpoint{Config: config, Weights: config.Init(uint64(s.Seed))}, nil
}

// lineByLine is a context that ends only where a line of the log is complete: the means in it are then the same wherever a run
// was stopped. It ends at once where a line could not be written.
type lineByLine struct {
	context.Context
	run    *rl.Pretraining
	failed *error
}

func (c lineByLine) Err() error {
	switch {
	case *c.failed != nil:
		return *c.failed
	case c.run.Trainer.Steps%c.run.Every == 0:
		return c.Context.Err()
	}
	return nil
}

// runPretraining trains, logs and saves, and returns the last line of the log. Where ctx ends it finishes the line, saves and
// returns as if done.
func (c *console) runPretraining(ctx context.Context, r *rl.Pretraining, w *runs.Writer) (last rl.PretrainReport, err error) {
	var failed error
	bar := c.progress("training")
	bar.from = r.Trainer.Steps
	saved, before := time.Now(), w.Log.Last("seconds")
	if line := w.Log.Line(); line != nil && r.Trainer.Steps == r.Steps { // nothing is left to do: the report is that of the last step
		if err := json.Unmarshal(line, &last); err != nil {
			return last, err
		}
	}
	err = r.Run(lineByLine{ctx, r, &failed}, func(report rl.PretrainReport) {
		report.Seconds += before
		last = report
		bar.set(report.Step, r.Steps, fmt.Sprintf("loss %.4f, %.0f tokens a second", report.Loss, report.TokensPerSecond))
		if err := w.Append(ctx, report); err != nil {
			failed = fmt.Errorf("step %d, loss %g: %w; give a lower --rate if the loss is not finite", report.Step, report.Loss, err)
		} else if time.Since(saved) > saveEvery {
			failed = savePretraining(ctx, r, w)
			saved = time.Now()
		}
	})
	bar.end()
	if failed != nil || err != nil && ctx.Err() == nil {
		return last, cmp.Or(failed, err)
	}
	last.Step = r.Trainer.Steps
	return last, savePretraining(ctx, r, w)
}

func savePretraining(ctx context.Context, r *rl.Pretraining, w *runs.Writer) error {
	checkpoint, err := r.Checkpoint()
	if err != nil {
		return err
	}
	files, err := checkpoint.Files()
	if err != nil {
		return err
	}
	return wrapOut(w.Save(context.WithoutCancel(ctx), files))
}
