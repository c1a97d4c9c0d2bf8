package rl

import (
	"math"
	"slices"

	"attnlab/model"
	"attnlab/rl/examine"
	"attnlab/rl/runs"
	"attnlab/rl/score"
	"attnlab/rl/stat"
	"attnlab/rl/task"
)

// StepReport is how a training step went: a line of metrics.jsonl. Means are over
// the responses that the policy wrote from the start (no branches, no revisions);
// counts of tokens, calls, updates and seconds are of the run so far.
type StepReport struct {
	Step   int       `json:"step"` // from 1
	Method string    `json:"method"`
	Seed   runs.Seed `json:"seed"`

	Accuracy    float64 `json:"accuracy"`
	WellFormed  float64 `json:"well_formed"`
	Reward      float64 `json:"reward"` // mean over all that was credited
	ThinkTokens float64 `json:"think_tokens"`

	RewardParts     *rewardParts `json:"reward_parts,omitempty"`
	CutOff          *float64     `json:"cut_off,omitempty"`          // share of responses that ended at the limit of tokens
	FinishedTokens  *float64     `json:"finished_tokens,omitempty"`  // length of the others
	AdvantageSpread *float64     `json:"advantage_spread,omitempty"` // standard deviation over the tokens of valid groups

	// Redundant and essential steps, compared with the base's own samples.
	RedundantSteps   float64  `json:"redundant_steps"`   // a response
	EssentialSteps   float64  `json:"essential_steps"`   // a response, correcting ones counted
	RedundantRemoved *float64 `json:"redundant_removed"` // share of the base's; negative where there are more
	EssentialKept    *float64 `json:"essential_kept"`    // share of the base's; above 1 where there are more

	// How well the credit of steps agrees with the truth: the area under the
	// curve of needed over redundant steps, 0.5 where all steps of a response get
	// the same; within responses, and over all steps of the batch.
	CreditAUC       *float64 `json:"credit_auc"`
	CreditAUCPooled *float64 `json:"credit_auc_pooled"`

	// ScorePosition is how far the score by which the method chose steps, or weighed them, is their place: the rank correlation within a
	// response, mean over responses. 1 is a score that ranks earlier steps first.
	ScorePosition *float64 `json:"score_position,omitempty"`

	// EarliestOverlap is the share of branch points that lie in steps at which the rule "earliest" branches: 1 is a rule that no one can
	// tell from it.
	EarliestOverlap *float64 `json:"earliest_overlap,omitempty"`

	// PivotHit is the share of branched responses with a pivot of which a branch point lies in it, where the task knows the pivot, see [task.Pivotal].
	PivotHit *float64 `json:"pivot_hit,omitempty"`

	KL           float64 `json:"kl"`      // k3, to the reference, or without one to the policy that sampled
	Entropy      float64 `json:"entropy"` // of sampled tokens, nats
	ClipFraction float64 `json:"clip_fraction"`
	GradNorm     float64 `json:"gradient_norm"`
	Loss         float64 `json:"loss"`

	// GradientCosine is the cosine of the gradients of two halves of the step's first update, before clipping: its problems in the order in which
	// they were drawn, one in each half by turns. With as much noise in both it is SNR / (1 + SNR), where SNR is the squared length of the true
	// gradient over the expected squared length of a half's noise: 1 is no noise, 0 nothing but noise. Nil where it is not measured, see
	// [RunConfig], where fewer than two problems are trained on, or where a half has no gradient.
	GradientCosine *float64 `json:"gradient_cosine,omitempty"`

	Quantiles quantiles `json:"quantiles"`

	HeldOut     *examine.HeldOutAccuracy `json:"held_out,omitempty"`      // the policy after this step, where it was measured
	HeldOutBase *examine.HeldOutAccuracy `json:"held_out_base,omitempty"` // the model that the run began from, in the first step
	Base        *Probe                   `json:"base,omitempty"`          // the model that the run began from on the probing problems, in the first step

	Groups   GroupCount  `json:"groups"`
	Branches *GroupCount `json:"branches,omitempty"` // the same of a problem's rollouts from branch points alone; of deepgrpo, of the rollouts from one state
	Points   *pointCount `json:"branch_points,omitempty"`
	Leaves   int         `json:"leaves,omitempty"` // of the trees trained on

	// ValidSequences is how many responses the step trained on, those of valid groups, and ValidRate the same for each 10,000 tokens
	// that the step generated: what adaptive sampling is to raise. Null where the step generated none.
	ValidSequences int      `json:"valid_sequences"`
	ValidRate      *float64 `json:"valid_per_10k"`

	Problems  uint64 `json:"problems"`
	Generated int64  `json:"generated_tokens"` // a continued prefix does not count again
	Charged   int64  `json:"charged_tokens"`   // prefixes count each time
	Trained   int64  `json:"trained_tokens"`   // of responses in valid groups
	// Compute is the operations of all updates so far, in billions, see [model.Trainer.Operations]: prompts and prefixes count as often as they are
	// packed. Sampling and scoring are not in it. Nil of runs that an older version began.
	Compute         *float64 `json:"training_gflop,omitempty"`
	Calls           int      `json:"generation_calls"`
	Updates         int      `json:"updates"`
	Seconds         float64  `json:"seconds"`
	Sampling        float64  `json:"sampling_seconds"`  // of this step
	Learning        float64  `json:"learning_seconds"`  // of this step
	TokensPerSecond float64  `json:"tokens_per_second"` // generated, of this step as a whole
}

// rewardParts is what the mean reward is the sum of: accuracy, and all that the method adds to it or takes away.
type rewardParts struct {
	Accuracy float64 `json:"accuracy"`
	Other    float64 `json:"other"`
	// Of a method that keeps them apart, Other is the sum of these two.
	Length     *float64 `json:"length,omitempty"`
	Reflection *float64 `json:"reflection,omitempty"`
}

// parted is what a method recorded of a response whose reward has these parts, each with its weight.
type parted interface {
	parts() (accuracy, length, reflection float64)
}

// quantiles are the distributions of a step.
type quantiles struct {
	Reward         *deciles `json:"reward,omitempty"`          // of all that was credited
	ResponseLength *deciles `json:"response_length,omitempty"` // tokens of the responses that the policy wrote from the start
	Advantage      *deciles `json:"advantage,omitempty"`       // of the tokens of valid groups
}

// deciles are the 10 %, 50 % and 90 % quantiles, see [stat.Quantile].
type deciles struct {
	P10 float64 `json:"p10"`
	P50 float64 `json:"p50"`
	P90 float64 `json:"p90"`
}

// decilesOf are those of x, nil where x is empty or has a number that JSON cannot hold.
func decilesOf(x []float64) *deciles {
	if len(x) == 0 || stat.Finite(stat.Mean(x)) == nil {
		return nil
	}
	x = slices.Sorted(slices.Values(x))
	return &deciles{stat.Quantile(x, 0.1), stat.Quantile(x, 0.5), stat.Quantile(x, 0.9)}
}

// GroupCount counts a step's groups by outcome: of the responses written from the
// start, and those that were trained on.
type GroupCount struct {
	Total      int `json:"total"`
	AllCorrect int `json:"all_correct"`
	AllWrong   int `json:"all_wrong"`
	Valid      int `json:"valid"`
}

// add counts a group by its outcomes and reports whether it has both.
func (c *GroupCount) add(g Group) (mixed bool) {
	c.Total++
	switch g.passRate() {
	case 1:
		c.AllCorrect++
	case 0:
		c.AllWrong++
	default:
		return true
	}
	return false
}

// pointCount counts a step's branch points and what their rollouts cost.
type pointCount struct {
	Total  int   `json:"total"`
	Live   int   `json:"live"`   // whose rollouts and own response differ in outcome: the others teach nothing about their step
	Tokens int64 `json:"tokens"` // of the rollouts, without the prefixes that they continue
}

// add counts the rollouts of one point after some tokens of a response.
func (c *pointCount) add(own Sample, at int, rollouts []Sample) {
	c.Total++
	if slices.ContainsFunc(rollouts, func(s Sample) bool { return s.Correct != own.Correct }) {
		c.Live++
	}
	for _, s := range rollouts {
		c.Tokens += int64(len(s.Response()) - at)
	}
}

// tally sums the numbers of a step's report.
type tally struct {
	StepReport
	responses, sampled float64
	credited           float64
	within             []float64 // AUC of a response
	needed, redundant  []float64 // credit of steps
	positions          []float64 // rank correlation of a response's scores with place
	early              []float64 // 1 for a branch point in a step at which "earliest" branches, else 0
	pivots             []float64 // 1 for a branched response with a branch point in its pivot, else 0
	updates            float64   // this step's
	compute            float64   // operations of this step's updates
	rewards, lengths   []float64 // of responses
	accuracies         []float64 // part of the reward, of responses; likewise the next two
	shortness, thought []float64
	finished           []float64 // lengths of the responses that ended
	advantages         []float64 // of tokens
}

// sample adds a response written from the start.
func (t *tally) sample(trace task.Trace, r model.Rollout, ended bool) {
	t.responses++
	if ended {
		t.finished = append(t.finished, float64(len(r.Tokens)))
	}
	t.Accuracy += stat.Indicator(trace.Correct)
	t.WellFormed += stat.Indicator(trace.WellFormed)
	t.ThinkTokens += float64(trace.ThinkTokens())
	t.lengths = append(t.lengths, float64(len(r.Tokens)))
	t.RedundantSteps += float64(trace.Count(task.Redundant))
	t.EssentialSteps += float64(trace.Count(task.Essential) + trace.Count(task.Correcting))
	for _, h := range r.Entropy {
		t.Entropy += float64(h)
	}
	t.sampled += float64(len(r.Entropy))
}

// groups adds the outcomes of groups written from the start. Which of them are
// valid shows when they are credited.
func (t *tally) groups(groups []Group) {
	for _, g := range groups {
		t.Groups.add(g)
	}
}

// credit adds the samples that a group is trained on.
func (t *tally) credit(g Group) {
	if g.Tree != nil {
		t.Leaves += g.Tree.validSequences()
	}
	for _, s := range g.Samples {
		t.Reward += s.Reward
		t.rewards = append(t.rewards, s.Reward)
		if own, ok := s.Inputs.Own.(parted); ok {
			accuracy, length, reflection := own.parts()
			t.accuracies, t.shortness, t.thought = append(t.accuracies, accuracy), append(t.shortness, length), append(t.thought, reflection)
		} else {
			t.accuracies = append(t.accuracies, stat.Indicator(s.Correct))
		}
		t.credited++
		if s.Advantage == nil || !g.valid() {
			continue
		}
		t.ValidSequences++
		t.Trained += int64(len(s.Advantage) - s.Given)
		t.advantages = append(t.advantages, s.Advantage[s.Given:]...)
		credit, needed, redundant := s.stepCredit()
		if auc := score.StepAUC(credit, needed, redundant); !math.IsNaN(auc) {
			t.within = append(t.within, auc)
		}
		for k, c := range credit {
			if needed[k] {
				t.needed = append(t.needed, c)
			} else if redundant[k] {
				t.redundant = append(t.redundant, c)
			}
		}
	}
}

// scored adds the scores of the steps of a response by which the method chooses or weighs them. A step without a score is NaN.
func (t *tally) scored(scores []float64) {
	if r := score.WithPlace(scores); !math.IsNaN(r) {
		t.positions = append(t.positions, r)
	}
}

// branched adds the branch points of a response, in tokens of it. The rule "earliest" takes steps 1 to points, counted from 0. pivot
// is a step or [noPivot].
func (t *tally) branched(s Sample, at []int, points, pivot int) {
	if hit := hits(s, at, pivot); pivot != noPivot && len(at) > 0 {
		t.pivots = append(t.pivots, stat.Indicator(hit))
	}
	for _, token := range at {
		k := slices.IndexFunc(s.Steps, func(step task.Step) bool { return s.PromptLength+token < step.End })
		t.early = append(t.early, stat.Indicator(k >= 1 && k <= points))
	}
}

// hits reports whether one of the branch points of a response, in tokens of it, lies in a step.
func hits(s Sample, at []int, step int) bool {
	return slices.ContainsFunc(at, func(token int) bool {
		return step != noPivot && s.Steps[step].Start <= s.PromptLength+token && s.PromptLength+token < s.Steps[step].End
	})
}

// stepCredit is the mean advantage of each step's tokens, with its label; steps of given tokens are left out.
func (s Sample) stepCredit() (credit []float64, needed, redundant []bool) {
	for k, r := range s.ResponseSteps() {
		if r[0] < s.Given {
			continue
		}
		mean := stat.Mean(s.Advantage[r[0]:r[1]]) // exact where all are equal: rounding must not order equal steps
		label := s.Steps[k].Label
		credit = append(credit, mean)
		needed = append(needed, label == task.Essential || label == task.Correcting)
		redundant = append(redundant, label == task.Redundant)
	}
	return credit, needed, redundant
}

// update adds one update of the weights.
func (t *tally) update(m model.Metrics) {
	t.updates++
	t.KL += m.KL
	t.ClipFraction += m.ClipFraction
	t.GradNorm += m.GradNorm
	t.Loss += m.Loss
}

// report turns sums into means.
func (t *tally) report(base *Probe) StepReport {
	r := t.StepReport
	for _, sum := range []*float64{&r.Accuracy, &r.WellFormed, &r.ThinkTokens, &r.RedundantSteps, &r.EssentialSteps} {
		*sum /= max(1, t.responses)
	}
	for _, sum := range []*float64{&r.KL, &r.ClipFraction, &r.GradNorm, &r.Loss} {
		*sum /= max(1, t.updates)
	}
	r.Reward /= max(1, t.credited)
	r.Entropy /= max(1, t.sampled)
	if t.credited > 0 {
		r.RewardParts = &rewardParts{Accuracy: stat.Mean(t.accuracies), Length: stat.Finite(stat.Mean(t.shortness)), Reflection: stat.Finite(stat.Mean(t.thought))}
		r.RewardParts.Other = r.Reward - r.RewardParts.Accuracy
	}
	r.CutOff = stat.Finite(1 - float64(len(t.finished))/t.responses)
	r.FinishedTokens, r.AdvantageSpread = stat.Finite(stat.Mean(t.finished)), stat.Finite(stat.PopStdDev(t.advantages))
	if base != nil {
		r.RedundantRemoved = stat.Finite(stat.ShareRemoved(base.RedundantSteps, r.RedundantSteps))
		r.EssentialKept = stat.Finite(r.EssentialSteps / base.EssentialSteps)
	}
	within := 0.0
	for _, auc := range t.within {
		within += auc
	}
	r.CreditAUC = stat.Finite(within / float64(len(t.within)))
	r.ScorePosition, r.EarliestOverlap = stat.Finite(stat.Mean(t.positions)), stat.Finite(stat.Mean(t.early))
	r.PivotHit = stat.Finite(stat.Mean(t.pivots))
	r.Quantiles = quantiles{decilesOf(t.rewards), decilesOf(t.lengths), decilesOf(t.advantages)}
	r.CreditAUCPooled = stat.Finite(stat.AUC(t.needed, t.redundant))
	return r
}
