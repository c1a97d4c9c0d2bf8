package figures

import (
	"math"
	"slices"
	"strings"
	"testing"

	"attnlab/app/figures/draw"
	"attnlab/app/session"
	"attnlab/app/theme"
	"attnlab/rl/stat"
)

// lossesOf are the losses of K steps by a formula: the first is not scored, the last is not cut, every seventh gains.
func lossesOf(K int) session.StepLosses {
	l := session.StepLosses{Number: 3, Samples: 32, Steps: []session.StepLoss{}}
	rho, interval := -0.25, stat.Interval{Low: -0.5, High: 0.1}
	for k := range K {
		s := session.StepLoss{Step: k, Label: theme.Labels[k%5], Text: "b &k 8 * &f 0 = b 0", Position: -float64(k + 1)}
		if k > 0 {
			fci := float64(1+k*k%11) / 40
			s.FCI = &fci
		}
		if k < K-1 {
			s.Cut = session.DisruptionGroup{N: 32, Control: 0.8, Disrupted: 0.8 - float64(k%7)/8, Loss: float64(k%7) / 8, LossSE: 0.03 * float64(k%4)}
			if k%7 == 6 {
				s.Cut.Loss = -0.1
			}
		}
		l.Steps = append(l.Steps, s)
	}
	if K > 4 {
		l.Ranking = &session.LossRanking{N: K - 2, FCI: session.Correlation{Rho: &rho, Interval: &interval}, Position: session.Correlation{Rho: &rho}}
	}
	return l
}

// Lengths of bars are the numbers: losses on one scale from zero with their errors, FCI on one of its own; what was not measured is
// hatched and has no bar.
func TestLossesDrawsTheNumbers(t *testing.T) {
	l := lossesOf(9)
	_, f := of[*losses](t, "losses", 700, 420, l)
	c := f.layout()
	low, high := f.span()
	perUnit := c.value.W / (high - low)
	inColumn := func(b draw.Box, column draw.Box) bool { return b.X >= column.X-1 && b.X+b.W <= column.X+column.W+1 }
	for k, step := range l.Steps {
		var row draw.Target
		for _, target := range f.scene.Targets {
			if target.Row == k {
				row = target
			}
		}
		var loss, fci, place []draw.Fill
		hatched := map[string]bool{}
		for _, shape := range f.scene.Shapes {
			switch s := shape.(type) {
			case draw.Fill:
				if s.Y < row.Y || s.Y+s.H > row.Y+row.H || s.H > 11 {
					continue
				}
				switch {
				case inColumn(s.Box, c.value):
					loss = append(loss, s)
				case inColumn(s.Box, c.scores[0]):
					fci = append(fci, s)
				case inColumn(s.Box, c.scores[1]):
					place = append(place, s)
				}
			case draw.Arc:
				if s.Color == f.Palette.Line && s.X0 != s.X1 && s.Y0 != s.Y1 && s.Y0 > row.Y && s.Y0 < row.Y+row.H {
					hatched[map[bool]string{true: "loss", false: "fci"}[s.X0 < c.scores[0].X-5]] = true
				}
			}
		}
		if step.Cut.N == 0 {
			if len(loss) != 0 || !hatched["loss"] {
				t.Errorf("step %d was not cut: %d bars, hatched %v", k+1, len(loss), hatched)
			}
		} else if want := max(1, math.Abs(step.Cut.Loss)*perUnit); len(loss) != 1 || math.Abs(loss[0].W-want) > 0.01 || hatched["loss"] {
			t.Errorf("step %d lost %v: bars %v, want one of %.1f", k+1, step.Cut.Loss, loss, want)
		} else if red := loss[0].Color == f.Palette.Signed(-1); red != (step.Cut.Loss >= 0) {
			t.Errorf("step %d: a loss of %v has the wrong colour", k+1, step.Cut.Loss)
		}
		if (step.FCI == nil) != hatched["fci"] || (step.FCI != nil) != (len(fci) == 1) {
			t.Errorf("step %d with FCI %v: %d bars, hatched %v", k+1, step.FCI, len(fci), hatched)
		}
		if want := float64(9-k) / 9 * c.scores[1].W; len(place) != 1 || math.Abs(place[0].W-want) > 0.01 {
			t.Errorf("step %d has the place %v, want %.1f", k+1, place, want)
		}
	}
	texts := f.Caption()
	for _, shape := range f.scene.Shapes {
		if label, ok := shape.(draw.Label); ok {
			texts += " | " + label.Text
		}
	}
	for _, want := range []string{"8 of 9 steps cut, 32 pairs each", "not scored", "n = 7", "ρ = −.25"} {
		if !strings.Contains(texts, want) {
			t.Errorf("%q is not said: %s", want, texts)
		}
	}
}

func TestLossesSelect(t *testing.T) {
	h, f := of[*losses](t, "losses", 360, 300, lossesOf(6))
	for i, step := range []struct {
		key  Key
		want int
	}{{Down, 0}, {Down, 1}, {Last, 5}, {Up, 4}, {First, 0}, {Up, 0}} {
		h.Key(step.key, start)
		if f.Selection.Step != step.want {
			t.Errorf("after key %d step %d is selected, want %d", i, f.Selection.Step, step.want)
		}
	}
	h.Scene(start)
	i := slices.IndexFunc(f.scene.Targets, func(t draw.Target) bool { return t.Row == 3 })
	at := f.scene.Targets[i]
	if s := h.Press(at.X+60, at.Y+at.H/2, start); s == nil || s.Step != 3 {
		t.Errorf("a press selects %v", s)
	}
}
