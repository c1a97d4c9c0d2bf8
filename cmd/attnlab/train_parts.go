package main

import (
	"context"
	"fmt"

	"attnlab/model"
	"attnlab/model/hf"
	"attnlab/rl"
	"attnlab/rl/task"
)

// partsTokens are those of a micro-batch where adapters are trained over a large base.
const partsTokens = 2048

// inParts opens the files of --model where the run trains adapters over a base that is opened a few rows at a time: a large one, or one in
// a storage that was asked for. Else it returns nil: such a base is read whole.
func (t *training) inParts(c *console) (*lab, error) {
	if rank := t.Values["lora"]; rank == "" || rank == "0" {
		return nil, nil
	}
	if err := c.checkTask(); err != nil {
		return nil, err
	}
	files, base, err := c.source()
	if err != nil {
		return nil, err
	}
	if t.Storage == "" && files.Bytes < largeModel {
		return nil, files.Close()
	}
	return &lab{base: base, files: files}, nil
}

// modelInParts is models for such a base. begun is the error of finding it.
func (t *training) modelInParts(ctx context.Context, c *console, o *opened, begun error) (name string, kind task.Task, err error) {
	if begun != nil {
		if t.resume {
			begun = fmt.Errorf("the model that the run began from cannot be read: %w", begun)
		}
		return "", nil, begun
	}
	l := o.lab
	if l.Task, err = c.taskFor(&l.files.Config, l.files.Tokenizer, l.base); err != nil {
		return "", nil, err
	}
	o.base = &hf.Checkpoint{Config: l.files.Config, Tokenizer: l.files.Tokenizer}
	sum, err := hf.WeightsSum(ctx, l.files.Config, l.files)
	if err != nil {
		return "", nil, err
	}
	t.Base, err = identity("base", l.base, sum, t.Base)
	return l.base, l.Task, err
}

// openParts puts such a base on the run's device, in the storage that the run began with.
func (t *training) openParts(ctx context.Context, c *console, o *opened, config *rl.RunConfig) error {
	if o.lab == nil {
		return nil
	}
	if t.Storage != "" {
		c.storage = t.Storage
	}
	config.Tokens = partsTokens
	ask := model.Ask{Context: o.base.Config.MaxContext, Train: &model.Training{LoRA: *config.Adapters(), Tokens: max(partsTokens, o.base.Config.MaxContext)}}
	if err := c.openOn(ctx, o.device, o.lab, ask); err != nil {
		return err
	}
	config.Opened, t.Storage = o.lab.Model, o.lab.storage.String()
	return nil
}
