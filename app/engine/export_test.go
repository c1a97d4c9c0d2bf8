package engine

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"attnlab/app/session"
	"attnlab/rl/runs"
)

// A file of metrics has all steps, also of runs that screens see thinned.
func TestExportMetrics(t *testing.T) {
	s := startWith(t, Library{Store: newShelf()}, able(t), openHost)
	log := strings.Builder{}
	for step := 1; step <= 400; step++ {
		if fmt.Fprintf(&log, `{"step":%d,"accuracy":%g`, step, float64(step)/512); step%2 == 0 {
			log.WriteString(`,"kl":0.25`)
		}
		log.WriteString("}\n")
	}
	s.must(session.ImportRun{Name: "long, one", Files: map[string][]byte{runs.MetricsFile: []byte(log.String())}})
	s.must(session.ImportRun{Name: "short", Files: map[string][]byte{runs.MetricsFile: []byte(`{"step":7,"loss":-1e-9}`)}})
	ids := []string{s.runs.Runs[1].Info.ID, s.runs.Runs[0].Info.ID}
	if shown := len(s.runs.Runs[1].Metrics[0].Values); shown > session.NewestSteps+session.OlderSteps {
		t.Errorf("screens see %d rows of the long run", shown)
	}
	s.must(session.ExportMetrics{IDs: ids, Name: "all.csv"})
	rows, err := csv.NewReader(bytes.NewReader(s.files.Files["all.csv"])).ReadAll()
	if err != nil || len(rows) != 1+400+1 || s.files.ID != "all.csv" {
		t.Fatalf("%d rows in %q, want a head and one a step (%v)", len(rows), s.files.ID, err)
	}
	want := [][]string{
		{"id", "name", "from", "run_method", "run_seed", "step", "accuracy", "kl", "loss"},
		{ids[0], "long, one", "imported", "", "0", "129", "0.251953125", "", ""},
		{ids[0], "long, one", "imported", "", "0", "400", "0.78125", "0.25", ""},
		{ids[1], "short", "imported", "", "0", "7", "", "", "-0.000000001"},
	}
	if got := [][]string{rows[0], rows[129], rows[400], rows[401]}; !reflect.DeepEqual(got, want) {
		t.Errorf("the rows are\n %q, want\n %q", got, want)
	}
	s.must(session.ExportMetrics{IDs: ids, Name: "all.json"})
	var back []session.KeptRun
	if err := json.Unmarshal(s.files.Files["all.json"], &back); err != nil || len(back) != 2 || len(back[0].Metrics[1].Values) != 400 || *back[0].Metrics[1].Values[399] != 0.78125 {
		t.Errorf("as JSON: %v, %d runs", err, len(back))
	}
	s.refused(session.ExportMetrics{IDs: []string{"gone"}, Name: "all.csv"}, "no run")
}
