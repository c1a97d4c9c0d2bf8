package explain

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"attnlab/app/session"
)

// LayerName is the depth of a row of the logit lens.
func LayerName(v *session.InsideView, l int) string {
	if l == len(v.Lens)-1 {
		return "end"
	}
	return strconv.Itoa(l)
}

// PartName is part k of a response of n parts: prompt, a step, or the answer.
func PartName(k, n int) string {
	switch k {
	case 0:
		return "prompt"
	case n - 1:
		return "answer"
	}
	return "step " + StepName(k-1)
}

// Strongest are the reads of a head by their weight, the largest first.
func Strongest(v *session.InsideView) []session.HeadRead {
	reads := slices.Clone(v.Reads)
	slices.SortStableFunc(reads, func(a, b session.HeadRead) int { return cmp.Compare(b.Weight, a.Weight) })
	return reads
}

// explainInside opens a logit to its parts, the share of a head to what it reads, or a read to its steps: "0", "head", "read-31".
func explainInside(s Subject, what string) (Explanation, bool) {
	v, t := &s.Inside, &s.Trace
	if len(v.Reads) == 0 || v.Token >= len(t.Text) || len(t.Tokens) < len(v.Reads) {
		return Explanation{}, false
	}
	a, b := Visible(v.Targets[0].Text), Visible(v.Targets[1].Text)
	if what == "head" {
		e := Explanation{Title: HeadName(v.Layer, v.Head) + " at token " + strconv.Itoa(v.Token), Value: WithSign(session.Odds(v.Heads[v.Layer*t.Heads+v.Head])) + " to " + a + " over " + b,
			Formula: "Σⱼ weight(j) · (u_a − u_b) · (g ⊙ O v(j)) / rms(x)",
			Note:    "What the head adds to the logit of one token, less what it adds to that of the other. O is the head's part of the output projection, u the rows of the output matrix, g and rms those of the last norm, held fixed at this token."}
		for n, r := range Strongest(v) {
			if n == session.ReadsShown {
				e.Terms = append(e.Terms, Term{Name: Plural(len(v.Reads)-n, "other token"), Value: WithSign(restOf(v, n))})
				break
			}
			e.Terms = append(e.Terms, Term{Name: fmt.Sprintf("%d %s, weight %.3f", r.Key, Visible(t.Text[r.Key]), r.Weight), Value: WithSign(session.Odds(r.Logits)), Do: "explain:inside:read-" + strconv.Itoa(r.Key)})
		}
		return e, true
	}
	if key, err := strconv.Atoi(trimRead(what)); err == nil && trimRead(what) != what && key >= 0 && key < len(v.Reads) {
		return explainRead(v, t, key), true
	}
	n, err := strconv.Atoi(what)
	if err != nil || n < 0 || n > 1 {
		return Explanation{}, false
	}
	e := Explanation{Title: "logit of " + []string{a, b}[n], Value: Format(v.Logits[n]), Formula: "logit = Σ over parts of u · (g ⊙ part) / rms(x)",
		Note:  "The residual stream is the sum of what embedding, heads and feed-forward parts have written into it. The last norm divides all of it by one number, which is held fixed, so the logit is the sum of the parts' shares.",
		Terms: []Term{{Name: "embedding", Value: WithSign(v.Embed[n])}}}
	sum := v.Embed[n]
	for l, feed := range v.Feed {
		for h := range t.Heads {
			share := v.Heads[l*t.Heads+h][n]
			sum += share
			e.Terms = append(e.Terms, Term{Name: HeadName(l, h), Value: WithSign(share), Chosen: l == v.Layer && h == v.Head, Do: fmt.Sprintf("inside-head:%d.%d", l, h)})
		}
		sum += feed[n]
		e.Terms = append(e.Terms, Term{Name: "feed-forward " + strconv.Itoa(l), Value: WithSign(feed[n])})
	}
	e.Total = "sum " + Format(sum)
	return e, true
}

func trimRead(what string) string {
	if len(what) > 5 && what[:5] == "read-" {
		return what[5:]
	}
	return what
}

// restOf is what the reads after the n strongest add to the first target over the second.
func restOf(v *session.InsideView, n int) (sum float64) {
	for _, r := range Strongest(v)[n:] {
		sum += session.Odds(r.Logits)
	}
	return sum
}

// explainRead opens what a head reads at one token, from q·k to the logits.
func explainRead(v *session.InsideView, t *session.Trace, key int) Explanation {
	r := v.Reads[key]
	a, b := Visible(v.Targets[0].Text), Visible(v.Targets[1].Text)
	return Explanation{Title: fmt.Sprintf("%s reads token %d, %s", HeadName(v.Layer, v.Head), key, Visible(t.Text[key])), Value: WithSign(session.Odds(r.Logits)) + " to " + a + " over " + b,
		Formula: "weight = exp(q·k/√C) / Σ over tokens up to here; later ones are masked",
		Terms: []Term{
			{Name: "q·k, after RoPE", Value: Format(r.Dot)},
			{Name: "÷ √C", Value: Format(r.Scaled), Form: fmt.Sprintf("√C = %s", Format(v.Root))},
			{Name: "softmax", Value: fmt.Sprintf("%.4f", r.Weight)},
			{Name: "length of the value v", Value: Format(r.Value)},
			{Name: "length of weight · O v", Value: Format(r.Added)},
			{Name: "to the logit of " + a, Value: WithSign(r.Logits[0])},
			{Name: "to the logit of " + b, Value: WithSign(r.Logits[1])},
		}}
}
