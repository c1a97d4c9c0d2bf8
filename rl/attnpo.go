package rl

import (
	"context"
	"fmt"
	"math"

	"attnlab/rl/examine"
	"attnlab/rl/hyper"
	"attnlab/rl/score"
	"attnlab/rl/task"
)

// ATTNPO: attention-guided process supervision for efficient reasoning, arXiv
// 2602.09953 (ACL 2026).
//
//	S_k^{l,h} = (1/|s_k|) Σ_{m∈F} Σ_{n∈s_k} a_{m→n}: what the final answer F pays to a token of step k
//	S_k       = mean of S_k^{l,h} over the N key-focus heads
//	S_base    = κ p^2 |F| / (|q|+|o|), p the group's accuracy: uniform attention, stricter where p is low
//	r_i, A_i as TLMRE; then in correct responses the tokens of step k get γ_k A_i:
//	  A > 0, S_k < S_base, step > T(1-p):  γ_k = (1-δ) [p^λ S_k/S_base + (1 - p^λ)] + δ
//	  A < 0, S_k > S_base:                 γ_k = 0
//	  otherwise                            γ_k = 1
//
// Tokens outside steps, </think> and answer included, keep A, and so do whole
// responses of fewer than two steps.
//
// The code is the authority here: the paper's own formula for γ is not known
// to us. Heads are ranked by SRA, read as the mean over responses of the AUC
// of essential over redundant steps.
//
// Departures: κ, which is 1 in the paper; steps are a task's lines and not
// pieces between trigger phrases; no dual clip, which the code's framework has.

// ATTNPO configures the method. Reward and advantage of a response are TLMRE's.
type ATTNPO struct {
	TLMRE
	Heads        int // N, key-focus heads
	Positive     bool
	Negative     bool
	ResponseOnly bool // S_base spreads attention over the response alone
	BaseExponent float64
	Kappa        float64
	MixExponent  float64 // λ
	Floor        float64 // δ
	Schedule     float64 // T, training steps
}

// NewATTNPO reads the hyper-parameters of "attnpo".
func NewATTNPO(h hyper.Values) ATTNPO {
	return ATTNPO{
		TLMRE:        NewTLMRE(h),
		Heads:        h.Int("heads"),
		Positive:     h.Choice("positive") == "on",
		Negative:     h.Choice("negative") == "on",
		ResponseOnly: h.Choice("base-length") == "response",
		BaseExponent: h["base-exponent"],
		Kappa:        h["kappa"],
		MixExponent:  h["mix-exponent"],
		Floor:        h["floor"],
		Schedule:     h["schedule"],
	}
}

// ---- Sample: TLMRE.sample

// findHeads freezes the N key-focus heads of the base for the whole run.
func (c ATTNPO) findHeads(r *Run) error {
	if r.state.Heads = r.RunConfig.Heads; len(r.state.Heads) > 0 {
		return nil
	}
	for _, rank := range r.state.Base.Heads[:min(c.Heads, len(r.state.Base.Heads))] {
		r.state.Heads = append(r.state.Heads, rank.Head)
	}
	if len(r.state.Heads) == 0 {
		return fmt.Errorf("rl: %d probing problems gave no right response with both a needed and a redundant step, so no key-focus head can be found; "+
			"train the model further, probe more problems, or name heads", r.state.Base.Problems)
	}
	return nil
}

// ---- Score

// focus returns S_k of the right responses that have an advantage; of the others it
// is not needed and left at 0.
func (c ATTNPO) focus(r *Run, groups []Group, advantages [][]float64) (focus [][][]float64, err error) {
	var traces []task.Trace
	var wanted []*[]float64
	for i, group := range groups {
		focus = append(focus, make([][]float64, len(group.Samples)))
		for j, s := range group.Samples {
			focus[i][j] = make([]float64, len(s.Steps))
			if s.Correct && advantages[i][j] != 0 && (c.Positive || c.Negative) {
				traces, wanted = append(traces, s.Trace), append(wanted, &focus[i][j])
			}
		}
	}
	examined, err := examine.Examine(r.Scorer, traces, 1)
	for i, e := range examined {
		*wanted[i] = score.MeanOverHeads(e.Focus, r.state.Heads)
	}
	return focus, err
}

// BaseScore returns S_base. Lengths are in tokens; accuracy is p.
func (c ATTNPO) BaseScore(accuracy float64, answer, prompt, response int) float64 {
	over := response
	if !c.ResponseOnly {
		over += prompt
	}
	if over == 0 {
		return 0
	}
	return c.Kappa * math.Pow(accuracy, c.BaseExponent) * float64(answer) / float64(over)
}

// ---- Credit

// FocusSample is what ATTNPO's credit needs of a response. Lengths are in
// tokens.
type FocusSample struct {
	Correct bool
	Length  int
	Answer  int       // |F|
	Focus   []float64 // S_k
}

// StepScales returns γ_k for the steps of each response of a group, and S_base
// for each response. advantages are TLMRE's, prompt is the length of the
// prompt, step the training step, counted from 1.
func (c ATTNPO) StepScales(group []FocusSample, advantages []float64, prompt, step int) (gamma [][]float64, base []float64) {
	if len(advantages) != len(group) {
		panic(fmt.Sprintf("rl: StepScales: %d responses, %d advantages", len(group), len(advantages)))
	}
	right := 0
	for _, s := range group {
		if s.Correct {
			right++
		}
	}
	p := float64(right) / float64(len(group)) // exactly 1 where all are correct
	gamma = make([][]float64, len(group))
	base = make([]float64, len(group))
	for i, s := range group {
		base[i] = c.BaseScore(p, s.Answer, prompt, s.Length)
		if s.Correct {
			gamma[i] = c.stepScale(s.Focus, base[i], advantages[i], p, step)
		} else {
			gamma[i] = ones(len(s.Focus))
		}
	}
	return gamma, base
}

func (c ATTNPO) stepScale(focus []float64, base, advantage, p float64, step int) []float64 {
	gamma := ones(len(focus))
	if len(focus) < 2 {
		return gamma
	}
	mix := math.Pow(p, c.MixExponent)
	started := float64(step) > c.Schedule*(1-p)
	for k, s := range focus {
		switch {
		case c.Positive && started && advantage > 0 && s < base:
			gamma[k] = (1-c.Floor)*(mix*s/base+1-mix) + c.Floor
		case c.Negative && advantage < 0 && s > base:
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

// ExpandSteps returns one advantage a response token: factor[k] times advantage
// inside steps[k], a half-open range of response tokens, and advantage
// elsewhere.
func ExpandSteps(length int, steps [][2]int, factor []float64, advantage float64) []float64 {
	if len(steps) != len(factor) {
		panic(fmt.Sprintf("rl: ExpandSteps: %d steps, %d factors", len(steps), len(factor)))
	}
	a := make([]float64, length)
	for i := range a {
		a[i] = advantage
	}
	for k, s := range steps {
		for i := s[0]; i < s[1]; i++ {
			a[i] = factor[k] * advantage
		}
	}
	return a
}

// ---- Loss: see LossConfig

// ---- Step

func (c ATTNPO) step(ctx context.Context, r *Run) error {
	if len(r.state.Heads) == 0 {
		if err := c.findHeads(r); err != nil {
			return err
		}
	}
	groups, err := c.sample(ctx, r)
	if err != nil {
		return err
	}
	advantages := make([][]float64, len(groups))
	for i, group := range groups {
		rewards := c.Rewards(group.verdicts())
		advantages[i] = c.TLMRE.Credit(rewards)
		group.credit(rewards, advantages[i])
	}
	focus, err := c.focus(r, groups, advantages)
	if err != nil {
		return err
	}
	for i, group := range groups {
		members := make([]FocusSample, len(group.Samples))
		for j, s := range group.Samples {
			members[j] = FocusSample{s.Correct, len(s.Response()), s.AnswerEnd - s.AnswerStart, focus[i][j]}
		}
		scales, base := c.StepScales(members, advantages[i], len(group.Problem.Prompt), r.state.Step+1)
		for j := range group.Samples {
			s := &group.Samples[j]
			s.Given.Focus, s.Given.Base, s.Given.Scales = focus[i][j], base[j], scales[j]
			s.Advantage = ExpandSteps(len(s.Response()), s.ResponseSteps(), scales[j], advantages[i][j])
		}
	}
	return r.learn(groups, c.Loss)
}
