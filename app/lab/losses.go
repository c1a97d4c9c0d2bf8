package lab

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strconv"
	"strings"

	"attnlab/app/session"
)

// cutAll cuts every step of the trace.
func (l *Lab) cutAll() {
	l.Losses, l.View.Cut = session.StepLosses{}, l.Controls.Samples
	l.Send(session.DisruptSteps{Samples: l.Controls.Samples})
}

// lossesDocument is the file of the losses: what was cut, and the snapshot as it is.
type lossesDocument struct {
	Model    string           `json:"model"`
	Adapter  string           `json:"adapter"`
	Task     string           `json:"task"`
	Problem  string           `json:"problem"`
	Gold     string           `json:"gold"`
	Sampling session.Sampling `json:"sampling"`
	Delta    int              `json:"delta"`
	session.StepLosses
}

// saveLosses offers the losses of all steps as a file of a kind, csv or json.
func (l *Lab) saveLosses(kind string) {
	data, err := lossesCSV(&l.Losses)
	media := "text/csv"
	if kind == "json" {
		t := &l.Trace
		media = "application/json"
		data, err = json.MarshalIndent(lossesDocument{l.Capabilities.Model.Name, l.Capabilities.Adapter, t.Task, l.PromptText(), t.Gold, t.Sampling, t.Delta, l.Losses}, "", "\t")
	}
	if err != nil {
		l.Failure = session.Failure{Command: "DisruptSteps", Text: "The losses could not be saved: " + session.Message(err) + "."}
		return
	}
	l.screen.Download(strings.TrimSuffix(traceFileName(&l.Trace), ".json")+"-losses."+kind, media, data)
}

// lossesCSV writes a line a step. An empty field is a number that the step does not have.
func lossesCSV(l *session.StepLosses) ([]byte, error) {
	number := func(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
	lines := [][]string{{"step", "label", "text", "n", "accuracy_control", "accuracy_control_se", "accuracy_cut", "accuracy_cut_se", "loss", "loss_se", "fci", "position"}}
	for _, s := range l.Steps {
		line := []string{strconv.Itoa(s.Step + 1), s.Label, s.Text, strconv.Itoa(s.Cut.N), "", "", "", "", "", "", "", number(s.Position)}
		if g := s.Cut; g.N > 0 {
			copy(line[4:], []string{number(g.Control), number(g.ControlSE), number(g.Disrupted), number(g.DisruptedSE), number(g.Loss), number(g.LossSE)})
		}
		if s.FCI != nil {
			line[10] = number(*s.FCI)
		}
		lines = append(lines, line)
	}
	var b bytes.Buffer
	if err := csv.NewWriter(&b).WriteAll(lines); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// saveAnswerLosses offers how much less likely the answer is without each step as a table, a line a step.
func (l *Lab) saveAnswerLosses() {
	lines := [][]string{{"step", "text", "log_probability_lost", "fci"}}
	for k, v := range l.Answers.Values {
		s := l.Trace.Steps[k]
		line := []string{strconv.Itoa(k + 1), s.Text, "", ""}
		if v != nil {
			line[2] = strconv.FormatFloat(*v, 'g', -1, 64)
		}
		if l.Trace.Scored(k) {
			line[3] = strconv.FormatFloat(l.Trace.FCI[k], 'g', -1, 64)
		}
		lines = append(lines, line)
	}
	var b bytes.Buffer
	if err := csv.NewWriter(&b).WriteAll(lines); err != nil {
		l.Failure = session.Failure{Command: "DisruptAnswer", Text: "The losses could not be saved: " + session.Message(err) + "."}
		return
	}
	l.screen.Download(strings.TrimSuffix(traceFileName(&l.Trace), ".json")+"-answer.csv", "text/csv", b.Bytes())
}
