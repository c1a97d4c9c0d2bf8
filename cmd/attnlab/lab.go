package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"attnlab/model"
	"attnlab/model/hf"
	"attnlab/rl/examine"
	"attnlab/rl/task"
	"attnlab/shaders/nn"
	"attnlab/web"
)

// lab is a model on a device, with its task.
type lab struct {
	task.Task
	*model.Model
	base    string // the folder or name that the model is from
	weights string // their SHA-256
}

// openLab opens the model and the device that the flags name. It returns an error if either cannot be opened.
func (c *console) openLab() (*lab, error) {
	task, checkpoint, base, err := c.taskAndModel()
	if err != nil {
		return nil, err
	}
	m, err := c.open(checkpoint)
	if err != nil {
		return nil, err
	}
	c.note("%s with %d parameters on %s", base, m.Count(), m.Device.Info)
	return &lab{task, m, base, checkpoint.WeightsSum()}, nil
}

// open puts a model on the device that --backend names.
func (c *console) open(checkpoint *hf.Checkpoint) (*model.Model, error) {
	d, err := c.openDevice(checkpoint.Config)
	if err != nil {
		return nil, err
	}
	m, err := model.New(d, checkpoint.Config, checkpoint.Weights)
	if err != nil {
		d.Close()
		return nil, err
	}
	return m, nil
}

// largeModel is how many bytes of weights make a plan worth a line.
const largeModel = 64 << 20

// openModel puts a model on the device that --backend names, to run forward over up to the given number of tokens: in the storage of
// that name, or if it is empty in the one of the smallest loss that fits.
func (c *console) openModel(ctx context.Context, s *hf.Source, context int, storage string) (m *model.Model, err error) {
	var chosen model.Storage
	if storage != "" {
		if chosen, err = nn.StorageNamed(storage); err != nil {
			return nil, usageError{err}
		}
	}
	d, err := c.openDevice(s.Config)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			d.Close()
		}
	}()
	plan := s.Config.Plan(d.Limits, model.Ask{Context: context, Stored: s.Stored()})
	if s.Bytes >= largeModel {
		c.note("%s", plan)
	}
	if storage == "" {
		if plan.Choice < 0 {
			return nil, fmt.Errorf("the model does not fit this adapter: %s", plan)
		}
		chosen = plan.Needs[plan.Choice].Storage
	}
	for _, ignored := range s.Ignored {
		c.note("%s", ignored)
	}
	bar := c.progress("loading MB")
	defer bar.end()
	return model.Open(ctx, d, s.Config, s, model.Options{Storage: chosen, Context: min(context, s.Config.MaxContext),
		Progress: func(done, of int64) { bar.set(int(done>>20), int(of>>20), "") }})
}

func (l *lab) close() {
	l.Model.Release()
	l.Device.Close()
}

// newTask makes the task of --task, which must be one with a vocabulary of its own.
func (o *options) newTask() (task.Task, error) {
	if err := o.refuseText("the command"); err != nil {
		return nil, err
	}
	task, err := task.New(o.task, o.teacher, o.difficulty)
	if err != nil {
		return nil, usageError{err}
	}
	return task, nil
}

// taskAndModel returns the task of --task, the model of --model, and that model's folder or name. It returns an error if the model
// does not have the tokens of the task.
func (o *options) taskAndModel() (task.Task, *hf.Checkpoint, string, error) {
	if o.isText() && o.model == "" {
		return nil, nil, "", wrongUsage("task %s needs a model that writes text: give its folder by --model", o.task)
	}
	if !o.isText() { // a mistake in the flags is found before a model is read
		if _, err := o.newTask(); err != nil {
			return nil, nil, "", err
		}
	}
	checkpoint, base, err := o.checkpoint()
	if err != nil {
		return nil, nil, "", err
	}
	task, err := o.taskOf(checkpoint, base)
	return task, checkpoint, base, err
}

// taskOf makes the task of --task for a model. It returns an error if the model does not have the task's tokens.
func (o *options) taskOf(c *hf.Checkpoint, base string) (task.Task, error) {
	if o.isText() {
		return o.textTask(c, base)
	}
	task, err := o.newTask()
	if err == nil {
		err = suits(c, task, base)
	}
	return task, err
}

// shippedBase is the base that a task uses without --model.
func (o *options) shippedBase() string { return o.task + "-small" }

// source opens the model of --model: a folder, a GGUF file, or a shipped base by its name.
func (o *options) source() (s *hf.Source, base string, err error) {
	base = o.model
	if base == "" {
		base = o.shippedBase()
	} else if _, err := os.Stat(base); err == nil {
		s, err := hf.OpenPath(base)
		return s, base, err
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, "", fmt.Errorf("--model: %w", err)
	}
	files, err := web.Model(base)
	switch {
	case err == nil:
		s, err = hf.Open(files)
		return s, base, err
	case len(web.Models()) == 0:
		err = errors.New("no base is shipped with this build; train one by \"attnlab pretrain --steps 3000 --out base\" and use it by --model base")
	}
	if o.model != "" {
		err = fmt.Errorf("%s is no folder and no file, and %w", base, err)
	}
	return nil, "", err
}

// checkpoint reads the model of --model whole.
func (o *options) checkpoint() (c *hf.Checkpoint, base string, err error) {
	s, base, err := o.source()
	if err != nil {
		return nil, base, err
	}
	defer s.Close()
	c, err = s.Checkpoint(context.Background(), nil)
	return c, base, err
}

// suits returns an error if a model does not have the tokens of a task.
func suits(c *hf.Checkpoint, task task.Task, base string) error {
	vocabulary := task.Vocabulary()
	same := len(vocabulary) == c.Config.VocabSize
	if same && c.Tokenizer != nil {
		tokens := make([]string, c.Tokenizer.Len())
		for id := range tokens {
			tokens[id] = c.Tokenizer.Token(id)
		}
		same = slices.Equal(tokens, vocabulary)
	}
	if !same {
		return fmt.Errorf("%s does not have the tokens of task %s; choose the --task that it was trained on, or another --model", base, task.Name())
	}
	return nil
}

// decoder makes a decoder for n sequences, and a sampling whose random numbers are keyed by --seed.
func (c *console) decoder(l *lab, n int, temperature float64) (*model.Decoder, model.Sampling, error) {
	slots := cacheSlots(l.Config, n)
	d, err := model.NewDecoder(l.Model, model.DecoderSize{Slots: slots, Rows: 2 * slots * l.MaxContext, Chunk: 16})
	return d, model.Sampling{Temperature: float32(temperature), Seed: uint32(task.SeedOf("sample", c.seed, 0))}, err
}

// cacheBytes bounds the keys and values of the sequences that are sampled at once.
const cacheBytes = 2 << 30

// cacheSlots is how many of n sequences are sampled at once: as many as their cache allows, and 64 at most.
func cacheSlots(c model.Config, n int) int {
	row := int64(c.Layers) * 2 * int64(c.KVHeads*c.HeadDim) * 4
	return int(min(int64(n), 64, max(1, cacheBytes/(row*2*int64(c.MaxContext)))))
}

// scorer makes a scorer for passes of several traces.
func (l *lab) scorer() (*model.Scorer, error) {
	return model.NewScorer(l.Model, max(4096, l.MaxContext))
}

// attempts samples one response of at most longest tokens to each problem. If ctx ends, it returns the responses so
// far and an error.
func (c *console) attempts(ctx context.Context, l *lab, d *model.Decoder, problems []task.Problem, longest int, s model.Sampling) ([]examine.Attempt, error) {
	p := c.progress("sampling")
	defer p.end()
	attempts, err := examine.Attempts(ctx, d, l.Task, problems, longest, s, func(done, of int) { p.set(done, of, "") })
	if ctx.Err() != nil {
		err = fmt.Errorf("stopped after %d of %d problems", len(attempts), len(problems))
	}
	return attempts, err
}
