package score

import (
	"fmt"
	"math"
	"slices"
)

// FlowOf is the share of a unit of flow from a prompt to an answer that passes through each token, [T]: what FlowTracer, arXiv 2606.10646,
// weighs tokens by. The ranges of a are the tokens; prompt and answer are the tokens [0, prompt) and [answer, T). An edge leads from a token
// to each later one that looks at it:
//
//	c(s → t) = a(t → s), mean over heads      capacity, s before t
//	g(s)     = Σ over t of c(s → t) g(t)      what can reach the answer; 1 for a token of the answer, where flow ends
//	p(s → t) = c(s → t) g(t) / g(s)           so that what enters a token leaves it
//	f(t)     = Σ over s of f(s) p(s → t)      beside what a token of the prompt gets of the source: 1 / prompt
//
// Without an answer, or where the prompt cannot reach it, all are 0.
func FlowOf(a StepAttention, prompt, answer int) []float64 {
	T := a.Ranges
	var heads []Head
	for l := range a.Layers {
		for h := range a.Heads {
			heads = append(heads, Head{l, h})
		}
	}
	capacity := make([]float64, T*T) // [s, t]
	for t := range T {
		for s := range t {
			capacity[s*T+t] = a.meanOver(heads, t, s)
		}
	}
	_, flow := flowThrough(capacity, T, prompt, answer)
	return flow
}

// flowThrough is g and f of [FlowOf], both [T], for capacities [s, t].
func flowThrough(capacity []float64, T, prompt, answer int) (reach, flow []float64) {
	reach, flow = make([]float64, T), make([]float64, T)
	for s := T - 1; s >= 0; s-- {
		if s >= answer {
			reach[s] = 1
			continue
		}
		for t := s + 1; t < T; t++ {
			reach[s] += capacity[s*T+t] * reach[t]
		}
	}
	for s := range min(answer, T) {
		if s < prompt && reach[s] > 0 {
			flow[s] += 1 / float64(prompt)
		}
		if reach[s] == 0 {
			continue
		}
		for t := s + 1; t < T; t++ {
			flow[t] += flow[s] * capacity[s*T+t] * reach[t] / reach[s]
		}
	}
	return reach, flow
}

// Flow is FlowTracer's throughput of a step.
var Flow = Score{
	Name: "flow", Symbol: "f", Title: "flow from prompt to answer",
	Meaning: "The share of what flows from the prompt to the answer, along many hops of attention, that passes through the step. Of the mean over all heads; a head has the flow along its own attention alone. Along uniform attention earlier steps have more. Without an answer there is none.",
	Formula: "f(k) = Σ over j < k of f(j) c(j → k) g(k) / g(j), g(j) = Σ over k > j of c(j → k) g(k), c(j → k) = (tokens of j) · α(k, j); f(prompt) = g(answer) = 1",
	Source:  "FlowTracer, arXiv 2606.10646, by its abstract and first pages; of steps in place of tokens, which leaves out flow within a step",
	PerHead: true,
	Of: func(in Input) Values {
		a := in.Attention
		v := Values{Heads: make([][][]float64, a.Layers)}
		var all []Head
		for l := range v.Heads {
			v.Heads[l] = make([][]float64, a.Heads)
			for h := range v.Heads[l] {
				all = append(all, Head{l, h})
				v.Heads[l][h] = in.flow(Head{l, h})
			}
		}
		v.Steps = in.flow(all...)
		return v
	},
	Sum: func(in Input, h Head, k int) (terms []Term) {
		T := in.Attention.Ranges
		if in.AnswerTokens == 0 || T != len(in.Steps)+2 {
			return nil
		}
		capacity := in.capacity(h)
		reach, flow := flowThrough(capacity, T, 1, T-1)
		for j := range k + 1 { // ranges: the prompt, then the steps before k
			name, share := fmt.Sprintf("f(%d) · p(%d → %d)", j, j, k+1), 0.0
			if j == 0 {
				name = fmt.Sprintf("p(prompt → %d)", k+1)
			}
			if reach[j] > 0 {
				share = flow[j] * capacity[j*T+k+1] * reach[k+1] / reach[j]
			}
			terms = append(terms, Term{Name: name, Value: share, From: j - 1, Token: -1})
		}
		return terms
	},
}

// capacity is c(j → k) between the ranges of an Input, mean over some heads, [j, k]: what a token of a later range k pays to all of range j. The
// tokens of the prompt, which are not known, count as one: they change no share.
func (in Input) capacity(heads ...Head) []float64 {
	T := in.Attention.Ranges
	c := make([]float64, T*T)
	for j := range T {
		size := 1.0
		if j > 0 && j <= len(in.Steps) {
			size = float64(in.Steps[j-1][1] - in.Steps[j-1][0])
		}
		for k := j + 1; k < T; k++ {
			c[j*T+k] = size * in.Attention.meanOver(heads, k, j)
		}
	}
	return c
}

// flow is the flow through each step along the mean attention of some heads, NaN without an answer.
func (in Input) flow(heads ...Head) []float64 {
	K := len(in.Steps)
	if in.AnswerTokens == 0 || in.Attention.Ranges != K+2 {
		return slices.Repeat([]float64{math.NaN()}, K)
	}
	_, flow := flowThrough(in.capacity(heads...), K+2, 1, K+1)
	return flow[1 : K+1]
}
