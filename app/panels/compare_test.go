package panels

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"attnlab/app/session"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// ran is a run whose metrics are those of the slices; NaN is none.
func ran(id, method string, seed uint64, from string, columns map[string][]float64) session.KeptRun {
	r := session.KeptRun{Info: session.RunInfo{ID: id, Name: id, State: "done", From: from}, Settings: session.RunSettings{Method: method, Model: "small", Seed: seed, Steps: 6}}
	for _, name := range []string{"step", "accuracy", "think_tokens", "generated_tokens"} {
		m := session.Metric{Name: name}
		for _, v := range columns[name] {
			var value *float64
			if !math.IsNaN(v) {
				value = &v
			}
			m.Values = append(m.Values, value)
		}
		if len(m.Values) > 0 {
			r.Metrics, r.Info.Step = append(r.Metrics, m), len(m.Values)
		}
	}
	return r
}

// some are two seeds of a method, one of another, and a lone file of metrics.
func some() session.Runs {
	steps := []float64{1, 2, 3, 4, 5, 6}
	return session.Runs{Number: 1, Runs: []session.KeptRun{
		ran("a1", "attnpo", 1, "shipped", map[string][]float64{"step": steps, "accuracy": {0, 0.5, 0.5, 0.5, 0.5, 0.5}, "think_tokens": {99, 60, 60, 60, 60, 60}, "generated_tokens": {1e3, 2e3, 3e3, 4e3, 5e3, 6e3}}),
		ran("a2", "attnpo", 2, "shipped", map[string][]float64{"step": steps, "accuracy": {0, 0.7, 0.7, 0.7, 0.7, 0.7}, "think_tokens": {99, 50, 50, 50, 50, 50}, "generated_tokens": {1e3, 2e3, 3e3, 4e3, 5e3, 8e3}}),
		ran("g1", "grpo", 1, "this browser", map[string][]float64{"step": steps, "accuracy": {0, 0.6, math.NaN(), 0.6, 0.6, 0.6}}),
		ran("m1", "", 0, "imported", map[string][]float64{"step": steps[:2], "accuracy": {0.1, 0.2}}),
	}}
}

func compareBench(t *testing.T) (*Lab, *session.Port) {
	v := Start()
	v.Page = pageCompare
	l, engine := ready(t, v)
	said(t, engine, 2)
	l.hear(session.Status{Stage: "ready"})
	return l, engine
}

func TestCurvesAsLink(t *testing.T) {
	for _, c := range []Curves{startCurves(), {X: "tokens", Smooth: 0}, {X: "step", Smooth: 95}, {X: "tokens", Smooth: 7}} {
		v := Start()
		v.Page, v.Curves, v.Runs = pageCompare, c, "a1,g1"
		if got := ParseView("#" + v.String()); got != v {
			t.Errorf("%s\n reads back as %+v\n want          %+v", v, got, v)
		}
	}
	if got := ParseView("page=compare&smooth=2&x=miles").Curves; got != (Curves{X: "step", Smooth: maxSmooth}) {
		t.Errorf("nonsense reads as %+v", got)
	}
}

func TestStandings(t *testing.T) {
	all := standings(some().Runs)
	if len(all) != 3 || len(all[0].runs) != 2 || all[0].seeds() != "1 2" {
		t.Fatalf("runs stand as %+v", all)
	}
	near := func(name string, got average, mean, sd float64, n int) {
		t.Helper()
		same := func(a, b float64) bool { return math.Abs(a-b) < 1e-12 || math.IsNaN(a) && math.IsNaN(b) }
		if !same(got.mean, mean) || !same(got.sd, sd) || got.n != n {
			t.Errorf("%s is %+v, want %v ± %v of %d", name, got, mean, sd, n)
		}
	}
	near("accuracy over two seeds", all[0].ends("accuracy", tail), 0.6, 0.2/math.Sqrt2, 2)
	near("tokens at the end", all[0].ends("generated_tokens", 1), 7000, math.Sqrt2*1000, 2)
	near("a step without a value", all[1].ends("accuracy", tail), 0.6, math.NaN(), 1)
	near("a run shorter than its tail", all[2].ends("accuracy", tail), 0.15, math.NaN(), 1)
	near("a metric that nobody has", all[0].ends("kl", tail), math.NaN(), math.NaN(), 0)
	twins := some().Runs[:2]
	twins[1].Settings.Hyper = map[string]float64{"kappa": 0.5}
	apart := standings(twins)
	if len(apart) != 2 {
		t.Fatal("runs of different settings are taken for seeds of one")
	}
	if got := apart[1].name(func(string) (hyperRow, bool) { return hyperRow{}, false }); got != "attnpo, kappa 0.5" {
		t.Errorf("what differs is not in the name %q", got)
	}
	budgets := some().Runs[:2] // of one budget of tokens, which ends runs at unlike steps
	for i, steps := range []int{36, 37} {
		budgets[i].Info.State, budgets[i].Info.Step, budgets[i].Settings.Steps = session.MetricsOnly, steps, steps
	}
	if one := standings(budgets); len(one) != 1 || one[0].steps() != "36 to 37" {
		t.Errorf("two seeds of one budget stand as %+v", one)
	}
	budgets[1].Info.Step = 60
	if two := standings(budgets); len(two) != 2 {
		t.Error("a run that went on much longer is taken for a seed of the other")
	}
	alone := standings([]session.KeptRun{some().Runs[3], some().Runs[3]})
	if len(alone) != 2 {
		t.Error("runs of unknown settings are taken for seeds of one")
	}
}

func TestChoosingRuns(t *testing.T) {
	l, _ := compareBench(t)
	l.hear(some())
	for _, c := range []struct{ id, value, want, ids string }{
		{"g1", "false", "a1,a2,m1", "a1%2Ca2%2Cm1"},
		{"a1", "false", "a2,m1", "a2%2Cm1"},
		{"a2", "false", "m1", "m1"},
		{"m1", "false", noRun, noRun},
		{"g1", "true", "g1", "g1"},
	} {
		l.set("contender:"+c.id, c.value)
		if l.Runs != c.want || l.chosenIDs() != c.ids {
			t.Errorf("after %s %s: runs %q, ids %q; want %q, %q", c.id, c.value, l.Runs, l.chosenIDs(), c.want, c.ids)
		}
	}
	for _, id := range []string{"a1", "a2", "m1"} {
		l.set("contender:"+id, "true")
	}
	if l.Runs != "" {
		t.Errorf("all runs are written %q", l.Runs)
	}
}

func TestComparePage(t *testing.T) {
	l, engine := compareBench(t)
	html := func() string { return app.HTMLString(l) }
	if !strings.Contains(html(), "There are no runs yet") {
		t.Error("the page without runs says nothing")
	}
	l.hear(some())
	l.do("fold:curves-table")
	text := html()
	for _, want := range []string{
		"4 of 4 runs chosen", "0.600", " ± 0.141", "55.0", " ± 7.1", "7.0", " ± 1.4", "shipped", "imported", "figure=scatter", "runs=a1%2Ca2%2Cg1%2Cm1", "figure=curves",
		"0.700", "60.0", "page=train", "Use these settings", `data-do="ask-drop:g1"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	if strings.Contains(text, `data-do="ask-drop:a1"`) {
		t.Error("a shipped run can be deleted")
	}
	l.do("ask-drop:g1")
	if !strings.Contains(html(), "It cannot be had back.") {
		t.Error("nothing is asked before a run is deleted")
	}
	l.do("drop-run:g1")
	if got := said(t, engine, 1)[0]; got != any(session.DropRun{ID: "g1"}) {
		t.Errorf("deleting sends %#v", got)
	}
	l.do("use-settings:a2")
	if l.Page != pageTrain || l.Plan != planOf(some().Runs[1].Settings) || l.Plan.Seed != 2 {
		t.Errorf("the settings of a run lead to %+v", l.View)
	}
}

// Files are made of all steps by the engine, and only this page offers those that it asked for.
func TestRunsAsFiles(t *testing.T) {
	l, engine := compareBench(t)
	l.hear(some())
	l.set("contender:a2", "false")
	said(t, engine, 0)
	l.do("save-csv")
	if got := said(t, engine, 1)[0]; !reflect.DeepEqual(got, session.ExportMetrics{IDs: []string{"a1", "g1", "m1"}, Name: "attnlab-runs.csv"}) {
		t.Errorf("the button sends %#v", got)
	}
	l.hear(session.RunFiles{ID: "attnlab-runs.json", Files: map[string][]byte{"attnlab-runs.json": nil}})
	if l.exporting != "attnlab-runs.csv" {
		t.Error("the file of another page is taken")
	}
	l.hear(session.RunFiles{ID: "attnlab-runs.csv", Name: "attnlab-runs.csv", Files: map[string][]byte{"attnlab-runs.csv": []byte("id\n")}})
	if l.exporting != "" || l.failure.Text != "" {
		t.Errorf("the file is not offered: %q, %+v", l.exporting, l.failure)
	}
}
