package rl

import (
	"encoding/json"
	"fmt"
	"maps"

	"attnlab/model/hf"
	"attnlab/rl/hyper"
)

// runState is what a run saves besides weights and moments.
type runState struct {
	Method  string          `json:"method"`
	Hyper   json.RawMessage `json:"hyper"`
	Step    int             `json:"step"`
	Count   Count           `json:"count"`
	Trained int64           `json:"trained"`
	Compute float64         `json:"training_gflop"` // see StepReport; 0 although tokens were trained where an older version began the run
	Seconds float64         `json:"seconds"`
	Base    *Probe          `json:"base"`            // the base's own samples
	Trainer json.RawMessage `json:"state,omitempty"` // [Trainer.State]

	values hyper.Values // Hyper, read
}

// savedState reads the state of a run from its checkpoint. It returns an error if the checkpoint is of another run than c describes.
func savedState(saved *hf.Checkpoint, c RunConfig) (state runState, err error) {
	if saved.Train == nil || len(saved.Train.Method) == 0 {
		return state, fmt.Errorf("rl: the checkpoint holds no training run to resume; start a new one from it")
	}
	if err := json.Unmarshal(saved.Train.Method, &state); err != nil {
		return state, fmt.Errorf("rl: the checkpoint's training run cannot be read: %w", err)
	}
	if state.Method != c.Method.Name {
		return state, fmt.Errorf("rl: the checkpoint is of a run of %s, not %s; resume that, or start a new run", state.Method, c.Method.Name)
	}
	if state.values, err = c.Method.Params.Read(state.Hyper); err != nil {
		return state, fmt.Errorf("rl: the checkpoint's training run cannot be read: %w", err)
	}
	if state.Trainer == nil {
		// Runs saved before version 2 have the trainer's state beside the run's, under the same names.
		state.Trainer = saved.Train.Method
	}
	switch {
	case c.Hyper != nil && !maps.Equal(c.Hyper, state.values):
		return state, fmt.Errorf("rl: the checkpoint's run has other hyper-parameters; leave them out to resume it, or start a new run")
	case c.Seed != 0 && c.Seed != saved.Train.Seed:
		return state, fmt.Errorf("rl: the checkpoint's run has seed %d, not %d; leave the seed out to resume it, or start a new run", saved.Train.Seed, c.Seed)
	}
	return state, nil
}

// Checkpoint reads from the device what is needed to use the model and to resume training. Over an opened model these are the adapters, without
// the model's weights.
func (r *Run) Checkpoint() (*hf.Checkpoint, error) {
	c := &hf.Checkpoint{Config: r.Model.Config, Tokenizer: r.base.Tokenizer}
	var err error
	if r.Opened == nil {
		if c.Weights, err = r.Model.Weights(); err != nil {
			return nil, err
		}
	}
	if c.Train, err = r.Trainer.State(); err != nil {
		return nil, err
	}
	state := r.state
	state.Method, state.Count = r.Method.Name, r.Policy.Count
	if state.Hyper, err = json.Marshal(r.Hyper); err != nil {
		return nil, err
	}
	if state.Trainer, err = r.trainer.State(); err != nil {
		return nil, err
	}
	c.Train.Tokens, c.Train.Seed, c.Train.Problems = state.Trained, r.Seed, r.Problems
	c.Train.Schedule = state.Step
	c.Train.Method, err = json.Marshal(state)
	return c, err
}
