package rl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"attnlab/rl/examine"
	"attnlab/rl/hyper"
	"attnlab/rl/score"
	"attnlab/rl/task"
)

// ATTNPO is attention-guided process supervision for efficient reasoning, arXiv 2602.09953 (ACL 2026).
//
//	S_k^{l,h} = (1/|s_k|) Σ_{m∈F} Σ_{n∈s_k} a_{m→n}: what the final answer F pays to a token of step k
//	S_k       = mean of S_k^{l,h} over the N key-focus heads
//	S_base    = κ p^2 |F| / (|q|+|o|), p the group's accuracy: uniform attention, stricter where p is low
//	r_i, A_i as TLMRE; then in correct responses the tokens of step k get γ_k A_i:
//	  A > 0, S_k < S_base, step > T(1-p):  γ_k = (1-δ) [p^λ S_k/S_base + (1 - p^λ)] + δ
//	  A < 0, S_k > S_base:                 γ_k = 0
//	  otherwise                            γ_k = 1
//
// Tokens outside steps, </think> and answer included, keep A, and so do whole responses of fewer than two steps.
//
// The code is the authority here: the paper's own formula for γ is not known to us. Heads are ranked by SRA, read as the mean over
// responses of the AUC of essential over redundant steps.
//
// Departures: κ, which is 1 in the paper; steps are a task's lines and not pieces between trigger phrases; controls in place of S_k,
// see focusParam.
var ATTNPO = Method{
	Name:    "attnpo",
	Title:   "ATTNPO",
	Summary: "TLMRE, then key-focus heads weigh the steps: redundant steps of good responses get less credit, needed steps of long responses lose none.",
	Source:  "arXiv 2602.09953",
	Steps:   40,
	Params: slices.Concat(hyper.Table{
		hyper.Problems.With(128, 16).From("ATTNPO script"),
		hyper.Group.With(8, 8).From("ATTNPO script"),
		hyper.Temperature.With(1, 1).From("ATTNPO script"),
		hyper.SamplingKey.With(0, 0),
		hyper.MaxLength.With(16384, hyper.LabMaxLength).From("ATTNPO script"),
		hyper.LearningRate.With(2e-6, 5e-4).From("ATTNPO script"),
		hyper.WarmUp.With(0, 0),
		hyper.MiniBatches.With(1, 2).From("ATTNPO script"),
		hyper.ClipLow.With(0.2, 0.2).From("PPO 3"),
		hyper.ClipHigh.With(0.2, 0.28).From("PPO 3"),
		hyper.DualClip.With(3, 0).From("verl, on which the code is built"),
		hyper.KL.With(0, 0).From("ATTNPO script"),
		hyper.Entropy.With(0, 0).From("ATTNPO script"),
		hyper.Aggregation.Choosing("token", "token").From("verl, on which the code is built"),
		hyper.FlatGroups.Choosing("keep", "drop"),
		hyper.Alpha.With(0.2, 0.2).From("ATTNPO code"),
		focusParam,
		{Name: "heads", Symbol: "N", Meaning: "key-focus heads averaged", Source: "ATTNPO, key-focus heads, script",
			Min: 1, Max: 16, Step: 1, Paper: hyper.Number(3), Lab: hyper.Number(2)},
		{Name: "positive", Meaning: "attenuate redundant steps where the advantage is positive", Source: "ATTNPO, step rescaling",
			Choices: []string{"off", "on"}, Max: 1, Step: 1, Paper: hyper.Choice("on"), Lab: hyper.Choice("on")},
		{Name: "negative", Meaning: "cancel negative advantage on essential steps", Source: "ATTNPO, step rescaling",
			Choices: []string{"off", "on"}, Max: 1, Step: 1, Paper: hyper.Choice("on"), Lab: hyper.Choice("on")},
		{Name: "base-length", Symbol: "L", Meaning: "length over which uniform attention is spread: prompt and response (code), or the response", Source: "ATTNPO code; summaries",
			Choices: []string{"all", "response"}, Max: 1, Step: 1, Paper: hyper.Choice("all"), Lab: hyper.Choice("all")},
		{Name: "base-exponent", Symbol: "β", Meaning: "power of the group's accuracy in the baseline score", Source: "ATTNPO code",
			Min: 0, Max: 8, Step: 0.5, Paper: hyper.Number(2), Lab: hyper.Number(2)},
		{Name: "kappa", Symbol: "κ", Meaning: "factor on the baseline score, 1 in the paper; measured on the base model where heads are weak", Source: "ours",
			Min: 0.05, Max: 4, Step: 0.05, Paper: hyper.Number(1), Lab: hyper.Number(1)},
		{Name: "mix-exponent", Symbol: "λ", Meaning: "power of the group's accuracy that mixes the attenuation with 1", Source: "ATTNPO code",
			Min: 0, Max: 8, Step: 0.5, Paper: hyper.Number(2), Lab: hyper.Number(2)},
		{Name: "floor", Symbol: "δ", Meaning: "least factor of an attenuated step", Source: "ATTNPO code",
			Min: 0, Max: 1, Step: 0.05, Paper: hyper.Number(0), Lab: hyper.Number(0)},
		{Name: "schedule", Symbol: "T", Meaning: "a group of accuracy p is attenuated after step T(1-p)", Source: "ATTNPO code",
			Min: 0, Max: 10000, Step: 1, Paper: hyper.Number(1000), Lab: hyper.Number(10)},
	}, hyper.Optimiser("verl, on which the code is built", 0.9, 0.999, 0.01, 1)),
	Rules: []hyper.Rule{
		func(h hyper.Values, l hyper.Limits) error {
			if l.Heads > 0 && h.Int("heads") > l.Heads {
				return fmt.Errorf("heads is %d and the model has %d; give at most that", h.Int("heads"), l.Heads)
			}
			return nil
		},
		enoughOthers,
	},
	Takes: Takes{Heads: true, Keys: []string{"prompt_length", "step", "answer_tokens", "focus", "step_ranges"}},
	New:   newATTNPO,
}

const ofATTNPO = "ATTNPO, step rescaling, arXiv 2602.09953"

type attnpo struct {
	attnpoRule
	problems, size int
	found          []score.Head // the key-focus heads of the run; none before its first step
}

// attnpoRule is the arithmetic. Reward and advantage of a response are TLMRE's.
type attnpoRule struct {
	lengthReward
	heads        int    // N, key-focus heads
	focus        string // what scores a step, see focusParam
	positive     bool
	negative     bool
	responseOnly bool // S_base spreads attention over the response alone
	baseExponent float64
	kappa        float64
	mixExponent  float64 // λ
	floor        float64 // δ
	schedule     float64 // T, training steps
}

func newATTNPORule(h hyper.Values) attnpoRule {
	return attnpoRule{
		lengthReward: lengthReward{h.Number("alpha")},
		heads:        h.Int("heads"),
		focus:        h.Choice("focus"),
		positive:     h.On("positive"),
		negative:     h.On("negative"),
		responseOnly: h.Choice("base-length") == "response",
		baseExponent: h.Number("base-exponent"),
		kappa:        h.Number("kappa"),
		mixExponent:  h.Number("mix-exponent"),
		floor:        h.Number("floor"),
		schedule:     h.Number("schedule"),
	}
}

// attnpoState is the part of a saved run that belongs to ATTNPO.
type attnpoState struct {
	Heads []score.Head `json:"heads,omitempty"`
}

func newATTNPO(h hyper.Values, s Setup) (Trainer, error) {
	if focus := h.Choice("focus"); focus == byRandomHeads && len(s.Heads) > 0 {
		return nil, errors.New("rl: heads are named and focus is random-heads, which draws them; leave one of the two out")
	}
	c := &attnpo{attnpoRule: newATTNPORule(h), problems: h.Int("problems"), size: h.Int("group"), found: s.Heads}
	if s.State == nil {
		return c, nil
	}
	var saved attnpoState
	err := json.Unmarshal(s.State, &saved)
	if len(saved.Heads) > 0 {
		c.found = saved.Heads
	}
	return c, err
}

// ---- Sample

func (c *attnpo) Sample(ctx context.Context, r *Run) ([]Group, error) {
	if err := c.findHeads(r.Base(), r.Seed); err != nil {
		return nil, err
	}
	groups, err := r.sampleGroups(ctx, c.problems, c.size)
	if err != nil {
		return nil, err
	}
	return groups, c.score(r, groups)
}

// findHeads freezes the N heads of the base for the whole run: its key-focus heads, or a control.
func (c *attnpo) findHeads(base *Probe, seed uint64) error {
	if len(c.found) > 0 {
		return nil
	}
	var ranked []score.Head
	for _, rank := range base.Heads {
		ranked = append(ranked, rank.Head)
	}
	c.found = chooseHeads(c.focus, ranked, c.heads, seed)
	if len(c.found) == 0 {
		return fmt.Errorf("rl: %d probing problems gave no right response with both a needed and a redundant step, so no key-focus head can be found; "+
			"train the model further, probe more problems, or name heads", base.Problems)
	}
	return nil
}

// ---- Score

// score measures S_k of the right responses that have an advantage; of the others it is not needed and stays 0.
func (c *attnpo) score(r *Run, groups []Group) error {
	var traces []task.Trace
	var wanted []*Sample
	var dealt []*rand.Rand
	for _, g := range groups {
		advantages := leaveOneOut(c.rewards(g.verdicts()))
		for j := range g.Samples {
			s := &g.Samples[j]
			s.Scores = make([]float64, len(s.Steps))
			if s.Correct && advantages[j] != 0 && (c.positive || c.negative) {
				traces, wanted = append(traces, s.Trace), append(wanted, s)
				dealt = append(dealt, task.NewRandom(task.SeedOf("focus", r.Seed, g.Index), uint64(j)))
			}
		}
	}
	examined, err := examine.Examine(r.Scorer, traces, 1)
	for i, e := range examined {
		wanted[i].Scores = score.MeanOverHeads(e.Focus, c.found)
		arrange(c.focus, wanted[i].Scores, dealt[i])
		r.tally.scored(wanted[i].Scores)
	}
	return err
}

// baseScore returns S_base. Lengths are in tokens; accuracy is p.
func (c attnpoRule) baseScore(accuracy float64, answer, prompt, response int) float64 {
	over := response
	if !c.responseOnly {
		over += prompt
	}
	if over == 0 {
		return 0
	}
	return c.kappa * math.Pow(accuracy, c.baseExponent) * float64(answer) / float64(over)
}

// ---- Credit

// attnpoInputs is what the steps of a response were weighed with.
type attnpoInputs struct {
	base  float64 // S_base
	step  int     // of training
	heads []score.Head
}

func (a attnpoInputs) report(out *GroupOutput) { out.BaselineScore = append(out.BaselineScore, a.base) }

func (c *attnpo) Credit(step int, groups []Group) error {
	for _, g := range groups {
		rewards := c.rewards(g.verdicts())
		advantages := leaveOneOut(rewards)
		g.credit(rewards, advantages, advantages)
		p := g.passRate() // exactly 1 where all are correct
		for i := range g.Samples {
			s := &g.Samples[i]
			if len(s.Scores) != len(s.Steps) {
				return fmt.Errorf("response %d: there are %d focus scores for %d step ranges; give one score a step", i, len(s.Scores), len(s.Steps))
			}
			base := c.baseScore(p, s.AnswerEnd-s.AnswerStart, s.PromptLength, len(s.Response()))
			s.Inputs.Own = attnpoInputs{base, step, c.found}
			s.Inputs.Scales = ones(len(s.Steps))
			if s.Correct {
				s.Inputs.Scales = c.scales(s.Scores, base, advantages[i], p, step)
			}
			scaleSteps(s.Advantage, s.ResponseSteps(), s.Inputs.Scales)
		}
	}
	return nil
}

// scales returns γ_k of the steps of a correct response. p is the group's accuracy, step the training step, counted from 1.
func (c attnpoRule) scales(focus []float64, base, advantage, p float64, step int) []float64 {
	gamma := ones(len(focus))
	if len(focus) < 2 {
		return gamma
	}
	mix := math.Pow(p, c.mixExponent)
	started := float64(step) > c.schedule*(1-p)
	for k, s := range focus {
		switch {
		case c.positive && started && advantage > 0 && s < base:
			gamma[k] = (1-c.floor)*(mix*s/base+1-mix) + c.floor
		case c.negative && advantage < 0 && s > base:
			gamma[k] = 0
		}
	}
	return gamma
}

func ones(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = 1
	}
	return x
}

// scaleSteps multiplies the advantages of each step's tokens, [start, end) in the response, by the step's factor.
func scaleSteps(advantages []float64, steps [][2]int, factor []float64) {
	if len(steps) != len(factor) {
		panic(fmt.Sprintf("rl: scaleSteps: %d steps, %d factors", len(steps), len(factor)))
	}
	for k, s := range steps {
		for t := s[0]; t < s[1]; t++ {
			advantages[t] *= factor[k]
		}
	}
}

// ---- Loss: see lossConfig. Explain

func (c *attnpo) Explain(g Group, i int) Explanation {
	s := g.Samples[i]
	x := newExplanation(s)
	x.Outcome = c.lengthReward.explain(g, i)
	for k := range x.Steps {
		x.Steps[k].Terms = c.explainStep(g, s, k)
	}
	return x
}

func (c *attnpo) explainStep(g Group, s Sample, k int) []Term {
	own := s.Inputs.Own.(attnpoInputs)
	p, A, gamma := g.passRate(), s.Inputs.Advantage, s.Inputs.Scales[k]
	one := func(why string) []Term { return []Term{{"γ", why + ": γ = 1", gamma, ofATTNPO}} }
	switch {
	case !s.Correct:
		return one("a wrong response is not rescaled")
	case len(s.Steps) < 2:
		return one("a response of one step is not rescaled")
	case A == 0:
		return one("the response has no advantage to rescale")
	case !c.positive && !c.negative:
		return one("both rescalings are switched off")
	}
	over := "(|q| + |o|)"
	if c.responseOnly {
		over = "|o|"
	}
	var names []string
	for _, h := range own.heads {
		names = append(names, fmt.Sprintf("L%d·H%d", h.Layer, h.Head))
	}
	S, mix := s.Scores[k], math.Pow(p, c.mixExponent)
	terms := []Term{
		{"S_k", howScored(c.focus) + "attention of the answer's tokens to a token of the step, summed over the answer, mean over heads " + strings.Join(names, ", "), S, "ATTNPO, step score"},
		{"p", "share of right responses in the group", p, ofATTNPO},
		{"S_base", fmt.Sprintf("κ p^%g |F| / %s with κ = %g: even attention", c.baseExponent, over, c.kappa), own.base, ofATTNPO}}
	start := c.schedule * (1 - p)
	form := ""
	switch {
	case A > 0 && !c.positive:
		form = "A > 0 and attenuation is switched off: γ = 1"
	case A > 0 && S >= own.base:
		form = "A > 0 and S_k ≥ S_base: the step keeps its credit, γ = 1"
	case A > 0:
		terms = append(terms, Term{"start", "T (1 - p): attenuation begins after this step of training", start, ofATTNPO})
		if float64(own.step) <= start {
			form = fmt.Sprintf("step %d is not after it: γ = 1", own.step)
			break
		}
		terms = append(terms, Term{"p^λ", fmt.Sprintf("weight of the attenuation, λ = %g", c.mixExponent), mix, ofATTNPO})
		form = fmt.Sprintf("A > 0 and S_k < S_base: γ = (1 - δ)(p^λ S_k / S_base + 1 - p^λ) + δ with δ = %g", c.floor)
	case !c.negative:
		form = "A < 0 and protection is switched off: γ = 1"
	case S > own.base:
		form = "A < 0 and S_k > S_base: a needed step does not pay, γ = 0"
	default:
		form = "A < 0 and S_k ≤ S_base: γ = 1"
	}
	return append(terms, Term{"γ", form, gamma, ofATTNPO}, Term{"γ A", "advantage of the step's tokens", gamma * A, ofATTNPO})
}

// ---- State: the key-focus heads

func (c *attnpo) State() (json.RawMessage, error) { return json.Marshal(attnpoState{c.found}) }

// FocusHeads are the key-focus heads that the trainer of a run froze; none before its first step, and none of other methods.
func (r *Run) FocusHeads() []score.Head {
	if c, ok := r.trainer.(interface{ focusHeads() []score.Head }); ok {
		return slices.Clone(c.focusHeads())
	}
	return nil
}

func (c *attnpo) focusHeads() []score.Head { return c.found }
