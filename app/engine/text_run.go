package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"attnlab/app/session"
	"attnlab/gpu"
	"attnlab/model"
	"attnlab/model/hf"
	"attnlab/rl"
	"attnlab/rl/hyper"
	"attnlab/rl/runs"
	"attnlab/rl/task"
	freetext "attnlab/rl/task/text"
)

// A run over a model that lies on the device to run forward trains adapters, in parts of partTokens tokens. It measures itself on fewer
// problems than runs of the lab's own models, because a response takes seconds there.
const (
	partTokens  = 2048
	frozenProbe = 16
)

// adapterPlan is what training adapters over a model takes on a device, beside the model that is in use.
func adapterPlan(h *held, d *gpu.Device) *session.AdapterPlan {
	if h.Config.HeadDim > 128 {
		return nil
	}
	c, storage := h.Config, model.F32
	if h.source != nil {
		storage = h.storage
	}
	p := &session.AdapterPlan{Weights: c.WeightBytes(storage), Tokens: max(partTokens, c.MaxContext)}
	for rank := 4; rank <= 32; rank += 4 {
		plan := func(all bool) int64 {
			asked := c.Plan(d.Limits, model.Ask{Context: c.MaxContext, Train: &model.Training{LoRA: model.LoRA{Rank: rank, Alpha: 1, All: all}, Tokens: p.Tokens}})
			p.Cache = asked.Cache
			return asked.Train
		}
		p.Attention, p.All = append(p.Attention, plan(false)), append(p.All, plan(true))
	}
	return p
}

// frozenStart makes the current model, which lies on the device to run forward, the base of a run. Its weights are not in memory.
func (e *Engine) frozenStart(ctx context.Context, t *training) (*hf.Checkpoint, error) {
	h := e.held
	if h.sum == "" {
		e.busy("reading the checksum of the model", 0, 0)
		sum, err := hf.WeightsSum(ctx, h.Config, h.source)
		if err != nil {
			return nil, err
		}
		h.sum = sum
	}
	t.frozen = h
	return &hf.Checkpoint{Config: h.Config, Tokenizer: h.Tokenizer}, nil
}

// baseSum is the checksum of the weights that a run begins from.
func (t *training) baseSum() string {
	if t.frozen != nil {
		return t.frozen.sum
	}
	return t.start.WeightsSum()
}

// trainsAdapters reports whether a run trains adapters.
func (t *training) trainsAdapters() bool {
	config, err := t.config()
	return err == nil && t.run.Settings.Method != runs.Pretrain && config.Adapters() != nil
}

// ofFrozen reports whether the base of a run lies on the device to run forward, so that its checkpoints have adapters alone.
func (t *training) ofFrozen() bool { return t.run.Settings.Storage != "" }

// findFrozen finds the base of a saved run that trains adapters over such a model: the model in use, where that is the same one.
func (e *Engine) findFrozen(ctx context.Context, t *training) error {
	s := &t.run.Settings
	name := s.BaseName()
	if e.held == nil || e.held.source == nil || !alike(e.held.Config, t.state.Config) {
		return fmt.Errorf("the run trains adapters over the model %s; open that model first", name)
	}
	start, err := e.frozenStart(ctx, t)
	if err != nil {
		return err
	}
	if s.Base != nil && s.Base.Weights != t.frozen.sum {
		t.frozen = nil
		return fmt.Errorf("the run trains adapters over the model %s, and the weights of the model in use are others; open that model first", name)
	}
	start.Config = t.state.Config
	t.start = start
	return nil
}

// openFrozen puts the base of a run on a device once more, for the run alone.
func (t *training) openFrozen(ctx context.Context, d *gpu.Device) (*model.Model, error) {
	h := t.frozen
	if h == nil {
		return nil, errors.New("the model that the run trains adapters over is not open; open it, then resume the run")
	}
	return model.Open(ctx, d, t.start.Config, h.source, model.Options{Storage: storageNamed(t.run.Settings.Storage), Context: t.start.Config.MaxContext, Arena: true})
}

// closeModel closes the files of a model that neither the page nor the active run uses any more.
func (e *Engine) closeModel(h *held) {
	if h == nil || h.source == nil || e.held != nil && e.held.source == h.source ||
		slices.ContainsFunc(e.active(), func(t *training) bool { return t.frozen != nil && t.frozen.source == h.source }) {
		return
	}
	h.close()
}

// forgetFrozen drops the base of a run that is not active: it belongs to the page alone again.
func (e *Engine) forgetFrozen(t *training) {
	h := t.frozen
	if h == nil || slices.Contains(e.active(), t) {
		return
	}
	t.frozen, t.start = nil, nil
	e.closeModel(h)
}

// kind is the task of a run.
func (t *training) kind() (task.Task, error) {
	s := t.run.Settings
	if _, free := freetext.Find(s.Task); !free {
		return task.New(s.Task, s.Teacher, s.Difficulty)
	}
	c := cmp.Or(t.start, t.state)
	if c == nil || c.Tokenizer == nil {
		return nil, errors.New("the run's tokenizer is not here; resume the run first")
	}
	w := s.Wording
	if w == nil {
		return nil, fmt.Errorf("%s does not say how prompts are put", runs.RunFile)
	}
	return freeTask(c, session.Wording{Task: s.Task, Rule: w.StepRule, Chat: w.Chat, System: w.System, Shots: w.Shots, Problems: string(t.run.Problems)}, s.Difficulty, dividedForTraining)
}

// put takes how the problems of a run of free text are put.
func (t *training) put(s *session.RunSettings, c *hf.Checkpoint) error {
	w := session.Wording{Task: freetext.FewShotChain.Name, Shots: freetext.DefaultShots}
	if s.Wording != nil {
		w = *s.Wording
	}
	if s.Task = cmp.Or(w.Task, freetext.FewShotChain.Name); s.Task == freetext.FreeText.Name {
		return errors.New("free text has no problems to train on; choose few-shot chain or problems of your own on the Trace page")
	}
	kind, err := freeTask(c, w, s.Difficulty, dividedForTraining)
	if err != nil {
		return err
	}
	t.run.Settings.Wording = &runs.Wording{StepRule: string(kind.Rule()), Chat: kind.Chat().Name, System: w.System, Shots: w.Shots, Context: c.Config.MaxContext}
	if s.Task == freetext.Problems.Name {
		t.run.Settings.Wording.Problems, t.run.Problems = runs.ProblemsFile, []byte(strings.TrimRight(w.Problems, "\n")+"\n")
	}
	return nil
}

// shownPut is how the problems of a run are put, for screens.
func (t *training) shownPut() *session.Wording {
	w := t.run.Settings.Wording
	if w == nil {
		return nil
	}
	return &session.Wording{Task: t.run.Settings.Task, Rule: w.StepRule, Chat: w.Chat, System: w.System, Shots: w.Shots}
}

// adaptersOf are the adapters that a run has trained.
func (t *training) adaptersOf() (*hf.Adapters, error) {
	if t.state == nil || t.state.Train == nil || t.state.Train.LoRA == nil {
		return nil, fmt.Errorf("the run %s trains all weights and has no adapters", t.info.Name)
	}
	return &hf.Adapters{LoRA: *t.state.Train.LoRA, Words: t.state.Train.Adapters}, nil
}

// adapterFolder is where a run's folder has its adapters, as in "attnlab train".
const adapterFolder = "adapter/"

// exportPart sends a part of a run that trains adapters.
func (e *Engine) exportPart(ctx context.Context, t *training, part string) error {
	defer e.forgetFrozen(t)
	adapters, err := t.adaptersOf()
	if err != nil {
		return err
	}
	var files map[string][]byte
	switch part {
	case session.Adapter:
		files, err = adapters.Files(t.state.Config)
	case session.Merged:
		files, err = e.mergedFiles(ctx, t, adapters)
	default:
		err = fmt.Errorf("there is no part %q of a run to export", part)
	}
	if err != nil {
		return err
	}
	e.publish(session.RunFiles{ID: t.info.ID, Name: t.info.Name + ", " + part, Files: files})
	return nil
}

// mergedFiles are the files of a run's model with its adapters merged. A large model would not fit the memory of a page.
func (e *Engine) mergedFiles(ctx context.Context, t *training, adapters *hf.Adapters) (map[string][]byte, error) {
	merged := &hf.Checkpoint{Config: t.state.Config, Tokenizer: t.state.Tokenizer, Weights: t.state.Weights}
	if merged.Weights == nil {
		if t.frozen == nil {
			if err := e.findFrozen(ctx, t); err != nil {
				return nil, err
			}
		}
		if !t.frozen.source.Small() {
			return nil, fmt.Errorf("the merged model would take %d MB in F32, which is too much for a page; export the adapter and run \"attnlab merge --model MODEL --adapter FOLDER --out DIR\"", merged.Config.WeightBytes(model.F32)>>20)
		}
		e.busy("merging", 0, 0)
		var err error
		if merged.Weights, err = hf.ReadWeights(ctx, merged.Config, adapters.Over(merged.Config, t.frozen.source)); err != nil {
			return nil, err
		}
	}
	return merged.Files()
}

// useAdapted makes the model of a run that trains adapters over a frozen one the current model: its base in F32 with the adapters merged
// while it is read, because a sum of BF16 and adapters is no BF16.
func (e *Engine) useAdapted(ctx context.Context, name string, t *training) error {
	defer e.forgetFrozen(t)
	adapters, err := t.adaptersOf()
	if err == nil && t.frozen == nil {
		err = e.findFrozen(ctx, t)
	}
	if err != nil {
		return err
	}
	plan := t.start.Config.Plan(e.rig.device.Limits, model.Ask{Context: t.start.Config.MaxContext})
	if plan.Needs[0].Problem != "" {
		return fmt.Errorf("the trained model needs its weights in F32, which does not fit this adapter: %s", plan.Needs[0].Problem)
	}
	next := &held{Checkpoint: &hf.Checkpoint{Config: t.start.Config, Tokenizer: t.start.Tokenizer}, source: t.frozen.source, values: adapters.Over(t.start.Config, t.frozen.source), storage: model.F32}
	return e.installOn(ctx, name, next, e.rig.device, e.choice, func(done, total int64) { e.busy("loading", int(done), int(total)) })
}

// measuredText completes how the numbers of a run of free text are measured.
func (t *training) measuredText(m *runs.Measured) {
	kind, err := t.kind()
	if free, ok := kind.(*freetext.Task); err == nil && ok {
		m.Teacher = ""
		m.Difficulty, m.Wording = free.Wording()
	}
}

// mayBegin returns an error where a run with these values cannot begin from the current model.
func (e *Engine) mayBegin(s session.RunSettings, h hyper.Values) error {
	if e.held == nil || e.held.source == nil || s.Model != "" && s.Model != e.capabilities.Model.Name {
		return nil
	}
	switch {
	case e.held.values != nil:
		return errors.New("the model in use has adapters in its weights; open the model below them and begin from that")
	case (rl.RunConfig{Hyper: h}).Adapters() == nil:
		return errors.New("this model lies on the device to run forward, and its weights are not trained; train adapters over it: give lora a rank, such as 8")
	}
	return nil
}

// alike reports whether two configs are of one model, whatever the longest sequence.
func alike(a, b model.Config) bool {
	a.MaxContext = b.MaxContext
	return a.Equal(b)
}

// dividedForTraining has a task of own problems keep a tenth for measurements while it trains and a tenth for those before and after.
func dividedForTraining(o *freetext.Options) { o.Divide = true }

// isFree reports whether a name is of a task of free text.
func isFree(name string) bool { return slices.Contains(freetext.Names(), name) }
