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
	l.saveMeasured("DisruptSteps", "losses", "losses", kind, l.Losses.Table().Lines(), l.Losses)
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
