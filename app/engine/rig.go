package engine

import (
	"attnlab/gpu"
	"attnlab/model"
	"attnlab/model/hf"
)

// rig is a device and what runs on it; all but the device are nil before a model is
// loaded.
type rig struct {
	device  *gpu.Device
	model   *model.Model
	decoder *model.Decoder
	scorer  *model.Scorer
	slots   int // sequences the decoder keeps going
	chunk   int // tokens it samples before it answers
}

// newRig puts a model on a device and runs everything once, so that all kernels are
// compiled and all memory is taken before anybody waits for it.
func newRig(d *gpu.Device, c *hf.Checkpoint) (r rig, err error) {
	r.device = d
	defer func() {
		if err != nil {
			r.release()
		}
	}()
	if r.model, err = model.New(d, c.Config, c.Weights); err != nil {
		return r, err
	}
	size := model.DecoderSize{Slots: 32, Chunk: 16}
	if d.Info.Backend == gpu.Host {
		size = model.DecoderSize{Slots: 8, Chunk: 8} // it answers nobody within a chunk
	}
	size.Rows = 2 * size.Slots * c.Config.MaxContext
	r.slots, r.chunk = size.Slots, size.Chunk
	if r.decoder, err = model.NewDecoder(r.model, size); err != nil {
		return r, err
	}
	if r.scorer, err = model.NewScorer(r.model, max(1024, c.Config.MaxContext)); err != nil {
		return r, err
	}
	longest := make([]int, c.Config.MaxContext)
	if _, err = r.received(longest); err != nil {
		return r, err
	}
	return r, d.Err()
}

// release frees what runs on the device. On a lost device nothing is left to free.
func (r rig) release() {
	if r.device == nil || r.device.Lost() {
		return
	}
	if r.scorer != nil {
		r.scorer.Release()
	}
	if r.decoder != nil {
		r.decoder.Release()
	}
	if r.model != nil {
		r.model.Release()
	}
}

// received is the attention that each token gets from all later ones, the mean over
// heads: a range a token, so that the scorer pools nothing.
func (r rig) received(tokens []int) ([]float32, error) {
	T := len(tokens)
	each := make([]model.Range, T)
	for t := range each {
		each[t] = model.Range{Start: t, End: t + 1}
	}
	scores, err := r.scorer.Score([]model.ScoreRequest{{Tokens: tokens, Steps: each}})
	if err != nil {
		return nil, err
	}
	got := make([]float32, T)
	for i, a := range scores[0].Attention.Sum {
		if query, key := i/T%T, i%T; query > key {
			got[key] += a / float32(r.model.Layers*r.model.Heads)
		}
	}
	return got, nil
}
