package explain

import (
	"fmt"
	"math"
	"strings"

	"attnlab/app/session"
)

// explainTokenLoss opens the loss of a token of a response to the terms that it is made of.
func explainTokenLoss(l *session.TokenLosses, i int) (Explanation, bool) {
	if i < 0 || i >= len(l.Tokens) {
		return Explanation{}, false
	}
	t := l.Tokens[i]
	gain := surrogate(l, i)
	form := "min(ρA, clip(ρ) A)"
	if l.DualClip > 0 {
		form += ", at least cA where A < 0"
	}
	e := Explanation{Title: fmt.Sprintf("loss of token %d, %s", i+1, strings.TrimSpace(Visible(t.Text))), Value: Large(t.Loss),
		Formula: "w (−s + β k3 − c_H H)", Source: "PPO, clipped surrogate; DAPO, clip-higher; GRPO, KL term", More: "clip",
		Terms: []Term{
			{Name: "w", Form: "weight of each token of this response", Value: Large(l.Weight)},
			{Name: "ρ", Form: "e^(new − old log-probability)", Value: Format(t.Ratio)},
			{Name: "A", Form: "advantage of the token", Value: WithSign(t.Advantage)},
			{Name: "s", Form: form, Value: WithSign(gain)},
			{Name: "β k3", Form: fmt.Sprintf("β = %g, k3 = %s", l.KL, Large(t.KL)), Value: Large(l.KL * t.KL)},
			{Name: "c_H H", Form: fmt.Sprintf("c_H = %g, H = %s nats", l.Entropy, Format(t.Entropy)), Value: Large(l.Entropy * t.Entropy)},
		},
		Total: Large(t.Loss) + " in the loss of the update",
		Note:  fmt.Sprintf("Ratios from %s to %s count in full.", Format(1-l.ClipLow), Format(1+l.ClipHigh))}
	if t.Clipped {
		e.Note += " This one is clipped: its advantage pushes no further."
	}
	return e, true
}

// surrogate is the clipped objective of a token, which the update makes larger.
func surrogate(l *session.TokenLosses, i int) float64 {
	t := l.Tokens[i]
	s := math.Min(t.Ratio*t.Advantage, min(max(t.Ratio, 1-l.ClipLow), 1+l.ClipHigh)*t.Advantage)
	if t.Advantage < 0 && l.DualClip > 0 {
		s = math.Max(s, l.DualClip*t.Advantage)
	}
	return s
}
