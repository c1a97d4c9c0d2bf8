package rl

import (
	"errors"
	"fmt"
	"math"

	"attnlab/rl/runs"
	"attnlab/rl/task"
)

// trainedOn says where the record of a training step has a response.
type trainedOn struct {
	update    int // of the step, from 0
	at        int // token of the record that predicts its first
	weight    float64
	reference []float32 // [response]
}

// lossRecord is what is known of the last step's updates on the host. The tokens' numbers stay on the device.
type lossRecord struct {
	lossConfig
	updates []float64 // loss of each
	begun   int       // updates so far
	tokens  int       // packed so far, context counted
}

// beginRecord makes room for the losses of groups.
func (r *Run) beginRecord(groups []Group, c lossConfig) {
	n := 0
	for _, g := range groups {
		for _, s := range g.Samples {
			if s.Advantage != nil {
				n += len(s.Tokens)
			}
		}
	}
	r.losses = lossRecord{lossConfig: c}
	r.Trainer.Record(n)
}

// TokenLosses reads the losses of one response of the last step, and waits for the device. Those of a response that the step did not train on
// have no tokens: no response of its group has an advantage, or the method left it out.
func (r *Run) TokenLosses(group, response int) (runs.TokenLosses, error) {
	if group < 0 || group >= len(r.last) || response < 0 || response >= len(r.last[group].Samples) {
		return runs.TokenLosses{}, fmt.Errorf("rl: the last step has no response %d of group %d; take a step, and choose one of its responses", response, group)
	}
	g := r.last[group]
	s := g.Samples[response]
	if s.trained == nil {
		return runs.TokenLosses{}, nil
	}
	stats, err := r.Trainer.Recorded(s.trained.at, len(s.Advantage))
	if err != nil {
		return runs.TokenLosses{}, err
	}
	if stats == nil {
		return runs.TokenLosses{}, errNotRecorded
	}
	c := r.losses.lossConfig
	l := runs.TokenLosses{Step: r.state.Step, Group: group, Response: response, Prompt: task.Text(r.Task, g.Problem.Prompt), Correct: s.Correct,
		Update: s.trained.update + 1, Updates: r.losses.updates, Weight: s.trained.weight,
		ClipLow: c.clipLow, ClipHigh: c.clipHigh, DualClip: c.dualClip, KL: c.kl, Entropy: c.entropy}
	vocabulary := r.Task.Vocabulary()
	for t, x := range stats {
		one := runs.TokenLoss{Text: vocabulary[s.Response()[t]], Old: float64(s.Old[t]), New: float64(x.LogProb), Ratio: float64(x.Ratio), Clipped: x.Clipped,
			KL: float64(x.KL), Entropy: float64(x.Entropy), Advantage: s.Advantage[t], Loss: float64(x.Loss)}
		if t >= s.Given {
			one.Gradient = l.Weight * c.slope(one, float64(s.trained.reference[t]))
		}
		l.Tokens = append(l.Tokens, one)
	}
	return l, nil
}

var errNotRecorded = errors.New("rl: the step trained on too many tokens to record the loss of each; choose fewer problems or a smaller group")

// slope is the derivative of a token's objective by its log-probability: of the surrogate ρA unless it is clipped, less that of β k3. It is 0
// beyond the limit of ±20 at which the kernel stops ratios. The entropy term has no such factor: its gradient is not along ∇log π of one token.
func (c lossConfig) slope(t runs.TokenLoss, reference float64) (slope float64) {
	const limit = 20
	if !t.Clipped && math.Abs(t.New-t.Old) <= limit {
		slope = t.Ratio * t.Advantage
	}
	if d := reference - t.New; math.Abs(d) <= limit {
		slope += c.kl * math.Expm1(d)
	}
	return slope
}
