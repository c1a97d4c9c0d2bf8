package labtest

import (
	"fmt"
	"math"
	"sync"

	"attnlab/app/session"
	"attnlab/rl/score"
	"attnlab/rl/stat"
)

// The size of [Long]: that of SmolLM2-135M with a long chain of thought.
const (
	LongLayers, LongHeads, LongSteps = 30, 9, 300

	longPrompt, longStep, longAnswer = 41, 7, 13
)

// longWords are the tokens of [Long], in order, again and again.
var longWords = []string{" The", " sum", " of", " the", " two", " is", " 12", ".", "\n"}

// LongInput is what the scores of [Long] are computed from, made once. Its attention follows from a formula: recent steps and, in every
// seventh head, two fixed steps get most.
var LongInput = sync.OnceValue(func() score.Input {
	end := longPrompt + longStep*LongSteps
	in := score.Input{AnswerTokens: longAnswer, AnswerStart: end, Attention: longAttention(), Delta: 4}
	for k := range LongSteps {
		in.Steps = append(in.Steps, [2]int{longPrompt + longStep*k, longPrompt + longStep*(k+1)})
	}
	for i := range end + longAnswer {
		in.LogProbs, in.Entropy, in.Received = append(in.LogProbs, -float32(i%17)/10), append(in.Entropy, float32(i%13)/9), append(in.Received, float32(i%11)/3)
	}
	return in
})

// LongTop is the likeliest tokens at each place of [Long].
func LongTop() (top [][]session.Choice) {
	for i := range longPrompt + longStep*LongSteps + longAnswer {
		top = append(top, []session.Choice{{Token: i, Text: longWords[i%len(longWords)], Prob: 0.75}, {Token: 9, Text: " z", Prob: 0.2}, {Token: 8, Text: " y", Prob: 0.05}})
	}
	return top
}

// longValues are the scores of [LongInput], by name.
var longValues = sync.OnceValue(func() map[string]score.Values {
	values := map[string]score.Values{}
	for _, s := range score.Scores {
		values[s.Name] = s.Of(LongInput())
	}
	return values
})

// Long is a trace of the size of a real model's as the engine sends it while something is selected: 30 layers of 9 heads, 300 steps and
// 2,154 tokens of free text without labels.
func Long(selected session.Selection) session.Trace {
	in := LongInput()
	end := in.AnswerStart
	t := session.Trace{Number: 8, Task: "text", Seed: 1, Typed: true, PromptLength: longPrompt, Complete: true, WellFormed: true, Layers: LongLayers, Heads: LongHeads, Delta: in.Delta,
		Think: [2]int{longPrompt, end}, Answer: [2]int{end, end + longAnswer}, Sampling: session.Sampling{Temperature: 0.6, TopP: 1, Seed: 1},
		LogProbs: in.LogProbs, Entropy: in.Entropy, Received: in.Received,
		Wording: &session.Wording{Task: "text", Rule: "sentence", Chat: "chatml"}, Prompt: "How many are there?", Found: "12"}
	for k, s := range in.Steps {
		t.Steps = append(t.Steps, session.StepView{Start: s[0], End: s[1], Text: fmt.Sprintf("The sum of the two is %d.", k)})
	}
	for i := range t.Answer[1] {
		t.Tokens, t.Text = append(t.Tokens, 7+i%1000), append(t.Text, longWords[i%len(longWords)])
	}
	detail := session.StepDetail{Trace: t.Number, Step: selected.Step}
	for _, s := range score.Scores {
		v := longValues()[s.Name]
		one := session.StepScore{Name: s.Name, Position: stat.Finite(v.WithPosition(s, in))}
		for _, y := range v.Steps {
			one.Values = append(one.Values, stat.Finite(y))
		}
		t.StepScores = append(t.StepScores, one)
		if v.Heads == nil {
			continue
		}
		means, at := session.HeadValues{Name: s.Name}, session.HeadValues{Name: s.Name}
		for _, layer := range v.Heads {
			for _, y := range layer {
				mean := stat.Mean(stat.Known(y))
				if s.Name == score.Receiver.Name {
					mean = stat.Kurtosis(stat.Known(y))
				}
				means.Values = append(means.Values, stat.Finite(mean))
				if selected.Step >= 0 {
					at.Values = append(at.Values, stat.Finite(y[selected.Step]))
				}
			}
		}
		t.HeadScores = append(t.HeadScores, means)
		if selected.Step >= 0 && s.Name != score.Receiver.Name {
			detail.Heads = append(detail.Heads, at)
		}
	}
	if selected.Step >= 0 {
		detail.First, detail.Top = t.Steps[selected.Step].Start, LongTop()[t.Steps[selected.Step].Start:t.Steps[selected.Step].End]
	}
	t.Detail, t.Chosen = detail, session.HeadAttention{Layer: -1, Head: -1}
	fci := longValues()[score.FCI.Name]
	t.FCI = fci.Steps
	for k := range t.Steps {
		best := 0
		for h := range LongLayers * LongHeads {
			if fci.Heads[h/LongHeads][h%LongHeads][k] > fci.Heads[best/LongHeads][best%LongHeads][k] {
				best = h
			}
		}
		t.FCIOf = append(t.FCIOf, best)
	}
	n := LongSteps + 2
	t.Attention, t.Of = longLargest()
	if selected.Head >= 0 {
		t.Chosen = session.HeadAttention{Trace: t.Number, Layer: selected.Layer, Head: selected.Head, Attention: in.Attention.Mean[(selected.Layer*LongHeads+selected.Head)*n*n:][:n*n],
			FCI: fci.Heads[selected.Layer][selected.Head], Focus: longValues()[score.Focus.Name].Heads[selected.Layer][selected.Head]}
	}
	return t
}

func longLargest() (session.Densities, session.HeadOf) {
	return session.Densities(LongInput().Attention.Mean).Largest(LongSteps + 2)
}

// longAttention is the attention of [Long] in every head.
func longAttention() score.StepAttention {
	const L, H, N = LongLayers, LongHeads, LongSteps + 2
	a := score.StepAttention{Layers: L, Heads: H, Ranges: N, Mean: make([]float32, L*H*N*N)}
	var between [N][N]float32
	for j := range N {
		for k := range j + 1 {
			between[j][k] = float32((j*17+k*29)%61) / 61
		}
	}
	for h := range L * H {
		for k := range N {
			own, fixed := 0.004*float32((h*31+k*13)%97)/97*float32((h*53)%89)/89, float32(0)
			if h%7 == 3 && (k == 40 || k == 170) { // a receiver head
				fixed = 0.01 * float32(1+math.Sin(float64(h)))
			}
			for j := k; j < N; j++ {
				v := 0.02/float32(1+j-k) + own*between[j][k]
				if j > k+3 {
					v += fixed
				}
				a.Mean[(h*N+j)*N+k] = v
			}
		}
	}
	return a
}
