package rl

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"reflect"
	"regexp"
	"slices"

	"attnlab/rl/hyper"
	"attnlab/rl/task"
)

// GroupInput is one group as `attnlab credit` reads it: the responses to one problem, or a tree of them. Lengths and ranges are in
// response tokens.
type GroupInput struct {
	PromptLength int     `json:"prompt_length"`
	Step         int     `json:"step"` // of training, from 1, for methods with a schedule; 0 is 1
	Responses    []Rated `json:"responses"`
	Tree         *Tree   `json:"tree,omitempty"`      // for methods that credit trees
	Revisions    []Rated `json:"revisions,omitempty"` // for methods that revise: one a response, or none
}

// Rated is one response with what rewards and credit need.
type Rated struct {
	Length       int         `json:"length"`
	Correct      bool        `json:"correct"`
	AnswerTokens int         `json:"answer_tokens"` // after </think>
	Focus        []float64   `json:"focus"`         // S_k, one a step
	StepRanges   []task.Span `json:"step_ranges"`   // in order
	TokenScores  []float64   `json:"token_scores"`  // one a token, for methods that weigh tokens
	Reflections  int         `json:"reflections"`
	ThinkTokens  *int        `json:"think_tokens"` // absent: length less answer_tokens
	Branch       *branched   `json:"branch"`       // for methods that continue responses: where it left another
}

// branched says which response of a group another continues, counted from 0, and how many tokens they share.
type branched struct {
	Of int `json:"of"`
	At int `json:"at"`
}

// ReadGroup reads a group in JSON for a method. It returns an error that names the key where one is unknown, is written in another
// case, appears twice, is null or, if the method needs it, is missing: it would otherwise count as 0 or false.
func ReadGroup(m Method, data []byte) (in GroupInput, err error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // byte order mark
	if len(bytes.TrimSpace(data)) == 0 {
		return in, fmt.Errorf("rl: the group is empty; see \"attnlab help credit\" for its form")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err = d.Decode(&in); err != nil {
		if m := regexp.MustCompile(`unknown field (".*")`).FindStringSubmatch(err.Error()); m != nil {
			return in, fmt.Errorf("rl: the group has the unknown key %s; see \"attnlab help credit\" for the keys", m[1])
		}
		return in, fmt.Errorf("rl: the group cannot be read as JSON: %w; see \"attnlab help credit\" for its form", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return in, fmt.Errorf("rl: there is more after the group's JSON; give one group")
	}
	keys := keyCheck{json.NewDecoder(bytes.NewReader(data)), append([]string{"length", "correct", "id", "parent"}, m.Takes.Keys...)}
	if err := keys.value(reflect.TypeFor[GroupInput](), "the group"); err != nil {
		return in, fmt.Errorf("rl: %w; see \"attnlab help credit\" for the keys", err)
	}
	return in, nil
}

// GroupOutput is the credit of each token of a group. Every list is present for every method, and empty where the method does not
// use it.
type GroupOutput struct {
	Method          string      `json:"method"`
	Valid           bool        `json:"valid"`            // whether the group is trained on at all
	Rewards         []float64   `json:"rewards"`          // a response, then a revision; of trees a leaf, in the order of nodes
	Advantages      []float64   `json:"advantages"`       // likewise, before factors of steps and whitening
	StepScale       [][]float64 `json:"step_scale"`       // factor of the advantage, a response and step
	BaselineScore   []float64   `json:"baseline_score"`   // S_base, a response
	TokenAdvantages [][]float64 `json:"token_advantages"` // a response and token
	Copied          []bool      `json:"copied"`           // revisions that were wrong and replaced
	NodeAdvantages  []float64   `json:"node_advantages"`  // in the order of nodes; 0 where not trained on
	Nodes           []Node      `json:"nodes"`            // with values, global and local advantages
}

// reporter is what a method recorded of a response and adds to the output of `attnlab credit`.
type reporter interface{ report(out *GroupOutput) }

// Bounds on a group that came from outside, so that a typing error cannot ask for all memory.
const (
	maxTokens      = 1 << 20 // of a response or prompt
	maxGroupTokens = 1 << 22
)

// CreditGroup applies a method's credit to one group, which is then the whole batch. changed holds only the values that differ from
// the paper's. The input stays as it was. The error is one sentence about the method, the hyper-parameters or the group.
func CreditGroup(m Method, in GroupInput, changed hyper.Values) (GroupOutput, error) {
	if m.Takes.Demonstrations {
		return GroupOutput{}, fmt.Errorf("rl: method %q learns from demonstrations and credits no responses; choose another", m.Name)
	}
	h, err := m.Params.Merge(m.Params.Paper(), changed)
	if err != nil {
		return GroupOutput{}, err
	}
	if err := m.Check(h, hyper.Limits{}); err != nil {
		return GroupOutput{}, err
	}
	out, err := creditGroup(m, in, h)
	if err != nil {
		return GroupOutput{}, fmt.Errorf("rl: credit %s: %w", m.Name, err)
	}
	return out, nil
}

func creditGroup(m Method, in GroupInput, h hyper.Values) (out GroupOutput, err error) {
	trainer, err := m.New(h, Setup{})
	if err != nil {
		return out, err
	}
	g, err := in.group(m.Takes)
	if err != nil {
		return out, err
	}
	groups := []Group{g}
	if err := trainer.Credit(max(1, in.Step), groups); err != nil {
		return out, err
	}
	out = GroupOutput{
		Method: m.Name, Rewards: []float64{}, Advantages: []float64{}, StepScale: [][]float64{}, BaselineScore: []float64{},
		TokenAdvantages: [][]float64{}, Copied: []bool{}, NodeAdvantages: []float64{}, Nodes: []Node{},
	}
	if g = groups[0]; g.Tree != nil {
		return out, out.addTree(g.Tree)
	}
	for _, s := range g.Samples {
		out.add(s)
	}
	out.Valid = g.valid()
	return out, nil
}

func (out *GroupOutput) addTree(t *Tree) error {
	out.Valid, out.Nodes = t.valid(), t.Nodes
	for _, n := range t.Nodes {
		out.NodeAdvantages = append(out.NodeAdvantages, n.Advantage)
		if n.Reward != nil {
			out.Rewards = append(out.Rewards, *n.Reward)
			out.Advantages = append(out.Advantages, n.Advantage)
		}
	}
	if len(out.Rewards) < 2 {
		return fmt.Errorf("the tree has one leaf; credit compares at least two")
	}
	return nil
}

func (out *GroupOutput) add(s Sample) {
	out.Rewards = append(out.Rewards, s.Reward)
	out.Advantages = append(out.Advantages, s.Inputs.Advantage)
	scales := s.Inputs.Scales
	if scales == nil {
		scales = ones(len(s.Steps))
	}
	out.StepScale = append(out.StepScale, scales)
	out.TokenAdvantages = append(out.TokenAdvantages, s.Advantage)
	if own, ok := s.Inputs.Own.(reporter); ok {
		own.report(out)
	}
}

// group is the input as a group to credit, after checking it.
func (in GroupInput) group(takes Takes) (Group, error) {
	if takes.Tree {
		if in.Tree == nil {
			return Group{}, nil
		}
		return Group{Tree: &Tree{Nodes: slices.Clone(in.Tree.Nodes)}}, nil
	}
	switch {
	case len(in.Responses) < 2:
		return Group{}, fmt.Errorf("the group has %d responses; credit compares at least two", len(in.Responses))
	case in.PromptLength < 0 || in.PromptLength > maxTokens:
		return Group{}, fmt.Errorf("prompt_length is %d; give 0 to %d tokens", in.PromptLength, maxTokens)
	case in.Step < 0:
		return Group{}, fmt.Errorf("step is %d; training steps count from 1", in.Step)
	}
	total := 0
	for i, r := range in.all() {
		if err := r.check(); err != nil {
			return Group{}, fmt.Errorf("%s: %w", in.nameOf(i), err)
		}
		if total += r.Length; total > maxGroupTokens {
			return Group{}, fmt.Errorf("the group has more than %d tokens; give fewer responses", maxGroupTokens)
		}
	}
	var g Group
	tokens := make([]int, in.PromptLength+in.longest()) // of all responses: only their number matters
	for i, r := range in.all() {
		if err := r.Branch.check(in.Responses, i); err != nil {
			return Group{}, fmt.Errorf("%s: %w", in.nameOf(i), err)
		}
		if r.Branch != nil && !takes.Branches {
			continue
		}
		if revision := i >= len(in.Responses); !revision || takes.Revisions {
			s := r.sample(tokens[:in.PromptLength+r.Length], in.PromptLength)
			if revision {
				s.Kind = "revision"
			}
			if r.Branch != nil {
				s.Kind, s.Of, s.Given = "branch", r.Branch.Of, r.Branch.At
			}
			g.Samples = append(g.Samples, s)
		}
	}
	return g, nil
}

// check returns an error unless a response, by its number, can continue that one.
func (b *branched) check(responses []Rated, i int) error {
	switch {
	case b == nil:
	case i >= len(responses):
		return fmt.Errorf("it is a revision and has a branch; give branches among the responses")
	case b.Of < 0 || b.Of >= i:
		return fmt.Errorf("it branches off response %d; give the number of one before it, from 0", b.Of)
	case b.At < 1 || b.At >= responses[b.Of].Length || b.At > responses[i].Length:
		return fmt.Errorf("it branches at token %d of response %d, which has %d; give at least 1, less than these, and at most its own %d", b.At, b.Of, responses[b.Of].Length, responses[i].Length)
	}
	return nil
}

// all are the responses and then their revisions.
func (in GroupInput) all() []Rated { return slices.Concat(in.Responses, in.Revisions) }

// nameOf names one of all in errors.
func (in GroupInput) nameOf(i int) string {
	if i >= len(in.Responses) {
		return fmt.Sprintf("revision %d", i-len(in.Responses))
	}
	return fmt.Sprintf("response %d", i)
}

// longest is the length of the longest of all.
func (in GroupInput) longest() (n int) {
	for _, r := range in.all() {
		n = max(n, r.Length)
	}
	return n
}

// sample is a response of which only lengths, scores and verdicts are known.
func (r Rated) sample(tokens []int, prompt int) Sample {
	think := r.Length - r.AnswerTokens
	s := Sample{Scores: r.Focus, TokenScores: r.TokenScores, Reflections: r.Reflections, Trace: task.Trace{
		Tokens: tokens, PromptLength: prompt, Correct: r.Correct,
		ThinkStart: prompt, ThinkEnd: prompt + think, AnswerStart: prompt + think, AnswerEnd: prompt + r.Length,
	}}
	if r.ThinkTokens != nil {
		s.ThinkEnd = prompt + *r.ThinkTokens
	}
	for _, step := range r.StepRanges {
		s.Steps = append(s.Steps, task.Step{Start: prompt + step.Start, End: prompt + step.End})
	}
	return s
}

func (r Rated) check() error {
	switch {
	case r.Length < 0 || r.Length > maxTokens:
		return fmt.Errorf("length is %d; give 0 to %d tokens", r.Length, maxTokens)
	case r.AnswerTokens < 0 || r.AnswerTokens > r.Length:
		return fmt.Errorf("answer_tokens is %d of %d tokens; give 0 to the response's length", r.AnswerTokens, r.Length)
	case r.Reflections < 0:
		return fmt.Errorf("reflections is %d; give 0 or more", r.Reflections)
	case r.ThinkTokens != nil && (*r.ThinkTokens < 0 || *r.ThinkTokens > r.Length):
		return fmt.Errorf("think_tokens is %d of %d tokens; give 0 to the response's length", *r.ThinkTokens, r.Length)
	}
	for k, s := range r.Focus {
		if !(s >= 0 && s <= math.MaxFloat64) { // catches NaN too
			return fmt.Errorf("the focus of step %d is %g; a sum of attention is finite and not below 0", k, s)
		}
	}
	for t, s := range r.TokenScores {
		if math.IsNaN(s) || math.IsInf(s, 0) {
			return fmt.Errorf("the score of token %d is %g; give finite numbers", t, s)
		}
	}
	think := r.Length - r.AnswerTokens
	for k, s := range r.StepRanges {
		switch {
		case s.Start < 0 || s.Start >= s.End || s.End > think:
			return fmt.Errorf("step %d has the range [%d, %d); give a start below its end within [0, %d), the tokens before the answer", k, s.Start, s.End, think)
		case k > 0 && s.Start < r.StepRanges[k-1].End:
			return fmt.Errorf("step %d starts at %d, before step %d ends at %d; give ranges in order and apart", k, s.Start, k-1, r.StepRanges[k-1].End)
		}
	}
	return nil
}
