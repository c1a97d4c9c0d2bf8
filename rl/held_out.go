package rl

import (
	"context"

	"attnlab/rl/examine"
	"attnlab/rl/runs"
)

// HeldOutConfig asks a run to measure itself on a fixed set of problems while it trains. The zero value does not.
type HeldOutConfig struct {
	Problems int   // 0 is never
	Every    int64 // generated tokens between two measurements; 0 is after each step
}

// DefaultHeldOut is what the page and "attnlab train" measure where nobody asks for something else.
var DefaultHeldOut = HeldOutConfig{Problems: runs.HeldOut, Every: runs.HeldOutGap}

// measureHeldOut measures the policy on the fixed problems, in the way it samples. The tokens are not counted as the run's.
func (r *Run) measureHeldOut(ctx context.Context) (*examine.HeldOutAccuracy, error) {
	m, err := examine.NewHeldOut(r.Task, r.HeldOut.Problems, r.MaxLength, r.Temperature).Measure(ctx, r.Decoder)
	if err != nil {
		return nil, err
	}
	return &m, nil
}

// heldOutBase measures the model that the run began from, before the first step; nil later, or where this is switched off.
func (r *Run) heldOutBase(ctx context.Context) (*examine.HeldOutAccuracy, error) {
	if r.HeldOut.Problems == 0 || r.state.Step > 0 {
		return nil, nil
	}
	return r.measureHeldOut(ctx)
}

// heldOutAfter measures the policy after a step that raised the count of generated tokens from before to its present value over a
// multiple of Every; nil after other steps. It follows from counts that are saved, so a resumed run measures at the same steps.
// The step is done, so the measurement completes even where ctx has ended.
func (r *Run) heldOutAfter(ctx context.Context, before int64) (*examine.HeldOutAccuracy, error) {
	every := max(1, r.HeldOut.Every)
	if r.HeldOut.Problems == 0 || before/every == r.Generated/every {
		return nil, nil
	}
	return r.measureHeldOut(context.WithoutCancel(ctx))
}
