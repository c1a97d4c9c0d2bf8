package figures

import (
	"fmt"
	"time"

	"attnlab/app/figures/draw"
	"attnlab/app/session"
	"attnlab/rl/stat"
)

// losses draws for each step of a trace three bars: the accuracy that is lost without it, with its standard error, its FCI, and its
// place. Below are the rank correlations of the last two with the first.
type losses struct {
	stepBars
	session.StepLosses
}

func newLosses(v *View) Figure {
	return &losses{stepBars: stepBars{View: v, hovered: -1, scores: []string{"FCI"}, good: -1}}
}

// Follows lists what the figure draws.
func (l *losses) Follows() []string { return []string{"StepLosses", "Hover"} }

// Show takes the losses so far, the step that another screen points at, or a selection.
func (l *losses) Show(event any, _ time.Time) {
	takeSteps(&l.stepBars, event, &l.StepLosses, func(e session.StepLosses) []session.StepLoss { return e.Steps }, lossRow)
}

func lossRow(s session.StepLoss) stepRow {
	row := stepRow{label: s.Label, text: s.Text, scores: []*float64{s.FCI}}
	if loss, se := s.Cut.Loss, s.Cut.LossSE; s.Cut.N > 0 && loss >= -1 && loss <= 1 && se >= 0 && se <= 1 {
		row.measured, row.value, row.low, row.high = true, loss, loss-se, loss+se
	}
	return row
}

// Caption says what is drawn.
func (l *losses) Caption() string {
	if len(l.Steps) == 0 {
		return "Measured loss of each step: nothing was cut yet."
	}
	text := fmt.Sprintf("Bars: accuracy lost without each of %d steps of %d, beside their FCI and their place", l.cut(), len(l.Steps))
	if r := l.Ranking; r != nil {
		text += fmt.Sprintf("; rank correlation with the loss over %d steps: FCI %s, position %s", r.N, rho(r.FCI), rho(r.Position))
	}
	return text + "."
}

// cut counts the steps that were cut.
func (l *losses) cut() (n int) {
	for _, s := range l.Steps {
		if s.Cut.N > 0 {
			n++
		}
	}
	return n
}

// Draw draws the heads of the columns, the rows, and the correlations.
func (l *losses) Draw(s *draw.Scene) {
	if len(l.Steps) == 0 {
		s.Empty("No step was cut yet.", "Cut every step, and its loss appears here.")
		return
	}
	s.Heading("Lost without the step, beside its scores", fmt.Sprintf("%d of %d steps cut, %d pairs each; ± 1 standard error", l.cut(), len(l.Steps), max(0, l.Samples)), false, s.Width-2*draw.Margin)
	l.drawRows(s, "accuracy lost", l.tip)
	if r := l.Ranking; r != nil {
		l.addCorrelations(s, r.N, []session.Correlation{r.FCI, r.Position})
	}
}

// tip explains a row.
func (l *losses) tip(k int) []string {
	step, tip := l.Steps[k], l.about(k)
	if l.rows[k].measured {
		tip = append(tip, fmt.Sprintf("lost %s ± %s, n = %d", stat.Decimals(step.Cut.Loss, 3), stat.Decimals(step.Cut.LossSE, 3), step.Cut.N),
			fmt.Sprintf("accuracy %s, cut %s", stat.Decimals(step.Cut.Control, 3), stat.Decimals(step.Cut.Disrupted, 3)))
	} else {
		tip = append(tip, "not cut")
	}
	return append(tip, l.scoreTips(k)...)
}
