package explain

import (
	"math"
	"slices"
	"testing"

	"attnlab/app/session"
	"attnlab/rl/score"
)

// A score of the table can be chosen as a colour and opened, without a line here.
func TestEveryScoreIsAColourAndOpens(t *testing.T) {
	all := score.Scores
	score.Scores = append(slices.Clone(all), score.Score{Name: "length", Symbol: "|s|", Title: "tokens of the step", Unit: "tokens", Meaning: "How long it is.", Formula: "|s(k)|"})
	defer func() { score.Scores = all }()

	three, place := 3.0, -0.5
	trace := session.Trace{Tokens: make([]int, 6), Steps: []session.StepView{{Start: 1, End: 4}, {Start: 4, End: 6}}}
	for _, s := range score.Scores {
		trace.StepScores = append(trace.StepScores, session.StepScore{Name: s.Name, Values: []*float64{&three, nil}, Position: &place})
	}
	for _, q := range TokenQuantities() {
		if q.Name() == "" || q.Unit() == "" && q == "length" {
			t.Errorf("%s has the name %q and the unit %q", q, q.Name(), q.Unit())
		}
		if values := q.OfTokens(&trace, session.NoSelection); len(values) != 6 {
			t.Errorf("%s colours %d tokens", q, len(values))
		}
	}
	if !Quantity("length").Of(TokenQuantities()) || !Quantity("position").Of(TokenQuantities()) {
		t.Errorf("the colours are %v", TokenQuantities())
	}
	if v := Quantity("length").OfTokens(&trace, session.NoSelection); v[1] != 3 || v[3] != 3 || !math.IsNaN(v[0]) || !math.IsNaN(v[4]) {
		t.Errorf("colours %v", v)
	}
	s := Subject{Snapshots: &session.Snapshots{Trace: trace}}
	for _, row := range score.Scores {
		e, ok := s.Of("score:" + row.Name + ":0")
		if !ok || e.Formula != row.Formula || e.Value != "3" && e.Value != Format(3) {
			t.Errorf("%s opens as %+v, %v", row.Name, e, ok)
		}
	}
	for _, what := range []string{"score:", "score:width:0", "score:length", "score:length:2", "score:length:-1", "score:length:x"} {
		if _, ok := s.Of(what); ok {
			t.Errorf("%q opens", what)
		}
	}
	if lo, hi := Quantity("position").Span([]float64{-1, -4, math.NaN()}); lo != -4 || hi != 0 {
		t.Errorf("the control is coloured from %v to %v", lo, hi)
	}
}
