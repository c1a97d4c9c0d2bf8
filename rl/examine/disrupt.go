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

// Pick is a rule that picks the step to disrupt.
type Pick string

const (
	PickFCI     Pick = "fci"     // one of the top 20 % of steps by FCI
	PickOther   Pick = "other"   // one of the other 80 %
	PickEntropy Pick = "entropy" // one of the top 20 % by mean entropy of its tokens
	PickRandom  Pick = "random"  // any step
)

// Picks lists all rules.
func Picks() []Pick { return []Pick{PickFCI, PickOther, PickEntropy, PickRandom} }

// topShare is ρ of AttnRL, eq. 7.
const topShare = 0.2

// candidates are the steps that the rule picks from, at least one where some FCI
// is above 0.
func (p Pick) candidates(e Examined) (steps []int) {
	var pass func(k int) bool
	switch p {
	case PickFCI, PickOther:
		threshold := score.TopThreshold(e.FCI, topShare)
		pass = func(k int) bool { return (e.FCI[k] >= threshold) == (p == PickFCI) }
	case PickEntropy:
		entropy := e.StepEntropy()
		threshold := stat.Quantile(entropy, 1-topShare)
		pass = func(k int) bool { return entropy[k] >= threshold }
	case PickRandom:
		pass = func(int) bool { return true }
	default:
		panic(fmt.Sprintf("examine: no pick %q", string(p)))
	}
	for k := range e.Steps {
		if pass(k) {
			steps = append(steps, k)
		}
	}
	return steps
}

// Disruption is how correct traces end after one step of each is hidden.
type Disruption struct {
	Pick          Pick        `json:"pick"`
	Accuracy      float64     `json:"accuracy"` // with the step hidden
	Problems      int         `json:"problems"`
	StandardError stat.Number `json:"standard_error"`
	Control       float64     `json:"control"` // accuracy of the same cuts with nothing hidden
	Loss          float64     `json:"loss"`    // control less accuracy
	LossError     stat.Number `json:"loss_standard_error"`
	Essential     float64     `json:"essential"` // share of picked steps that are essential
}

// cutAttempt is a correct attempt, to be cut after a picked step.
type cutAttempt struct {
	task.Problem
	Examined
	id    int // of the attempt
	group int // of the pick
	step  task.Step
}

// cutAttempts picks a step of every correct attempt for every rule.
func cutAttempts(attempts []Attempt, examined []Examined, picks []Pick, seed uint64) (cuts []cutAttempt) {
	for i, e := range examined {
		if !e.Correct || len(e.Steps) < 2 || slices.Max(e.FCI) <= 0 {
			continue
		}
		for group, pick := range picks {
			random := task.NewRandom(task.SeedOf("disrupt", seed, uint64(i)), uint64(group))
			candidates := pick.candidates(e)
			step := e.Steps[candidates[random.IntN(len(candidates))]]
			cuts = append(cuts, cutAttempt{attempts[i].Problem, e, i, group, step})
		}
	}
	return cuts
}

// requests are the control and the disrupted continuation.
func (c cutAttempt) requests(context int) []model.Request {
	control := model.Request{Tokens: c.Tokens[:c.step.End], Max: context - c.step.End, ID: uint32(c.id)}
	disrupted := control
	disrupted.Hide = model.Hide{Start: c.step.Start, End: c.step.End}
	return []model.Request{control, disrupted}
}

// finish is 1 where the continuation leads to the right answer.
func (c cutAttempt) finish(task task.Task, r model.Rollout) float64 {
	return stat.Indicator(task.Judge(c.Problem, slices.Concat(c.Tokens[c.PromptLength:c.step.End], r.Tokens)).Correct)
}

// Disrupt is the intervention of AttnRL (arXiv 2509.26628, analysis of FCI): it
// cuts each correct response after a picked step and lets the policy go on, once as
// it is (control) and once with the attention of all later tokens to that step set
// to zero, the other weights left as they are. Both draw the same random numbers,
// other ones than the attempts did. examined[i] belongs to attempts[i].
//
// Attempts that are not correct, have fewer than two steps, or no FCI above 0 take
// no part, so that every rule sees the same ones. If ctx ends first, Disrupt returns
// its error with what was finished by then.
func Disrupt(ctx context.Context, d *model.Decoder, kind task.Task, attempts []Attempt, examined []Examined, picks []Pick,
	seed uint64, s model.Sampling, progress func(finished, of int)) ([]Disruption, error) {
	cuts := cutAttempts(attempts, examined, picks, seed)
	var requests []model.Request // two a cut
	for _, c := range cuts {
		requests = append(requests, c.requests(d.MaxContext)...)
	}
	s.Step++
	rollouts, err := d.Generate(ctx, requests, s, count(progress, len(requests)))
	if err != nil && ctx.Err() == nil {
		return nil, err
	}
	groups := make([]struct{ control, disrupted, loss, essential []float64 }, len(picks))
	for i, c := range cuts {
		if len(rollouts[2*i].Tokens) == 0 || len(rollouts[2*i+1].Tokens) == 0 {
			break
		}
		control, disrupted := c.finish(kind, rollouts[2*i]), c.finish(kind, rollouts[2*i+1])
		g := &groups[c.group]
		g.control, g.disrupted = append(g.control, control), append(g.disrupted, disrupted)
		g.loss = append(g.loss, control-disrupted)
		g.essential = append(g.essential, stat.Indicator(c.step.Label == task.Essential))
	}
	disruptions := []Disruption{}
	for i, g := range groups {
		if len(g.control) == 0 {
			continue
		}
		r := Disruption{Pick: picks[i], Problems: len(g.control)}
		r.Accuracy, r.StandardError = meanError(g.disrupted)
		r.Control = stat.Mean(g.control)
		r.Loss, r.LossError = meanError(g.loss)
		r.Essential = stat.Mean(g.essential)
		disruptions = append(disruptions, r)
	}
	return disruptions, err
}
