package engine

import (
	"fmt"
	"strings"
	"testing"

	"attnlab/app/session"
	"attnlab/rl/runs"
)

// logOf is the log of a finished run of six steps with one accuracy, as metrics alone.
func logOf(accuracy float64) []byte {
	var b strings.Builder
	for step := 1; step <= 6; step++ {
		fmt.Fprintf(&b, `{"step":%d,"accuracy":%g,"think_tokens":40,"redundant_steps":2,"essential_steps":1,"generated_tokens":%d}`+"\n", step, accuracy, 100*step)
	}
	return []byte(b.String())
}

// Stored runs are contrasted by their logs where they were not evaluated. What is left out, and what cannot be contrasted, is said.
func TestContrastRuns(t *testing.T) {
	s := startWith(t, Library{Store: newShelf()}, able(t), openHost)
	add := func(name, method string, seed int, accuracy float64, steps int) string {
		settings := fmt.Sprintf(`{"version":2,"method":%q,"model":"chain-tiny","task":"chain","difficulty":"2-3","seed":%d,"steps":%d}`, method, seed, steps)
		s.must(session.ImportRun{Name: name, Files: map[string][]byte{runs.RunFile: []byte(settings), runs.MetricsFile: logOf(accuracy)}})
		return s.runs.Runs[0].Info.ID
	}
	var ids []string
	for seed := 1; seed <= 3; seed++ {
		ids = append(ids, add(fmt.Sprint("g", seed), "grpo", seed, 0.5+float64(seed)/100, 6), add(fmt.Sprint("t", seed), "tlmre", seed, 0.25+float64(seed)/50, 6))
	}
	open := add("open", "grpo", 4, 0.5, 60)
	s.must(session.ContrastRuns{Row: ids[0], Outcome: "accuracy", Within: 0.5})
	v := s.contrasts
	if len(v.Rows) != 1 || len(v.Of) != 7 || v.Rows[0].First != "grpo" || v.Rows[0].Second != "tlmre" || v.Rows[0].N != 3 || v.Rows[0].Pairs != "seeds" || v.Asked.Within != 0.5 {
		t.Fatalf("%+v", v)
	}
	if c := v.Rows[0]; float64(c.Estimate) < 0.229 || float64(c.Estimate) > 0.231 || !(c.Low < c.Estimate && c.Estimate < c.High) {
		t.Errorf("the difference is %+v, want .23", c)
	}
	if len(v.LeftOut) != 1 || v.LeftOut[0] != "open is not finished" {
		t.Errorf("left out: %q", v.LeftOut)
	}
	s.must(session.ContrastRuns{IDs: ids, Row: ids[1]})
	if v := s.contrasts; len(v.Rows) != len(runs.Outcomes) || v.Rows[0].First != "tlmre" || len(v.LeftOut) != 0 {
		t.Errorf("%+v", v)
	}
	for want, c := range map[string]session.ContrastRuns{
		"there is no outcome": {Row: ids[0], Outcome: "luck"},
		"choose an outcome":   {Row: ids[0], Within: 1},
		"from 0 to 1000000":   {Row: ids[0], Outcome: "accuracy", Within: -1},
		"there is no run":     {Row: "gone"},
		"choose another row":  {Row: open},
		"rows or more":        {IDs: ids[:1], Row: ids[0]},
		"is finished":         {IDs: []string{open}, Row: open},
	} {
		s.refused(c, want)
	}
}
