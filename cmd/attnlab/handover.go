package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"attnlab/model/hf"
	"attnlab/model/hf/hub"
	"attnlab/rl"
	"attnlab/rl/handover"
	"attnlab/rl/runs"
	"attnlab/rl/task/text"
)

var handoverCommand = command{
	name: "handover",
	does: "writes a method, its settings, task and model as a project for a trainer on many machines",
	about: `
DIR gets a project for TRL (accelerate, FSDP or DeepSpeed, vLLM): the model in Hugging Face's form, problems as Parquet and JSON lines,
verifier, rewards and credit as Python, the trainer's script with these hyper-parameters under its names, configurations for two processes
without a GPU, one machine and several, pinned requirements, and a README that says what maps to what and what does not. attnlab itself needs no Python.
For verl (Ray, vLLM) it is a configuration over verl's own, problems in its columns, the reward, and lines that start it; of AttnRL the problems, and
the flags of its authors' code.

Method and settings are those of a run (--run), with the model that it began from, or those of flags as "attnlab train" has them.
--hf-model names any causal model at Hugging Face in place of ours: then --task is problems, and --problem-file your own file.

  attnlab handover --to trl --run runs/attnpo --out project
  attnlab handover --to trl --method tlmre --model chain-small --task chain --out project
  attnlab handover --to verl --method dapo --paper --hf-model Qwen/Qwen3-1.7B --task problems --problem-file gsm8k.jsonl --out project
  attnlab handover --to trl --method grpo --paper --hf-model Qwen/Qwen3-1.7B --task problems --problem-file gsm8k.jsonl --out project
`,
	flags: func(o *options, f *flag.FlagSet) action {
		o.takeTask(f)
		f.Lookup("task").Usage = "`" + strings.Join(handover.TasksOver(), "|") + "`, the kind of problems"
		o.takeModel(f)
		var h handedOver
		f.StringVar(&o.text.file, "problem-file", "", "`FILE` of task problems: lines of JSON with prompt and answer, and where wanted id and difficulty")
		f.StringVar(&o.text.rule, "step-rule", string(text.Sentence), "`sentence|line|paragraph`: what ends a step of free text")
		f.StringVar(&o.text.system, "system", "", "`TEXT` that the system says first in prompts of free text")
		f.StringVar(&h.to, "to", "", "`"+strings.Join(handover.Engines, "|")+"`, the trainer")
		f.StringVar(&h.run, "run", "", "`DIR` of a run, in place of --method, --task, --model, --seed, hyper-parameters and flags of problems and heads")
		f.StringVar(&h.hfModel, "hf-model", "", "`NAME` of a model at Hugging Face, which the project loads itself")
		f.StringVar(&h.out, "out", "", "`DIR` to write, which must be empty or missing")
		f.StringVar(&h.Method, "method", "", "`M`, one of "+strings.Join(rl.Names(rl.Crediting()), ", ")+"; which of them depends on the trainer")
		f.IntVar(&h.Steps, "steps", 0, "`N`, training steps, 0 for as many as the run has or the method usually takes")
		f.StringVar(&h.FocusHeads, "focus-heads", "", "`L.H,L.H`, heads of attnpo instead of those that the project finds")
		f.BoolVar(&h.Paper, "paper", false, "take the paper's hyper-parameters, made for models a thousand times larger")
		h.Hyper = hyperFlags(f, rl.Crediting(), rl.Rows(rl.Crediting()))
		return func(ctx context.Context, c *console) error { return c.handover(ctx, h) }
	},
}

// handedOver is a run by its flags, with where it goes.
type handedOver struct {
	training
	to, run, hfModel string
}

// handoverDocument is what handover prints.
type handoverDocument struct {
	Out      string   `json:"out"`
	To       string   `json:"to"`
	Method   string   `json:"method"`
	Model    string   `json:"model"`
	Problems string   `json:"task"`
	Files    []string `json:"files"`
}

func (c *console) handover(ctx context.Context, h handedOver) error {
	switch {
	case h.out == "":
		return wrongUsage("handover: --out is missing; give a folder for the project")
	case !slices.Contains(handover.Engines, h.to):
		return wrongUsage("handover: --to is %q; give one of %s", h.to, strings.Join(handover.Engines, ", "))
	case (h.run == "") == (h.Method == ""):
		return wrongUsage("handover: give either --run DIR or --method M")
	case h.hfModel != "" && c.model != "":
		return wrongUsage("handover: give either --model or --hf-model")
	}
	if n, err := hub.ParseName(h.hfModel); h.hfModel != "" && (err != nil || h.hfModel != n.Owner+"/"+n.Model) {
		return wrongUsage("handover: --hf-model is %q; give owner/name, such as Qwen/Qwen3-1.7B", h.hfModel)
	}
	if err := atLeast(0, "steps", h.Steps); err != nil {
		return err
	}
	if err := newFolder(h.out); err != nil {
		return err
	}
	base, err := c.handedRun(ctx, &h)
	if err != nil {
		return err
	}
	p, err := c.project(h)
	if err != nil {
		return err
	}
	if err := within(1, p.MostSteps(), "steps", p.Steps); err != nil {
		return err
	}
	if err := p.Check(); err != nil && h.run == "" { // before the model is written
		return usageError{err}
	} else if err != nil {
		return err
	}
	var names []string
	err = writeWhole(h.out, func(folder string) error {
		if p.Model == handover.ModelFolder {
			if err := c.handModel(ctx, h, &p, base, filepath.Join(folder, handover.ModelFolder)); err != nil {
				return err
			}
		}
		files, err := p.Files(ctx)
		if err != nil {
			return err
		}
		names = slices.Sorted(maps.Keys(files))
		return writeFiles(folder, files)
	})
	if err != nil {
		return err
	}
	d := handoverDocument{h.out, h.to, h.Method, p.Model, p.Task.Name, names}
	return c.print(d, func(w io.Writer) {
		fmt.Fprintf(w, "%s is a project for %s: %s on task %s; read %s\n", h.out, h.to, p.Method.Title, p.Task.Name, filepath.Join(h.out, "README.md"))
	})
}

// handedRun takes the settings of --run, and returns the model that it carries, if any.
func (c *console) handedRun(ctx context.Context, h *handedOver) (base map[string][]byte, err error) {
	if h.run == "" {
		return nil, nil
	}
	for _, name := range append(slices.Collect(maps.Keys(h.Hyper)), "task", "teacher", "difficulty", "model", "seed", "focus-heads", "paper", "problem-file", "step-rule", "system") {
		if _, given := c.given[name]; given || h.Hyper[name] != "" {
			return nil, wrongUsage("handover: --run %s has its own --%s; leave it out", h.run, name)
		}
	}
	r, err := readRun(ctx, h.run)
	if err != nil {
		return nil, fmt.Errorf("--run %s cannot be handed over: %w", h.run, err)
	}
	steps := h.Steps
	h.Settings = r.Settings
	if h.Steps = steps; steps == 0 {
		h.Steps = max(r.Settings.Steps, r.Log.Step())
	}
	c.task, c.teacher, c.difficulty, c.seed = r.Settings.Task, r.Settings.Teacher, r.Settings.Difficulty, uint64(r.Settings.Seed)
	if w := r.Settings.Wording; w != nil {
		c.text.file, c.text.rule, c.text.system = w.Problems, w.StepRule, w.System
		if w.Problems != "" && !filepath.IsAbs(w.Problems) {
			c.text.file = filepath.Join(h.run, w.Problems)
		}
	}
	if h.hfModel != "" {
		return nil, nil
	}
	if c.model = r.Settings.Model; len(r.Base) == 0 {
		return nil, nil
	}
	store, id, err := runs.InFolder(h.run) // readRun leaves weights out
	if err != nil {
		return nil, err
	}
	return runs.BaseFiles(ctx, store, id)
}

// project is what the flags, or the settings of the run, describe.
func (c *console) project(h handedOver) (p handover.Project, err error) {
	m, err := rl.MethodOf(h.Method)
	switch {
	case err != nil && h.run != "":
		return p, fmt.Errorf("--run %s cannot be handed over: %w", h.run, err)
	case err != nil:
		return p, usageError{err}
	case h.FocusHeads != "" && !m.Takes.Heads:
		return p, wrongUsage("handover: --focus-heads is for %s; %s has none", rl.ATTNPO.Name, h.Method)
	}
	for _, name := range slices.Sorted(maps.Keys(h.Hyper)) {
		if _, ok := m.Params.Row(name); !ok {
			return p, wrongUsage("handover: %s does not take --%s", h.Method, name)
		}
	}
	if err := h.Complete(m.Params); err != nil {
		return p, err
	}
	if _, err := h.config(); err != nil {
		return p, err
	}
	own, err := c.ownProblems()
	if err != nil {
		return p, err
	}
	if h.run == "" {
		h.Task, h.Teacher, h.Difficulty, h.Seed = c.task, c.teacher, c.difficulty, runs.Seed(c.seed)
		h.Wording = &runs.Wording{System: c.text.system, StepRule: c.text.rule}
	}
	if p, err = handover.Of(h.to, h.Settings, own); err == nil && h.hfModel != "" {
		p.Model = h.hfModel
	}
	return p, err
}

// ownProblems are those of --problem-file, which task problems needs and no other takes.
func (c *console) ownProblems() ([]text.OwnProblem, error) {
	switch {
	case !slices.Contains(handover.TasksOver(), c.task) && !c.isText():
		return nil, wrongUsage("handover: unknown task %q; choose one of %s", c.task, strings.Join(handover.TasksOver(), ", "))
	case c.task != text.Problems.Name && c.text.file != "":
		return nil, wrongUsage("--problem-file is of task %s, and --task is %s", text.Problems.Name, c.task)
	case c.task != text.Problems.Name:
		return nil, nil
	case c.text.file == "":
		return nil, wrongUsage("task %s needs --problem-file FILE, lines such as {\"prompt\": \"What is 2 + 3?\", \"answer\": \"5\"}", c.task)
	}
	if _, err := text.ParseRule(c.text.rule); err != nil {
		return nil, usageError{err}
	}
	file, err := os.Open(c.text.file)
	if err != nil {
		return nil, fmt.Errorf("--problem-file: %w", err)
	}
	defer file.Close()
	own, err := text.ReadProblems(file)
	if err != nil {
		return nil, fmt.Errorf("--problem-file %s: %w", c.text.file, err)
	}
	return own, nil
}

// handModel writes the model into a folder: base, the files of one that a run carries, or else that of --model. The project says which it is.
func (c *console) handModel(ctx context.Context, h handedOver, p *handover.Project, base map[string][]byte, folder string) error {
	var s *hf.Source
	name, err := filepath.Join(h.run, runs.BaseFolder), error(nil)
	if base != nil {
		s, err = hf.Open(hf.Memory(base))
	} else {
		if p.Task.Name == text.Problems.Name && c.model == "" {
			return wrongUsage("task %s needs a model that writes text: give its folder by --model, or its name by --hf-model", c.task)
		}
		s, name, err = c.source()
	}
	if err != nil {
		return err
	}
	defer s.Close()
	if p.Task.Name != text.Problems.Name {
		if _, err := c.taskFor(&s.Config, s.Tokenizer, name); err != nil {
			return err
		}
	}
	if err := p.FitHeads(s.Config.Layers, s.Config.Heads); err != nil {
		return fmt.Errorf("--focus-heads: %w", err)
	}
	sum, err := hf.WeightsSum(ctx, s.Config, s)
	if err != nil {
		return err
	}
	if err := p.Identify(name, sum, h.Base); err != nil {
		return err
	}
	bar := c.progress("writing MB")
	defer bar.end()
	return hf.Export(ctx, folder, s.Config, s.Tokenizer, s, func(done, of int64) { bar.set(int(done>>20), int(of>>20), "") })
}
