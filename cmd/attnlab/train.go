package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"attnlab/gpu"
	"attnlab/model"
	"attnlab/rl"
	"attnlab/web"
)

var trainCommand = command{
	name: "train",
	does: "reinforcement learning from a base: " + strings.Join(rl.Methods, ", "),
	about: `
DIR gets metrics.jsonl with a line a step, the trained model with the state to go on from (written every minute, at the end and on Ctrl-C),
run.json with what was asked for, and result.json with what came of it. --resume goes on exactly as if the run had never stopped; all but
--steps, --budget and --eval is then as it was.

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
		f.StringVar(&t.Method, "method", "", "`M`, one of "+strings.Join(rl.Methods, ", "))
		f.StringVar(&t.out, "out", "", "`DIR` to write")
		f.IntVar(&t.steps, "steps", 0, "`N`, training steps in all (40, or as many as the budget allows)")
		f.Int64Var(&t.budget, "budget", 0, "`N`, generated tokens in all: no step begins beyond it")
		f.BoolVar(&t.resume, "resume", false, "go on from the checkpoint in DIR")
		f.IntVar(&t.Probe, "probe", 256, "`N`, problems that the base is measured on before, and the model after")
		f.IntVar(&t.evaluate, "eval", 500, "`N`, fresh problems to evaluate the trained model on")
		f.StringVar(&t.FocusHeads, "focus-heads", "", "`L.H,L.H`, heads of attnpo in place of those it finds")
		f.StringVar(&t.Reflection, "reflection", "", "`DIR` of the reflection model of rearl, for its cuts normal, weak and strong (the one shipped with the base)")
		f.BoolVar(&t.Paper, "paper", false, "take the papers' hyper-parameters, made for models a thousand times larger")
		t.Hyper = hyperFlags(f, rl.Table)
		return func(ctx context.Context, c *console) error { return c.train(ctx, t) }
	},
}

// hyperFlags adds a flag for each row and returns the values that were given.
func hyperFlags(f *flag.FlagSet, rows []rl.Param) map[string]string {
	given := map[string]string{}
	for _, p := range rows {
		f.Func(p.Name, hyperHelp(p)+", default "+byMethod(p, rl.LabHyper), func(text string) error {
			_, err := p.Parse(text)
			given[p.Name] = text
			return err
		})
	}
	return given
}

// byMethod says what a hyper-parameter is where it is not given: what most methods take, then the others.
func byMethod(p rl.Param, usual func(method string) rl.Hyper) string {
	of := map[string][]string{} // methods by value
	most := ""
	for _, method := range p.Methods {
		value := p.Format(usual(method)[p.Name])
		of[value] = append(of[value], method)
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
	Hyper      map[string]string `json:"hyper"` // those that were given

	out             string
	steps, evaluate int
	budget          int64
	resume          bool
}

const (
	runFile     = "run.json"
	metricsFile = "metrics.jsonl"
	resultFile  = "result.json"
)

// trained is what came of a run: result.json.
type trained struct {
	rl.StepReport
	Adapter    string         `json:"adapter"`
	Base       *rl.Probe      `json:"base"`
	After      *rl.Probe      `json:"after"` // the same problems, answered by the trained model
	FocusHeads []focusHead    `json:"focus_heads,omitempty"`
	Evaluation *rl.Evaluation `json:"evaluation,omitempty"`
}

// focusHead is a head that attnpo held on to, with its step ranking accuracy.
type focusHead struct {
	rl.Head
	Before number `json:"sra_before"`
	After  number `json:"sra_after"`
}

func (c *console) train(ctx context.Context, t training) error {
	if err := t.check(c); err != nil {
		return err
	}
	kept, err := t.begin(c)
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
func (t *training) reflection(config rl.RunConfig, base string) (*model.Checkpoint, error) {
	if t.Reflection != "" {
		c, err := model.Load(t.Reflection)
		if err != nil {
			return nil, fmt.Errorf("--reflection: %w", err)
		}
		return c, nil
	}
	if folder, shipped := web.Reflection(base); shipped && config.Reflects() {
		return model.LoadFS(folder)
	}
	return nil, nil
}

func (t *training) check(c *console) error {
	switch {
	case t.out == "":
		return wrongUsage("train: --out is missing; give a folder for the run")
	case t.Method == "" && !t.resume:
		return wrongUsage("train: --method is missing; choose one of %s", strings.Join(rl.Methods, ", "))
	case t.Method != "" && !slices.Contains(rl.Methods, t.Method):
		return wrongUsage("train: there is no method %q; choose one of %s", t.Method, strings.Join(rl.Methods, ", "))
	case t.budget < 0:
		return wrongUsage("train: --budget is %d, it must be at least 0", t.budget)
	}
	for _, err := range []error{atLeast(0, "steps", t.steps), atLeast(1, "probe", t.Probe), atLeast(0, "eval", t.evaluate)} {
		if err != nil {
			return err
		}
	}
	if t.steps == 0 && t.budget == 0 {
		t.steps = 40
	}
	if t.resume {
		return nil
	}
	t.Model, t.Task, t.Difficulty, t.Teacher, t.Seed = c.model, c.task, c.difficulty, c.teacher, c.seed
	_, err := t.hyper()
	return err
}

// begin makes or reads run.json. It returns the checkpoint to go on from, or nil.
func (t *training) begin(c *console) (*model.Checkpoint, error) {
	path := filepath.Join(t.out, runFile)
	data, err := os.ReadFile(path)
	switch {
	case !t.resume && err == nil:
		return nil, fmt.Errorf("there is a run in %s; go on with it by --resume, or give another --out", t.out)
	case t.resume && errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is no run in %s to go on with; leave out --resume", t.out)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("--out: %w", err)
	case !t.resume:
		if info, err := os.Stat(t.Model); err == nil && info.IsDir() {
			if t.Model, err = filepath.Abs(t.Model); err != nil {
				return nil, fmt.Errorf("--model: %w", err)
			}
		}
		return nil, t.write(path)
	}
	method, given := t.Method, t.Hyper
	if err := json.Unmarshal(data, t); err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", path, err)
	}
	if method != "" && method != t.Method || len(given) > 0 && len(given) != len(t.Hyper) {
		return nil, wrongUsage("train: the run in %s is of %s with its own hyper-parameters; leave out --method and them to go on with it", t.out, t.Method)
	}
	c.model, c.task, c.difficulty, c.teacher, c.seed = t.Model, t.Task, t.Difficulty, t.Teacher, t.Seed
	kept, err := model.Load(t.out)
	if errors.Is(err, fs.ErrNotExist) || err != nil && !exists(filepath.Join(t.out, "config.json")) {
		return nil, nil // stopped before its first checkpoint: begin anew
	}
	return kept, err
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func (t *training) write(path string) error {
	if err := os.MkdirAll(t.out, 0o755); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	return wrapOut(writeJSON(path, t))
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

// hyper are the method's hyper-parameters with those that were given.
func (t *training) hyper() (rl.Hyper, error) {
	h := rl.LabHyper(t.Method)
	if t.Paper {
		h = rl.PaperHyper(t.Method)
	}
	for name, text := range t.Hyper {
		if err := h.Set(name, text); err != nil {
			return nil, wrongUsage("train: %s does not take --%s", t.Method, name)
		}
	}
	return h, nil
}

func (t *training) config() (c rl.RunConfig, err error) {
	c = rl.RunConfig{Method: t.Method, Seed: t.Seed, Probe: t.Probe}
	if c.Hyper, err = t.hyper(); err != nil || t.FocusHeads == "" {
		return c, err
	}
	for _, text := range strings.Split(t.FocusHeads, ",") {
		var h rl.Head
		if n, err := fmt.Sscanf(text, "%d.%d", &h.Layer, &h.Head); n != 2 || err != nil {
			return c, wrongUsage("train: --focus-heads is %q; write layer.head,layer.head, counted from 0", t.FocusHeads)
		}
		c.Heads = append(c.Heads, h)
	}
	return c, nil
}

// runTraining takes the steps, logs and saves. Where ctx ends it saves and says how to go on.
func (c *console) runTraining(ctx context.Context, r *rl.Run, t training) (result trained, err error) {
	log, last, err := t.metrics(r.Steps())
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
		return result, fmt.Errorf("stopped after step %d; go on by \"attnlab train --resume --out %s\" with the same --steps or --budget", r.Steps(), t.out)
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
	return t.steps > 0 && r.Steps() >= t.steps || t.budget > 0 && r.Generated >= t.budget
}

// part is how much of the run is done, of how much: steps, or tokens where their budget will end it first.
func (t *training) part(r *rl.Run) (done, of int) {
	steps, tokens := int64(r.Steps()), min(r.Generated, t.budget)
	if t.steps == 0 || t.budget > 0 && tokens*int64(t.steps) > steps*t.budget {
		return int(tokens), int(t.budget)
	}
	return int(steps), t.steps
}

func (t *training) save(r *rl.Run) error {
	checkpoint, err := r.Checkpoint()
	if err != nil {
		return err
	}
	return checkpoint.Save(t.out)
}

// metrics opens the log behind the line of the last kept step, which it returns: those after it, of a run that broke off, are taken
// again.
func (t *training) metrics(steps int) (log *os.File, last rl.StepReport, err error) {
	path := filepath.Join(t.out, metricsFile)
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, last, fmt.Errorf("--out: %w", err)
	}
	var keep bytes.Buffer
	for s := bufio.NewScanner(bytes.NewReader(old)); s.Scan(); {
		var line rl.StepReport
		if json.Unmarshal(s.Bytes(), &line) != nil || line.Step > steps {
			break
		}
		last = line
		keep.Write(s.Bytes())
		keep.WriteByte('\n')
	}
	if log, err = os.Create(path); err == nil {
		_, err = log.Write(keep.Bytes())
	}
	if err != nil {
		return nil, last, fmt.Errorf("--out: %w", err)
	}
	return log, last, nil
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
		attempts, err := rl.Attempts(ctx, r.Decoder, r.Task, rl.Problems(r.Task, rl.EvalStream, r.Seed, t.evaluate),
			model.Sampling{Temperature: 1, Seed: uint32(rl.SeedOf("sample", r.Seed, 0))}, nil)
		if err != nil {
			return err
		}
		e := rl.Evaluate(r.Task, attempts)
		result.Evaluation = &e
	}
	return wrapOut(writeJSON(filepath.Join(t.out, resultFile), result))
}

func rankOf(h rl.Head, p *rl.Probe) number {
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
