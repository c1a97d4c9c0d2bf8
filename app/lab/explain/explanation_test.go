package explain

import (
	"strconv"
	"testing"

	"attnlab/app/lab/labtest"
	"attnlab/app/session"
)

func TestFCIOpensToItsNumbers(t *testing.T) {
	trace := labtest.Trace()
	s := Subject{&session.Snapshots{Trace: trace}, session.NoSelection}
	for k := 1; k < len(trace.Steps); k++ {
		e, ok := s.Of("fci:" + strconv.Itoa(k))
		if !ok || e.Value != Format(trace.FCI[k]) {
			t.Fatalf("step %d: %+v", k, e)
		}
		if len(e.Terms) > 0 && e.Terms[0].Value != e.Value {
			t.Errorf("step %d: the largest head has %s, the maximum is %s", k, e.Terms[0].Value, e.Value)
		}
		for h := range 4 {
			s.Selection.Layer, s.Selection.Head = h/2, h%2
			e, _ := s.Of("fci:" + strconv.Itoa(k))
			want := trace.FCIHeads[h*4+k]
			if e.Value != Format(want) {
				t.Errorf("step %d in head %d: value %s, want %s", k, h, e.Value, Format(want))
			}
			if n := len(trace.Steps) - k - trace.Delta + 1; n > 0 && (len(e.Terms) != n || e.Total != "sum "+Format(want)) {
				t.Errorf("step %d in head %d: %d terms with %q, want %d with sum %s", k, h, len(e.Terms), e.Total, n, Format(want))
			}
		}
		s.Selection = session.NoSelection
	}
}

func TestNumbersThatAreNotThereAreNotExplained(t *testing.T) {
	s := Subject{&session.Snapshots{Trace: labtest.Trace()}, session.NoSelection}
	for _, what := range []string{"", "fci:", "fci:99", "fci:-1", "logprob:14", "head-sra:9.9", "head-sra:x", "group:0", "term:nonsense", "nonsense:1"} {
		if e, ok := s.Of(what); ok {
			t.Errorf("%q is explained: %+v", what, e)
		}
	}
	empty := Subject{&session.Snapshots{}, session.NoSelection}
	if _, ok := empty.Of("head-fci:0.0"); ok {
		t.Error("a head of no trace is explained")
	}
}

// The explanation of a disruption shows the loss and the paired error that the engine reports.
func TestDisruptionShowsThePairedError(t *testing.T) {
	g := session.DisruptionGroup{Pick: "fci", N: 40, Control: 0.75, ControlSE: 0.03, Disrupted: 0.25, DisruptedSE: 0.04, Loss: 0.5, LossSE: 0.02}
	s := Subject{&session.Snapshots{Disruption: session.Disruption{Groups: []session.DisruptionGroup{g}}}, session.NoSelection}
	if e, ok := s.Of("group:0"); !ok || e.Value != Format(0.5)+" ± "+Format(0.02) {
		t.Errorf("the page shows %q", e.Value)
	}
}
