package session

import "attnlab/rl/stat"

// AblateBy are the names of what stands in place of what a head draws, see [examine.Ablations].
var AblateBy = []string{"zero", "mean"}

type (
	// Ablate replaces what heads draw from values, at every token, in responses to Problems fresh problems, and measures what their answers lose, as
	// "attnlab inside --ablate" does. [Ablations] is the answer.
	Ablate struct {
		Heads    [][2]int `json:"heads"` // layer and head of each, ablated together; none: every head alone
		By       string   `json:"by"`    // one of AblateBy
		Problems int      `json:"problems"`
	}
	// Ablations is the result of [Ablate] so far. Without Traces nothing was measured.
	Ablations struct {
		Number  uint64     `json:"number"`
		Asked   Ablate     `json:"asked"`
		Traces  int        `json:"traces"`   // responses with an answer
		LogProb Mean       `json:"log_prob"` // of their answers under the whole model, nats
		Right   Mean       `json:"right"`    // share of right answers of the whole model
		Of      int        `json:"of"`       // rows once all is measured
		Rows    []Ablation `json:"rows"`
	}
)

func (Ablate) command()  {}
func (Ablations) event() {}

// Ablation is what the answers lose without some heads.
type Ablation struct {
	Heads   [][2]int `json:"heads"`
	LogProb Change   `json:"log_prob"` // of the responses' own answers, nats
	Right   Change   `json:"right"`    // share of right answers
}

// Mean is a mean over responses with its standard error, null of a single response.
type Mean struct {
	Value float64  `json:"value"`
	SE    *float64 `json:"se"`
}

// Change is a mean of paired differences with its standard error and its 95 % interval, both null of a single response.
type Change struct {
	Mean
	Interval *stat.Interval `json:"interval"`
}
