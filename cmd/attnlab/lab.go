package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"attnlab/gpu"
	"attnlab/model"
	"attnlab/model/hf"
	"attnlab/model/hf/tokenizer"
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
	storage model.Storage
	adapter string // the folder of adapters that are merged into it, "" without any
	files   *hf.Source
	values  model.Source // of the files, with the adapters
}

// openedAs names how a command's model was opened, in what it prints.
type openedAs struct {
	Storage string `json:"storage,omitempty"` // of its weights on the device
	Adapter string `json:"adapter,omitempty"` // the folder of adapters that are merged into it
}

func (l *lab) openedAs() openedAs { return openedAs{l.storage.String(), l.adapter} }

// openLab opens the model and the device that the flags name. It returns an error if either cannot be opened.
func (c *console) openLab(ctx context.Context) (_ *lab, err error) {
	if err := c.checkTask(); err != nil {
		return nil, err
	}
	l := &lab{adapter: c.adapter}
	if l.files, l.base, err = c.source(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	if l.Task, err = c.taskFor(&l.files.Config, l.files.Tokenizer, l.base); err != nil {
		return nil, err
	}
	if err = c.openModel(ctx, l, l.files.Config.MaxContext); err != nil {
		return nil, err
	}
	c.note("%s with %d parameters in %s on %s", l.base, l.Count(), strings.ToUpper(l.storage.String()), l.Device.Info)
	return l, nil
}

// largeModel is how many bytes of weights make a plan worth a line.
const largeModel = 64 << 20

// openModel puts the model of l.files on the device that --backend names, for sequences of up to the given number of tokens: in the storage
// of --storage, or in the one of the smallest loss that fits.
func (c *console) openModel(ctx context.Context, l *lab, context int) error {
	if _, err := c.storageAsked(); err != nil { // before the backends race
		return err
	}
	d, err := c.openDevice(l.files.Config)
	if err != nil {
		return err
	}
	if err = c.openOn(ctx, d, l, model.Ask{Context: context}); err != nil {
		d.Close()
	}
	return err
}

// openOn is openModel on an open device, for what is asked for.
func (c *console) openOn(ctx context.Context, d *gpu.Device, l *lab, ask model.Ask) error {
	asked, err := c.storageAsked()
	if err != nil {
		return err
	}
	s, stored := l.files, l.files.Stored()
	l.values = s
	if c.adapter != "" {
		adapters, err := hf.OpenAdapters(s.Config, os.DirFS(c.adapter))
		if err != nil {
			return fmt.Errorf("--adapter %s: %w", c.adapter, err)
		}
		l.values, stored = adapters.Over(s.Config, s), model.F32 // sums are no BF16 any more
	}
	ask.Stored = stored
	plan := s.Config.Plan(d.Limits, ask)
	if s.Bytes >= largeModel {
		c.note("%s", plan)
	}
	switch {
	case asked != nil:
		l.storage = *asked
	case plan.Choice < 0:
		return fmt.Errorf("the model does not fit this adapter: %s", plan)
	default:
		l.storage = plan.Needs[plan.Choice].Storage
	}
	if c.adapter != "" && l.storage >= model.Q8 {
		return roundsAway(l.storage)
	}
	for _, ignored := range s.Ignored {
		c.note("%s", ignored)
	}
	bar := c.progress("loading MB")
	defer bar.end()
	var loaded int64
	l.Model, err = model.Open(ctx, d, s.Config, l.values, model.Options{Storage: l.storage, Context: min(ask.Context, s.Config.MaxContext), Arena: true,
		Progress: func(done, of int64) {
			loaded = done
			bar.set(int(done>>20), int(of>>20), "")
		}})
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("stopped after %d of %d MB of the model were loaded", loaded>>20, s.Config.WeightBytes(l.storage)>>20)
	}
	return err
}

// storageAsked is the storage of --storage, nil for auto.
func (o *options) storageAsked() (*model.Storage, error) {
	if o.storage == autoStorage {
		return nil, nil
	}
	s, err := nn.StorageNamed(o.storage)
	if err != nil {
		return nil, wrongUsage("--storage: there is no storage %q; choose auto, f32, bf16, f16, q8 or q4", o.storage)
	}
	if o.adapter != "" && s >= model.Q8 {
		return nil, usageError{roundsAway(s)}
	}
	return &s, nil
}

func roundsAway(s model.Storage) error {
	return fmt.Errorf("adapters cannot be merged into weights in %s, which would round them away; choose --storage f32, bf16 or f16", strings.ToUpper(s.String()))
}

func (l *lab) close() {
	if l.Model != nil {
		l.Model.Release()
		l.Device.Close()
	}
	l.files.Close()
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

// checkTask finds a mistake in the flags of the task before a model is read.
func (o *options) checkTask() error {
	if o.isText() && o.model == "" {
		return wrongUsage("task %s needs a model that writes text: give its folder by --model", o.task)
	}
	if o.isText() {
		return nil
	}
	_, err := o.newTask()
	return err
}

// taskAndModel returns the task of --task, the model of --model, which it reads whole, and that model's folder or name. It returns an error
// if the model does not have the tokens of the task.
func (o *options) taskAndModel() (task.Task, *hf.Checkpoint, string, error) {
	if err := o.checkTask(); err != nil {
		return nil, nil, "", err
	}
	checkpoint, base, err := o.checkpoint()
	if err != nil {
		return nil, nil, "", err
	}
	task, err := o.taskOf(checkpoint, base)
	return task, checkpoint, base, err
}

// taskOf is taskFor of a checkpoint.
func (o *options) taskOf(c *hf.Checkpoint, base string) (task.Task, error) {
	return o.taskFor(&c.Config, c.Tokenizer, base)
}

// taskFor makes the task of --task for a model, whose context a task of free text bounds by --context. It returns an error if the model
// does not have the task's tokens.
func (o *options) taskFor(c *model.Config, t tokenizer.Tokenizer, base string) (task.Task, error) {
	if o.isText() {
		return o.textTask(c, t, base)
	}
	task, err := o.newTask()
	if err == nil {
		err = suits(c, t, task, base)
	}
	return task, err
}

// shippedBase is the base that a task uses without --model: its small one, or the first that it has.
func (o *options) shippedBase() string {
	small, names := o.task+"-small", web.Models()
	if first := slices.IndexFunc(names, func(name string) bool { return strings.HasPrefix(name, o.task+"-") }); first >= 0 && !slices.Contains(names, small) {
		return names[first]
	}
	return small
}

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
func suits(c *model.Config, t tokenizer.Tokenizer, task task.Task, base string) error {
	vocabulary := task.Vocabulary()
	same := len(vocabulary) == c.VocabSize
	if same && t != nil {
		tokens := make([]string, t.Len())
		for id := range tokens {
			tokens[id] = t.Token(id)
		}
		same = slices.Equal(tokens, vocabulary)
	}
	if !same {
		return fmt.Errorf("%s does not have the tokens of task %s; choose the --task that it was trained on, or another --model", base, task.Name())
	}
	return nil
}

// decoder makes a decoder for n sequences of at most inUse tokens, and a sampling whose random numbers are keyed by --seed.
func (c *console) decoder(l *lab, n, inUse int, temperature float64) (*model.Decoder, model.Sampling, error) {
	d, err := model.NewDecoder(l.Model, decoderSize(l.Config, l.Device.Limits, n, inUse))
	return d, model.Sampling{Temperature: float32(temperature), Seed: uint32(task.SeedOf("sample", c.seed, 0))}, err
}

// inUse is how many tokens the longest sequence has: a prompt of the problems with a response of at most longest tokens.
func (l *lab) inUse(problems []task.Problem, longest int) (most int) {
	for _, p := range problems {
		most = max(most, len(p.Prompt)+longest)
	}
	return min(most, l.MaxContext)
}

// cacheBytes bounds the keys and values of the sequences that are sampled at once.
const cacheBytes = 1 << 30

// decoderSize is for n sequences of at most inUse tokens: as many at once as their cache allows, and 64 at most, with capacity for as many
// finished ones, whose beginnings others continue.
func decoderSize(c model.Config, limits gpu.Limits, n, inUse int) model.DecoderSize {
	row := 2 * int64(c.KVHeads*c.HeadDim) * 4 // bytes of a layer
	rows := min(cacheBytes/(row*int64(c.Layers)), min(limits.MaxBufferSize, limits.MaxStorageBufferBindingSize)/row)
	slots := int(min(int64(n), 64, max(1, rows/(2*int64(inUse)))))
	return model.DecoderSize{Slots: slots, Rows: max(inUse, 2, min(2*slots*inUse, int(rows))), Chunk: 16}
}

// scorer makes a scorer for the given traces: for as many in one pass as have 4,096 tokens.
func (l *lab) scorer(traces []task.Trace) (*model.Scorer, error) {
	all, longest := 0, 1
	for _, t := range traces {
		all, longest = all+len(t.Tokens), max(longest, len(t.Tokens))
	}
	return model.NewScorer(l.Model, max(longest, min(all, 4096)))
}

// attempts samples one response of at most longest tokens to each problem, and with --stream writes the first one's text as it is sampled. If ctx
// ends, it returns the responses so far and an error.
func (c *console) attempts(ctx context.Context, l *lab, d *model.Decoder, problems []task.Problem, longest int, s model.Sampling) ([]examine.Attempt, error) {
	p, finished := c.progress("sampling"), 0
	shown := c.newStream(l.files.Tokenizer)
	d.Watch = func(request int, tokens []int) {
		if shown != nil {
			if request == 0 {
				shown.show(tokens)
			}
			return
		}
		note := fmt.Sprintf("%d tokens", d.Generated)
		if d.Generated == 0 {
			note = fmt.Sprintf("%d tokens of prompts", d.Prefilled)
		}
		p.set(finished, len(problems), note)
	}
	attempts, err := examine.Attempts(ctx, d, l.Task, problems, longest, s, func(done, _ int) { finished = done })
	d.Watch = nil
	shown.end()
	p.end()
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("stopped after %d of %d problems", len(attempts), len(problems))
	}
	return attempts, err
}

// tracesOf are the traces of attempts, in order.
func tracesOf(attempts []examine.Attempt) []task.Trace {
	traces := make([]task.Trace, len(attempts))
	for i, a := range attempts {
		traces[i] = a.Trace
	}
	return traces
}

// examined computes the scores of traces. If ctx ends, it returns the first ones and an error.
func (c *console) examined(ctx context.Context, s *model.Scorer, traces []task.Trace, delta int) ([]examine.Examined, error) {
	p := c.progress("scoring responses")
	defer p.end()
	examined, err := examine.ExamineBy(ctx, s, traces, delta, func(done, of int) { p.set(done, of, "") })
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("stopped after %d of %d responses were scored", len(examined), len(traces))
	}
	return examined, err
}

// answerLosses measures how much less likely answers are without each step. If ctx ends, it returns the losses of the first traces and an error.
func (c *console) answerLosses(ctx context.Context, d *model.Decoder, traces []task.Trace) ([][]float64, error) {
	p := c.progress("removing attention to steps")
	defer p.end()
	losses, err := examine.AnswerLosses(ctx, d, traces, func(done, of int) { p.set(done, of, "") })
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("stopped after the steps of %d of %d responses", len(losses), len(traces))
	}
	return losses, err
}
