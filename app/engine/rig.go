package engine

import (
	"context"

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

// held is a model in use: whole, with its weights, or by its source, which stays open so that it can be put on another device.
type held struct {
	*hf.Checkpoint            // without weights where there is a source; MaxContext is that of the rig
	source         *hf.Source // nil where the weights are in memory
	storage        model.Storage
	values         model.Source // in place of those of the source: with adapters merged; else nil
	sum            string       // of the source, once it was computed
	from           string       // id of the stored model whose files these are, or empty
}

// reads is what the weights are read from.
func (h *held) reads() model.Source {
	if h.values != nil {
		return h.values
	}
	return h.source
}

// close closes the files of a model.
func (h *held) close() {
	if h != nil && h.source != nil {
		h.source.Close()
	}
}

// A long trace has about manySteps steps of about stepTokens tokens. For a longer one the scorer allocates more.
const (
	stepTokens = 4
	manySteps  = 64
)

// longTrace bounds the trace that newRig scores: a longer one takes long itself.
const longTrace = 512

// newRig puts a model on a device and scores a long trace, so that kernels are compiled and memory is allocated before a visitor waits for
// them.
func newRig(ctx context.Context, d *gpu.Device, c *held, loading func(done, total int64)) (r rig, err error) {
	r.device = d
	defer func() {
		if err != nil {
			r.release()
		}
	}()
	if c.source != nil {
		return r, r.openSource(ctx, c, loading)
	}
	if r.model, err = model.New(d, c.Config, c.Weights); err != nil {
		return r, err
	}
	size := model.DecoderSize{Slots: 32, Chunk: 16}
	if d.Info.Backend == gpu.Host {
		size = model.DecoderSize{Slots: 8, Chunk: 8} // the inbox takes no command during a chunk
	}
	size.Rows = cacheRows(d, c.Config, 2*size.Slots*c.Config.MaxContext)
	r.slots, r.chunk = size.Slots, size.Chunk
	if r.decoder, err = model.NewDecoder(r.model, size); err != nil {
		return r, err
	}
	if r.scorer, err = model.NewScorer(r.model, max(1024, c.Config.MaxContext)); err != nil {
		return r, err
	}
	longest := model.ScoreRequest{Tokens: make([]int, min(c.Config.MaxContext, longTrace)), Look: true}
	for at := 0; at+stepTokens <= len(longest.Tokens) && len(longest.Steps) < manySteps; at += stepTokens {
		longest.Steps = append(longest.Steps, model.Range{Start: at, End: at + stepTokens})
	}
	if _, err = r.scorer.Score([]model.ScoreRequest{longest}); err != nil {
		return r, err
	}
	return r, d.Err()
}

// These bound the keys and values of a decoder. Where they are full, sequences wait for each other. On the host of a tab they share WebAssembly's memory
// with the weights.
const (
	cacheBytes    = 256 << 20
	tabCacheBytes = 24 << 20
)

// cacheRows is how many of the wanted rows of keys and values a decoder gets: as many as the bound and a buffer hold, and at least those of one
// sequence.
func cacheRows(d *gpu.Device, c model.Config, want int) int {
	bytes := int64(cacheBytes)
	if d.Shares() {
		bytes = tabCacheBytes
	}
	row := 4 * 2 * int64(c.KVHeads*c.HeadDim) // bytes of a token in a layer
	rows := min(bytes/(row*int64(c.Layers)), d.Limits.MaxBufferSize/row, d.Limits.MaxStorageBufferBindingSize/row)
	return max(c.MaxContext, min(int(rows), want))
}

// openSource is newRig for a model that is opened by its source. It scores a short trace, because a long one takes long.
func (r *rig) openSource(ctx context.Context, c *held, loading func(done, total int64)) (err error) {
	r.model, err = model.Open(ctx, r.device, c.source.Config, c.reads(), model.Options{Storage: c.storage, Context: c.Config.MaxContext, Progress: loading})
	if err != nil {
		return err
	}
	m := r.model
	size := model.DecoderSize{Slots: 8, Chunk: 4, Rows: cacheRows(r.device, m.Config, 16*m.MaxContext)}
	r.slots, r.chunk = size.Slots, size.Chunk
	if r.decoder, err = model.NewDecoder(m, size); err != nil {
		return err
	}
	if r.scorer, err = model.NewScorer(m, m.MaxContext); err != nil {
		return err
	}
	return r.device.Err()
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
