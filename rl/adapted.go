package rl

import (
	"fmt"

	"attnlab/gpu"
	"attnlab/model"
	"attnlab/model/hf"
	"attnlab/rl/hyper"
)

// Adapters says which low-rank adapters the run trains; nil where it trains the weights themselves.
func (c RunConfig) Adapters() *model.LoRA {
	if !c.Hyper.Has("lora") || c.Hyper.Int("lora") == 0 {
		return nil
	}
	return &model.LoRA{Rank: c.Hyper.Int("lora"), Alpha: c.Hyper.Number("lora-alpha"), All: c.Hyper.Choice("lora-on") == "all"}
}

// saved is how a run with these values saves activations.
func saved(h hyper.Values) model.Storage {
	if h.Has(hyper.Activations.Name) && h.Choice(hyper.Activations.Name) == model.F16.String() {
		return model.F16
	}
	return model.F32
}

// openTrainer makes the model and the trainer of its weights, or of adapters over the base's weights.
func (r *Run) openTrainer(d *gpu.Device, start *hf.Checkpoint, capacity int) (err error) {
	l := r.Adapters()
	if l == nil {
		if r.Model, err = model.New(d, start.Config, start.Weights); err == nil {
			r.Trainer, err = model.NewTrainerSaving(r.Model, capacity, adam(r.Hyper), saved(r.Hyper))
		}
		return err
	}
	words := r.base.Config.InitAdapters(*l, r.Seed)
	if start.Train != nil && start.Train.LoRA != nil {
		if *start.Train.LoRA != *l {
			return fmt.Errorf("rl: the checkpoint has adapters %+v, its hyper-parameters say %+v; start a new run", *start.Train.LoRA, *l)
		}
		words = start.Train.Adapters
	}
	if r.Model = r.Opened; r.Model == nil {
		if r.Model, err = model.New(d, r.base.Config, r.base.Weights); err != nil {
			return err
		}
	}
	r.Trainer, err = model.NewLoRATrainer(r.Model, capacity, adam(r.Hyper), *l, words)
	return err
}

// cacheBytes bounds the keys and values of the sequences that a run samples at once, and of those whose beginnings others continue.
const cacheBytes = 512 << 20

// cacheSlots is how many sequences that allows, one at least.
func cacheSlots(c model.Config) int {
	token := int64(c.Layers) * 2 * int64(c.KVHeads*c.HeadDim) * 4
	return int(max(1, cacheBytes/(2*token*int64(c.MaxContext))))
}

// WithBase runs f with a decoder and a scorer of the base, the model that the run began from: of the run's own model without its adapters,
// or where it trains all weights, of a copy that is on the device only meanwhile. It returns f's error, or the device's.
func (r *Run) WithBase(f func(*model.Decoder, *model.Scorer) error) error {
	if r.Adapters() != nil {
		return r.Trainer.WithoutAdapters(func() error { return f(r.Decoder, r.Scorer) })
	}
	base, err := model.New(r.Model.Device, r.base.Config, r.base.Weights)
	if err != nil {
		return err
	}
	defer base.Release()
	p, err := NewPolicy(base, r.Task, PolicyConfig{Slots: r.Slots, Tokens: r.capacity()})
	if err != nil {
		return err
	}
	defer p.Release()
	return f(p.Decoder, p.Scorer)
}
