package rl

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"attnlab/rl/hyper"
)

// GroupInput is one group as `attnlab credit` reads it: the responses to one
// problem, or a tree of them. Lengths and ranges are in response tokens.
type GroupInput struct {
	PromptLength int     `json:"prompt_length"`
	Step         int     `json:"step"` // of training, from 1; ATTNPO's schedule needs it
	Responses    []Rated `json:"responses"`
	Tree         *Tree   `json:"tree,omitempty"`      // treerl, attnrl
	Revisions    []Rated `json:"revisions,omitempty"` // rearl: one a response, or none
}

// Rated is one response with what the methods' rewards and credit need.
type Rated struct {
	Length       int       `json:"length"`
	Correct      bool      `json:"correct"`
	AnswerTokens int       `json:"answer_tokens"` // after </think>
	Focus        []float64 `json:"focus"`         // S_k, one a step (attnpo)
	StepRanges   [][2]int  `json:"step_ranges"`   // [start, end), in order
	Reflections  int       `json:"reflections"`   // rearl
	ThinkTokens  *int      `json:"think_tokens"`  // rearl; absent: length less answer_tokens
}

// GroupOutput is what each token of a group would get. Every list is there for
// every method, and empty where the method has no such thing.
type GroupOutput struct {
	Method          string      `json:"method"`
	Valid           bool        `json:"valid"`            // whether the group is trained on at all
	Rewards         []float64   `json:"rewards"`          // a response, then a revision; of trees a leaf, in the order of nodes
	Advantages      []float64   `json:"advantages"`       // likewise
	StepScale       [][]float64 `json:"step_scale"`       // γ_k, a response and step
	BaselineScore   []float64   `json:"baseline_score"`   // S_base, a response (attnpo)
	TokenAdvantages [][]float64 `json:"token_advantages"` // a response and token
	Copied          []bool      `json:"copied"`           // revisions that were wrong and replaced (rearl)
	NodeAdvantages  []float64   `json:"node_advantages"`  // in the order of nodes; 0 where not trained on
	Nodes           []Node      `json:"nodes"`            // with values, global and local advantages
}

// Bounds on a group that came from outside, so that a typing error cannot ask
// for all memory.
const (
	maxTokens      = 1 << 20 // of a response or prompt
	maxGroupTokens = 1 << 22
)

// CreditGroup applies the credit rule of method to one group. hyper holds only
// the values that differ from the paper's. The input is left as it was; the
// error is one sentence about the method, the hyper-parameters or the group.
func CreditGroup(method string, in GroupInput, values hyper.Values) (GroupOutput, error) {
	if !slices.Contains(hyper.Sampling, method) {
		return GroupOutput{}, fmt.Errorf("rl: no credit rule for method %q; choose one of %s", method, strings.Join(hyper.Sampling, ", "))
	}
	h, err := values.Over(method)
	if err != nil {
		return GroupOutput{}, err
	}
	rule := creditResponses
	if slices.Contains(hyper.TreeMethods, method) {
		rule = creditTree
	}
	out := GroupOutput{
		Method: method, Rewards: []float64{}, Advantages: []float64{}, StepScale: [][]float64{}, BaselineScore: []float64{},
		TokenAdvantages: [][]float64{}, Copied: []bool{}, NodeAdvantages: []float64{}, Nodes: []Node{},
	}
	if err := rule(&out, in, h); err != nil {
		return GroupOutput{}, fmt.Errorf("rl: credit %s: %w", method, err)
	}
	return out, nil
}

func creditTree(out *GroupOutput, in GroupInput, h hyper.Values) error {
	if in.Tree == nil {
		return fmt.Errorf("the group has no tree; give one as \"tree\": {\"nodes\": […]}")
	}
	tree := &Tree{Nodes: slices.Clone(in.Tree.Nodes)}
	if err := NewTreeRL(h).Credit(tree); err != nil {
		return err
	}
	out.Valid, out.Nodes = tree.Valid(), tree.Nodes
	for _, n := range tree.Nodes {
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

func creditResponses(out *GroupOutput, in GroupInput, h hyper.Values) error {
	if err := in.check(out.Method); err != nil {
		return err
	}
	members := in.Responses
	switch out.Method {
	case "grpo", "drgrpo", "dapo":
		rule := NewGRPO(h)
		correct, length := verdicts(members)
		out.Rewards = rule.Rewards(correct, length)
		out.Advantages = rule.Credit(out.Rewards)
		if !rule.Keep(correct) {
			out.Advantages = make([]float64, len(members))
		}
	case "tlmre", "attnpo":
		rule := NewTLMRE(h)
		out.Rewards = rule.Rewards(verdicts(members))
		out.Advantages = rule.Credit(out.Rewards)
	case "rearl":
		rule := NewREARL(h)
		if !rule.Revise {
			in.Revisions = nil
		}
		group, copied := rule.Group(reaSamples(in.Responses), reaSamples(in.Revisions))
		members = slices.Concat(in.Responses, in.Revisions)
		for i, c := range copied {
			if c {
				members[len(copied)+i] = in.Responses[i]
			}
		}
		out.Copied = copied
		out.Rewards = rule.Rewards(group)
		out.Advantages = rule.Credit(group, out.Rewards)
	}

	for _, m := range members {
		out.StepScale = append(out.StepScale, ones(len(m.StepRanges)))
	}
	if out.Method == "attnpo" {
		group := make([]FocusSample, len(members))
		for i, m := range members {
			group[i] = FocusSample{m.Correct, m.Length, m.AnswerTokens, m.Focus}
		}
		out.StepScale, out.BaselineScore = NewATTNPO(h).StepScales(group, out.Advantages, in.PromptLength, max(1, in.Step))
	}
	for i, m := range members {
		out.TokenAdvantages = append(out.TokenAdvantages, ExpandSteps(m.Length, m.StepRanges, out.StepScale[i], out.Advantages[i]))
	}
	out.Valid = slices.ContainsFunc(out.Advantages, func(a float64) bool { return a != 0 })
	return nil
}

func verdicts(members []Rated) (correct []bool, length []int) {
	for _, m := range members {
		correct, length = append(correct, m.Correct), append(length, m.Length)
	}
	return correct, length
}

func reaSamples(members []Rated) []REASample {
	samples := make([]REASample, len(members))
	for i, m := range members {
		samples[i] = REASample{m.Correct, m.Length, m.Reflections, m.Length - m.AnswerTokens}
		if m.ThinkTokens != nil {
			samples[i].ThinkTokens = *m.ThinkTokens
		}
	}
	return samples
}

// check says what is wrong with the responses and revisions.
func (in GroupInput) check(method string) error {
	switch {
	case len(in.Responses) < 2:
		return fmt.Errorf("the group has %d responses; credit compares at least two", len(in.Responses))
	case in.PromptLength < 0 || in.PromptLength > maxTokens:
		return fmt.Errorf("prompt_length is %d; give 0 to %d tokens", in.PromptLength, maxTokens)
	case in.Step < 0:
		return fmt.Errorf("step is %d; training steps count from 1", in.Step)
	case method == "rearl" && len(in.Revisions) != 0 && len(in.Revisions) != len(in.Responses):
		return fmt.Errorf("there are %d revisions of %d responses; give one each, or none", len(in.Revisions), len(in.Responses))
	}
	total := 0
	for i, r := range slices.Concat(in.Responses, in.Revisions) {
		name := fmt.Sprintf("response %d", i)
		if i >= len(in.Responses) {
			name = fmt.Sprintf("revision %d", i-len(in.Responses))
		}
		if err := r.check(method == "attnpo"); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if total += r.Length; total > maxGroupTokens {
			return fmt.Errorf("the group has more than %d tokens; give fewer responses", maxGroupTokens)
		}
	}
	return nil
}

func (r Rated) check(needsFocus bool) error {
	switch {
	case r.Length < 0 || r.Length > maxTokens:
		return fmt.Errorf("length is %d; give 0 to %d tokens", r.Length, maxTokens)
	case r.AnswerTokens < 0 || r.AnswerTokens > r.Length:
		return fmt.Errorf("answer_tokens is %d of %d tokens; give 0 to the response's length", r.AnswerTokens, r.Length)
	case r.Reflections < 0:
		return fmt.Errorf("reflections is %d; give 0 or more", r.Reflections)
	case r.ThinkTokens != nil && (*r.ThinkTokens < 0 || *r.ThinkTokens > r.Length):
		return fmt.Errorf("think_tokens is %d of %d tokens; give 0 to the response's length", *r.ThinkTokens, r.Length)
	case needsFocus && len(r.Focus) != len(r.StepRanges):
		return fmt.Errorf("there are %d focus scores for %d step ranges; give one score a step", len(r.Focus), len(r.StepRanges))
	}
	for k, s := range r.Focus {
		if !(s >= 0 && s <= math.MaxFloat64) { // catches NaN too
			return fmt.Errorf("the focus of step %d is %g; a sum of attention is finite and not below 0", k, s)
		}
	}
	think := r.Length - r.AnswerTokens
	for k, s := range r.StepRanges {
		switch {
		case s[0] < 0 || s[0] >= s[1] || s[1] > think:
			return fmt.Errorf("step %d has the range [%d, %d); give a start below its end within [0, %d), the tokens before the answer", k, s[0], s[1], think)
		case k > 0 && s[0] < r.StepRanges[k-1][1]:
			return fmt.Errorf("step %d starts at %d, before step %d ends at %d; give ranges in order and apart", k, s[0], k-1, r.StepRanges[k-1][1])
		}
	}
	return nil
}
