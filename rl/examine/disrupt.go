package examine

import (
	"context"
	"fmt"
	"slices"

	"attnlab/model"
	"attnlab/rl/score"
	"attnlab/rl/stat"
	"attnlab/rl/task"
)

// candidates are the steps that the rule chooses from; none where no step has the score.
func candidates(c score.StepChoice, e Examined) (steps []int) {
	var pass func(k int) bool
	switch c {
	case score.ChooseFCI, score.ChooseOther:
		threshold := score.TopThreshold(e.FCI, score.TopShare)
		pass = func(k int) bool { return (e.FCI[k] >= threshold) == (c == score.ChooseFCI) }
	case score.ChooseRandom:
		pass = func(int) bool { return true }
	default:
		by, err := score.Find(string(c))
		if err != nil {
			panic(err)
		}
		values := by.Of(e.Input()).Steps
		known := stat.Known(values)
		if len(known) == 0 {
			return nil
		}
		threshold := stat.Quantile(known, 1-score.TopShare)
		pass = func(k int) bool { return values[k] >= threshold }
	}
	for k := range e.Steps {
		if pass(k) {
			steps = append(steps, k)
		}
	}
	return steps
}

// Disruption is how correct traces end after one step of each is ablated.
type Disruption struct {
	Pick          score.StepChoice `json:"pick"`
	Accuracy      float64          `json:"accuracy"` // with the step ablated
	Problems      int              `json:"problems"`
	StandardError stat.Number      `json:"standard_error"`
	Control       float64          `json:"control"`             // accuracy of the same cuts with nothing ablated
	Loss          float64          `json:"loss"`                // control less accuracy
	LossError     stat.Number      `json:"loss_standard_error"` // of the mean paired difference
	Essential     float64          `json:"essential"`           // share of chosen steps that are essential
}

// Compare summarises pairs of continuations: control[i] and disrupted[i] are 1 for a correct answer and 0 for a wrong one, and
// the two of a pair draw the same random numbers. The error of the loss is therefore that of the mean paired difference. Compare
// sets neither Pick nor Essential. It panics where the lengths differ.
func Compare(control, disrupted []float64) Disruption {
	if len(control) != len(disrupted) {
		panic(fmt.Sprintf("examine: Compare: %d controls and %d disrupted continuations", len(control), len(disrupted)))
	}
	loss := make([]float64, len(control))
	for i := range loss {
		loss[i] = control[i] - disrupted[i]
	}
	d := Disruption{Problems: len(control), Control: stat.Mean(control)}
	d.Accuracy, d.StandardError = meanError(disrupted)
	d.Loss, d.LossError = meanError(loss)
	return d
}

// cutAttempt is a correct attempt, to be cut after a chosen step.
type cutAttempt struct {
	task.Problem
	Examined
	id    int // of the attempt
	group int // of the rule
	step  task.Step
}

// cutAttempts chooses a step of every correct attempt by every rule.
func cutAttempts(attempts []Attempt, examined []Examined, choices []score.StepChoice, seed uint64) (cuts []cutAttempt) {
	for i, e := range examined {
		if !e.Correct || len(e.Steps) < 2 || slices.Max(e.FCI) <= 0 {
			continue
		}
		var own []cutAttempt
		for group, choice := range choices {
			random := task.NewRandom(task.SeedOf("disrupt", seed, uint64(i)), uint64(group))
			if among := candidates(choice, e); len(among) > 0 {
				step := e.Steps[among[random.IntN(len(among))]]
				own = append(own, cutAttempt{attempts[i].Problem, e, i, group, step})
			}
		}
		if len(own) == len(choices) { // so that every rule sees the same attempts
			cuts = append(cuts, own...)
		}
	}
	return cuts
}

// requests are the control and the ablated continuation.
func (c cutAttempt) requests(context, longest int) []model.Request {
	most := capacity(context, longest, c.PromptLength) - (c.step.End - c.PromptLength)
	control := model.Request{Tokens: c.Tokens[:c.step.End], Max: most, ID: uint32(c.id)}
	ablated := control
	ablated.Hide = model.Hide{Start: c.step.Start, End: c.step.End}
	return []model.Request{control, ablated}
}

// finish is 1 where the continuation leads to the right answer.
func (c cutAttempt) finish(task task.Task, r model.Rollout) float64 {
	return stat.Indicator(task.Judge(c.Problem, slices.Concat(c.Tokens[c.PromptLength:c.step.End], r.Tokens)).Correct)
}

// Disrupt is the intervention of AttnRL (arXiv 2509.26628, analysis of FCI). It cuts each correct response after a chosen step and
// lets the policy continue: once as it is (control), and once with the attention of all later tokens to that step set to zero,
// the other weights unchanged. Both draw the same random numbers, other ones than the attempts did. examined[i] belongs to
// attempts[i]; longest limits a response as in [Attempts].
//
// Attempts that are not correct, have fewer than two steps, no FCI above 0, or no step with one of the scores asked for are left
// out, so that every rule sees the same ones. If ctx ends first, Disrupt returns its error with the results so far.
func Disrupt(ctx context.Context, d *model.Decoder, kind task.Task, attempts []Attempt, examined []Examined, choices []score.StepChoice,
	longest int, seed uint64, s model.Sampling, progress func(finished, of int)) ([]Disruption, error) {
	cuts := cutAttempts(attempts, examined, choices, seed)
	var requests []model.Request // two a cut
	for _, c := range cuts {
		requests = append(requests, c.requests(d.MaxContext, longest)...)
	}
	s.Step++
	rollouts, err := d.Generate(ctx, requests, s, count(progress, len(requests)))
	if err != nil && ctx.Err() == nil {
		return nil, err
	}
	groups := make([]struct{ control, disrupted, essential []float64 }, len(choices))
	for i, c := range cuts {
		if len(rollouts[2*i].Tokens) == 0 || len(rollouts[2*i+1].Tokens) == 0 {
			break
		}
		control, disrupted := c.finish(kind, rollouts[2*i]), c.finish(kind, rollouts[2*i+1])
		g := &groups[c.group]
		g.control, g.disrupted = append(g.control, control), append(g.disrupted, disrupted)
		g.essential = append(g.essential, stat.Indicator(c.step.Label == task.Essential))
	}
	disruptions := []Disruption{}
	for i, g := range groups {
		if len(g.control) == 0 {
			continue
		}
		r := Compare(g.control, g.disrupted)
		r.Pick, r.Essential = choices[i], stat.Mean(g.essential)
		disruptions = append(disruptions, r)
	}
	return disruptions, err
}
