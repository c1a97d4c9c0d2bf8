package engine

import (
	"context"
	"errors"
	"slices"

	"attnlab/app/session"
	"attnlab/rl/examine"
	"attnlab/rl/score"
	"attnlab/rl/stat"
)

// planResampleSteps samples every step of the trace again, as "attnlab importance" does. It publishes what is measured so far after each
// batch, and at the end, or when it is stopped, how scores rank it.
func (e *Engine) planResampleSteps(c session.ResampleSteps) func(context.Context) (string, error) {
	var trace examine.Important
	var all *examine.Resampling
	var view session.Importances
	return func(ctx context.Context) (string, error) {
		r, err := e.problem()
		switch {
		case err != nil:
			return "", err
		case !r.complete(e.rig.model.MaxContext):
			return "", errors.New("the response is not finished; generate all of it before its steps are sampled again")
		}
		if err := checkCount("samples", c.Samples, session.MaxSamples); err != nil {
			return "", err
		}
		if all == nil {
			x, err := examine.Look(e.rig.scorer, r.judge(), delta)
			if err != nil {
				return "", err
			}
			fresh, err := examine.NewResampling(r.task, r.Problem, x.Trace, c.Samples, e.rig.model.MaxContext, 0)
			if err != nil {
				return "", err
			}
			trace.Examined, all = x, fresh
			view = session.Importances{Samples: c.Samples, Agree: r.Gold == "", Steps: r.scored(trace)}
		}
		publish := func(ranking []session.ImportanceRank) {
			trace.Importance = all.Steps()
			view.Steps, view.Ranking = slices.Clone(view.Steps), ranking
			for k, s := range trace.Importance {
				measure(&view.Steps[k], s)
			}
			view.Number = e.next()
			e.publish(view)
		}
		defer func() {
			trace.Importance = all.Steps()
			publish(ranksOf(trace, uint64(r.sampling.Seed)))
		}()
		publish([]session.ImportanceRank{})
		s := r.cutSampling()
		s.Step = examine.ResampleStep
		for all.Done() < all.Of() {
			e.busy("sampling steps again", all.Done(), all.Of())
			rollouts, err := e.rig.decoder.Generate(ctx, all.Next(max(1, e.rig.slots), 0), s, nil)
			if err != nil {
				return "", err
			}
			all.Add(rollouts)
			publish([]session.ImportanceRank{})
		}
		return r.cutNote(), nil
	}
}

// scored are the steps of a trace with their scores.
func (r *reasoning) scored(t examine.Important) []session.StepImportance {
	all, focus, place := []session.StepImportance{}, t.FocusOf(), score.Position.Of(t.Input()).Steps
	for k, view := range r.steps(t.Trace, true) {
		all = append(all, session.StepImportance{Step: k, Label: view.Label, Text: view.Text,
			FCI: stat.Finite(t.FCIOf(k)), Focus: stat.Finite(focus[k]), Position: place[k]})
	}
	return all
}

// measure puts what the continuations show about a step beside its scores.
func measure(step *session.StepImportance, s examine.StepImportance) {
	share := func(s examine.Share) session.Share { return session.Share{Right: s.Right, N: s.N} }
	effect := func(e examine.Effect) *session.Effect {
		if stat.Finite(e.Value) == nil {
			return nil
		}
		return &session.Effect{Value: e.Value, SE: finite(e.StandardError), Interval: e.Interval}
	}
	step.Kept, step.Differs, step.Before = share(s.Kept), share(s.Differs), share(s.Before)
	step.Importance, step.Resampled, step.Forced = effect(s.Counterfactual), effect(s.Resampled), effect(s.Forced)
}

// ranksOf are the rank correlations with the importance of the steps of a trace, those of fewer than [examine.LeastRanked] without a number.
// seed deals the shuffled scores out, as "attnlab importance --seed" does.
func ranksOf(t examine.Important, seed uint64) []session.ImportanceRank {
	ranks := []session.ImportanceRank{}
	for _, r := range examine.RankImportance([]examine.Important{t}, seed) {
		ranks = append(ranks, session.ImportanceRank{By: string(r.By), N: r.Steps,
			Correlation: session.Correlation{Rho: stat.Finite(r.Rho.Value), Interval: knownInterval(r.Rho.Interval)}, Over: knownInterval(r.Over.Interval)})
	}
	return ranks
}
