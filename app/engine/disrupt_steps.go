package engine

import (
	"context"
	"errors"

	"attnlab/app/session"
	"attnlab/rl/examine"
	"attnlab/rl/score"
	"attnlab/rl/stat"
)

// planDisruptSteps cuts every step of the trace in turn, as [session.Disrupt] does one: the same cut, the same control, the same
// random numbers. It publishes the losses so far after each batch, and at the end, or when it is stopped, how FCI and the place of a
// step rank them.
func (e *Engine) planDisruptSteps(c session.DisruptSteps) func(context.Context) (string, error) {
	var cuts []*stepCut // nil where a step cannot be cut
	var losses session.StepLosses
	return func(ctx context.Context) (string, error) {
		r, err := e.problem()
		switch {
		case err != nil:
			return "", err
		case r.Gold == "":
			return "", errNoGold
		case !r.complete(e.rig.model.MaxContext):
			return "", errors.New("the response is not finished; generate all of it before every step is cut")
		}
		if err := checkCount("samples", c.Samples, session.MaxSamples); err != nil {
			return "", err
		}
		if losses.Steps == nil {
			all, err := e.uncutSteps(r)
			if err != nil {
				return "", err
			}
			losses.Samples, losses.Steps = c.Samples, all
			for k := range all {
				cut, err := r.cutAfter(k, c.Samples, e.rig.model.MaxContext)
				if err != nil {
					losses.Steps[k].Why = session.Message(err)
				}
				cuts = append(cuts, cut)
			}
		}
		publish := func() {
			losses.Number = e.next()
			copied := losses
			copied.Steps = append([]session.StepLoss{}, losses.Steps...)
			e.publish(copied)
		}
		losses.Ranking = nil
		defer func() {
			losses.Ranking = rankLosses(losses.Steps)
			publish()
		}()
		total := 0
		for _, cut := range cuts {
			if cut != nil {
				total += 2 * c.Samples
			}
		}
		publish()
		done := 0
		for k, cut := range cuts {
			if cut == nil {
				continue
			}
			err := e.sampleCut(ctx, cut, func() {
				e.busy("cutting every step", done+cut.ended(), total)
				if n := len(cut.control); n > losses.Steps[k].Cut.N {
					losses.Steps[k].Cut = compare(cut.control, cut.disrupted)
					publish()
				}
			})
			if err != nil {
				return "", err
			}
			done += 2 * c.Samples
		}
		return r.cutNote(), nil
	}
}

// uncutSteps are the steps of the trace with their scores.
func (e *Engine) uncutSteps(r *reasoning) ([]session.StepLoss, error) {
	x, err := examine.Look(e.rig.scorer, r.judge(), delta)
	if err != nil {
		return nil, err
	}
	in := x.Input()
	place := score.Position.Of(in).Steps
	all := []session.StepLoss{}
	for k, view := range r.steps(x.Trace, true) {
		loss := session.StepLoss{Step: k, Label: view.Label, Text: view.Text, Position: place[k]}
		if score.Scored(k, len(x.Steps), in.AnswerTokens > 0, delta) {
			loss.FCI = stat.Finite(x.FCI[k])
		}
		all = append(all, loss)
	}
	return all, nil
}

// rankLosses compares how FCI and the place of a step rank the losses of the steps that have an FCI and were cut.
func rankLosses(all []session.StepLoss) *session.LossRanking {
	var fci, place, loss []float64
	for _, s := range all {
		if s.FCI != nil && s.Cut.N > 0 {
			fci, place, loss = append(fci, *s.FCI), append(place, s.Position), append(loss, s.Cut.Loss)
		}
	}
	r := stat.CompareRanks(fci, place, loss)
	correlation := func(c stat.Correlation) session.Correlation {
		return session.Correlation{Rho: stat.Finite(c.Rho), Interval: knownInterval(c.Interval)}
	}
	return &session.LossRanking{N: r.N, FCI: correlation(r.First), Position: correlation(r.Second),
		FCIPosition: stat.Finite(r.Between), Difference: knownInterval(r.Difference)}
}

// knownInterval is an interval, or nil where it has no ends.
func knownInterval(i stat.Interval) *stat.Interval {
	if stat.Finite(i.Low) == nil || stat.Finite(i.High) == nil {
		return nil
	}
	return &i
}
