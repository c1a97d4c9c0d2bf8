package session

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

type (
	// EditResponse changes the response by hand: after it the response has Edits, one after another, and those that it has and that are not among
	// them are undone. The model continues after each. A last edit may have Text in place of tokens. The unedited response and its sampling
	// stay what undo leads back to. [Trace] is the answer.
	EditResponse struct {
		Edits []Edit `json:"edits"`
	}
	// Edit writes tokens into a response, and drops what stood there and after it.
	Edit struct {
		At     int    `json:"at"`               // position in the trace
		Tokens []int  `json:"tokens,omitempty"` // that are written; without any the model writes the rest again
		Text   string `json:"text,omitempty"`   // the same as text; where a command has no tokens, the text of a step
		Seed   uint32 `json:"seed"`             // of the sampling of what follows
		Was    []int  `json:"was,omitempty"`    // what was dropped; a command need not have it
	}
)

func (EditResponse) command() {}

type (
	// BranchByHand adds branches to the tree that a person began: after it the tree has Branches besides its own, and those that it has and that are not
	// among them are dropped. Each writes tokens, or the text of a step, into an initial response, and the model continues. [Tree] is the answer.
	BranchByHand struct {
		Branches []HandBranch `json:"branches"`
	}
	// HandBranch is a branch that a person began.
	HandBranch struct {
		Tree   int    `json:"tree"` // number of the initial response
		At     int    `json:"at"`   // position in its trace
		Tokens []int  `json:"tokens,omitempty"`
		Text   string `json:"text,omitempty"` // the same as text; where a command has no tokens, the text of a step
	}
)

func (BranchByHand) command() {}

// Same reports whether two branches write the same.
func (b HandBranch) Same(other HandBranch) bool {
	return b.Tree == other.Tree && b.At == other.At && slices.Equal(b.Tokens, other.Tokens)
}

// BranchesText writes branches for a link in the form of [EditsText], the number of the response in place of the seed; ParseBranches is its inverse.
func BranchesText(branches []HandBranch) string {
	var edits []Edit
	for _, b := range branches {
		edits = append(edits, Edit{At: b.At, Tokens: b.Tokens, Seed: uint32(b.Tree)})
	}
	return EditsText(edits)
}

// ParseBranches returns an error where a text is not of that form.
func ParseBranches(text string) (branches []HandBranch, err error) {
	edits, err := ParseEdits(text)
	for _, e := range edits {
		branches = append(branches, HandBranch{Tree: int(e.Seed), At: e.At, Tokens: e.Tokens})
	}
	return branches, err
}

// MaxEdits is how many edits a response may have.
const MaxEdits = 32

// End is the position after the written tokens.
func (e Edit) End() int { return e.At + len(e.Tokens) }

// Same reports whether two edits write the same.
func (e Edit) Same(other Edit) bool {
	return e.At == other.At && e.Seed == other.Seed && slices.Equal(e.Tokens, other.Tokens)
}

// EditsText writes edits for a link, "31-1-5.17.3_40-2-": position, seed and tokens.
func EditsText(edits []Edit) string {
	var all []string
	for _, e := range edits {
		var tokens []string
		for _, token := range e.Tokens {
			tokens = append(tokens, strconv.Itoa(token))
		}
		all = append(all, fmt.Sprintf("%d-%d-%s", e.At, e.Seed, strings.Join(tokens, ".")))
	}
	return strings.Join(all, "_")
}

// ParseEdits is the inverse of [EditsText]. It returns an error for anything else.
func ParseEdits(text string) (edits []Edit, err error) {
	if text == "" {
		return nil, nil
	}
	for one := range strings.SplitSeq(text, "_") {
		wrong := fmt.Errorf("session: %.40q is no edit such as 31-1-5.17.3: a position, a seed and tokens", one)
		parts := strings.Split(one, "-")
		if len(parts) != 3 || len(edits) == MaxEdits {
			return nil, wrong
		}
		at, err1 := strconv.ParseUint(parts[0], 10, 31)
		seed, err2 := strconv.ParseUint(parts[1], 10, 32)
		if err1 != nil || err2 != nil {
			return nil, wrong
		}
		e := Edit{At: int(at), Seed: uint32(seed)}
		for token := range strings.SplitSeq(parts[2], ".") {
			id, err := strconv.ParseUint(token, 10, 31)
			if err != nil && parts[2] != "" {
				return nil, wrong
			}
			if err == nil {
				e.Tokens = append(e.Tokens, int(id))
			}
		}
		edits = append(edits, e)
	}
	return edits, nil
}

// Version is a response to the problem of a trace, without what a model computes about it.
type Version struct {
	Tokens     []int      `json:"tokens"` // prompt and response
	Text       []string   `json:"text"`
	Steps      []StepView `json:"steps"`
	Think      [2]int     `json:"think"`
	Answer     [2]int     `json:"answer"`
	Complete   bool       `json:"complete"`
	WellFormed bool       `json:"well_formed"`
	Correct    bool       `json:"correct"`
	Found      string     `json:"found,omitempty"`
}

// Earlier is the trace before its last edit; nil where it has none.
func (t *Trace) Earlier() *Trace {
	v := t.Before
	if v == nil {
		return nil
	}
	return &Trace{Task: t.Task, Seed: t.Seed, Gold: t.Gold, Sampling: t.Sampling, PromptLength: t.PromptLength, Wording: t.Wording, Prompt: t.Prompt,
		Tokens: v.Tokens, Text: v.Text, Steps: v.Steps, Think: v.Think, Answer: v.Answer, Complete: v.Complete, WellFormed: v.WellFormed, Correct: v.Correct, Found: v.Found}
}

// Unedited are prompt and response as they were before all edits.
func (t *Trace) Unedited() []int {
	tokens := t.Tokens
	for _, e := range slices.Backward(t.Edits) {
		tokens = slices.Concat(tokens[:e.At], e.Was)
	}
	return tokens
}

// Forced reports whether an edit wrote the token at a position.
func (t *Trace) Forced(at int) bool {
	for _, e := range slices.Backward(t.Edits) {
		if at >= e.At {
			return at < e.End()
		}
	}
	return false
}

// CheckEdits returns an error where the edits of a trace do not lead to its response.
func (t *Trace) CheckEdits() error {
	if n := len(t.Edits); n > MaxEdits {
		return fmt.Errorf("edits has %d edits, more than %d", n, MaxEdits)
	}
	tokens := t.Tokens
	for i, e := range slices.Backward(t.Edits) {
		if e.At < t.PromptLength || e.End() > len(tokens) || !slices.Equal(tokens[e.At:e.End()], e.Tokens) {
			return fmt.Errorf("edit %d does not fit the response", i+1)
		}
		if len(e.Was) > maxTraceTokens {
			return fmt.Errorf("edit %d has replaced %d tokens, more than the %d that can be shown", i+1, len(e.Was), maxTraceTokens)
		}
		tokens = slices.Concat(tokens[:e.At], e.Was)
	}
	if before := t.Earlier(); before != nil {
		if err := before.Check(); err != nil {
			return fmt.Errorf("before: %w", err)
		}
	}
	return nil
}
