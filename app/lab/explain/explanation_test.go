package explain

import (
	"strconv"
	"strings"
	"testing"

	"attnlab/app/lab/glossary"
	"attnlab/app/lab/labtest"
	"attnlab/app/session"
	"attnlab/rl/score"
)

func TestFCIOpensToItsNumbers(t *testing.T) {
	trace := labtest.Trace()
	s := Subject{&session.Snapshots{Trace: trace}, session.NoSelection}
	for k := 1; k < len(trace.Steps); k++ {
		e, ok := s.Of("fci:" + strconv.Itoa(k))
		if k == 3 { // only the answer comes later, and it is a neighbour
			if !ok || e.Value != "not scored" || len(e.Terms) != 0 {
				t.Errorf("step %d: %+v", k, e)
			}
			continue
		}
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

// The page opens a score to the terms, formula and meaning of package score, with and without an answer (faults B12, B14).
func TestTermsAreThoseOfPackageScore(t *testing.T) {
	for _, answer := range [][2]int{{11, 14}, {}} {
		trace := labtest.Trace()
		trace.Answer, trace.Delta = answer, 1
		three := 3.0
		for _, row := range score.Scores {
			trace.StepScores = append(trace.StepScores, session.StepScore{Name: row.Name, Values: []*float64{&three, &three, &three, &three}})
		}
		s := Subject{&session.Snapshots{Trace: trace}, session.Selection{Layer: 1, Head: 0, Step: -1, Token: -1}}
		ranges := len(trace.Steps) + 2
		in := score.Input{AnswerTokens: answer[1] - answer[0], Delta: 1, LogProbs: trace.LogProbs, Entropy: trace.Entropy, Received: trace.Received,
			Attention: score.StepAttention{Layers: 2, Heads: 2, Ranges: ranges, Mean: trace.All}}
		for _, step := range trace.Steps {
			in.Steps = append(in.Steps, [2]int{step.Start, step.End})
		}
		opened := 0
		for _, row := range score.Scores {
			for k := range trace.Steps {
				want := row.Sum(in, score.Head{Layer: 1}, k)
				shown := []string{"score:" + row.Name + ":" + strconv.Itoa(k)}
				if row.Name == score.FCI.Name {
					shown = append(shown, "fci:"+strconv.Itoa(k))
				}
				for _, what := range shown {
					e, ok := s.Of(what)
					if !ok || len(e.Terms) != len(want) || e.Formula != row.Formula || e.Source != row.Source || !strings.HasPrefix(e.Note, row.Meaning) {
						t.Fatalf("%s, answer %v: %+v, want the terms %v", what, answer, e, want)
					}
					for i, term := range e.Terms {
						if term.Name != want[i].Name || term.Value != Format(want[i].Value) {
							t.Errorf("%s: term %+v, want %+v", what, term, want[i])
						}
						opened++
					}
				}
			}
		}
		if opened < 30 {
			t.Errorf("only %d terms", opened)
		}
	}
}

// The glossary writes the formula of FCI as package score does.
func TestGlossaryHasTheFormulaOfFCI(t *testing.T) {
	if w, ok := glossary.Find("FCI"); !ok || w.Formula != score.FCI.Formula {
		t.Errorf("the glossary has %q, package score %q", w.Formula, score.FCI.Formula)
	}
}

// Every score of heads is a colour and opens to the text of package score.
func TestEveryHeadScoreOpens(t *testing.T) {
	s := Subject{&session.Snapshots{Trace: labtest.Trace()}, session.NoSelection}
	for i, row := range score.HeadScores {
		e, ok := s.Of("head-" + row.Name + ":1.0")
		if !ok || e.Formula != row.Formula || e.Source != row.Source || !strings.HasPrefix(e.Note, row.Meaning) {
			t.Errorf("%s opens as %+v, %v", row.Name, e, ok)
		}
		if q := HeadQuantities()[i]; q != Quantity(row.Name) || q.Name() != row.Title && q.Name() != row.Symbol || q.Unit() != row.Unit {
			t.Errorf("colour %d is %q", i, q.Name())
		}
	}
	if _, ok := s.Of("head-width:1.0"); ok {
		t.Error("an unknown score of heads opens")
	}
}
