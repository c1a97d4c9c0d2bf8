package main

import (
	"context"
	"flag"

	"attnlab/rl"
	"attnlab/rl/runs"
)

var pretrainCommand = command{
	name: "pretrain",
	does: "trains a base from scratch on a teacher's demonstrations",
	about: `
DIR gets run.json with the settings, a Hugging Face style checkpoint with the state to resume from, and training.jsonl with a line every 20
steps. loss is in nats a response token. The checkpoint is saved every minute, at the end and on Ctrl-C, which first finishes the steps of a
line; a second Ctrl-C ends at once. --resume continues from the checkpoint with the same settings; only --steps may change.

  attnlab pretrain --preset small --steps 3000 --out base
  attnlab pretrain --out base --resume
  attnlab pretrain --teacher recompute --from chain-small --steps 1000 --out recompute
  attnlab pretrain --task countdown --preset small --steps 6000 --out countdown
`,
	flags: func(o *options, f *flag.FlagSet) action {
		o.takeTask(f)
		var p pretraining
		f.StringVar(&p.preset, "preset", "small", "`tiny|small|base`, the size of the model")
		f.IntVar(&p.steps, "steps", 3000, "`N`, optimiser steps in all")
		p.hyper = hyperFlags(f, []rl.Method{{Name: runs.Pretrain, Params: rl.PretrainParams}}, rl.PretrainParams)
		f.StringVar(&p.out, "out", "", "`DIR` to write")
		f.StringVar(&p.from, "from", "", "`MODEL`, a folder or a shipped base whose weights to begin with instead of fresh ones")
		f.BoolVar(&p.resume, "resume", false, "continue from the checkpoint in DIR")
		return func(ctx context.Context, c *console) error {
			if p.out == "" {
				return wrongUsage("pretrain: --out is missing; give a folder for the checkpoint")
			}
			if err := atLeast(1, "steps", p.steps); err != nil {
				return err
			}
			return c.pretrain(ctx, p)
		}
	},
}

// pretraining holds the flags of pretrain.
type pretraining struct {
	preset, out string
	from        string
	steps       int
	hyper       map[string]string // those that were given
	resume      bool
}
