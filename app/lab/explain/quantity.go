package explain

import (
	"math"
	"slices"

	"attnlab/app/session"
	"attnlab/rl/score"
)

// Quantity is what colour shows: of a token, or of a head.
type Quantity string

const (
	byLogProb  Quantity = "logprob"
	ByEntropy  Quantity = "entropy"
	byReceived Quantity = "received"
	ByFCI      Quantity = "fci"
	byFocus    Quantity = "focus"
	BySRA      Quantity = "sra"
	byKurtosis Quantity = "kurtosis"
)

// HeadQuantities lists the colours of heads, those of [score.HeadScores].
func HeadQuantities() []Quantity {
	var list []Quantity
	for _, s := range score.HeadScores {
		list = append(list, Quantity(s.Name))
	}
	return list
}

// TokenQuantities are the colours of tokens: numbers of single tokens, and every score of package score that is not a mean of these. A
// token has the score of its step.
func TokenQuantities() []Quantity {
	list := []Quantity{ByFCI, byReceived, byLogProb, ByEntropy}
	for _, s := range score.Scores {
		if q := Quantity(s.Name); !q.Of(list) && s.Name != score.Surprise.Name {
			list = append(list, q)
		}
	}
	return list
}

func (q Quantity) Of(list []Quantity) bool { return slices.Contains(list, q) }

// Name is the quantity in a menu.
func (q Quantity) Name() string {
	switch q {
	case byLogProb:
		return "surprise, −log p"
	case ByEntropy:
		return "entropy"
	case byReceived:
		return "attention received"
	case ByFCI:
		return score.FCI.Symbol
	}
	if s, ok := q.OfHead(); ok {
		return s.Title
	}
	return q.score().Title
}

// OfHead returns the row of the table of scores of heads. It returns false where the quantity is not one of heads.
func (q Quantity) OfHead() (score.HeadScore, bool) {
	i := slices.IndexFunc(score.HeadScores, func(s score.HeadScore) bool { return s.Name == string(q) })
	if i < 0 {
		return score.HeadScore{}, false
	}
	return score.HeadScores[i], true
}

// score is the row of the table of scores. It panics where there is none.
func (q Quantity) score() score.Score {
	s, err := score.Find(string(q))
	if err != nil {
		panic(err)
	}
	return s
}

// Unit is empty for a number without one.
func (q Quantity) Unit() string {
	if q == byLogProb {
		return score.Surprise.Unit
	}
	if s, ok := q.OfHead(); ok {
		return s.Unit
	}
	return q.score().Unit
}

// OfTokens is the quantity of every token of t, NaN where a token has none. FCI belongs to steps: a token has its step's,
// in the selected head where one is selected.
func (q Quantity) OfTokens(t *session.Trace, s session.Selection) []float64 {
	values := make([]float64, len(t.Tokens))
	for i := range values {
		values[i] = math.NaN()
	}
	fill := func(from []float32, sign float64) {
		for i := 1; i < min(len(from), len(values)); i++ { // nothing predicts the first token
			values[i] = sign * float64(from[i])
		}
	}
	switch q {
	case byLogProb:
		fill(t.LogProbs, -1)
	case ByEntropy:
		fill(t.Entropy, 1)
	case byReceived:
		fill(t.Received, 1)
		if len(values) > 0 && len(t.Received) > 0 {
			values[0] = float64(t.Received[0])
		}
	case ByFCI:
		for k, step := range t.Steps {
			for i := step.Start; i < min(step.End, len(values)); i++ {
				values[i] = StepFCI(t, s, k)
			}
		}
	default:
		for k, step := range t.Steps {
			for i := step.Start; i < min(step.End, len(values)); i++ {
				values[i] = StepScore(t, string(q), k)
			}
		}
	}
	return values
}

// OfHeads is the quantity of every head, [L,H]; NaN where there is none. A score of steps is that of the selected step, or the
// mean over steps without one, or where the selected step has none.
func (q Quantity) OfHeads(t *session.Trace, h *session.HeadsView, s session.Selection) []float64 {
	about, ok := q.OfHead()
	switch {
	case !ok:
		return nil
	case q == BySRA:
		return known(h.SRA)
	case q == byKurtosis:
		return known(h.Kurtosis)
	}
	if s.Step >= 0 && s.Step < len(t.Steps) && !about.OfTrace && (q == byFocus || t.Scored(s.Step)) {
		if values := t.HeadsAt(string(q), s.Step); values != nil {
			return known(values)
		}
	}
	if values := t.HeadMeans(string(q)); values != nil {
		return known(values)
	}
	values := make([]float64, t.Layers*t.Heads)
	for i := range values {
		values[i] = math.NaN()
	}
	return values
}

// known replaces null by NaN.
func known(from []*float64) []float64 {
	values := make([]float64, len(from))
	for i, v := range from {
		values[i] = math.NaN()
		if v != nil {
			values[i] = *v
		}
	}
	return values
}

// Span returns the ends of the colour scale: 0 and the largest value, or chance and 1 for a quantity with a value of chance.
func (q Quantity) Span(values []float64) (lo, hi float64) {
	if s, ok := q.OfHead(); ok && s.Chance > 0 {
		return s.Chance, 1
	}
	for _, v := range values {
		if v > hi { // NaN is not
			hi = v
		}
		if v < lo { // the control is negative
			lo = v
		}
	}
	return lo, hi
}

// StepScore is a score of step k by its name in package score; NaN where the step has none.
func StepScore(t *session.Trace, name string, k int) float64 {
	for _, s := range t.StepScores {
		if s.Name == name && k < len(s.Values) && s.Values[k] != nil {
			return *s.Values[k]
		}
	}
	return math.NaN()
}

// StepFCI is the FCI of step k: in the selected head, or the maximum over heads. It is NaN for a step that is not scored.
func StepFCI(t *session.Trace, s session.Selection, k int) float64 {
	if !t.Scored(k) {
		return math.NaN()
	}
	if s.Head >= 0 && s.Layer >= 0 {
		if v := t.FCIIn(s.Layer, s.Head, k); !math.IsNaN(v) {
			return v
		}
	}
	if k < len(t.FCI) {
		return t.FCI[k]
	}
	return math.NaN()
}

// Attention is what range j pays to range k in a head: the mean over the tokens of both. Range 0 is the prompt, range
// k+1 step k, the last the answer. It is NaN while the page waits for the attention of that head.
func Attention(t *session.Trace, layer, head, j, k int) float64 {
	if in := t.InHead(layer, head); in != nil {
		return float64(in[j*t.Ranges()+k])
	}
	return math.NaN()
}
