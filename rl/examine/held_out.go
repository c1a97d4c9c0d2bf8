package examine

import (
	"context"

	"attnlab/model"
	"attnlab/rl/stat"
	"attnlab/rl/task"
)

// HeldOut measures a policy again and again during its training, always on the same problems with the same random numbers: what
// differs between two measurements is the policy. Problems are those of [task.EvalStream] with seed 0, for every run of a
// task, so runs of different seeds and methods can be compared problem by problem.
type HeldOut struct {
	Task     task.Task
	Problems []task.Problem
	Longest  int // response, tokens; 0 is as many as the context holds
	Sampling model.Sampling
}

// NewHeldOut draws n problems.
func NewHeldOut(t task.Task, n, longest int, temperature float64) HeldOut {
	return HeldOut{Task: t, Problems: task.Problems(t, task.EvalStream, 0, n), Longest: longest,
		Sampling: model.Sampling{Temperature: float32(temperature), Seed: uint32(task.SeedOf("held-out", 0, 0))}}
}

// HeldOutAccuracy is one measurement.
type HeldOutAccuracy struct {
	Accuracy      float64     `json:"accuracy"`
	StandardError stat.Number `json:"standard_error"` // over problems, of this accuracy alone; a difference of two has less
	Problems      int         `json:"problems"`
}

// Measure samples one response to each problem. It returns an error where sampling fails or ctx ends.
func (h HeldOut) Measure(ctx context.Context, d *model.Decoder) (HeldOutAccuracy, error) {
	attempts, err := Attempts(ctx, d, h.Task, h.Problems, h.Longest, h.Sampling, nil)
	if err != nil {
		return HeldOutAccuracy{}, err
	}
	var correct []float64
	for _, a := range attempts {
		correct = append(correct, stat.Indicator(a.Trace.Correct))
	}
	m := HeldOutAccuracy{Problems: len(attempts)}
	m.Accuracy, m.StandardError = meanError(correct)
	return m, nil
}
