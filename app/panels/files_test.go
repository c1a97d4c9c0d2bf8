package panels

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"attnlab/app/lab"
	"attnlab/app/lab/labtest"
	"attnlab/app/session"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// FuzzTracePage draws whatever trace file was opened, on every page that shows a trace.
func FuzzTracePage(f *testing.F) {
	data, err := json.Marshal(labtest.Trace())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	for _, text := range []string{`{"tokens":[1,2],"text":["a","b"],"prompt_length":1}`, `{"tokens":[1,2],"text":["","\n"],"prompt_length":1,"steps":[{"start":1,"end":1},{"start":1,"end":2,"label":"wrong"}],"layers":2,"heads":1}`,
		`{"tokens":[1,2],"text":["a","b"],"prompt_length":1,"layers":-1,"steps":[{"start":-1,"end":5}]}`,
		`{"tokens":[1,2],"text":["a","b"],"prompt_length":1,"steps":[{"start":1,"end":2,"label":"","by_hand":true}],"wording":{"task":"text","rule":"odd","chat":"odd"},"prompt":"p"}`, strings.Replace(string(data), `"delta":2`, `"delta":9`, 1)} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		l, engine := pageReady(t, lab.Start())
		labtest.Sent(t, engine, 1)
		l.Receive(session.Status{Stage: "ready"})
		file := []lab.File{{Name: "t.json", Size: int64(len(data)), Read: func(then func([]byte, error)) { then(data, nil) }}}
		l.OpenFiles("open-beside", file)
		app.HTMLString(l)
		l.OpenFiles("open-trace", file)
		l.OpenFiles("open-beside", file)
		for _, action := range []string{"step-top", "explain-top", "fold:table", "head:0.0", "token:1", "page:heads", "grid:focus", "page:tree", "page:trace", "capabilities"} {
			l.Do(action)
			app.HTMLString(l)
		}
	})
}

// A run whose metrics have gaps is drawn on both pages that show it.
func TestRunsWithGapsAreDrawn(t *testing.T) {
	nan := math.NaN()
	for name, columns := range map[string][]session.Metric{
		"no metrics":    nil,
		"no values":     {{Name: "step"}, {Name: "accuracy"}},
		"no step":       {{Name: "accuracy", Values: labtest.Values(1, nan, 1)}, {Name: "reward", Values: labtest.Values(1, nan, 1)}},
		"steps lacking": {{Name: "step", Values: labtest.Values(nan, 2, nan)}, {Name: "accuracy", Values: labtest.Values(nan, nan, 1)}, {Name: "reward", Values: labtest.Values(1, nan, 1)}},
		"gaps":          {{Name: "step", Values: labtest.Values(1, 2, 3)}, {Name: "accuracy", Values: labtest.Values(nan, nan, nan)}, {Name: "reward", Values: labtest.Values(nan, 0.5, nan)}, {Name: "kl", Values: labtest.Values(0.1)}},
	} {
		l, _ := pageTrainer(t)
		l.Do("fold:metrics")
		l.Do("fold:curves-table")
		run := labtest.Run("done")
		run.Metrics = columns
		l.Receive(run)
		train := app.HTMLString(l)
		l.Do("page:compare")
		if compare := app.HTMLString(l); !strings.Contains(train, "attnpo, chain-small, seed 7") || !strings.Contains(compare, "attnpo, chain-small, seed 7") {
			t.Errorf("%s: the run is not on its pages", name)
		}
	}
}
