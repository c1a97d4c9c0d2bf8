package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"attnlab/gpu"
	"attnlab/model/hf"
	"attnlab/rl"
	"attnlab/rl/hyper"
	"attnlab/rl/runs"
	"attnlab/rl/score"
	"attnlab/rl/task"
	"attnlab/rl/task/text"
	"attnlab/web"
)

// training is a run by its flags.
type training struct {
	runs.Settings
	out      string
	evaluate int
	share    float64 // of the problems whose rollouts are saved
	resume   bool
	losses   string // file for the loss of each token of the last step, or empty
	cosine   bool   // measure the gradient of two halves
}

// opened is a run with everything that its steps need.
type opened struct {
	*rl.Run
	writer    *runs.Writer
	base      *hf.Checkpoint // without weights where lab has the base
	lab       *lab           // the base on the device, opened a few rows at a time; nil where base has its weights
	reflector *rl.Reflector
	device    *gpu.Device
	evaluate  int
	out       string
	losses    string
}

func (o *opened) close() {
	if o.writer != nil {
		o.writer.Close()
	}
	if o.Run != nil {
		o.Run.Release()
	}
	if o.reflector != nil {
		o.reflector.Release()
	}
	if o.lab != nil {
		if o.lab.Model != nil {
			o.lab.Model.Release()
		}
		o.lab.files.Close()
	}
	if o.device != nil {
		o.device.Close()
	}
}

// check looks at flags before anything is opened.
func (t *training) check(c *console) error {
	switch {
	case t.out == "":
		return wrongUsage("train: --out is missing; give a folder for the run")
	case t.Method == "" && !t.resume:
		return wrongUsage("train: --method is missing; choose one of %s", strings.Join(rl.Names(rl.Methods), ", "))
	case t.Method != "" && !slices.Contains(rl.Names(rl.Methods), t.Method):
		return wrongUsage("train: there is no method %q; choose one of %s", t.Method, strings.Join(rl.Names(rl.Methods), ", "))
	case t.Budget < 0 || t.Budget > 1<<53:
		return wrongUsage("train: --budget is %d, it must lie between 0 and 2^53", t.Budget)
	case t.HeldOutGap < 1:
		return wrongUsage("train: --held-out-every is %d, it must be at least 1", t.HeldOutGap)
	}
	if err := cmp.Or(atLeast(0, "steps", t.Steps), within(1, maxProblems, "probe", t.Probe), within(0, maxProblems, "eval", t.evaluate), within(0, maxProblems, "held-out", t.HeldOut)); err != nil {
		return err
	}
	if !(t.share >= 0 && t.share <= 1) {
		return wrongUsage("train: --save-rollouts is %g, it must lie between 0 and 1", t.share)
	}
	if t.resume {
		return nil
	}
	m, err := rl.MethodOf(t.Method)
	if err == nil && t.Steps == 0 && t.Budget == 0 {
		t.Steps = m.Steps
	}
	if err == nil && t.FocusHeads != "" && !m.Takes.Heads {
		takers := slices.DeleteFunc(slices.Clone(rl.Methods), func(m rl.Method) bool { return !m.Takes.Heads })
		return wrongUsage("train: --focus-heads is for %s; %s has none", strings.Join(rl.Names(takers), ", "), t.Method)
	}
	if err == nil && t.Reflection != "" && m.Takes.ReflectionModel == nil {
		takers := slices.DeleteFunc(slices.Clone(rl.Methods), func(m rl.Method) bool { return m.Takes.ReflectionModel == nil })
		return wrongUsage("train: --reflection is for %s; %s has none", strings.Join(rl.Names(takers), ", "), t.Method)
	}
	if c.isText() {
		if c.task == text.FreeText.Name {
			return wrongUsage("train: task %s has no problems to train on; choose --task %s, or %s with a --problem-file", c.task, text.FewShotChain.Name, text.Problems.Name)
		}
		file, err := fullFile(c.text.file)
		if err != nil {
			return fmt.Errorf("--problem-file: %w", err)
		}
		c.text.divide = true
		t.Wording = &runs.Wording{StepRule: c.text.rule, Chat: c.text.chat, System: c.text.system, Shots: c.text.shots, Context: c.text.context, Problems: file}
	}
	if _, err := c.storageAsked(); err != nil {
		return err
	}
	if c.storage != autoStorage {
		t.Storage = c.storage
	}
	t.Evaluate, t.Rollouts = &t.evaluate, &t.share
	t.Model, t.Task, t.Difficulty, t.Teacher, t.Seed = c.model, c.task, c.difficulty, c.teacher, runs.Seed(c.seed)
	return t.complete()
}

// complete fills in the hyper-parameters.
func (t *training) complete() error {
	m, err := rl.MethodOf(t.Method)
	if err != nil {
		return fmt.Errorf("the run in %s has the unknown method %q; choose one of %s", t.out, t.Method, strings.Join(rl.Names(rl.Methods), ", "))
	}
	for _, name := range slices.Sorted(maps.Keys(t.Hyper)) {
		if _, ok := m.Params.Row(name); !ok && !t.resume {
			return wrongUsage("train: %s does not take --%s", t.Method, name)
		}
	}
	err = t.Complete(m.Params)
	var values hyper.Values
	if err == nil {
		values, err = t.HyperValues(m.Params)
	}
	if err != nil && t.resume {
		return fmt.Errorf("%s: %w; restore the file, or begin a new run in another --out", filepath.Join(t.out, runs.RunFile), err)
	}
	if err != nil || t.resume { // a saved run continues with what it began with
		return err
	}
	if err := m.Check(values, hyper.Limits{}); err != nil {
		return usageError{err}
	}
	if t.Storage != "" && !(values.Has("lora") && values.Int("lora") > 0) {
		return wrongUsage("train: --storage is for adapters over frozen weights, and weights are trained in F32; give --lora a rank, or leave --storage out")
	}
	return nil
}

// open opens everything that the run needs. If it fails, it leaves no file behind.
func (t *training) open(ctx context.Context, c *console) (o *opened, err error) {
	o = &opened{evaluate: t.evaluate, out: t.out, losses: t.losses}
	defer func() {
		if err != nil {
			o.close()
		}
	}()
	var state *hf.Checkpoint
	recorded := true // all hyper-parameters: not by runs of version 1
	if t.resume {
		if o.writer, err = openRun(ctx, t.out, "train"); err != nil {
			return o, err
		}
		recorded = o.writer.Settings.Values != nil
		if err = t.recall(c, withEvaluation(o.writer.Run)); err != nil {
			return o, err
		}
		o.evaluate = t.evaluate
		if o.writer.Damaged {
			c.note("%s is not JSON; it is written again at the end", filepath.Join(t.out, runs.ResultFile))
		}
		if state, err = stateOf(o.writer, t.out); err != nil {
			return o, err
		}
		if err = t.pastEnd(o.writer, state); err != nil {
			return o, err
		}
		if err = wholeLog(o.writer, state, t.out); err != nil {
			return o, err
		}
	} else {
		if err = refuseRun(ctx, t.out); err != nil {
			return o, err
		}
		if t.Model, err = fullPath(t.Model); err != nil {
			return o, fmt.Errorf("--model: %w", err)
		}
		if t.Reflection, err = fullPath(t.Reflection); err != nil {
			return o, fmt.Errorf("--reflection: %w", err)
		}
	}
	name, kind, err := t.models(ctx, c, o)
	if err != nil {
		return o, err
	}
	config, err := t.config()
	if err != nil {
		return o, err
	}
	if err := config.Method.Suits(kind, config.Hyper); err != nil && !t.resume {
		return o, usageError{err}
	}
	began := ""
	if t.resume && t.Measured != nil {
		began = t.Measured.Adapter
	}
	if o.device, err = c.resumeDevice(o.base.Config, began); err != nil {
		return o, err
	}
	if err := t.openParts(ctx, c, o, &config); err != nil {
		return o, err
	}
	reflection, err := t.reflection(o.writer, config, name)
	if err != nil {
		return o, err
	}
	if reflection != nil {
		if o.reflector, err = rl.NewReflector(o.device, kind, reflection); err != nil {
			return o, err
		}
		config.Reflector = o.reflector
	}
	if state != nil && !recorded {
		config.Hyper = nil // those of the checkpoint, whatever the defaults are now
	}
	if o.Run, err = rl.NewRun(o.device, kind, o.base, state, config); err != nil {
		return o, err
	}
	for name, value := range o.Run.RunConfig.Hyper {
		t.Values[name] = value.String()
	}
	begun := t.Measured
	if t.Measured = t.measured(o.Run, kind); begun != nil && begun.Wording != t.Measured.Wording {
		return o, fmt.Errorf("the problems are not those that the run began with: they are put as %s, and were as %s; restore %s, or begin a new run in another --out",
			t.Measured.Wording, begun.Wording, t.Wording.Problems)
	}
	if o.writer == nil {
		if o.writer, err = createRun(ctx, t.out, runs.Run{Settings: t.Settings}); err == nil {
			err = o.save(ctx) // before the first line of the log: a log without a checkpoint is never that of a killed run
		}
	} else {
		o.writer.Settings = t.Settings
		if err = o.writer.Cut(ctx, o.Run.Steps()); err == nil {
			err = o.writer.SaveSettings(ctx)
		}
		if err == nil && state == nil { // it was killed before that first checkpoint
			err = o.save(ctx)
		}
		if lost := o.writer.Lost; lost != nil {
			c.note("%v", lost)
		}
		err = wrapOut(err)
	}
	if err == nil {
		c.note("%s from %s with %d parameters on %s", t.Method, name, o.Model.Count(), o.device.Info)
	}
	return o, err
}

// models reads task and base, which must be the one that the run began with.
func (t *training) models(ctx context.Context, c *console, o *opened) (name string, kind task.Task, err error) {
	c.model, c.task, c.difficulty, c.teacher, c.seed = t.Model, t.Task, t.Difficulty, t.Teacher, uint64(t.Seed)
	if w := t.Wording; w != nil {
		file := w.Problems
		if file != "" && !filepath.IsAbs(file) { // a run of the page has its problems
			file = filepath.Join(t.out, file)
		}
		c.text = textOptions{file: file, rule: w.StepRule, chat: w.Chat, system: w.System, shots: w.Shots, context: w.Context, divide: true}
	}
	if o.writer != nil && len(o.writer.Base) > 0 { // a run of the page that began from a run carries its base
		if o.base, err = hf.LoadFiles(o.writer.Base); err != nil {
			return "", nil, fmt.Errorf("%s: %w", filepath.Join(t.out, runs.BaseFolder), err)
		}
		name = filepath.Join(t.out, runs.BaseFolder)
		kind, err = c.taskOf(o.base, name)
	} else if o.lab, err = t.inParts(c); o.lab != nil || err != nil {
		return t.modelInParts(ctx, c, o, err)
	} else {
		kind, o.base, name, err = c.taskAndModel()
		if err != nil && t.resume {
			err = fmt.Errorf("the model that the run began from cannot be read: %w", err)
		}
	}
	if err != nil {
		return "", nil, err
	}
	t.Base, err = identity("base", name, o.base.WeightsSum(), t.Base)
	return name, kind, err
}

// reflection is the reflection model of --reflection, or the one shipped with the base if the run needs one; else nil.
func (t *training) reflection(w *runs.Writer, config rl.RunConfig, base string) (c *hf.Checkpoint, err error) {
	name := t.Reflection
	switch folder, shipped := web.Reflection(filepath.Base(base)); {
	case w != nil && len(w.Reflection) > 0:
		name = filepath.Join(t.out, runs.ReflectionFolder)
		c, err = hf.LoadFiles(w.Reflection)
	case name != "":
		if c, err = hf.Load(name); err != nil {
			err = fmt.Errorf("--reflection: %w", err)
		}
	case shipped && config.Reflects():
		name = base + "/reflection"
		c, err = hf.LoadFS(folder)
	default:
		return nil, nil
	}
	if err == nil {
		t.ReflectionModel, err = identity("reflection model", name, c.WeightsSum(), t.ReflectionModel)
	}
	return c, err
}

// config is the run for package rl.
func (t *training) config() (c rl.RunConfig, err error) {
	c = rl.RunConfig{Seed: uint64(t.Seed), Probe: t.Probe, SaveRollouts: t.Rollouts, GradientCosine: t.cosine, HeldOut: rl.HeldOutConfig{Problems: t.HeldOut, Every: t.HeldOutGap}}
	if c.Method, err = rl.MethodOf(t.Method); err != nil {
		return c, err
	}
	if c.Hyper, err = t.HyperValues(c.Method.Params); err != nil || t.FocusHeads == "" {
		return c, err
	}
	if c.Heads, err = score.ParseHeads(t.FocusHeads); err != nil {
		return c, usageError{fmt.Errorf("--focus-heads %w", err)}
	}
	if n, given := t.Hyper["heads"]; given && !t.resume && c.Hyper.Int("heads") != len(c.Heads) {
		return c, wrongUsage("--heads is %s and --focus-heads names %d; name as many, or leave out --heads", n, len(c.Heads))
	}
	return c, nil
}

// withEvaluation returns the settings of a run. If they do not record the size of its evaluation, result.json does.
func withEvaluation(r runs.Run) runs.Settings {
	s := r.Settings
	if s.Evaluate == nil && r.Result != nil && r.Result.Evaluation != nil {
		var evaluation struct{ Problems int }
		if json.Unmarshal(r.Result.Evaluation, &evaluation) == nil && evaluation.Problems > 0 {
			s.Evaluate = &evaluation.Problems
		}
	}
	return s
}

// pastEnd returns an error if the run has already trained beyond its planned end: a shorter plan would contradict the checkpoint.
func (t *training) pastEnd(w *runs.Writer, state *hf.Checkpoint) error {
	if state == nil {
		return nil
	}
	done := state.Train.Schedule
	if t.Steps > 0 && done > t.Steps {
		return fmt.Errorf("the checkpoint in %s has %d steps already and --steps is %d; give a larger --steps", t.out, done, t.Steps)
	}
	before := w.Log.UpTo(done - 1) // no step begins beyond the budget: the last one began here
	if t.Budget > 0 && done > 0 && before.Tokens() >= t.Budget {
		now := w.Log.UpTo(done)
		return fmt.Errorf("the checkpoint in %s has %d generated tokens already and --budget is %d; give a larger --budget", t.out, now.Tokens(), t.Budget)
	}
	return nil
}

// readable returns an error for settings whose task cannot be made. A task of free text needs the model's tokenizer too, which is not
// read yet.
func readable(s runs.Settings) error {
	if _, free := text.Find(s.Task); !free {
		_, err := task.New(s.Task, s.Teacher, s.Difficulty)
		return err
	}
	if s.Wording == nil {
		return errors.New("it does not say how prompts are put")
	}
	return nil
}

// recall takes the settings that the run was begun with. Flags may change how far it trains, and nothing else; a run that was
// begun without an evaluation may get one.
func (t *training) recall(c *console, begun runs.Settings) error {
	steps, budget := t.Steps, t.Budget
	if m, err := rl.MethodOf(begun.Method); err == nil {
		for _, name := range slices.Sorted(maps.Keys(t.Hyper)) {
			if _, ok := m.Params.Row(name); !ok {
				return fmt.Errorf("train: %s does not take --%s", begun.Method, name)
			}
		}
	}
	maps.Copy(c.given, t.Hyper)
	t.Settings = begun
	if err := t.complete(); err != nil {
		return err
	}
	if err := c.checkFlags(t.out, t.Settings); err != nil {
		return err
	}
	if err := readable(begun); err != nil {
		return fmt.Errorf("%s: %w; restore the file, or begin a new run in another --out", filepath.Join(t.out, runs.RunFile), err)
	}
	if begun.Probe < 1 {
		return fmt.Errorf("%s has probe %d, and it must be at least 1; restore the file, or begin a new run in another --out", filepath.Join(t.out, runs.RunFile), begun.Probe)
	}
	_, given := c.given["eval"]
	if begun.Evaluate != nil && (!given || *begun.Evaluate > 0) {
		t.evaluate = *begun.Evaluate
	} else if begun.Evaluate != nil && t.evaluate > 0 {
		c.note("the run in %s was begun with --eval 0; it is now evaluated on %d problems", t.out, t.evaluate)
	}
	t.Evaluate = &t.evaluate
	if steps > 0 || budget > 0 {
		t.Steps, t.Budget = steps, budget
	}
	if t.Steps == 0 && t.Budget == 0 {
		return fmt.Errorf("train: the run in %s has no planned end; give --steps or --budget", t.out)
	}
	return nil
}

// wholeLog returns an error where the log lacks a step that the checkpoint has, or where measurements have no checkpoint at all:
// to resume such a run would replace them. A run that was killed before its first checkpoint has neither.
func wholeLog(w *runs.Writer, state *hf.Checkpoint, out string) error {
	if state == nil && (w.Log.Rows() > 0 || w.Result != nil) {
		return logAlone(out, w)
	}
	steps := 0
	if state != nil {
		steps = state.Train.Schedule
	}
	log := w.Log.UpTo(steps)
	for i, step := range log.Columns().Of("step") {
		if step != float64(i+1) {
			return missingStep(out, i+1, steps)
		}
	}
	if log.Rows() != steps {
		return missingStep(out, log.Rows()+1, steps)
	}
	return nil
}

func missingStep(out string, line, steps int) error {
	return fmt.Errorf("line %d of %s is not that of step %d, and the checkpoint has %d steps; repair the log, or begin a new run in another --out",
		line, filepath.Join(out, runs.MetricsFile), line, steps)
}
