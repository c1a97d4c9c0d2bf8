package lab

import (
	"strconv"

	"attnlab/app/session"
)

// cutAll cuts every step of the trace.
func (l *Lab) cutAll() {
	l.Losses, l.View.Cut = session.StepLosses{}, l.Controls.Samples
	l.Send(session.DisruptSteps{Samples: l.Controls.Samples})
}

// saveLosses offers the losses of all steps as a file of a kind, csv or json.
func (l *Lab) saveLosses(kind string) {
	l.saveMeasured("DisruptSteps", "losses", "losses", kind, lossLines(&l.Losses), l.Losses)
}

// lossLines are a head and a line a step. An empty field is a number that the step does not have.
func lossLines(l *session.StepLosses) [][]string {
	lines := [][]string{{"step", "label", "text", "n", "accuracy_control", "accuracy_control_se", "accuracy_cut", "accuracy_cut_se", "loss", "loss_se", "fci", "position"}}
	for _, s := range l.Steps {
		line := []string{strconv.Itoa(s.Step + 1), s.Label, s.Text, strconv.Itoa(s.Cut.N), "", "", "", "", "", "", csvNumber(s.FCI), csvNumber(&s.Position)}
		if g := s.Cut; g.N > 0 {
			for i, x := range []float64{g.Control, g.ControlSE, g.Disrupted, g.DisruptedSE, g.Loss, g.LossSE} {
				line[4+i] = csvNumber(&x)
			}
		}
		lines = append(lines, line)
	}
	return lines
}

// saveAnswerLosses offers how much less likely the answer is without each step as a table, a line a step.
func (l *Lab) saveAnswerLosses() {
	lines := [][]string{{"step", "text", "log_probability_lost", "fci"}}
	for k, v := range l.Answers.Values {
		line := []string{strconv.Itoa(k + 1), l.Trace.Steps[k].Text, csvNumber(v), ""}
		if l.Trace.Scored(k) {
			line[3] = csvNumber(&l.Trace.FCI[k])
		}
		lines = append(lines, line)
	}
	l.saveMeasured("DisruptAnswer", "losses", "answer", "csv", lines, nil)
}
