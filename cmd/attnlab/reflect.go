package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"

	"attnlab/gpu"
	"attnlab/model"
	"attnlab/rl"
)

var reflectCommand = command{
	name: "reflect",
	does: "trains the reflection model that cuts responses in rearl",
	about: `
The reflection model reads a question and the numbered steps of a response and labels each Think or Result in one forward pass. It is a
second small transformer: it begins as the base of --model, is trained on the teacher's demonstrations with the truth as labels, and checked
on demonstrations of problems that no training draws from: accuracy at a threshold of 0.5, and the area under the curve.

  attnlab reflect --out reflection
  attnlab train --method rearl --cut normal --reflection reflection --out runs/rearl
  attnlab reflect --check reflection
`,
	flags: func(o *options, f *flag.FlagSet) action {
		o.takeTask(f)
		o.takeModel(f)
		preset := f.String("preset", "", "`tiny|small|base`, begin from scratch with a model of this size")
		steps := f.Int("steps", 400, "`N`, optimiser steps")
		tokens := f.Int("tokens", 4096, "`N`, tokens of a step")
		problems := f.Int("problems", 500, "`N`, demonstrations to check on")
		check := f.String("check", "", "`DIR` of a reflection model to check instead of training one")
		out := f.String("out", "", "`DIR` to write")
		return func(ctx context.Context, c *console) error {
			if (*out == "") == (*check == "") {
				return wrongUsage("reflect: give either --out, a folder for the reflection model, or --check, the folder of one")
			}
			for _, err := range []error{atLeast(1, "steps", *steps), atLeast(1, "problems", *problems)} {
				if err != nil {
					return err
				}
			}
			return c.reflect(ctx, *preset, *steps, *tokens, *problems, *check, *out)
		}
	},
}

func (c *console) reflect(ctx context.Context, preset string, steps, tokens, problems int, check, out string) error {
	task, err := c.newTask()
	if err != nil {
		return err
	}
	d, _, err := gpu.Open(c.backend)
	if err != nil {
		return err
	}
	defer d.Close()
	var checkpoint *model.Checkpoint
	if check != "" {
		checkpoint, err = model.Load(check)
	} else {
		checkpoint, err = c.trainReflection(ctx, d, task, preset, steps, tokens, out)
	}
	if err != nil {
		return err
	}
	r, err := rl.NewReflector(d, task, checkpoint)
	if err != nil {
		return err
	}
	defer r.Release()
	reflection, err := rl.CheckReflection(r, c.seed, problems)
	if err != nil {
		return err
	}
	return c.print(reflection, func(w io.Writer) {
		fmt.Fprintf(w, "accuracy\t%.3f\t(%.3f by saying Think always)\nAUC\t%.3f\nsteps\t%d of %d demonstrations\n",
			reflection.Accuracy, 1-reflection.Results, reflection.AUC, reflection.Steps, reflection.Traces)
	})
}

func (c *console) trainReflection(ctx context.Context, d *gpu.Device, task rl.Task, preset string, steps, tokens int, out string) (*model.Checkpoint, error) {
	if _, err := os.Stat(out); err == nil {
		return nil, fmt.Errorf("%s is there already; give another --out", out)
	}
	base, err := c.reflectionBase(task, preset)
	if err != nil {
		return nil, err
	}
	r, err := rl.BeginReflection(task, base, c.seed)
	if err != nil {
		return nil, err
	}
	if tokens < r.Config.MaxContext {
		return nil, wrongUsage("reflect: --tokens is %d, it must be at least %d, the longest input", tokens, r.Config.MaxContext)
	}
	config := rl.DefaultPretrain(steps)
	config.Tokens, config.Seed, config.Every = tokens, c.seed, 10
	bar := c.progress("reflection model")
	err = rl.TrainReflection(ctx, d, task, r, config, func(r rl.PretrainReport) {
		bar.set(r.Step, steps, fmt.Sprintf("loss %.4f", r.Loss))
	})
	bar.end()
	if err != nil && ctx.Err() != nil {
		return nil, fmt.Errorf("stopped; the reflection model was not trained to the end and is not kept")
	}
	if err != nil {
		return nil, err
	}
	return r, r.Save(out)
}

// reflectionBase is what a reflection model begins as: the base, or random weights of a preset's shape.
func (c *console) reflectionBase(task rl.Task, preset string) (*model.Checkpoint, error) {
	if preset == "" {
		_, base, _, err := c.taskAndModel()
		return base, err
	}
	shape, err := model.Preset(preset, len(task.Vocabulary()))
	if err != nil {
		return nil, usageError{err}
	}
	return &model.Checkpoint{Config: shape, Weights: shape.Init(c.seed)}, nil
}
