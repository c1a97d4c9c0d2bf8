package lab

import (
	"attnlab/app/session"
	"attnlab/rl/runs"
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
	l.saveMeasured("SampleMany", "responses", "responses", kind, l.Samples.Table().Lines(), l.Samples)
}
