package model

import "encoding/json"

// TrainState is what a run needs besides the weights to resume as if it had never
// stopped. It is nil in a checkpoint that is only a model.
type TrainState struct {
	Step       int    `json:"step"`            // optimiser steps taken: AdamW's t, and a key of the random generator
	Tokens     int64  `json:"tokens"`          // tokens trained on
	Seed       uint64 `json:"seed,string"`     // of the run; a string in JSON, which has no 64-bit integers
	Problems   uint64 `json:"problems,string"` // problems drawn: the next one is problem number Problems
	Schedule   int    `json:"schedule_step"`   // place in the learning-rate schedule
	ScheduleOf int    `json:"schedule_steps"`  // and its length
	// Method is the state of the training method between steps (frozen heads, running
	// means). Only the method reads it.
	Method json.RawMessage `json:"method,omitempty"`

	// LoRA says which adapters were trained; nil where the model itself was.
	LoRA     *LoRA     `json:"lora,omitempty"`
	Adapters []float32 `json:"-"` // their arena, nil without

	M []float32 `json:"-"` // AdamW's first moments, an arena like the weights, or like the adapters
	V []float32 `json:"-"` // and second moments
}
