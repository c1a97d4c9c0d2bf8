package engine

import (
	"math"
	"strings"
	"time"

	"attnlab/app/session"
	"attnlab/gpu"
	"attnlab/model"
	"attnlab/rl"
	"attnlab/rl/examine"
	"attnlab/rl/runs"
	"attnlab/rl/task"
)

// At each place a trace shows the three likeliest tokens, and those after them, up to model.TopK in all, whose
// probability is not 0 in three decimals.
const (
	always  = 3
	visible = 0.0005
)

// delta is Δ of the scores, in steps: the default of "attnlab trace".
var delta = rl.AttnRL.Params.Lab().Int("delta")

// longest is the longest response of experiments on many problems, in tokens.
var longest = examine.Longest()

// show scores the trace and publishes it.
func (e *Engine) show() error {
	began := time.Now()
	trace, seen, err := e.view(e.reasoning)
	if err != nil {
		return err
	}
	e.publishTrace(trace, seen)
	e.shown = time.Now()
	e.showing = e.shown.Sub(began)
	return nil
}

// view scores a trace in one forward pass and one readback, and collects what a page shows about it. It returns the
// scores of the heads separately.
func (e *Engine) view(r *reasoning) (session.Trace, seen, error) {
	judged := r.judge()
	before, passes := e.rig.device.Counters, e.rig.scorer.Passes
	x, err := examine.Look(e.rig.scorer, judged, delta)
	if err != nil {
		return session.Trace{}, seen{}, err
	}
	work := workSince(before, e.rig.device.Counters)
	work.Passes = e.rig.scorer.Passes - passes
	vocabulary := r.task.Vocabulary()
	top := make([][]session.Choice, len(x.Tokens))
	for t := range top {
		top[t] = likeliest(x.Top[t], vocabulary)
	}
	complete := r.complete(e.rig.model.MaxContext)
	s := newSeen(x.Input(), top)
	return session.Trace{
		Task: r.task.Name(), Difficulty: r.Difficulty, Seed: runs.Seed(r.seed), Typed: r.typed, Gold: r.Gold, Sampling: r.sampling,
		Tokens: x.Tokens, Text: words(x.Tokens, vocabulary), PromptLength: x.PromptLength,
		Think: [2]int{x.ThinkStart, x.ThinkEnd}, Answer: [2]int{x.AnswerStart, x.AnswerEnd},
		Complete: complete, WellFormed: complete && x.WellFormed, Correct: complete && x.Correct,
		LogProbs: x.LogProbs, Entropy: x.Entropy, Received: x.Received, Steps: r.steps(x.Trace, complete),
		Layers: x.Attention.Layers, Heads: x.Attention.Heads, Delta: x.Delta,
		FCI: x.FCI, StepScores: s.stepScores, Work: work,
		Wording: r.shown, Prompt: r.promptText(), Found: x.Answer,
		Edits: r.edits, Before: r.before(e.rig.model.MaxContext),
	}, s, nil
}

// steps are the steps of a trace, with the labels that were given by hand.
func (r *reasoning) steps(t task.Trace, complete bool) []session.StepView {
	views := steps(r.task, t, complete)
	for k, s := range t.Steps {
		if _, views[k].ByHand = r.labels[task.Span{Start: s.Start, End: s.End}]; views[k].ByHand {
			views[k].Label = s.Label.String()
		}
	}
	return views
}

// steps are the steps of a trace. The last one has no label while it is being written.
func steps(kind task.Task, t task.Trace, complete bool) []session.StepView {
	views := []session.StepView{}
	for _, s := range t.Steps {
		tokens := t.Tokens[s.Start:s.End]
		v := session.StepView{Start: s.Start, End: s.End, Label: s.Label.String(), Text: task.Text(kind, tokens)}
		if _, free := kind.(task.Written); free {
			v.Text = strings.TrimSpace(v.Text)
		} else if ended := tokens[len(tokens)-1] == task.Newline; ended {
			v.Text = task.Text(kind, tokens[:len(tokens)-1])
		} else if !complete && s.End == len(t.Tokens) {
			v.Label = ""
		}
		views = append(views, v)
	}
	return views
}

func words(tokens []int, vocabulary []string) []string {
	text := make([]string, len(tokens))
	for t, token := range tokens {
		text[t] = vocabulary[token]
	}
	return text
}

// likeliest is what a page shows of the choices at a place, the likeliest first.
func likeliest(top []model.Choice, vocabulary []string) []session.Choice {
	shown := []session.Choice{}
	for i, c := range top {
		p := math.Exp(float64(c.LogProb))
		if i >= always && p < visible {
			break
		}
		shown = append(shown, session.Choice{Token: c.Token, Text: vocabulary[c.Token], Prob: float32(p)})
	}
	return shown
}

// workSince is what a device did between two readings of its counters.
func workSince(before, after gpu.Counters) session.Work {
	return session.Work{Submits: after.Submits - before.Submits, Readbacks: after.Readbacks - before.Readbacks, ReadBytes: after.ReadBytes - before.ReadBytes}
}
