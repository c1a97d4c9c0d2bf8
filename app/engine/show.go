package engine

import (
	"cmp"
	"math"
	"slices"
	"time"

	"attnlab/app/session"
	"attnlab/rl/examine"
	"attnlab/rl/hyper"
	"attnlab/rl/task"
)

// At each place the likeliest tokens are kept: 8 at most, and of those beyond the third only what three decimals show.
const (
	choices = 8
	always  = 3
	visible = 0.0005
)

// delta is Δ of the scores, in steps: the lab's own, as "attnlab trace" has it.
var delta = int(hyper.Lab("attnrl")["delta"])

// show scores the trace and publishes it.
func (e *Engine) show() error {
	began := time.Now()
	trace, err := e.view(e.reasoning)
	if err != nil {
		return err
	}
	trace.Number = e.next()
	e.publish(trace)
	e.shown = time.Now()
	e.showing = e.shown.Sub(began)
	return nil
}

// view is all that is known of a trace.
func (e *Engine) view(r *reasoning) (session.Trace, error) {
	judged := r.task.Judge(r.Problem, r.response)
	examined, err := examine.Examine(e.rig.scorer, []task.Trace{judged}, delta)
	if err != nil {
		return session.Trace{}, err
	}
	x := examined[0]
	received, err := e.rig.received(x.Tokens)
	if err != nil {
		return session.Trace{}, err
	}
	logits, err := e.rig.model.Logits(x.Tokens)
	if err != nil {
		return session.Trace{}, err
	}
	vocabulary := r.task.Vocabulary()
	top := make([][]session.Choice, len(x.Tokens))
	top[0] = []session.Choice{}
	for t := range logits[1:] {
		top[t+1] = likeliest(logits[t], vocabulary)
	}
	complete := r.complete(e.rig.model.MaxContext)
	return session.Trace{
		Task: r.task.Name(), Difficulty: r.Difficulty, Seed: r.seed, Typed: r.typed, Gold: r.Gold, Sampling: r.sampling,
		Tokens: x.Tokens, Text: words(x.Tokens, vocabulary), PromptLength: x.PromptLength,
		Think: [2]int{x.ThinkStart, x.ThinkEnd}, Answer: [2]int{x.AnswerStart, x.AnswerEnd},
		Complete: complete, WellFormed: complete && x.WellFormed, Correct: complete && x.Correct,
		LogProbs: x.LogProbs, Entropy: x.Entropy, Received: received, Top: top, Steps: steps(r.task, x.Trace, complete),
		Layers: x.Attention.Layers, Heads: x.Attention.Heads, Delta: x.Delta,
		FCI: x.FCI, FCIHeads: flat(x.FCIHeads), Focus: flat(x.Focus), Attention: x.Attention.Mean,
	}, nil
}

// steps are the steps of a trace; the last one has no label while it is written.
func steps(kind task.Task, t task.Trace, complete bool) []session.StepView {
	views := []session.StepView{}
	for _, s := range t.Steps {
		tokens := t.Tokens[s.Start:s.End]
		v := session.StepView{Start: s.Start, End: s.End, Label: s.Label.String(), Text: task.Text(kind, tokens)}
		if ended := tokens[len(tokens)-1] == task.Newline; ended {
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

// likeliest is the softmax of a row of logits, its greatest values only.
func likeliest(logits []float32, vocabulary []string) []session.Choice {
	order := make([]int, len(logits))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(logits[b], logits[a]) })
	top := float64(logits[order[0]])
	var sum float64
	for _, l := range logits {
		sum += math.Exp(float64(l) - top)
	}
	kept := []session.Choice{}
	for i, token := range order[:min(choices, len(order))] {
		p := math.Exp(float64(logits[token])-top) / sum
		if i >= always && p < visible {
			break
		}
		kept = append(kept, session.Choice{Token: token, Text: vocabulary[token], Prob: float32(p)})
	}
	return kept
}

// flat lays [L][H][K] out in one slice.
func flat(y [][][]float64) []float64 {
	all := []float64{}
	for _, layer := range y {
		for _, head := range layer {
			all = append(all, head...)
		}
	}
	return all
}
