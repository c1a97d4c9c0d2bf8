package score

import (
	"fmt"
	"strings"
)

// Score is one number for each step of a trace and, for a score of attention, for each head as well. It is a value with
// everything that a page, a command or a method needs: a new score is a file with a value and a line in [Scores].
type Score struct {
	Name    string // in flags, links and JSON
	Symbol  string // as in formulas and column heads
	Title   string
	Unit    string // empty for a number without one
	Meaning string // one or two sentences
	Formula string
	Source  string // paper and section; empty where it is our own

	PerHead bool // Values.Heads is given, and Sum is of one head
	Control bool // it does not use the model: other scores must beat it

	// Of computes the score of every step. What an Input lacks counts as absent: the values are NaN.
	Of func(Input) Values

	// Sum returns the terms that add up to the score of step k, in one head where PerHead. It returns nothing where the step
	// has no score.
	Sum func(in Input, h Head, k int) []Term
}

// Scores lists all scores, in the order in which they are shown.
var Scores = []Score{
	FCI, FCIMean, FCIOverUniform, Focus, Flow, Receiver, Received, Entropy, Surprise, Position,
}

// Names lists the names of all scores.
func Names() []string {
	var names []string
	for _, s := range Scores {
		names = append(names, s.Name)
	}
	return names
}

// Find returns the score with a name, or an error that lists the names that exist.
func Find(name string) (Score, error) {
	for _, s := range Scores {
		if s.Name == name {
			return s, nil
		}
	}
	return Score{}, fmt.Errorf("score: unknown score %q: choose one of %s", name, strings.Join(Names(), ", "))
}

// Input is a trace and what one forward pass computes about it. T counts its tokens, K its steps.
type Input struct {
	Steps        [][2]int // [K] tokens of each step, half open
	AnswerTokens int      // 0 without an answer part
	AnswerStart  int      // its first token; 0 is the second after the last step, as after </think>

	// Attention has the ranges prompt, step 0 … step K-1, answer.
	Attention StepAttention
	Delta     int    // Δ, in steps: how far later a step must be to count
	Heads     []Head // the heads that scores of chosen heads average; none is all
	Layers    [2]int // of the heads whose maximum FCI and its readings take, half open; [0,0) is all

	LogProbs []float32 // [T] of each token given those before it
	Entropy  []float32 // [T] of the distribution that each token was drawn from, nats
	Received []float32 // [T] attention that each token receives from later ones, mean over heads
}

// Values are the scores of a trace. A score that a step does not have is NaN, unless the score's Meaning says 0.
type Values struct {
	Steps []float64     // [K]
	Heads [][][]float64 // [L][H][K]; nil where the score is not of heads
}

// Term is one number that a score adds up.
type Term struct {
	Name  string  // such as "α(5, 3)": from step 5 to step 3, counted from 1
	Value float64 // its part of the sum
	From  int     // the step that it comes from, -1 for the answer or a token
	Token int     // the token that it comes from, -1 for a step
}
