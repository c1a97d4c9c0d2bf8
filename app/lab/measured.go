package lab

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strconv"
	"strings"

	"attnlab/app/session"
)

// saveMeasured offers a measurement on the trace as a file of a kind: csv has the lines, json what was measured on and the snapshot as it
// is. command made it; a reader knows it as what, and its file by its ending.
func (l *Lab) saveMeasured(command, what, ending, kind string, lines [][]string, snapshot any) {
	media, write := "text/csv", func() ([]byte, error) { return csvOf(lines) }
	if kind == "json" {
		media, write = "application/json", func() ([]byte, error) { return l.measuredJSON(snapshot) }
	}
	data, err := write()
	if err != nil {
		l.Failure = session.Failure{Command: command, Text: "The " + what + " could not be saved: " + session.Message(err) + "."}
		return
	}
	l.screen.Download(strings.TrimSuffix(traceFileName(&l.Trace), ".json")+"-"+ending+"."+kind, media, data)
}

func csvOf(lines [][]string) ([]byte, error) {
	var b bytes.Buffer
	err := csv.NewWriter(&b).WriteAll(lines)
	return b.Bytes(), err
}

// measuredJSON is one object with the keys of what was measured on, and then those of the snapshot. Responses were sampled in their own way;
// everything else is measured on the trace.
func (l *Lab) measuredJSON(snapshot any) ([]byte, error) {
	t := &l.Trace
	on := struct {
		Model    string            `json:"model"`
		Adapter  string            `json:"adapter"`
		Task     string            `json:"task"`
		Problem  string            `json:"problem"`
		Gold     string            `json:"gold"`
		Sampling *session.Sampling `json:"sampling,omitempty"`
		Delta    int               `json:"delta"`
	}{l.Capabilities.Model.Name, l.Capabilities.Adapter, t.Task, l.PromptText(), t.Gold, &t.Sampling, t.Delta}
	if _, own := snapshot.(session.Samples); own {
		on.Sampling = nil
	}
	head, err := json.Marshal(on)
	if err != nil {
		return nil, err
	}
	rest, err := json.Marshal(snapshot)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = json.Indent(&b, append(append(head[:len(head)-1], ','), rest[1:]...), "", "\t")
	return b.Bytes(), err
}

// csvNumber writes a number in full; nil is an empty field.
func csvNumber(x *float64) string {
	if x == nil {
		return ""
	}
	return strconv.FormatFloat(*x, 'g', -1, 64)
}
