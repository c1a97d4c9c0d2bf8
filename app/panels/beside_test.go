package panels

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"attnlab/app/lab"
	"attnlab/app/lab/labtest"
	"attnlab/app/session"
)

// The page names where two traces part, marks it once in each, colours what both models read, and says why the rest has no colour.
func TestASavedTraceBesideTheOther(t *testing.T) {
	l, engine := pageReady(t, lab.Start())
	labtest.Sent(t, engine, 1)
	l.Receive(session.Status{Stage: "ready"})
	l.Receive(labtest.Trace())
	panel := func() string { return l.panelText("beside") }
	if html := panel(); !strings.Contains(html, "Compare with a saved trace…") || strings.Contains(html, "<table") {
		t.Fatalf("before a file is chosen the panel has\n%s", html)
	}
	there := labtest.Trace()
	there.Text, there.Correct = slices.Clone(there.Text), false
	there.Text[8] = "other"
	there.LogProbs[4] += 0.5
	open := func(trace session.Trace) string {
		data, err := json.Marshal(trace)
		if err != nil {
			t.Fatal(err)
		}
		l.OpenFiles("open-beside", []lab.File{{Name: "mine.json", Size: int64(len(data)), Read: func(then func([]byte, error)) { then(data, nil) }}})
		return panel()
	}
	html := open(there)
	for _, want := range []string{"They first differ at token 6 of the response, in line", "mine.json: 4 steps, 11 tokens, wrong", "this trace: 4 steps, 11 tokens, right", "up to the first difference", "signed-", `data-do="save-beside"`} {
		if !strings.Contains(html, want) {
			t.Errorf("the panel lacks %q:\n%s", want, html)
		}
	}
	if n := strings.Count(html, "first difference</span>"); n != 1 {
		t.Errorf("%d rows are the first difference", n)
	}
	if n := strings.Count(html, "cursor"); n != 2 {
		t.Errorf("the first difference is marked %d times, want once in each trace", n)
	}
	there.LogProbs = nil
	if html := open(there); !strings.Contains(html, "No colour: one of the traces has no log-probabilities.") || strings.Contains(html, "signed-") {
		t.Errorf("without log-probabilities the panel has\n%s", html)
	}
	there.Text[1] = "z"
	if html := open(there); !strings.Contains(html, "The problem of the saved trace is another one: z") || !strings.Contains(html, "No colour: the models read other problems") {
		t.Errorf("of another problem the panel has\n%s", html)
	}
	if html := open(labtest.Trace()); !strings.Contains(html, "All tokens are the same.") || strings.Contains(html, "first difference</span>") {
		t.Errorf("of the same trace the panel has\n%s", html)
	}
}
