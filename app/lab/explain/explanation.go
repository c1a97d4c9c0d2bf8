// Package explain says where a number of the page comes from: its formula, its source, and the sum that gives it. It computes from
// snapshots alone.
package explain

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"attnlab/app/lab/glossary"
	"attnlab/app/session"
	"attnlab/rl/score"
)

// Explanation explains a number: its meaning, its formula and the numbers that it was computed from.
type Explanation struct {
	Title   string
	Value   string
	Formula string
	Source  string // paper and section, if it has one
	Terms   []Term // what the formula adds up, or takes the largest of
	Total   string // the result of the terms, as text
	Note    string
	More    string // word of the glossary, empty for none
}

// Term is one number in a formula.
type Term struct {
	Name   string
	Value  string
	Chosen bool   // the largest one
	Do     string // the action of pressing it, empty for none
	Form   string // its own formula, if it has one
}

// Subject holds what explanations read: the newest snapshots and the selection.
type Subject struct {
	*session.Snapshots
	Selection session.Selection
}

// Of explains a number, such as "fci:3" or "term:head". It returns false if there is nothing to explain.
func (s Subject) Of(what string) (Explanation, bool) {
	kind, of, _ := strings.Cut(what, ":")
	i, err := strconv.Atoi(of)
	if err != nil {
		i = -1
	}
	t := &s.Trace
	switch {
	case kind == "term":
		w, ok := glossary.Find(of)
		return Explanation{Title: w.Word, Formula: w.Formula, Source: w.Source, Note: w.Means, More: w.Word}, ok
	case kind == "fci" && i >= 0 && i < len(t.Steps):
		if s.Selection.Head >= 0 {
			return explainScoreInHead(t, score.FCI, s.Selection.Layer, s.Selection.Head, i, StepFCI(t, s.Selection, i)), true
		}
		return explainFCI(s, i), true
	case kind == "score":
		return explainScore(t, s.Selection, of)
	case kind == "logprob" && i >= 0 && i < len(t.LogProbs):
		return explainLogProb(t, i), true
	case kind == "entropy" && i >= 0 && i < len(t.Entropy):
		return explainEntropy(t, i), true
	case kind == "received" && i >= 0 && i < len(t.Received):
		return Explanation{Title: "attention received by token " + of, Value: Format(float64(t.Received[i])),
			Formula: "rᵢ = Σ over later tokens m > i of the mean over layers and heads of a(m → i)",
			Note:    fmt.Sprintf("Every token m spreads a weight of 1 over itself and the tokens before it. Summed over the tokens after %d, of which there are %d, a token that is passed over gets little, and one that is looked up again and again gets more than 1.", i, len(t.Tokens)-i-1)}, true
	case strings.HasPrefix(kind, "head-"):
		layer, head, ok := ParseHead(of)
		if _, known := Quantity(strings.TrimPrefix(kind, "head-")).OfHead(); !known || !ok || layer >= t.Layers || head >= t.Heads {
			return Explanation{}, false
		}
		return explainHead(s, Quantity(strings.TrimPrefix(kind, "head-")), layer, head), true
	case kind == "credit":
		return explainCredit(s, i)
	case kind == "token-loss":
		return explainTokenLoss(&s.TokenLosses, i)
	case kind == "outcome":
		return explainOutcome(s, i)
	case kind == "group" && i >= 0 && i < len(s.Disruption.Groups):
		return explainGroup(s.Disruption.Groups[i]), true
	case kind == "loss" && i >= 0 && i < len(s.Losses.Steps) && s.Losses.Steps[i].Cut.N > 0:
		return explainLoss(&s.Losses, i), true
	case kind == "importance" && i >= 0 && i < len(s.Importances.Steps) && s.Importances.Steps[i].Importance != nil:
		return explainImportance(&s.Importances, i), true
	case kind == "inside":
		return explainInside(s, of)
	case kind == "pass":
		return explainPass(&s.Samples, i)
	case kind == "importance-rho":
		return explainImportanceRho(&s.Importances, of)
	case kind == "rho":
		return explainRho(&s.Losses, of)
	}
	return Explanation{}, false
}

func explainLogProb(t *session.Trace, i int) Explanation {
	v := float64(t.LogProbs[i])
	e := Explanation{Title: fmt.Sprintf("log-probability of token %d", i), Value: Format(v), Formula: "log p(token | all before it), natural logarithm",
		Note: fmt.Sprintf("The model gave the token %s a probability of %.4f. The sampling temperature does not enter.", Visible(t.Text[i]), math.Exp(v))}
	if i == 0 {
		e.Note = "The first token is given; the model does not predict it."
		return e
	}
	for _, c := range t.TopAt(i) {
		e.Terms = append(e.Terms, Term{Name: Visible(c.Text), Value: fmt.Sprintf("p = %.4f", c.Prob), Chosen: c.Token == t.Tokens[i]})
	}
	return e
}

func explainEntropy(t *session.Trace, i int) Explanation {
	e := Explanation{Title: fmt.Sprintf("entropy at token %d", i), Value: Format(float64(t.Entropy[i])) + " nats", Formula: "H = −Σ over the vocabulary of p · log p",
		Note: "0 where the model is certain; log 2 = 0.693 between two equal choices. A decision point has more."}
	var sum float64
	for _, c := range t.TopAt(i) {
		p := float64(c.Prob)
		if p <= 0 {
			continue
		}
		sum -= p * math.Log(p)
		e.Terms = append(e.Terms, Term{Name: Visible(c.Text), Value: Format(-p * math.Log(p)), Chosen: c.Token == t.Tokens[i]})
	}
	if len(e.Terms) > 0 {
		e.Total = fmt.Sprintf("these %s, all other tokens %s", Format(sum), Format(max(0, float64(t.Entropy[i])-sum)))
	}
	return e
}

// mostTerms is how many steps an explanation lists at most. Of more it lists the selected one alone.
const mostTerms = 60

// explainHead opens a cell of the grid of heads.
func explainHead(s Subject, q Quantity, layer, head int) Explanation {
	t := &s.Trace
	v := q.OfHeads(t, &s.Heads, s.Selection)
	value := math.NaN()
	if i := layer*t.Heads + head; i < len(v) {
		value = v[i]
	}
	e := Explanation{Title: q.Name() + " of " + HeadName(layer, head), Value: Format(value)}
	step := s.Selection.Step
	perStep := func(in func(layer, head, k int) float64) {
		for k := range t.Steps {
			x := in(layer, head, k)
			if len(t.Steps) > mostTerms && k != step || math.IsNaN(x) {
				continue
			}
			e.Terms = append(e.Terms, Term{"step " + StepName(k), Format(x), k == step, "step:" + strconv.Itoa(k), ""})
		}
		if step < 0 {
			e.Total = "mean " + Format(value)
		}
	}
	if q == ByFCI && step >= 0 && step < len(t.Steps) {
		return explainScoreInHead(t, score.FCI, layer, head, step, value)
	}
	about, _ := q.OfHead()
	e.Formula, e.Source, e.Note = about.Formula, about.Source, about.Meaning
	switch q {
	case ByFCI:
		perStep(t.FCIIn)
	case byFocus:
		e.Note += fmt.Sprintf(" The answer has %s.", Plural(max(0, t.Answer[1]-t.Answer[0]), "token"))
		perStep(t.FocusIn)
	case BySRA:
		e.Note += fmt.Sprintf(" Averaged over correct responses to %s, %s in all. Heads with the highest are the key-focus heads.", Plural(s.Heads.Problems, "problem"), Plural(s.Heads.Pairs, "pair"))
	case byKurtosis:
		e.Note += fmt.Sprintf(" Measured over %s.", Plural(s.Heads.Problems, "problem"))
	}
	return e
}

func explainGroup(g session.DisruptionGroup) Explanation {
	return Explanation{Title: "accuracy lost, " + score.StepChoice(g.Pick).Title(), Value: Format(g.Loss) + PlusMinus(g.LossSE),
		Formula: "loss = mean of dᵢ, dᵢ = control i correct − cut i correct;  its standard error = s(d) / √n",
		Source:  glossary.FromAttnRL + "disruption analysis",
		Terms: []Term{
			{Name: "control", Value: Format(g.Control) + PlusMinus(g.ControlSE)},
			{Name: "cut", Value: Format(g.Disrupted) + PlusMinus(g.DisruptedSE)},
		},
		Total: fmt.Sprintf("%d pairs of continuations", g.N),
		Note:  "The response is cut at the end of the step and continued twice: as it is (control), and with the attention of all later tokens to that step set to zero and the other weights unchanged. Both continuations of a pair draw the same random numbers, so the error of the loss comes from the differences within pairs. ± is one standard error; equal values have none."}
}
