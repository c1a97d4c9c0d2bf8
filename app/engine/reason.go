package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"attnlab/app/session"
	"attnlab/model"
	"attnlab/rl/task"
)

// reasoning is the problem and the response so far.
type reasoning struct {
	task.Problem
	task     task.Task
	seed     uint64
	typed    bool
	sampling session.Sampling
	response []int
	edits    []session.Edit // of the response by hand, each with its tokens, its text and what it dropped

	wording *session.Wording         // of free text, else nil
	shown   *session.Wording         // the same for screens, see shownWording
	labels  map[task.Span]task.Label // given by hand, by the tokens of the step
}

// judge cuts and judges the response, and puts labels given by hand in place of others.
func (r *reasoning) judge() task.Trace {
	t := r.task.Judge(r.Problem, r.response)
	for k, s := range t.Steps {
		if label, ok := r.labels[task.Span{Start: s.Start, End: s.End}]; ok {
			t.Steps[k].Label = label
		}
	}
	return t
}

// tokens returns prompt and response.
func (r *reasoning) tokens() []int { return slices.Concat(r.Prompt, r.response) }

// complete returns true if the response has ended or fills the context, which is
// counted in tokens.
func (r *reasoning) complete(context int) bool {
	n := len(r.response)
	return n > 0 && task.Ends(r.task, r.response[n-1]) || len(r.Prompt)+n >= context
}

// newProblem draws a problem, or reads the typed one. If that fails the old problem
// stays.
func (e *Engine) newProblem(c session.NewProblem) error {
	if e.rig.model == nil {
		return errNoModel
	}
	kind, wording, err := e.taskFor(c)
	if err != nil {
		return err
	}
	var problem task.Problem
	if c.Text == "" {
		problem, err = drawn(kind, c.Seed)
	} else {
		problem, err = kind.Parse(c.Text)
	}
	if err != nil {
		return err
	}
	if room := e.rig.model.MaxContext; len(problem.Prompt) >= room {
		return fmt.Errorf("the problem has %d tokens and the model's context holds %d; use a shorter or easier one", len(problem.Prompt), room)
	}
	e.setTask(kind)
	e.begin(&reasoning{Problem: problem, task: kind, seed: c.Seed, typed: c.Text != "", wording: wording, shown: shownWording(kind, problem, wording)})
	return e.show()
}

// begin replaces the problem or the response, and clears the results about the
// steps of the old one.
func (e *Engine) begin(r *reasoning) {
	if e.reasoning != r {
		e.clearTree()
		e.clear(session.Samples{Number: e.next(), Responses: []session.Response{}, Pass: []session.PassPoint{}})
	}
	e.reasoning, e.recorded = r, false
	e.mu.Lock()
	old, have := e.snapshots[session.Kind(session.Disruption{})].(session.Disruption)
	e.mu.Unlock()
	if have && old.Step >= 0 {
		e.clear(session.Disruption{Number: e.next(), Step: -1})
	}
	e.clear(session.StepLosses{Number: e.next(), Steps: []session.StepLoss{}})
	e.clear(session.Importances{Number: e.next(), Steps: []session.StepImportance{}, Ranking: []session.ImportanceRank{}})
	e.clear(session.InsideView{Number: e.next()})
	e.clear(session.Patched{Number: e.next()})
	e.clear(session.AnswerLosses{Number: e.next(), Values: []*float64{}})
}

var (
	errNoModel   = errors.New("no model is loaded yet; open one first")
	errNoProblem = errors.New("there is no problem yet; draw one or type one first")
	errNoGold    = errors.New("nobody knows the right answer to this prompt, so continuations cannot be judged; draw a problem of few-shot chain")
)

// problem returns the current problem with its response, or an error where no model is loaded or no problem is there.
func (e *Engine) problem() (*reasoning, error) {
	switch {
	case e.rig.model == nil:
		return nil, errNoModel
	case e.reasoning == nil:
		return nil, errNoProblem
	}
	return e.reasoning, nil
}

// showTrace shows a trace that was not sampled here.
func (e *Engine) showTrace(c session.ShowTrace) error {
	if e.rig.model == nil {
		return errNoModel
	}
	if n, room := len(c.Prompt)+len(c.Response), e.rig.model.MaxContext; n > room {
		return fmt.Errorf("the trace has %d tokens and the model's context holds %d; use a model with a longer context", n, room)
	}
	for _, token := range slices.Concat(c.Prompt, c.Response) {
		if token < 0 || token >= e.rig.model.VocabSize {
			return fmt.Errorf("the trace has the token %d, and the model's tokens are 0 to %d; use a model of the task that the trace was written for", token, e.rig.model.VocabSize-1)
		}
	}
	kind, wording, err := e.taskFor(session.NewProblem{Text: "-", Wording: c.Wording})
	if err != nil {
		return err
	}
	problem, err := kind.Parse(task.Text(kind, c.Prompt))
	if err != nil {
		return fmt.Errorf("the trace does not begin with a problem: %w", err)
	}
	if wording != nil { // a prompt without markers would get more around it
		problem.Prompt = slices.Clone(c.Prompt)
	}
	response := c.Response
	if end := slices.IndexFunc(response, func(token int) bool { return task.Ends(kind, token) }); end >= 0 {
		response = response[:end+1]
	}
	if err := checkSampling(c.Sampling); err != nil {
		return err
	}
	r := &reasoning{Problem: problem, task: kind, typed: true, sampling: c.Sampling, response: slices.Clone(response), wording: wording, shown: shownWording(kind, problem, wording)}
	if err := r.takeLabels(c.Labels); err != nil {
		return err
	}
	if err := r.takeEdits(c.Edits, e.rig.model.VocabSize); err != nil {
		return err
	}
	e.begin(r)
	return e.show()
}

// key converts the page's sampling for the decoder, in the way "attnlab trace
// --seed" does.
func key(s session.Sampling) model.Sampling {
	return model.Sampling{Temperature: s.Temperature, TopP: s.TopP, Seed: uint32(task.SeedOf("sample", uint64(s.Seed), 0))}
}

func checkSampling(s session.Sampling) error {
	if !(s.Temperature >= 0 && s.Temperature <= 10) {
		return fmt.Errorf("the temperature is %g, it must lie between 0 and 10", s.Temperature)
	}
	if !(s.TopP >= 0 && s.TopP <= 1) {
		return fmt.Errorf("top-p is %g, it must lie between 0 and 1", s.TopP)
	}
	return nil
}

// planGenerate continues the response. The decoder's random numbers are keyed by
// seed and position, so tokens that were sampled beyond the end of a step can be
// dropped: the next command samples the same ones.
func (e *Engine) planGenerate(c session.Generate) func(context.Context) (string, error) {
	r := e.reasoning
	if r != nil && c.Restart {
		e.begin(r)
		r.response, r.labels, r.edits = nil, nil, nil
	}
	var from int
	if r != nil {
		from = len(r.response)
	}
	return func(ctx context.Context) (string, error) {
		switch {
		case e.rig.model == nil:
			return "", errNoModel
		case r == nil:
			return "", errNoProblem
		case !slices.Contains([]string{"token", "step", "all"}, c.Unit):
			return "", fmt.Errorf("there is no unit %q; use token, step or all", c.Unit)
		}
		if err := checkSampling(c.Sampling); err != nil {
			return "", err
		}
		if len(r.response) == from && r.complete(e.rig.model.MaxContext) {
			return "The trace is complete.", nil
		}
		r.sampling = c.Sampling
		err := e.generate(ctx, c.Unit, from)
		if shown := e.show(); err == nil {
			err = shown
		}
		return "", err
	}
}

// generate samples until the unit that begins at token from of the response is full.
func (e *Engine) generate(ctx context.Context, unit string, from int) error {
	r, room := e.reasoning, e.rig.model.MaxContext
	ended := false
	full := func() bool {
		switch unit {
		case "token":
			return len(r.response) > from
		case "step":
			return ended
		}
		return false
	}
	for !full() && !r.complete(room) {
		e.busy("generating", len(r.response), 0)
		given := r.tokens()
		n := min(e.rig.chunk, room-len(given))
		if unit == "token" {
			n = 1
		}
		rollouts, err := e.rig.decoder.Generate(ctx, []model.Request{{Tokens: given, Max: n}}, key(r.drawn()), nil)
		if err != nil {
			return err
		}
		more := rollouts[0].Tokens
		r.response = append(r.response, more...)
		if end := r.stepEnd(from); unit == "step" && end > 0 {
			r.response, ended = r.response[:end], true
		}
		// Scoring takes at most a quarter of the time, and screens get at most four traces a second.
		if time.Since(e.shown) > max(250*time.Millisecond, 3*e.showing) && !full() && !r.complete(room) {
			if err := e.show(); err != nil {
				return err
			}
		}
	}
	return nil
}
