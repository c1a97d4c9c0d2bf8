package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"attnlab/gpu"
	"attnlab/model"
	"attnlab/model/hf"
	"attnlab/rl"
	"attnlab/rl/examine"
	"attnlab/rl/hyper"
	"attnlab/rl/score"
	"attnlab/rl/task"
	"attnlab/web"
)

var trainCommand = command{
	name: "train",
	does: "reinforcement learning from a base: " + strings.Join(rl.Names(rl.Methods), ", "),
	about: `
DIR gets metrics.jsonl with a line a step, the trained model with the state to go on from (written every minute, at the end and on Ctrl-C),
run.json with what was asked for, and result.json with what came of it. --resume goes on exactly as if the run had never stopped, to its
end or as far as --steps and --budget say now; all else is as it was.

Before the first step the base answers probing problems; what training removes and keeps is counted against that. Key-focus heads (attnpo)
are found on them, and looked at again after the last step. Hyper-parameters are flags; their defaults suit the small models of this lab,
--paper takes the papers' values.

  attnlab train --method attnpo --budget 300000 --out runs/attnpo
  attnlab train --method tlmre --steps 40 --seed 2 --out runs/tlmre-2
  attnlab train --method attnpo --focus-heads 0.1,0.3 --out runs/wrong-heads
  attnlab train --out runs/attnpo --resume --budget 600000
`,
	flags: func(o *options, f *flag.FlagSet) action {
		o.takeTask(f)
		o.takeModel(f)
		var t training
		f.StringVar(&t.Method, "method", "", "`M`, one of "+strings.Join(rl.Names(rl.Methods), ", "))
		f.StringVar(&t.out, "out", "", "`DIR` to write")
		f.IntVar(&t.Steps, "steps", 0, "`N`, training steps in all (40, or as many as the budget allows)")
		f.Int64Var(&t.Budget, "budget", 0, "`N`, generated tokens in all: no step begins beyond it")
		f.BoolVar(&t.resume, "resume", false, "go on from the checkpoint in DIR")
		f.IntVar(&t.Probe, "probe", 256, "`N`, problems that the base is measured on before, and the model after")
		f.IntVar(&t.evaluate, "eval", 500, "`N`, fresh problems to evaluate the trained model on")
		f.StringVar(&t.FocusHeads, "focus-heads", "", "`L.H,L.H`, heads of attnpo in place of those it finds")
		f.StringVar(&t.Reflection, "reflection", "", "`DIR` of the reflection model of rearl, for its cuts normal, weak and strong (the one shipped with the base)")
		f.BoolVar(&t.Paper, "paper", false, "take the papers' hyper-parameters, made for models a thousand times larger")
		t.Hyper = hyperFlags(f, rl.Methods, rl.Rows(rl.Methods))
		return func(ctx context.Context, c *console) error { return c.train(ctx, t) }
	},
}

// hyperFlags adds a flag for each row of some methods and returns the values that were given.
func hyperFlags(f *flag.FlagSet, methods []rl.Method, rows hyper.Table) map[string]string {
	given := map[string]string{}
	for _, p := range rows {
		f.Func(p.Name, hyperHelp(methods, p)+", default "+byMethod(methods, p.Name, labValue), func(text string) error {
			_, err := p.Parse(text)
			given[p.Name] = text
			return err
		})
	}
	return given
}

func labValue(p hyper.Param) string   { return p.Lab.String() }
func paperValue(p hyper.Param) string { return p.Paper.String() }

// byMethod says what a hyper-parameter is where it is not given: what most methods take, then the others.
func byMethod(methods []rl.Method, row string, usual func(hyper.Param) string) string {
	of := map[string][]string{} // methods by value
	most := ""
	for _, method := range rl.With(methods, row) {
		p, _ := method.Params.Row(row)
		value := usual(p)
		of[value] = append(of[value], method.Name)
		if len(of[value]) > len(of[most]) {
			most = value
		}
	}
	text := most
	for _, value := range slices.Sorted(maps.Keys(of)) {
		if value != most {
			text += ", for " + strings.Join(of[value], " ") + " " + value
		}
	}
	return text
}

// training is what the flags of train say. The part in run.json is what a run keeps.
type training struct {
	Method     string            `json:"method"`
	Model      string            `json:"model"`
	Task       string            `json:"task"`
	Difficulty string            `json:"difficulty"`
	Teacher    string            `json:"teacher"`
	Seed       uint64            `json:"seed"`
	Probe      int               `json:"probe"`
	FocusHeads string            `json:"focus_heads,omitempty"`
	Reflection string            `json:"reflection,omitempty"`
	Paper      bool              `json:"paper"`
	Hyper      map[string]string `json:"hyper"`            // those that were given
	Steps      int               `json:"steps,omitempty"`  // in all
	Budget     int64             `json:"budget,omitempty"` // generated tokens, in all

	out      string
	evaluate int
	resume   bool
}

// trained is what came of a run: result.json.
type trained struct {
	rl.StepReport
	Adapter    string              `json:"adapter"`
	Base       *rl.Probe           `json:"base"`
	After      *rl.Probe           `json:"after"` // the same problems, answered by the trained model
	FocusHeads []focusHead         `json:"focus_heads,omitempty"`
	Evaluation *examine.Evaluation `json:"evaluation,omitempty"`
}

// focusHead is a head that attnpo held on to, with its step ranking accuracy.
type focusHead struct {
	score.Head
	Before number `json:"sra_before"`
	After  number `json:"sra_after"`
}

func (c *console) train(ctx context.Context, t training) error {
	if err := t.check(c); err != nil {
		return err
	}
	kept, err := t.claim(c)
	if err != nil {
		return err
	}
	task, base, name, err := c.taskAndModel()
	if err != nil {
		return err
	}
	config, err := t.config()
	if err != nil {
		return err
	}
	d, _, err := gpu.Open(c.backend)
	if err != nil {
		return err
	}
	defer d.Close()
	reflection, err := t.reflection(config, name)
	if err != nil {
		return err
	}
	if reflection != nil {
		if config.Reflector, err = rl.NewReflector(d, task, reflection); err != nil {
			return err
		}
		defer config.Reflector.Release()
	}
	r, err := rl.NewRun(d, task, base, kept, config)
	if err != nil {
		return err
	}
	defer r.Release()
	c.note("%s from %s with %d parameters on %s", t.Method, name, r.Model.Count(), d.Info)
	result, err := c.runTraining(ctx, r, t)
	if err != nil {
		return err
	}
	return c.print(result, result.text)
}

// reflection is the reflection model that was asked for, or the one shipped with the base where the run needs one; else nil.
func (t *training) reflection(config rl.RunConfig, base string) (*hf.Checkpoint, error) {
	if t.Reflection != "" {
		c, err := hf.Load(t.Reflection)
		if err != nil {
			return nil, fmt.Errorf("--reflection: %w", err)
		}
		return c, nil
	}
	if folder, shipped := web.Reflection(base); shipped && config.Reflects() {
		return hf.LoadFS(folder)
	}
	return nil, nil
}

func (t *training) check(c *console) error {
	switch {
	case t.out == "":
		return wrongUsage("train: --out is missing; give a folder for the run")
	case t.Method == "" && !t.resume:
		return wrongUsage("train: --method is missing; choose one of %s", strings.Join(rl.Names(rl.Methods), ", "))
	case t.Method != "" && !slices.Contains(rl.Names(rl.Methods), t.Method):
		return wrongUsage("train: there is no method %q; choose one of %s", t.Method, strings.Join(rl.Names(rl.Methods), ", "))
	case t.Budget < 0:
		return wrongUsage("train: --budget is %d, it must be at least 0", t.Budget)
	}
	for _, err := range []error{atLeast(0, "steps", t.Steps), within(1, maxProblems, "probe", t.Probe), within(0, maxProblems, "eval", t.evaluate)} {
		if err != nil {
			return err
		}
	}
	if t.resume {
		return nil
	}
	if t.Steps == 0 && t.Budget == 0 {
		t.Steps = 40
	}
	if m, err := rl.MethodOf(t.Method); err == nil && t.FocusHeads != "" && !m.Takes.Heads {
		takers := slices.DeleteFunc(slices.Clone(rl.Methods), func(m rl.Method) bool { return !m.Takes.Heads })
		return wrongUsage("train: --focus-heads is for %s; %s has none", strings.Join(rl.Names(takers), ", "), t.Method)
	}
	t.Model, t.Task, t.Difficulty, t.Teacher, t.Seed = c.model, c.task, c.difficulty, c.teacher, c.seed
	_, err := t.hyper()
	return err
}

// hyper are the method's hyper-parameters with those that were given.
func (t *training) hyper() (hyper.Values, error) {
	m, err := rl.MethodOf(t.Method)
	if err != nil {
		return nil, err
	}
	h := m.Params.Lab()
	if t.Paper {
		h = m.Params.Paper()
	}
	for name, text := range t.Hyper {
		if err := m.Params.Set(h, name, text); err != nil {
			return nil, wrongUsage("train: %s does not take --%s", t.Method, name)
		}
	}
	if err := m.Check(h, hyper.Limits{}); err != nil {
		return nil, usageError{err}
	}
	return h, nil
}

func (t *training) config() (c rl.RunConfig, err error) {
	c = rl.RunConfig{Seed: t.Seed, Probe: t.Probe}
	if c.Method, err = rl.MethodOf(t.Method); err != nil {
		return c, err
	}
	if c.Hyper, err = t.hyper(); err != nil || t.FocusHeads == "" {
		return c, err
	}
	for text := range strings.SplitSeq(t.FocusHeads, ",") {
		layer, head, _ := strings.Cut(text, ".")
		l, err := strconv.Atoi(layer)
		h, err2 := strconv.Atoi(head)
		if err != nil || err2 != nil {
			return c, wrongUsage("train: --focus-heads is %q; write layer.head,layer.head, counted from 0", t.FocusHeads)
		}
		c.Heads = append(c.Heads, score.Head{Layer: l, Head: h})
	}
	return c, nil
}

// runTraining takes the steps, logs and saves. Where ctx ends it saves and says how to go on.
func (c *console) runTraining(ctx context.Context, r *rl.Run, t training) (result trained, err error) {
	log, last, err := t.open(r.Steps())
	if err != nil {
		return result, err
	}
	result.StepReport = last
	defer log.Close()
	bar := c.progress(t.Method)
	bar.from, _ = t.part(r)
	saved := time.Now()
	for stepping := true; stepping && !t.done(r); {
		report, err := r.Step(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			return result, err
		case err != nil:
			stepping = false
			continue
		}
		if err := json.NewEncoder(log).Encode(report); err != nil {
			return result, fmt.Errorf("step %d: %w", report.Step, err)
		}
		result.StepReport = report
		note := fmt.Sprintf("accuracy %.3f, %.1f think tokens, %.0f tokens a second", report.Accuracy, report.ThinkTokens, report.TokensPerSecond)
		done, of := t.part(r)
		bar.set(done, of, note)
		if time.Since(saved) > saveEvery {
			if err := t.save(r); err != nil {
				return result, err
			}
			saved = time.Now()
		}
	}
	bar.end()
	if err := t.save(r); err != nil {
		return result, err
	}
	if !t.done(r) {
		return result, fmt.Errorf("stopped after step %d; go on by \"attnlab train --resume --out %s\"", r.Steps(), t.out)
	}
	if err := t.conclude(ctx, r, &result); err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("stopped while the trained model was measured; it is in %s, and --resume measures it again", t.out)
		}
		return result, err
	}
	return result, nil
}

func (t *training) done(r *rl.Run) bool {
	return t.Steps > 0 && r.Steps() >= t.Steps || t.Budget > 0 && r.Generated >= t.Budget
}

// part is how much of the run is done, of how much: steps, or tokens where their budget will end it first.
func (t *training) part(r *rl.Run) (done, of int) {
	steps, tokens := int64(r.Steps()), min(r.Generated, t.Budget)
	if t.Steps == 0 || t.Budget > 0 && tokens*int64(t.Steps) > steps*t.Budget {
		return int(tokens), int(t.Budget)
	}
	return int(steps), t.Steps
}

func (t *training) save(r *rl.Run) error {
	checkpoint, err := r.Checkpoint()
	if err != nil {
		return err
	}
	return checkpoint.Save(t.out)
}

// conclude measures the trained model and writes result.json.
func (t *training) conclude(ctx context.Context, r *rl.Run, result *trained) error {
	after, err := r.Measure(ctx)
	if err != nil {
		return err
	}
	result.Adapter, result.Base, result.After = r.Model.Device.Info.String(), r.Base(), &after
	for _, h := range r.FocusHeads() {
		result.FocusHeads = append(result.FocusHeads, focusHead{h, rankOf(h, result.Base), rankOf(h, result.After)})
	}
	if t.evaluate > 0 {
		attempts, err := examine.Attempts(ctx, r.Decoder, r.Task, task.Problems(r.Task, task.EvalStream, r.Seed, t.evaluate), r.MaxLength,
			model.Sampling{Temperature: 1, Seed: uint32(task.SeedOf("sample", r.Seed, 0))}, nil)
		if err != nil {
			return err
		}
		e := examine.Evaluate(r.Task, attempts)
		result.Evaluation = &e
	}
	return wrapOut(writeJSON(filepath.Join(t.out, resultFile), result))
}

func rankOf(h score.Head, p *rl.Probe) number {
	if p != nil {
		for _, rank := range p.Heads {
			if rank.Head == h {
				return number(rank.SRA)
			}
		}
	}
	return noNumber
}

func (r trained) text(w io.Writer) {
	fmt.Fprintf(w, "\tbase\tafter %d steps\n", r.Step)
	for _, row := range []struct {
		name          string
		before, after float64
	}{
		{"accuracy", r.Base.Accuracy, r.After.Accuracy},
		{"think tokens", r.Base.ThinkTokens, r.After.ThinkTokens},
		{"redundant steps", r.Base.RedundantSteps, r.After.RedundantSteps},
		{"essential steps", r.Base.EssentialSteps, r.After.EssentialSteps},
	} {
		fmt.Fprintf(w, "%s\t%.3f\t%.3f\n", row.name, row.before, row.after)
	}
	for _, h := range r.FocusHeads {
		fmt.Fprintf(w, "SRA of L%d·H%d\t%v\t%v\n", h.Layer, h.Head.Head, h.Before, h.After)
	}
	fmt.Fprintf(w, "\n%d tokens generated, %d trained on, %d updates, %.0f s\n", r.Generated, r.Trained, r.Updates, r.Seconds)
}
