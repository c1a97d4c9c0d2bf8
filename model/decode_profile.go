package model

import (
	"context"
	"errors"

	"attnlab/gpu"
)

// Profile computes the next token of every request on the decoder's path, waits after every dispatch, and returns the time of each
// kernel. The requests must fit the decoder together. It forgets what is cached.
func (d *Decoder) Profile(requests []Request) ([]gpu.Timing, error) {
	d.cache.reset(d.version)
	defer func() { d.cache.reset(d.version) }()
	d.sampling = Sampling{Temperature: 1}
	var active []*sequence
	for slot, r := range requests {
		if err := d.checkRequest(r); err != nil {
			return nil, err
		}
		seq := d.admit(r, active)
		if seq == nil || slot >= d.slots {
			return nil, errors.New("model: the requests do not fit the decoder; give fewer")
		}
		seq.slot = slot
		active = append(active, seq)
	}
	if err := d.fill(context.Background(), active); err != nil {
		return nil, err
	}
	d.write(active)
	switch f := d.fused; f.path {
	case PathLayers:
		return f.layers.Profile()
	case PathTokens:
		f.times = 1
		return f.tokens.Profile()
	}
	return d.step.prog.Profile()
}
