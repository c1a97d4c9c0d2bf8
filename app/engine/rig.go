package engine

import (
	"attnlab/gpu"
	"attnlab/model"
	"attnlab/model/hf"
)

// rig is a device and what runs on it. Until a model is loaded, all but the device are nil.
type rig struct {
	device  *gpu.Device
	model   *model.Model
	decoder *model.Decoder
	scorer  *model.Scorer
	slots   int // sequences that the decoder samples at once
	chunk   int // tokens that it samples before each readback
}

// A long trace has about manySteps steps of about stepTokens tokens. For a longer one the scorer allocates more.
const (
	stepTokens = 4
	manySteps  = 64
)

// newRig puts a model on a device and scores a trace of full length, so that kernels are compiled and memory is allocated
// before a visitor waits for them.
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
		size = model.DecoderSize{Slots: 8, Chunk: 8} // the inbox takes no command during a chunk
	}
	size.Rows = 2 * size.Slots * c.Config.MaxContext
	r.slots, r.chunk = size.Slots, size.Chunk
	if r.decoder, err = model.NewDecoder(r.model, size); err != nil {
		return r, err
	}
	if r.scorer, err = model.NewScorer(r.model, max(1024, c.Config.MaxContext)); err != nil {
		return r, err
	}
	longest := model.ScoreRequest{Tokens: make([]int, c.Config.MaxContext), Look: true}
	for at := 0; at+stepTokens <= len(longest.Tokens) && len(longest.Steps) < manySteps; at += stepTokens {
		longest.Steps = append(longest.Steps, model.Range{Start: at, End: at + stepTokens})
	}
	if _, err = r.scorer.Score([]model.ScoreRequest{longest}); err != nil {
		return r, err
	}
	return r, d.Err()
}

// release frees what runs on the device. On a lost device it does nothing.
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
