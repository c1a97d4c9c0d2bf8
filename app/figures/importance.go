package figures

import (
	"fmt"
	"time"

	"attnlab/app/figures/draw"
	"attnlab/app/session"
	"attnlab/rl/stat"
)

// importance draws for each step of a trace four bars: how much more often the trace succeeds because of it, with its 95 % interval, its FCI, its
// focus, and its place. Below are the rank correlations of the last three with the first.
type importance struct {
	stepBars
	session.Importances
}

func newImportance(v *View) Figure {
	return &importance{stepBars: stepBars{View: v, hovered: -1, scores: []string{"FCI", "focus"}, good: 1}}
}

// Follows lists what the figure draws.
func (m *importance) Follows() []string { return []string{"Importances", "Hover"} }

// Show takes what is measured so far, the step that another screen points at, or a selection.
func (m *importance) Show(event any, _ time.Time) {
	takeSteps(&m.stepBars, event, &m.Importances, func(e session.Importances) []session.StepImportance { return e.Steps }, importanceRow)
}

func importanceRow(s session.StepImportance) stepRow {
	row := stepRow{label: s.Label, text: s.Text, scores: []*float64{s.FCI, s.Focus}}
	if i := s.Importance; i != nil && i.Low >= -1 && i.Low <= i.Value && i.Value <= i.High && i.High <= 1 {
		row.measured, row.value, row.low, row.high = true, i.Value, i.Low, i.High
	}
	return row
}

// sampled counts the steps around which everything is sampled.
func (m *importance) sampled() (n int) {
	for _, s := range m.Steps {
		if s.Measured() {
			n++
		}
	}
	return n
}

// ranks are the correlations of the scores and of the place.
func (m *importance) ranks() (all []session.Correlation, n int) {
	for _, by := range []string{"fci", "focus", "position"} {
		r, _ := m.Rank(by)
		all, n = append(all, r.Correlation), max(n, r.N)
	}
	return all, n
}

// Caption says what is drawn.
func (m *importance) Caption() string {
	if len(m.Steps) == 0 {
		return "Importance of each step: no step was sampled again yet."
	}
	text := fmt.Sprintf("Bars: how much more often the response succeeds because of each of %d steps of %d, with 95 %% intervals, beside their FCI, their focus and their place", m.sampled(), len(m.Steps))
	if all, n := m.ranks(); n > 0 {
		text += fmt.Sprintf("; rank correlation with it over %d steps: FCI %s, focus %s, position %s", n, rho(all[0]), rho(all[1]), rho(all[2]))
	}
	return text + "."
}

// Draw draws the heads of the columns, the rows, and the correlations.
func (m *importance) Draw(s *draw.Scene) {
	if len(m.Steps) == 0 {
		s.Empty("No step was sampled again yet.", "Sample every step again, and what each contributes appears here.")
		return
	}
	s.Heading("Success with the step less with another, beside its scores",
		fmt.Sprintf("%d of %d steps, %d continuations from each place; 95 %% intervals", m.sampled(), len(m.Steps), max(0, m.Samples)), false, s.Width-2*draw.Margin)
	m.drawRows(s, "importance", m.tip)
	if all, n := m.ranks(); n > 0 {
		m.addCorrelations(s, n, all)
	}
}

// tip explains a row.
func (m *importance) tip(k int) []string {
	step, tip := m.Steps[k], m.about(k)
	switch row := m.rows[k]; {
	case row.measured:
		tip = append(tip, fmt.Sprintf("importance %s, %s to %s", stat.Signed(row.value, 3), stat.Signed(row.low, 3), stat.Signed(row.high, 3)),
			fmt.Sprintf("with it %d of %d succeed, with another %d of %d", step.Kept.Right, step.Kept.N, step.Differs.Right, step.Differs.N))
	case step.Measured():
		tip = append(tip, "the model always writes this step")
	default:
		tip = append(tip, "not sampled yet")
	}
	return append(tip, m.scoreTips(k)...)
}
