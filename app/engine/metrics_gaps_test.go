package engine

import (
	"fmt"
	"strings"
	"testing"

	"attnlab/app/session"
	"attnlab/rl/runs"
)

// A line of any length is read, and a number that is none is a gap.
func TestMetricsOfOthersAreRead(t *testing.T) {
	long := strings.Repeat("x", 200<<10)
	log := strings.Join([]string{
		`{"step": 1, "accuracy": 0.5, "note": "` + long + `"}`,
		`{"step": 2, "accuracy": NaN, "loss": Infinity, "deep": {"kl": -Infinity}, "note": "NaN is \"NaN\", Infinity"}`,
		`{"step": 3, "accuracy": null, "list": [NaN, 1]}`,
		`{"step": 4, "accuracy": 0.75, "` + strings.Repeat("k", 70<<10) + `": 1}`,
	}, "\n")
	s := start(t, parrots(t), openHost)
	s.must(session.ImportRun{Name: "theirs", Files: map[string][]byte{"metrics.jsonl": []byte(log)}})
	var run *session.KeptRun
	for i, r := range s.runs.Runs {
		if r.Info.Name == "theirs" {
			run = &s.runs.Runs[i]
		}
	}
	if run == nil || run.Info.Step != 4 {
		t.Fatalf("the run is %+v", run)
	}
	for _, m := range run.Metrics {
		var got []string
		for _, v := range m.Values {
			if v == nil {
				got = append(got, "-")
			} else {
				got = append(got, fmt.Sprint(*v))
			}
		}
		want := map[string]string{"step": "1 2 3 4", "accuracy": "0.5 - - 0.75", "loss": "- - - -", "deep.kl": "- - - -"}[m.Name]
		if text := strings.Join(got, " "); want != "" && text != want {
			t.Errorf("%s is %s, want %s", m.Name, text, want)
		}
	}
	s.refused(session.ImportRun{Name: "none", Files: map[string][]byte{"metrics.jsonl": []byte(`{"step": NaN, "accuracy": 1}`)}}, "line 1 of the metrics")
}

// FuzzMetricsLog reads any log: what is read has as many values in each column, and what is not is refused.
func FuzzMetricsLog(f *testing.F) {
	for _, text := range []string{"", "{}", `{"step":1}`, `{"step":NaN}`, `{"step":1,"a":{"b":{"c":NaN}}}` + "\n" + `{"step":2,"a":[1,[2]]}`, `{"step":1e999}`, "[", `{"step":1,"seed":18446744073709551615}`, `{"a":` + strings.Repeat(`{"a":`, 50)} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		log, err := runs.ReadLog(text)
		if err != nil {
			return
		}
		for _, m := range log.Shown() {
			if len(m.Values) != log.Rows() && log.Rows() <= session.NewestSteps {
				t.Errorf("%s has %d values in %d rows", m.Name, len(m.Values), log.Rows())
			}
		}
	})
}
