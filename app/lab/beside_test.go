package lab

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"attnlab/app/lab/labtest"
	"attnlab/app/session"
)

// fileOf is a trace as the lab saves it.
func fileOf(t *testing.T, trace session.Trace) map[string][]byte {
	t.Helper()
	data, err := json.Marshal(trace)
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{"mine.json": data}
}

// A saved trace stands beside the one that is shown: lines aligned, the first difference found, and log-probabilities compared where both models
// read the same tokens.
func TestBeside(t *testing.T) {
	l, engine := idle(t)
	l.Receive(labtest.Trace())
	if _, ok := l.Differences(); ok {
		t.Fatal("there is a comparison before a file")
	}
	there := labtest.Trace()
	const parts = 8 // in step 3 of the trace, token 5 of the response
	there.Text = slices.Clone(there.Text)
	there.Text[parts] = "other"
	for i := range there.LogProbs {
		there.LogProbs[i] -= 0.25
	}
	l.OpenFiles("open-beside", chosen(fileOf(t, there)))
	c, ok := l.Differences()
	if !ok || l.Failure.Text != "" {
		t.Fatalf("no comparison: %+v", l.Failure)
	}
	if again, _ := l.Differences(); again != c {
		t.Error("the comparison is made again for each drawing")
	}
	if got := labtest.Sent(t, engine, 0); len(got) != 0 || l.Trace.Text[parts] == "other" {
		t.Errorf("the trace that is shown has changed; sent %v", got)
	}
	here := &l.Trace
	if c.Token != parts-here.PromptLength || !c.SameProblem || c.First < 0 {
		t.Fatalf("they differ at token %d, pair %d", c.Token, c.First)
	}
	if pair := c.Pairs[c.First]; !slices.Contains(c.There[max(0, pair[1])].Tokens, parts) {
		t.Errorf("the first pair that differs is %v, without token %d", pair, parts)
	}
	if n := c.Equal(here, &l.Beside.Trace); n == 0 || n >= len(c.Pairs) {
		t.Errorf("%d of %d lines are the same", n, len(c.Pairs))
	}
	for i, change := range c.Change {
		known := i >= here.PromptLength && i < parts
		if known == math.IsNaN(change) || known && math.Abs(change+0.25) > 1e-6 {
			t.Errorf("the change of token %d is %v", i, change)
		}
	}

	rows := c.lines(here, &l.Beside.Trace)
	if len(rows) != len(c.Pairs)+1 || rows[1][6] != strconv.FormatFloat(-0.25*float64(len(c.There[0].Tokens)), 'g', -1, 64) || rows[len(rows)-1][6] != "" {
		t.Errorf("the export is %q", rows)
	}
	if row := rows[c.First+1]; row[1] != "false" || row[3] == row[5] || !strings.Contains(row[5], "other") {
		t.Errorf("the first line that differs is exported as %q", row)
	}

	l.Receive(func() session.Trace { t := labtest.Trace(); t.Number++; t.LogProbs = nil; return t }())
	if c, _ := l.Differences(); c.Change != nil {
		t.Error("a trace without log-probabilities has changes")
	}
	l.Receive(there)
	l.Do("close-beside")
	if _, ok := l.Differences(); ok {
		t.Error("the comparison is not closed")
	}
}

// Two equal traces do not differ. Another problem is said, and another task refused.
func TestBesideOthers(t *testing.T) {
	l, _ := idle(t)
	l.Receive(labtest.Trace())
	l.OpenFiles("open-beside", chosen(fileOf(t, labtest.Trace())))
	if c, ok := l.Differences(); !ok || c.First != -1 || c.Token != -1 || c.Top != 0 || c.Change == nil {
		t.Errorf("equal traces differ: %+v", c)
	}
	other := labtest.Trace()
	other.Text = slices.Clone(other.Text)
	other.Text[1] = "z"
	l.OpenFiles("open-beside", chosen(fileOf(t, other)))
	if c, ok := l.Differences(); !ok || c.SameProblem || c.Change != nil {
		t.Errorf("another problem: %+v", c)
	}
	other.Task = "countdown"
	l.OpenFiles("open-beside", chosen(fileOf(t, other)))
	if sentence(t, l.Failure.Text); !strings.Contains(l.Failure.Text, "countdown") {
		t.Errorf("another task: %q", l.Failure.Text)
	}
	l.OpenFiles("open-beside", chosen(map[string][]byte{"mine.json": []byte("{}")}))
	sentence(t, l.Failure.Text)
	if l.Beside == nil || l.Beside.Trace.Text[1] != "z" {
		t.Error("a refused file took the place of the comparison")
	}
}
