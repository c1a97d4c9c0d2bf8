package model

import (
	"attnlab/gpu"
	"attnlab/shaders/optim"
)

// maxRecord bounds what [Trainer.Record] holds: 32 bytes a token, 32 MB in all.
const maxRecord = 1 << 20

// statWords are the numbers of a token that the policy loss writes.
const statWords = 8

// PolicyStat is what the policy loss computed of one token as it trained on it.
type PolicyStat struct {
	LogProb, Entropy float32 // under the weights before the update, nats
	Ratio, KL        float32
	Clipped          bool
	Loss             float32 // with its weight: the losses of an update sum to that of its [Metrics]
}

// Record begins a record of the policy loss of the next parts, token by token, with room for a number of tokens: context counts too. It stays
// on the device, so it costs training one copy a part and no readback; [Trainer.Recorded] reads of it what somebody asks for. The record
// before is lost. Parts that do not fit are not recorded, nor is anything of more than maxRecord tokens.
func (t *Trainer) Record(tokens int) {
	t.recorded, t.recording = 0, tokens > 0 && tokens <= maxRecord
	if !t.recording || t.record != nil && t.record.Len() >= statWords*tokens {
		return
	}
	room := 1 << 10
	if t.record != nil {
		room = t.record.Len() / statWords
		t.record.Release()
	}
	t.record = t.Device.Floats("record", statWords*grown(room, tokens))
	for f, p := range t.programs {
		if f.policy { // it copies to the old one, or to none
			p.Release()
			delete(t.programs, f)
		}
	}
}

// copyToRecord records the copy of a part's statistics. A part that is not recorded copies nothing.
func (t *Trainer) copyToRecord(p *gpu.Program) {
	p.Add(optim.Copy, func() any {
		if !t.records(t.in.n) {
			return optim.CopyParams{}
		}
		return optim.CopyParams{N: uint32(statWords * t.in.n), At: uint32(statWords * t.recorded)}
	}, t.stat, t.record)
}

// records reports whether a part of n tokens is recorded.
func (t *Trainer) records(n int) bool {
	return t.recording && statWords*(t.recorded+n) <= t.record.Len()
}

// Recorded reads n tokens of the record, from token at on, which counts the tokens of all parts since [Trainer.Record]. It returns nil where
// they were not recorded.
func (t *Trainer) Recorded(at, n int) ([]PolicyStat, error) {
	if at < 0 || at+n > t.recorded {
		return nil, nil
	}
	words := make([]float32, statWords*n)
	if err := t.record.Read(statWords*at, words); err != nil {
		return nil, err
	}
	stats := make([]PolicyStat, n)
	for i := range stats {
		w := words[statWords*i:]
		stats[i] = PolicyStat{LogProb: w[0], Entropy: w[1], Ratio: w[2], KL: w[3], Clipped: w[4] != 0, Loss: w[5]}
	}
	return stats, nil
}
