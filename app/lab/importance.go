package lab

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strconv"
	"strings"

	"attnlab/app/session"
	"attnlab/rl/stat"
)

// sampleAgain samples every step of the trace again.
func (l *Lab) sampleAgain() {
	l.Importances, l.View.Again = session.Importances{}, l.Controls.Again
	l.Send(session.ResampleSteps{Samples: l.Controls.Again})
}

// importanceDocument is the file of the importances: what was sampled again, and the snapshot as it is.
type importanceDocument struct {
	Model    string           `json:"model"`
	Adapter  string           `json:"adapter"`
	Task     string           `json:"task"`
	Problem  string           `json:"problem"`
	Gold     string           `json:"gold"`
	Sampling session.Sampling `json:"sampling"`
	Delta    int              `json:"delta"`
	session.Importances
}

// saveImportances offers the importance of all steps as a file of a kind, csv or json.
func (l *Lab) saveImportances(kind string) {
	data, err := importancesCSV(&l.Importances)
	media := "text/csv"
	if kind == "json" {
		t := &l.Trace
		media = "application/json"
		data, err = json.MarshalIndent(importanceDocument{l.Capabilities.Model.Name, l.Capabilities.Adapter, t.Task, l.PromptText(), t.Gold, t.Sampling, t.Delta, l.Importances}, "", "\t")
	}
	if err != nil {
		l.Failure = session.Failure{Command: "ResampleSteps", Text: "The importances could not be saved: " + session.Message(err) + "."}
		return
	}
	l.screen.Download(strings.TrimSuffix(traceFileName(&l.Trace), ".json")+"-importance."+kind, media, data)
}

// importancesCSV writes a line a step. An empty field is a number that the step does not have.
func importancesCSV(v *session.Importances) ([]byte, error) {
	number := func(x *float64) string {
		if x == nil {
			return ""
		}
		return strconv.FormatFloat(*x, 'g', -1, 64)
	}
	effect := func(e *session.Effect) []string {
		if e == nil {
			return []string{"", "", ""}
		}
		return []string{number(&e.Value), number(stat.Finite(e.Low)), number(stat.Finite(e.High))}
	}
	lines := [][]string{{"step", "label", "text", "kept", "kept_right", "differ", "differ_right", "importance", "importance_low", "importance_high",
		"resampled", "resampled_low", "resampled_high", "forced", "forced_low", "forced_high", "fci", "focus", "position"}}
	for _, s := range v.Steps {
		line := []string{strconv.Itoa(s.Step + 1), s.Label, s.Text, strconv.Itoa(s.Kept.N), strconv.Itoa(s.Kept.Right), strconv.Itoa(s.Differs.N), strconv.Itoa(s.Differs.Right)}
		for _, e := range []*session.Effect{s.Importance, s.Resampled, s.Forced} {
			line = append(line, effect(e)...)
		}
		lines = append(lines, append(line, number(s.FCI), number(s.Focus), number(&s.Position)))
	}
	var b bytes.Buffer
	if err := csv.NewWriter(&b).WriteAll(lines); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
