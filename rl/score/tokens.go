package score

import (
	"fmt"
	"math"
)

// Received is how often the tokens of a step are looked at.
var Received = ofTokens(Score{
	Name: "received", Symbol: "r", Title: "attention received",
	Meaning: "What a token of the step receives from all later tokens, mean over heads. Every token spreads a weight of 1 over itself and those before it, so early steps have more givers.",
	Formula: "r(k) = mean over the step's tokens i of Σ over m > i of the mean over heads of a(m → i)",
}, func(in Input) []float32 { return in.Received }, 1)

// Entropy is how undecided the model was while it wrote the step.
var Entropy = ofTokens(Score{
	Name: "entropy", Symbol: "H", Title: "entropy", Unit: "nats",
	Meaning: "How undecided the model was about the step's tokens: 0 where it was certain, log 2 = 0.693 between two equal choices.",
	Formula: "H(k) = mean over the step's tokens of −Σ p log p",
	Source:  "AttnRL, arXiv 2509.26628, disruption: step entropy",
}, func(in Input) []float32 { return in.Entropy }, 1)

// Surprise is how unlikely the step was to the model.
var Surprise = ofTokens(Score{
	Name: "surprise", Symbol: "−log p", Title: "surprise", Unit: "nats",
	Meaning: "How unlikely the tokens that were drawn are to the model, on average. TreeRL's code branches at the tokens with the most.",
	Formula: "mean over the step's tokens of −log p(token | all before it)",
	Source:  "TreeRL, arXiv 2506.11902, by its code",
}, func(in Input) []float32 { return in.LogProbs }, -1)

// ofTokens completes a score that is the mean of a number of each token, times factor.
func ofTokens(s Score, number func(Input) []float32, factor float64) Score {
	s.Sum = func(in Input, _ Head, k int) (terms []Term) {
		x, step := number(in), in.Steps[k]
		if len(x) < step[1] {
			return nil
		}
		for t := step[0]; t < step[1]; t++ {
			terms = append(terms, Term{Name: fmt.Sprintf("token %d ÷ %d", t, step[1]-step[0]), Value: factor * float64(x[t]) / float64(step[1]-step[0]), From: -1, Token: t})
		}
		return terms
	}
	s.Of = func(in Input) Values {
		v := Values{Steps: make([]float64, len(in.Steps))}
		for k := range v.Steps {
			terms := s.Sum(in, Head{}, k)
			if terms == nil {
				v.Steps[k] = math.NaN()
			}
			for _, t := range terms {
				v.Steps[k] += t.Value
			}
		}
		return v
	}
	return s
}
