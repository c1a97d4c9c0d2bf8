package engine

import (
	"context"
	"fmt"
	"math"
	"slices"

	"attnlab/app/session"
	"attnlab/model"
	"attnlab/rl/examine"
	"attnlab/rl/score"
	"attnlab/rl/stat"
	"attnlab/rl/task"
)

// planDisruptOne samples continuations of the trace after one step, in pairs with the same random numbers: one with attention
// to the step, one without. [examine.Disrupt] does the same for many problems.
func (e *Engine) planDisruptOne(c session.Disrupt) func(context.Context) (string, error) {
	var control, disrupted []continuation
	return func(ctx context.Context) (string, error) {
		r := e.reasoning
		switch {
		case e.rig.model == nil:
			return "", errNoModel
		case r == nil:
			return "", errNoProblem
		}
		if err := checkCount("samples", c.Samples, session.MaxSamples); err != nil {
			return "", err
		}
		steps := r.task.Judge(r.Problem, r.response).Steps
		if c.Step >= len(steps) || r.tokens()[steps[c.Step].End-1] != task.Newline {
			return "", fmt.Errorf("the trace has no finished step %d to disrupt; generate more of it or choose another step", c.Step)
		}
		step := steps[c.Step]
		given := r.tokens()[:step.End]
		if len(given) >= e.rig.model.MaxContext {
			return "", fmt.Errorf("nothing can follow step %d, the context is full; choose an earlier step", c.Step)
		}
		sampling, text := key(r.sampling), ""
		if sampling.Temperature == 0 {
			sampling.Temperature = 1
			text = "Greedy continuations would all be the same, so these are sampled at temperature 1."
		}
		sampling.Step = 1
		for len(control) < c.Samples {
			e.busy("disrupting", len(control), c.Samples)
			var requests []model.Request
			for i := len(control); i < min(c.Samples, len(control)+max(1, e.rig.slots/2)); i++ {
				intact := model.Request{Tokens: given, Max: e.rig.model.MaxContext - len(given), ID: uint32(i)}
				cut := intact
				cut.Hide = model.Hide{Start: step.Start, End: step.End}
				requests = append(requests, intact, cut)
			}
			rollouts, err := e.rig.decoder.Generate(ctx, requests, sampling, nil)
			if err != nil {
				return "", err
			}
			for i := 0; i < len(rollouts); i += 2 {
				control = append(control, r.continuation(given, rollouts[i]))
				disrupted = append(disrupted, r.continuation(given, rollouts[i+1]))
			}
			e.publish(session.Disruption{Number: e.next(), Step: c.Step, Groups: []session.DisruptionGroup{compare(control, disrupted)}})
		}
		return text, nil
	}
}

// continuation is a sampled end of a trace.
type continuation struct {
	text    string
	correct bool
}

// continuation converts a rollout after the tokens given, which begin with the prompt.
func (r *reasoning) continuation(given []int, rollout model.Rollout) continuation {
	response := slices.Concat(given[len(r.Prompt):], rollout.Tokens)
	return continuation{task.Text(r.task, rollout.Tokens), r.task.Judge(r.Problem, response).Correct}
}

// compare summarises pairs of continuations. The example is the first pair that is correct only with attention to the step,
// or else the first pair.
func compare(control, disrupted []continuation) session.DisruptionGroup {
	correct := func(all []continuation) (x []float64) {
		for _, r := range all {
			x = append(x, stat.Indicator(r.correct))
		}
		return x
	}
	example := 0
	for i := range control {
		if control[i].correct && !disrupted[i].correct {
			example = i
			break
		}
	}
	g := groupOf(examine.Compare(correct(control), correct(disrupted)))
	g.Pick, g.Example, g.ExampleIntact = string(score.ChooseOne), disrupted[example].text, control[example].text
	return g
}

// groupOf converts a disruption to what the page shows.
func groupOf(d examine.Disruption) session.DisruptionGroup {
	return session.DisruptionGroup{Pick: string(d.Pick), N: d.Problems,
		Control: d.Control, ControlSE: shareError(d.Control, d.Problems),
		Disrupted: d.Accuracy, DisruptedSE: finite(float64(d.StandardError)),
		Loss: d.Loss, LossSE: finite(float64(d.LossError))}
}

// shareError returns [stat.ShareError], or 0 for a single observation.
func shareError(p float64, n int) float64 { return finite(stat.ShareError(p, n)) }

// finite returns x, or 0 where x is NaN, because events hold finite numbers only.
func finite(x float64) float64 {
	if math.IsNaN(x) {
		return 0
	}
	return x
}

// disruptMany disrupts one step in the traces of many problems, for each rule that picks a step.
func (e *Engine) disruptMany(ctx context.Context, c session.Disrupt) error {
	if e.rig.model == nil {
		return errNoModel
	}
	if err := checkCount("problems", c.Problems, session.MaxProblems); err != nil {
		return err
	}
	picks := score.StepChoices()
	if len(c.Picks) > 0 {
		picks = nil
		for _, p := range c.Picks {
			choice, err := score.ParseChoice(p)
			if err != nil {
				return err
			}
			picks = append(picks, choice)
		}
	}
	var attempts []examine.Attempt
	var examined []examine.Examined
	for len(attempts) < c.Problems {
		some, err := e.attempts(ctx, "sampling", task.EvalStream, len(attempts), c.Problems)
		if err != nil {
			return err
		}
		traces := make([]task.Trace, len(some))
		for i, a := range some {
			traces[i] = a.Trace
		}
		x, err := examine.Examine(e.rig.scorer, traces, delta)
		if err != nil {
			return err
		}
		attempts, examined = append(attempts, some...), append(examined, x...)
	}
	groups, err := examine.Disrupt(ctx, e.rig.decoder, e.task, attempts, examined, picks, longest, experimentSeed, experimentSampling,
		func(done, of int) { e.busy("disrupting", done, of) })
	if len(groups) > 0 {
		e.publish(disruptionOf(e.next(), groups))
	} else if err == nil {
		err = examine.NoCuts(len(attempts))
	}
	return err
}

func disruptionOf(number uint64, groups []examine.Disruption) session.Disruption {
	d := session.Disruption{Number: number, Step: -1}
	for _, g := range groups {
		d.Groups = append(d.Groups, groupOf(g))
	}
	return d
}
