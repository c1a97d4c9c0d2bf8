package figures

import (
	"math"
	"strings"
	"testing"

	"attnlab/app/figures/draw"
	"attnlab/app/session"
	"attnlab/app/theme"
	"attnlab/rl/stat"
)

// importancesOf are the importances of K steps by a formula: the first has no FCI, the second is always the same, the last is not sampled, every
// third harms.
func importancesOf(K int) session.Importances {
	v := session.Importances{Number: 3, Samples: 32, Steps: []session.StepImportance{}, Ranking: []session.ImportanceRank{}}
	effect := func(x float64) *session.Effect {
		return &session.Effect{Value: x, SE: 0.08, Interval: stat.Interval{Low: max(-1, x-0.2), High: min(1, x+0.15)}}
	}
	for k := range K {
		focus := float64(1+k%5) / 50
		s := session.StepImportance{Step: k, Label: theme.Labels[k%5], Text: "b &k 8 * &f 0 = b 0", Position: -float64(k + 1), Focus: &focus}
		if k > 0 {
			fci := float64(1+k*k%11) / 40
			s.FCI = &fci
		}
		if k < K-1 {
			s.Kept, s.Differs, s.Before = session.Share{Right: 40, N: 50}, session.Share{Right: k % 3, N: 14}, session.Share{Right: 20, N: 32}
			s.Resampled, s.Forced, s.Importance = effect(0.05), effect(0), effect([]float64{0.7, 0.3, -0.2}[k%3])
			if k == 1 {
				s.Importance, s.Differs = nil, session.Share{}
			}
		}
		v.Steps = append(v.Steps, s)
	}
	if K > 4 {
		r := -0.25
		for _, by := range []string{"fci", "focus", "position", "shuffled", "repeat"} {
			v.Ranking = append(v.Ranking, session.ImportanceRank{By: by, N: K - 3, Correlation: session.Correlation{Rho: &r}})
		}
	}
	return v
}

// Lengths of bars are the numbers, lines are the intervals, and what is not known is hatched and has no bar.
func TestImportanceDrawsTheNumbers(t *testing.T) {
	v := importancesOf(9)
	_, f := of[*importance](t, "importance", 800, 420, v)
	c := f.layout()
	low, high := f.span()
	at := func(x float64) float64 { return c.value.X + (x-low)/(high-low)*c.value.W }
	for k, step := range v.Steps {
		var row draw.Target
		for _, target := range f.scene.Targets {
			if target.Row == k {
				row = target
			}
		}
		var bars []draw.Fill
		lines := map[[2]float64]bool{}
		for _, shape := range f.scene.Shapes {
			switch s := shape.(type) {
			case draw.Fill:
				if s.Y >= row.Y && s.Y+s.H <= row.Y+row.H && s.H <= 11 && s.X >= c.value.X-1 && s.X+s.W <= c.value.X+c.value.W+1 {
					bars = append(bars, s)
				}
			case draw.Arc:
				if s.Y0 > row.Y && s.Y1 < row.Y+row.H && s.Y0 == s.Y1 {
					lines[[2]float64{s.X0, s.X1}] = true
				}
			}
		}
		if step.Importance == nil {
			if len(bars) != 0 {
				t.Errorf("step %d has no importance and %d bars", k+1, len(bars))
			}
			continue
		}
		e := step.Importance
		if want := math.Abs(at(e.Value) - at(0)); len(bars) != 1 || math.Abs(bars[0].W-want) > 0.01 || bars[0].Color != f.Palette.Signed(math.Copysign(1, e.Value)) {
			t.Errorf("step %d of importance %v: bars %v, want one of %.1f", k+1, e.Value, bars, want)
		}
		if !lines[[2]float64{at(e.Low), at(e.High)}] {
			t.Errorf("step %d: no line from %.1f to %.1f", k+1, at(e.Low), at(e.High))
		}
	}
	texts := f.Caption()
	for _, shape := range f.scene.Shapes {
		if label, ok := shape.(draw.Label); ok {
			texts += " | " + label.Text
		}
	}
	for _, target := range f.scene.Targets {
		texts += " | " + strings.Join(target.Tip(), " | ")
	}
	for _, want := range []string{"8 of 9 steps, 32 continuations", "not scored", "n = 6", "ρ = −.25", "the model always writes this step", "not sampled yet", "with it 40 of 50 succeed, with another 2 of 14", "importance +0.700, +0.500 to +0.850"} {
		if !strings.Contains(texts, want) {
			t.Errorf("%q is not said: %s", want, texts)
		}
	}
}
