package lab

import (
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

// saveSamples offers the responses as a file of a kind, csv or json.
func (l *Lab) saveSamples(kind string) {
	l.saveMeasured("SampleMany", "responses", "responses", kind, sampleLines(&l.Samples), l.Samples)
}

// sampleLines are a head and a line a response.
func sampleLines(v *session.Samples) [][]string {
	lines := [][]string{{"response", "right", "well_formed", "answer", "tokens", "think_tokens", "steps", "labels", "reward", "text"}}
	for i, r := range v.Responses {
		var labels []string
		for _, s := range r.Steps {
			labels = append(labels, s.Label)
		}
		reward := r.Reward
		if reward != nil {
			reward = stat.Finite(*reward)
		}
		lines = append(lines, []string{strconv.Itoa(i + 1), strconv.FormatBool(r.Right), strconv.FormatBool(r.WellFormed), r.Answer, strconv.Itoa(r.Tokens), strconv.Itoa(r.Think),
			strconv.Itoa(len(r.Steps)), strings.Join(labels, " "), csvNumber(reward), r.Text})
	}
	return lines
}
