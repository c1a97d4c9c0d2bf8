package engine

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

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
	var cut *stepCut
	return func(ctx context.Context) (string, error) {
		r, err := e.problem()
		switch {
		case err != nil:
			return "", err
		case r.Gold == "":
			return "", errNoGold
		}
		if err := checkCount("samples", c.Samples, session.MaxSamples); err != nil {
			return "", err
		}
		if cut == nil {
			fresh, err := r.cutAfter(c.Step, c.Samples, e.rig.model.MaxContext)
			if err != nil {
				return "", err
			}
			cut = fresh
		}
		err = e.sampleCut(ctx, cut, func() {
			e.busy("disrupting", cut.ended(), 2*c.Samples)
			e.publish(cut.disruption(e.next()))
		})
		return r.cutNote(), err
	}
}

// stepCut is a trace that is continued after one of its steps, in pairs: with attention to the step and without.
type stepCut struct {
	*reasoning
	step               task.Step
	index              int                      // of the step
	given              []int                    // tokens up to the end of the step
	control, disrupted []continuation           // of whole batches
	pairs              []session.DisruptionPair // all, with those of a batch that have ended
}

// cutAfter prepares a cut after step k. It returns an error if the trace has no such step or nothing can follow it.
func (r *reasoning) cutAfter(k, samples, context int) (*stepCut, error) {
	steps := r.judge().Steps
	if k < 0 || k >= len(steps) || !r.ended(steps, k, context) {
		return nil, fmt.Errorf("the trace has no finished step %d to disrupt; generate more of it or choose another step", k+1)
	}
	c := &stepCut{reasoning: r, step: steps[k], index: k, given: r.tokens()[:steps[k].End], pairs: make([]session.DisruptionPair, samples)}
	if len(c.given) >= context {
		return nil, fmt.Errorf("nothing can follow step %d, the context is full; choose an earlier step", k+1)
	}
	return c, nil
}

// cutSampling is the sampling of continuations: that of the trace, with other random numbers. Greedy continuations would all be
// the same, so these are sampled at temperature 1.
func (r *reasoning) cutSampling() model.Sampling {
	s := key(r.sampling)
	if s.Temperature == 0 {
		s.Temperature = 1
	}
	s.Step = 1
	return s
}

// cutNote says what cutSampling changed, or nothing.
func (r *reasoning) cutNote() string {
	if r.sampling.Temperature == 0 {
		return "Greedy continuations would all be the same, so these are sampled at temperature 1."
	}
	return ""
}

// sampleCut samples the pairs of a cut that are missing. It calls shown at the begin, at the end of each batch, and at most 20
// times a second while continuations end.
func (e *Engine) sampleCut(ctx context.Context, c *stepCut, shown func()) error {
	shown()
	for len(c.control) < len(c.pairs) {
		first := len(c.control)
		n := min(len(c.pairs)-first, max(1, e.rig.slots/2))
		var requests []model.Request
		for i := first; i < first+n; i++ {
			intact := model.Request{Tokens: c.given, Max: e.rig.model.MaxContext - len(c.given), ID: uint32(i)}
			cut := intact
			cut.Hide = model.Hide{Start: c.step.Start, End: c.step.End}
			requests = append(requests, intact, cut)
		}
		published := time.Now()
		rollouts, err := e.rig.decoder.Generate(ctx, requests, c.cutSampling(), func(i int, rollout model.Rollout) {
			c.end(first+i/2, i%2 == 1, c.continuation(c.given, rollout).correct)
			if time.Since(published) > 50*time.Millisecond {
				published = time.Now()
				shown()
			}
		})
		if err != nil {
			return err
		}
		for i := 0; i < len(rollouts); i += 2 {
			c.control = append(c.control, c.continuation(c.given, rollouts[i]))
			c.disrupted = append(c.disrupted, c.continuation(c.given, rollouts[i+1]))
		}
		shown()
	}
	return nil
}

// end notes how a continuation of pair i ends.
func (c *stepCut) end(i int, disrupted, correct bool) {
	ending := session.Wrong
	if correct {
		ending = session.Right
	}
	if disrupted {
		c.pairs[i].Disrupted = ending
	} else {
		c.pairs[i].Control = ending
	}
}

// ended counts the continuations that have ended.
func (c *stepCut) ended() (n int) {
	for _, p := range c.pairs {
		for _, ending := range []session.Ending{p.Control, p.Disrupted} {
			if ending != "" {
				n++
			}
		}
	}
	return n
}

// disruption is the cut as pages show it.
func (c *stepCut) disruption(number uint64) session.Disruption {
	d := session.Disruption{Number: number, Step: c.index, Groups: []session.DisruptionGroup{}, Pairs: slices.Clone(c.pairs)}
	if len(c.control) > 0 {
		d.Groups = append(d.Groups, compare(c.control, c.disrupted))
	}
	return d
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
	if err := mayExperiment(e.task, false); err != nil {
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
