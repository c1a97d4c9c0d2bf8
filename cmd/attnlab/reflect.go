package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"os"

	"attnlab/gpu"
	"attnlab/model"
	"attnlab/model/hf"
	"attnlab/rl"
	"attnlab/rl/task"
)

var reflectCommand = command{
	name: "reflect",
	does: "trains the reflection model that cuts responses in rearl",
	about: `
The reflection model reads a question and the numbered steps of a response and labels each Think or Result in one forward pass. It is a
second small transformer: it begins as the base of --model and is trained on the teacher's demonstrations with the true labels. It is
checked on held-out demonstrations: accuracy at a threshold of 0.5, and the area under the curve.

  attnlab reflect --out reflection
  attnlab train --method rearl --cut normal --reflection reflection --out runs/rearl
  attnlab reflect --check reflection
`,
	flags: func(o *options, f *flag.FlagSet) action {
		o.takeTask(f)
		o.takeModel(f)
		var r reflecting
		f.StringVar(&r.preset, "preset", "", "`tiny|small|base`, begin from scratch with a model of this size")
		f.IntVar(&r.steps, "steps", 400, "`N`, optimiser steps")
		f.IntVar(&r.tokens, "tokens", 4096, "`N`, tokens of a step")
		f.Float64Var(&r.rate, "rate", 1e-3, "`R`, highest learning rate")
		f.IntVar(&r.problems, "problems", 500, "`N`, demonstrations to check on")
		f.StringVar(&r.check, "check", "", "`DIR` of a reflection model to check instead of training one")
		f.StringVar(&r.out, "out", "", "`DIR` to write")
		return func(ctx context.Context, c *console) error {
			if (r.out == "") == (r.check == "") {
				return wrongUsage("reflect: give either --out, a folder for the reflection model, or --check, the folder of one")
			}
			if err := cmp.Or(atLeast(1, "steps", r.steps), within(1, maxProblems, "problems", r.problems), within(1, maxTokens, "tokens", r.tokens)); err != nil {
				return err
			}
			if !(r.rate > 0 && r.rate <= 1) {
				return wrongUsage("reflect: --rate is %g, it must lie between 0 and 1", r.rate)
			}
			return c.reflect(ctx, r)
		}
	},
}

// reflecting holds the flags of reflect.
type reflecting struct {
	preset        string
	steps, tokens int
	rate          float64
	problems      int
	check, out    string
}

func (c *console) reflect(ctx context.Context, f reflecting) error {
	task, err := c.newTask()
	if err != nil {
		return err
	}
	var checkpoint *hf.Checkpoint
	if f.check != "" {
		checkpoint, err = hf.Load(f.check)
	} else {
		checkpoint, err = c.reflectionBase(task, f.preset)
	}
	if err != nil {
		return err
	}
	d, err := c.openDevice(checkpoint.Config)
	if err != nil {
		return err
	}
	defer d.Close()
	if f.check == "" {
		if err := c.tune(d); err != nil {
			return err
		}
		if checkpoint, err = c.trainReflection(ctx, d, task, f, checkpoint); err != nil {
			return err
		}
	}
	r, err := rl.NewReflector(d, task, checkpoint)
	if err != nil {
		return err
	}
	defer r.Release()
	reflection, err := rl.CheckReflection(r, c.seed, f.problems)
	if err != nil {
		return err
	}
	return c.print(reflection, func(w io.Writer) {
		fmt.Fprintf(w, "accuracy\t%.3f\t(%.3f by always answering Think)\nAUC\t%.3f\nsteps\t%d of %d demonstrations\n",
			reflection.Accuracy, 1-reflection.Results, reflection.AUC, reflection.Steps, reflection.Traces)
	})
}

func (c *console) trainReflection(ctx context.Context, d *gpu.Device, task task.Task, f reflecting, base *hf.Checkpoint) (*hf.Checkpoint, error) {
	if _, err := os.Stat(f.out); err == nil {
		return nil, fmt.Errorf("%s exists already; give another --out", f.out)
	}
	r, err := rl.BeginReflection(task, base, c.seed)
	if err != nil {
		return nil, err
	}
	if f.tokens < r.Config.MaxContext {
		return nil, fmt.Errorf("reflect: --tokens is %d, it must be at least %d, the longest input", f.tokens, r.Config.MaxContext)
	}
	if err := os.MkdirAll(f.out, 0o755); err != nil { // before the work
		return nil, wrapOut(err)
	}
	config := rl.DefaultPretrain(f.steps)
	config.Tokens, config.Rate.Peak, config.Seed, config.Every = f.tokens, f.rate, c.seed, 10
	bar := c.progress("reflection model")
	err = rl.TrainReflection(ctx, d, task, r, config, func(r rl.PretrainReport) {
		bar.set(r.Step, f.steps, fmt.Sprintf("loss %.4f", r.Loss))
	})
	bar.end()
	if err != nil {
		os.Remove(f.out) // it is empty
	}
	if err != nil && ctx.Err() != nil {
		return nil, fmt.Errorf("stopped before the end of training; the reflection model was not saved")
	}
	if err != nil {
		return nil, err
	}
	return r, r.Save(f.out)
}

// reflectionBase is what a reflection model begins as: the base, or random weights of a preset's shape.
func (c *console) reflectionBase(task task.Task, preset string) (*hf.Checkpoint, error) {
	if preset == "" {
		_, base, _, err := c.taskAndModel()
		return base, err
	}
	shape, err := model.Preset(preset, len(task.Vocabulary()))
	if err != nil {
		return nil, usageError{err}
	}
	return &hf.Checkpoint{Config: shape, Weights: shape.Init(c.seed)}, nil
}
