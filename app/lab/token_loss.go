package lab

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"

	"attnlab/app/lab/explain"
	"attnlab/app/session"
	"attnlab/rl/runs"
)

// LossColour is a number of a token's loss that can colour the token.
type LossColour struct {
	Name   string // as the menu and the table have it
	Word   string // of the glossary
	Of     func(runs.TokenLoss) float64
	Sided  bool    // it has two sides, about Middle
	Middle float64 // the value without colour
	Least  float64 // smallest difference that has the full colour, so that rounding does not look like a change
	Small  bool    // it is written with three significant digits
}

// LossColours are all of them, in the order of the table.
var LossColours = []LossColour{
	{Name: "gradient weight", Word: "gradient weight", Of: func(t runs.TokenLoss) float64 { return t.Gradient }, Sided: true, Small: true},
	{Name: "advantage", Word: "advantage", Of: func(t runs.TokenLoss) float64 { return t.Advantage }, Sided: true},
	{Name: "ratio", Word: "ratio", Of: func(t runs.TokenLoss) float64 { return t.Ratio }, Sided: true, Middle: 1, Least: 0.01},
	{Name: "KL term", Word: "KL", Of: func(t runs.TokenLoss) float64 { return t.KL }, Least: 1e-3},
	{Name: "entropy", Word: "entropy", Of: func(t runs.TokenLoss) float64 { return t.Entropy }, Least: 0.01},
	{Name: "old log-probability", Word: "log-prob", Of: func(t runs.TokenLoss) float64 { return t.Old }, Least: 0.01},
	{Name: "new log-probability", Word: "log-prob", Of: func(t runs.TokenLoss) float64 { return t.New }, Least: 0.01},
	{Name: "loss", Word: "loss", Of: func(t runs.TokenLoss) float64 { return t.Loss }, Sided: true, Small: true},
}

// LossColour is the one that colours the tokens.
func (s *State) LossColour() LossColour {
	i := slices.IndexFunc(LossColours, func(c LossColour) bool { return c.Name == s.LossBy })
	return LossColours[max(0, i)]
}

// Text is the number of a token as it is shown.
func (c LossColour) Text(t runs.TokenLoss) string {
	if c.Small {
		return explain.Large(c.Of(t))
	}
	return explain.Format(c.Of(t))
}

// Largest is how far a token's number lies from the middle, at most, and Least at least.
func (c LossColour) Largest(tokens []runs.TokenLoss) float64 {
	top := c.Least
	for _, t := range tokens {
		top = math.Max(top, math.Abs(c.Of(t)-c.Middle))
	}
	return top
}

func (l *Lab) hasLosses() bool { return len(l.TokenLosses.Tokens) > 0 }

// takeLosses shows the losses of the chosen rollout, or of the same one of a newer step.
func (s *State) takeLosses(e session.TokenLosses) {
	s.TokenLosses = e
	s.LossToken = min(s.LossToken, max(0, len(e.Tokens)-1))
}

// saveTokenLosses offers the losses of the chosen rollout as a table, a line a token.
func (l *Lab) saveTokenLosses() {
	data, err := csvOf(tokenLossLines(&l.TokenLosses.TokenLosses))
	if err != nil {
		l.Failure = session.Failure{Command: "ShowCredit", Text: "The losses could not be saved: " + session.Message(err) + "."}
		return
	}
	t := &l.TokenLosses
	l.screen.Download(fmt.Sprintf("%s-step-%d-response-%d.%d-loss.csv", cmp.Or(l.Run.Info.ID, "run"), t.Step, t.Group+1, t.Response+1), "text/csv", data)
}

func tokenLossLines(l *runs.TokenLosses) [][]string {
	lines := [][]string{{"token", "text", "old_logprob", "new_logprob", "ratio", "clipped", "kl", "entropy", "advantage", "gradient", "loss", "weight", "update", "step"}}
	for i, t := range l.Tokens {
		line := []string{strconv.Itoa(i + 1), t.Text}
		for _, x := range []float64{t.Old, t.New, t.Ratio} {
			line = append(line, csvNumber(&x))
		}
		line = append(line, strconv.FormatBool(t.Clipped))
		for _, x := range []float64{t.KL, t.Entropy, t.Advantage, t.Gradient, t.Loss, l.Weight} {
			line = append(line, csvNumber(&x))
		}
		lines = append(lines, append(line, strconv.Itoa(l.Update), strconv.Itoa(l.Step)))
	}
	return lines
}
