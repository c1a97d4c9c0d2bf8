package lab

import (
	"strconv"

	"attnlab/app/session"
	"attnlab/rl/stat"
)

// sampleAgain samples every step of the trace again.
func (l *Lab) sampleAgain() {
	l.Importances, l.View.Again = session.Importances{}, l.Controls.Again
	l.Send(session.ResampleSteps{Samples: l.Controls.Again})
}

// saveImportances offers the importance of all steps as a file of a kind, csv or json.
func (l *Lab) saveImportances(kind string) {
	l.saveMeasured("ResampleSteps", "importances", "importance", kind, importanceLines(&l.Importances), l.Importances)
}

// importanceLines are a head and a line a step. An empty field is a number that the step does not have.
func importanceLines(v *session.Importances) [][]string {
	lines := [][]string{{"step", "label", "text", "kept", "kept_right", "differ", "differ_right", "importance", "importance_low", "importance_high",
		"resampled", "resampled_low", "resampled_high", "forced", "forced_low", "forced_high", "fci", "focus", "position"}}
	for _, s := range v.Steps {
		line := []string{strconv.Itoa(s.Step + 1), s.Label, s.Text, strconv.Itoa(s.Kept.N), strconv.Itoa(s.Kept.Right), strconv.Itoa(s.Differs.N), strconv.Itoa(s.Differs.Right)}
		for _, e := range []*session.Effect{s.Importance, s.Resampled, s.Forced} {
			if e == nil {
				line = append(line, "", "", "")
				continue
			}
			line = append(line, csvNumber(&e.Value), csvNumber(stat.Finite(e.Low)), csvNumber(stat.Finite(e.High)))
		}
		lines = append(lines, append(line, csvNumber(s.FCI), csvNumber(s.Focus), csvNumber(&s.Position)))
	}
	return lines
}
