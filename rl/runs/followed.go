package runs

import (
	"encoding/json"
	"fmt"
)

// FollowedFile holds what a run writes to one problem as it learns.
const FollowedFile = "followed.json"

// mostAnswers bounds how many answers a run keeps: about 100 KB of JSON.
const mostAnswers = 24

// Followed is one problem, which the run does not train on, and what the policy answers to it at some steps, the first before any
// training. It is much smaller than the checkpoints of these steps and enough to compare them token by token.
type Followed struct {
	Prompt  []int    `json:"prompt"`
	Answers []Answer `json:"answers"` // by step
}

// Answer is a policy's likeliest response to a problem. R counts its tokens.
type Answer struct {
	Step     int       `json:"step"`             // that the policy had taken
	Tokens   int64     `json:"tokens,omitempty"` // that the run had generated
	Response []int     `json:"response"`         // [R]
	LogProbs []float32 `json:"logprobs"`         // [R] of each token under this policy
	// OnFirst are the log-probabilities, under this policy, of the response of the first answer.
	OnFirst []float32 `json:"on_first"`
	// Base are those of this response under the model that the run began from; nil where they were not computed yet.
	Base []float32 `json:"base,omitempty"`
}

// followTimes is about how often a run answers its followed problem.
const followTimes = 10

// FollowDue reports whether a run that has taken so many steps and generated so many tokens answers its followed problem now: before
// its first step, about followTimes on its way, and after its last step. A run that began without, where f is nil, is not followed.
func (s Settings) FollowDue(f *Followed, step int, tokens int64) bool {
	if f == nil {
		return step == 0
	}
	last := f.Answers[len(f.Answers)-1]
	if last.Step >= step {
		return false
	}
	part := func(step int, tokens int64) int { // in parts of a followTimes-th
		done, of := s.Progress(step, tokens)
		return followTimes * done / max(1, of)
	}
	return s.Done(step, tokens) || part(step, tokens) > part(last.Step, last.Tokens)
}

// Add adds the answer of a later step. Where there would be more than mostAnswers, every second of the others goes, but the first and
// the last.
func (f *Followed) Add(a Answer) {
	f.Answers = append(f.Answers[:len(f.Answers):len(f.Answers)], a)
	if len(f.Answers) <= mostAnswers {
		return
	}
	var kept []Answer
	for i, a := range f.Answers {
		if i%2 == 0 || i == len(f.Answers)-1 {
			kept = append(kept, a)
		}
	}
	f.Answers = kept
}

// UpTo is f without the answers of steps after step, which are taken again. It is nil where no answer is left.
func (f *Followed) UpTo(step int) *Followed {
	if f == nil {
		return nil
	}
	kept := Followed{Prompt: f.Prompt}
	for _, a := range f.Answers {
		if a.Step <= step {
			kept.Answers = append(kept.Answers, a)
		}
	}
	if len(kept.Answers) == 0 {
		return nil
	}
	return &kept
}

// ReadFollowed reads a file that may come from anywhere: every number that a screen or an engine uses is checked.
func ReadFollowed(data []byte) (*Followed, error) {
	var f Followed
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", FollowedFile, err)
	}
	if len(f.Prompt) == 0 || len(f.Answers) == 0 {
		return nil, fmt.Errorf("%s has no prompt or no answer", FollowedFile)
	}
	last := -1
	for i, a := range f.Answers {
		switch {
		case a.Step <= last:
			return nil, fmt.Errorf("answer %d of %s is of step %d, after one of step %d", i+1, FollowedFile, a.Step, last)
		case len(a.LogProbs) != len(a.Response), len(a.OnFirst) != len(f.Answers[0].Response), a.Base != nil && len(a.Base) != len(a.Response):
			return nil, fmt.Errorf("answer %d of %s has a wrong number of log-probabilities", i+1, FollowedFile)
		}
		last = a.Step
	}
	return &f, nil
}
