package lab

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strconv"
	"strings"

	"attnlab/app/session"
	"attnlab/rl/runs"
	"attnlab/rl/stat"
)

// sampleMany samples many responses to the problem, with the rewards of the Train page's method where these follow from responses alone.
func (l *Lab) sampleMany() {
	method := l.Plan.Method
	if method == runs.Pretrain {
		method = session.FirstMethod
	}
	l.Samples, l.View.Many = session.Samples{}, l.Controls.Many
	l.Send(session.SampleMany{Samples: l.Controls.Many, Sampling: l.Controls.Sampling, Method: method})
}

// samplesDocument is the file of many responses: what was sampled, and the snapshot as it is.
type samplesDocument struct {
	Model   string `json:"model"`
	Adapter string `json:"adapter"`
	Task    string `json:"task"`
	Problem string `json:"problem"`
	Gold    string `json:"gold"`
	session.Samples
}

// saveSamples offers the responses as a file of a kind, csv or json.
func (l *Lab) saveSamples(kind string) {
	data, err := samplesCSV(&l.Samples)
	media := "text/csv"
	if kind == "json" {
		media = "application/json"
		data, err = json.MarshalIndent(samplesDocument{l.Capabilities.Model.Name, l.Capabilities.Adapter, l.Trace.Task, l.PromptText(), l.Trace.Gold, l.Samples}, "", "\t")
	}
	if err != nil {
		l.Failure = session.Failure{Command: "SampleMany", Text: "The responses could not be saved: " + session.Message(err) + "."}
		return
	}
	l.screen.Download(strings.TrimSuffix(traceFileName(&l.Trace), ".json")+"-responses."+kind, media, data)
}

// samplesCSV writes a line a response.
func samplesCSV(v *session.Samples) ([]byte, error) {
	lines := [][]string{{"response", "right", "well_formed", "answer", "tokens", "think_tokens", "steps", "labels", "reward", "text"}}
	for i, r := range v.Responses {
		labels, reward := []string{}, ""
		for _, s := range r.Steps {
			labels = append(labels, s.Label)
		}
		if r.Reward != nil && stat.Finite(*r.Reward) != nil {
			reward = strconv.FormatFloat(*r.Reward, 'g', -1, 64)
		}
		lines = append(lines, []string{strconv.Itoa(i + 1), strconv.FormatBool(r.Right), strconv.FormatBool(r.WellFormed), r.Answer, strconv.Itoa(r.Tokens), strconv.Itoa(r.Think),
			strconv.Itoa(len(r.Steps)), strings.Join(labels, " "), reward, r.Text})
	}
	var b bytes.Buffer
	if err := csv.NewWriter(&b).WriteAll(lines); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
