package explain

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"attnlab/app/session"
)

// Stage is one stage of what a head does with a token that it reads: a number, and what it came from.
type Stage struct {
	Name, Value string
	Form        string // the formula with its numbers
	Terms       []Term // of its sum
}

// StageNames are the stages, in order.
var StageNames = []string{"q·k", "÷ √C", "mask", "softmax", "value", "residual stream", "logits"}

// mostProducts is how many terms of q·k are listed.
const mostProducts = 8

// Walked counts the tokens that a walk through a head goes to: the strongest.
func Walked(v *session.InsideView) int { return min(len(v.Reads), session.ReadsShown) }

// Stages are what the open head does with the n-th strongest token that it reads, up to what that has added together with the stronger ones.
func Stages(v *session.InsideView, t *session.Trace, n int) []Stage {
	list := Strongest(v)
	r := list[n]
	a, b := Visible(v.Targets[0].Text), Visible(v.Targets[1].Text)
	top, sum, weights, added := math.Inf(-1), 0.0, 0.0, 0.0
	for _, x := range v.Reads {
		top = max(top, x.Scaled)
	}
	for _, x := range v.Reads {
		sum += math.Exp(x.Scaled - top)
	}
	for _, x := range list[:n+1] {
		weights, added = weights+x.Weight, added+session.Odds(x.Logits)
	}
	later := len(t.Tokens) - len(v.Reads)
	share := v.Heads[v.Layer*t.Heads+v.Head]
	stages := []Stage{
		{Value: Format(r.Dot), Form: fmt.Sprintf("Σ over %d features of q times k, both turned by their places (RoPE)", len(r.Products)), Terms: products(r.Products)},
		{Value: Format(r.Scaled), Form: Format(r.Dot) + " / √C, √C = " + Format(v.Root)},
		{Value: "kept", Form: fmt.Sprintf("Token %d is not after token %d, where the head looks from. %s after it: −∞ in place of the score, and so a weight of 0.", r.Key, v.Token-1, Plural(later, "token"))},
		{Value: fmt.Sprintf("%.4f", r.Weight), Form: fmt.Sprintf("exp(%s − %s) / Σ exp(score − %s) = %.4f / %.4f", Format(r.Scaled), Format(top), Format(top), math.Exp(r.Scaled-top), sum),
			Terms: []Term{{Name: Plural(n+1, "token") + " so far", Value: fmt.Sprintf("%.4f", weights)}, {Name: "all " + Plural(len(v.Reads), "token"), Value: "1.0000"}}},
		{Value: Format(r.Weight * r.Value), Form: fmt.Sprintf("length of weight times v: %.4f · %s", r.Weight, Format(r.Value))},
		{Value: Format(r.Added), Form: "length of what the output projection O makes of that, which is added to the residual stream"},
		{Value: WithSign(session.Odds(r.Logits)), Form: fmt.Sprintf("to %s over %s: %s less %s", a, b, WithSign(r.Logits[0]), WithSign(r.Logits[1])),
			Terms: []Term{{Name: Plural(n+1, "token") + " so far", Value: WithSign(added)}, {Name: "the head, all tokens", Value: WithSign(session.Odds(share))}}},
	}
	for i := range stages {
		stages[i].Name = StageNames[i]
	}
	return stages
}

// products are the largest terms of q·k and the sum of the others.
func products(all []float64) (terms []Term) {
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(math.Abs(all[b]), math.Abs(all[a])) })
	rest := 0.0
	for n, c := range order {
		if n < mostProducts {
			terms = append(terms, Term{Name: fmt.Sprintf("feature %d", c), Value: WithSign(all[c])})
		} else {
			rest += all[c]
		}
	}
	if more := len(all) - mostProducts; more > 0 {
		terms = append(terms, Term{Name: Plural(more, "other feature"), Value: WithSign(rest)})
	}
	return terms
}

// TokenReads says what the open head reads most at a token: "token 12 b reads 11 + .50, 9 k .25". It is empty where that is not known.
func TokenReads(v *session.InsideView, t *session.Trace, token int) string {
	if token < 0 || token >= len(v.Strongest) || token >= len(t.Text) {
		return ""
	}
	var parts []string
	for _, r := range v.Strongest[token] {
		if r.Key < len(t.Text) {
			parts = append(parts, fmt.Sprintf("%d %s %.3f", r.Key, Visible(t.Text[r.Key]), r.Weight))
		}
	}
	return fmt.Sprintf("In %s token %d %s reads most: %s", HeadName(v.Layer, v.Head), token, Visible(t.Text[token]), strings.Join(parts, ", "))
}
