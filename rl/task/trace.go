package task

import (
	"fmt"
	"slices"
)

// Label is the truth about one step, found by replaying the trace: what the step contributed to the answer. Steps of free text may have
// none, see [Unlabelled], or one that a person gave.
type Label uint8

const (
	Essential  Label = iota // states a needed value, right, for the first time
	Redundant               // parses and is not wrong, and the answer does not need it
	Correcting              // replaces a wrong value by the right one
	Wrong                   // states a wrong value
	Malformed               // not a line of the task's grammar
	Unlabelled              // nobody knows: a step of free text that no judge can read
)

var labelNames = [...]string{"essential", "redundant", "correcting", "wrong", "malformed", "unlabelled"}

// Labels lists all labels in order.
func Labels() []Label {
	return []Label{Essential, Redundant, Correcting, Wrong, Malformed, Unlabelled}
}

// String is the lower-case name used in JSON and on screen.
func (l Label) String() string {
	if int(l) < len(labelNames) {
		return labelNames[l]
	}
	return fmt.Sprintf("label(%d)", uint8(l))
}

// MarshalText writes the name.
func (l Label) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads a name.
func (l *Label) UnmarshalText(text []byte) error {
	i := slices.Index(labelNames[:], string(text))
	if i < 0 {
		return fmt.Errorf("task: unknown label %.20q: the labels are %v", text, Labels())
	}
	*l = Label(i)
	return nil
}

// Step is one line of the think part: the tokens up to and including "\n". What follows the last "\n" is a step too, a malformed
// one. In free text a step is what a rule cuts, see package text.
type Step struct {
	Start int   `json:"start"` // position of the first token in the trace
	End   int   `json:"end"`   // position after the last
	Label Label `json:"label"`
}

// Trace is a rollout cut into steps and verified. Positions are indices of Tokens.
type Trace struct {
	Tokens       []int // prompt and response, up to and including the first <eos>; its own copy
	PromptLength int

	// The think part lies between the prompt and </think>. Without </think> it runs to the end, <eos> left out.
	ThinkStart, ThinkEnd int
	// The answer part is all that follows </think>, <eos> included; empty without </think>.
	AnswerStart, AnswerEnd int

	Steps      []Step // they cover the think part without gaps
	WellFormed bool   // exactly one </think>, an answer part in the task's grammar, <eos> at the end
	Correct    bool   // well-formed and right
	Answer     string // the token after "#" where well-formed, otherwise empty; in free text the answer as it was read
}

// Response is the part of the trace that the policy wrote.
func (t Trace) Response() []int { return t.Tokens[t.PromptLength:] }

// ThinkTokens is the length of the think part.
func (t Trace) ThinkTokens() int { return t.ThinkEnd - t.ThinkStart }

// Count is the number of steps with a label.
func (t Trace) Count(label Label) int {
	count := 0
	for _, step := range t.Steps {
		if step.Label == label {
			count++
		}
	}
	return count
}

// Cut divides a response into think part, steps and answer part. Every step has the label [Malformed]; labels and the verdict are up
// to the task's Judge. framed reports whether there is exactly one </think> and <eos> ends the response.
func Cut(prompt, response []int) (t Trace, framed bool) {
	end := slices.Index(response, Eos)
	finished := end >= 0
	if finished {
		response = response[:end+1]
	}
	t.Tokens = slices.Concat(prompt, response)
	t.PromptLength = len(prompt)
	t.ThinkStart = len(prompt)

	if i := slices.Index(response, EndThink); i >= 0 {
		t.ThinkEnd = len(prompt) + i
		t.AnswerStart, t.AnswerEnd = t.ThinkEnd+1, len(t.Tokens)
		framed = finished && !slices.Contains(response[i+1:], EndThink)
	} else {
		t.ThinkEnd = len(t.Tokens)
		if finished {
			t.ThinkEnd--
		}
		t.AnswerStart, t.AnswerEnd = len(t.Tokens), len(t.Tokens)
	}

	for start := t.ThinkStart; start < t.ThinkEnd; {
		end := t.ThinkEnd
		if i := slices.Index(t.Tokens[start:end], Newline); i >= 0 {
			end = start + i + 1
		}
		t.Steps = append(t.Steps, Step{Start: start, End: end, Label: Malformed})
		start = end
	}
	return t, framed
}

// ResponseSteps returns the range of each step, counted from the first response token.
func (t Trace) ResponseSteps() [][2]int {
	ranges := make([][2]int, len(t.Steps))
	for k, s := range t.Steps {
		ranges[k] = [2]int{s.Start - t.PromptLength, s.End - t.PromptLength}
	}
	return ranges
}
