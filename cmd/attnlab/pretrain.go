package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"attnlab/gpu"
	"attnlab/model"
	"attnlab/model/hf"
	"attnlab/rl"
	"attnlab/rl/task"
)

var pretrainCommand = command{
	name: "pretrain",
	does: "trains a base from scratch on a teacher's demonstrations",
	about: `
DIR gets a Hugging Face style checkpoint, the state to go on from, and training.jsonl with a line every 20 steps. loss is in nats a
response token. The checkpoint is written every minute, at the end and on Ctrl-C; --resume goes on from it.

  attnlab pretrain --preset small --steps 3000 --out base
  attnlab pretrain --preset small --steps 3000 --out base --resume
  attnlab pretrain --teacher recompute --from chain-small --steps 1000 --out recompute
  attnlab pretrain --task countdown --preset small --steps 6000 --out countdown
`,
	flags: func(o *options, f *flag.FlagSet) action {
		o.takeTask(f)
		var p pretraining
		f.StringVar(&p.preset, "preset", "small", "`tiny|small|base`, the size of the model")
		f.IntVar(&p.steps, "steps", 3000, "`N`, optimiser steps in all")
		f.IntVar(&p.tokens, "tokens", rl.DefaultPretrain(0).Tokens, "`N`, tokens of a step, prompts included")
		f.Float64Var(&p.rate, "rate", rl.DefaultPretrain(0).Rate.Peak, "`R`, highest learning rate")
		f.StringVar(&p.out, "out", "", "`DIR` to write")
		f.StringVar(&p.from, "from", "", "`MODEL`, a folder or a shipped base whose weights to begin with instead of fresh ones")
		f.BoolVar(&p.resume, "resume", false, "go on from the checkpoint in DIR, with the same flags")
		return func(ctx context.Context, c *console) error {
			switch {
			case p.out == "":
				return wrongUsage("pretrain: --out is missing; give a folder for the checkpoint")
			case !(p.rate > 0 && p.rate <= 1):
				return wrongUsage("pretrain: --rate is %g, it must lie between 0 and 1", p.rate)
			}
			for _, err := range []error{atLeast(1, "steps", p.steps), within(1, maxTokens, "tokens", p.tokens)} {
				if err != nil {
					return err
				}
			}
			return c.pretrain(ctx, p)
		}
	},
}

// pretraining is what the flags of pretrain say.
type pretraining struct {
	preset, out   string
	from          string
	steps, tokens int
	rate          float64
	resume        bool
}

// saveEvery is how much work a crash may cost. Tests save oftener.
var saveEvery = time.Minute

func (c *console) pretrain(ctx context.Context, p pretraining) error {
	task, err := c.newTask()
	if err != nil {
		return err
	}
	start, err := p.start(task, c.options)
	if err != nil {
		return err
	}
	config := rl.DefaultPretrain(p.steps)
	config.Tokens, config.Rate.Peak, config.Seed = p.tokens, p.rate, c.seed
	if start.Train != nil {
		config.Seed = start.Train.Seed
	}
	d, _, err := gpu.Open(c.backend)
	if err != nil {
		return err
	}
	defer d.Close()
	r, err := rl.NewPretraining(d, task, start.Config, start.Weights, start.Train, config)
	if err != nil {
		return err
	}
	defer r.Release()
	c.note("%s with %d parameters on %s", p.preset, r.Model.Count(), d.Info)
	last, err := c.runPretraining(ctx, r, p)
	if err != nil {
		return err
	}
	if err := c.print(last, func(w io.Writer) {
		fmt.Fprintf(w, "step\t%d\nloss\t%.4f\ntokens\t%d\t%.0f a second\ncheckpoint\t%s\n", last.Step, last.Loss, last.Tokens, last.TokensPerSecond, p.out)
	}); err != nil {
		return err
	}
	if r.Trainer.Steps < p.steps {
		return fmt.Errorf("stopped after %d of %d steps; go on by the same command with --resume", r.Trainer.Steps, p.steps)
	}
	return nil
}

// start is the checkpoint to begin with: fresh weights, or what is in the folder.
func (p pretraining) start(task task.Task, o options) (*hf.Checkpoint, error) {
	_, err := os.Stat(filepath.Join(p.out, "config.json"))
	switch {
	case !p.resume && err == nil:
		return nil, fmt.Errorf("there is a checkpoint in %s; go on from it by --resume, or give another --out", p.out)
	case !p.resume && p.from != "":
		o.model = p.from
		c, name, err := o.checkpoint()
		if err != nil {
			return nil, err
		}
		c.Train = nil
		return c, suits(c, task, name)
	case !p.resume:
		config, err := model.Preset(p.preset, len(task.Vocabulary()))
		if err != nil {
			return nil, usageError{err}
		}
		return &hf.Checkpoint{Config: config, Weights: config.Init(o.seed)}, nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is no checkpoint in %s to go on from; leave out --resume", p.out)
	}
	c, err := hf.Load(p.out)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(p.out, runFile)); err == nil || c.Train != nil && c.Train.Method != nil {
		return nil, fmt.Errorf("the run in %s is of reinforcement learning; go on with it by \"attnlab train --resume --out %s\"", p.out, p.out)
	}
	if c.Train == nil {
		return nil, fmt.Errorf("the checkpoint in %s has no training state to go on from", p.out)
	}
	if c.Train.Step >= p.steps {
		return nil, fmt.Errorf("the checkpoint in %s has %d steps already; give a larger --steps", p.out, c.Train.Step)
	}
	return c, suits(c, task, p.out)
}

// runPretraining trains, logs and saves, and returns the last line of the log. Where ctx ends it saves and returns as if done.
func (c *console) runPretraining(ctx context.Context, r *rl.Pretraining, p pretraining) (last rl.PretrainReport, err error) {
	if err := os.MkdirAll(p.out, 0o755); err != nil {
		return last, fmt.Errorf("--out: %w", err)
	}
	mode := os.O_CREATE | os.O_WRONLY | os.O_TRUNC
	if p.resume {
		mode = os.O_CREATE | os.O_WRONLY | os.O_APPEND
	}
	log, err := os.OpenFile(filepath.Join(p.out, "training.jsonl"), mode, 0o644)
	if err != nil {
		return last, fmt.Errorf("--out: %w", err)
	}
	defer log.Close()
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	bar := c.progress("training")
	bar.from = r.Trainer.Steps
	saved := time.Now()
	err = r.Run(ctx, func(report rl.PretrainReport) {
		last = report
		bar.set(report.Step, p.steps, fmt.Sprintf("loss %.4f, %.0f tokens a second", report.Loss, report.TokensPerSecond))
		if err := json.NewEncoder(log).Encode(report); err != nil {
			fail(fmt.Errorf("step %d, loss %g: %w; give a lower --rate if the loss is not finite", report.Step, report.Loss, err))
		} else if time.Since(saved) > saveEvery {
			if err := save(r, p.out); err != nil {
				fail(err) // fail(nil) would stop the run too
			}
			saved = time.Now()
		}
	})
	bar.end()
	if cause := context.Cause(ctx); err != nil && !errors.Is(cause, context.Canceled) {
		return last, errors.Join(err, cause)
	}
	last.Step = r.Trainer.Steps // where it stopped, maybe between two reports
	return last, save(r, p.out)
}

func save(r *rl.Pretraining, dir string) error {
	checkpoint, err := r.Checkpoint()
	if err != nil {
		return err
	}
	return checkpoint.Save(dir)
}
