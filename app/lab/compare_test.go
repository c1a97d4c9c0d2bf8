package lab

import (
	"math"
	"reflect"
	"slices"
	"testing"

	"attnlab/app/lab/labtest"
	"attnlab/app/session"
	"attnlab/rl/runs"
)

func TestCurvesAsLink(t *testing.T) {
	for _, c := range []Curves{startCurves(), {X: "tokens", Smooth: 0}, {X: "step", Smooth: 95}, {X: "tokens", Smooth: 7}, {X: "charged", Smooth: 60}, {X: "compute", Smooth: 60}} {
		v := Start()
		v.Page, v.Curves, v.Compared = PageCompare, c, "a1,g1"
		if got := viewOf("#" + v.String()); got != v {
			t.Errorf("%s\n reads back as %+v\n want          %+v", v, got, v)
		}
	}
	if got := viewOf("page=compare&smooth=2&x=miles").Curves; got != (Curves{X: "step", Smooth: MaxSmooth}) {
		t.Errorf("nonsense reads as %+v", got)
	}
}

// metric is the metric of a name.
func metric(name string) runs.Metric {
	return runs.Metrics[slices.IndexFunc(runs.Metrics, func(m runs.Metric) bool { return m.Name == name })]
}

func TestStandings(t *testing.T) {
	all := Standings(labtest.Runs().Runs)
	if len(all) != 3 || len(all[0].Runs) != 2 || all[0].Seeds() != "1 2" {
		t.Fatalf("runs stand as %+v", all)
	}
	near := func(name string, got runs.Spread, mean, sd float64, n int) {
		t.Helper()
		same := func(a, b float64) bool { return math.Abs(a-b) < 1e-12 || math.IsNaN(a) && math.IsNaN(b) }
		if !same(float64(got.Mean), mean) || !same(float64(got.SD), sd) || got.N != n {
			t.Errorf("%s is %+v, want %v ± %v of %d", name, got, mean, sd, n)
		}
	}
	near("accuracy over two seeds", all[0].Ends(metric("accuracy")), 0.6, 0.2/math.Sqrt2, 2)
	near("tokens at the end", all[0].Ends(metric("generated_tokens")), 7000, math.Sqrt2*1000, 2)
	near("a step without a value", all[1].Ends(metric("accuracy")), 0.48, math.NaN(), 1)
	near("a run shorter than its tail", all[2].Ends(metric("accuracy")), 0.15, math.NaN(), 1)
	near("a metric that no run has", all[0].Ends(metric("kl")), math.NaN(), math.NaN(), 0)
	twins := labtest.Runs().Runs[:2]
	twins[1].Settings.Series.Hyper = "kappa=0.5"
	apart := Standings(twins)
	if len(apart) != 2 {
		t.Fatal("runs of different settings are taken for seeds of one")
	}
	if got := apart[1].Name; got != "attnpo kappa=0.5" {
		t.Errorf("what differs is not in the name %q", got)
	}
	budgets := labtest.Runs().Runs[:2] // of one budget of tokens, which ends runs at unlike steps
	for i, steps := range []int{36, 37} {
		budgets[i].Info.State, budgets[i].Info.Step, budgets[i].Settings.Steps, budgets[i].Settings.Series.Plan = session.MetricsOnly, steps, steps, ""
	}
	if one := Standings(budgets); len(one) != 1 || one[0].Steps() != "36 to 37" {
		t.Errorf("two seeds of one budget stand as %+v", one)
	}
	budgets[1].Info.Step = 60
	if two := Standings(budgets); len(two) != 2 {
		t.Error("a much longer run counts as a seed of the other")
	}
	alone := Standings([]session.KeptRun{labtest.Runs().Runs[3], labtest.Runs().Runs[3]})
	if len(alone) != 2 {
		t.Error("runs of unknown settings are taken for seeds of one")
	}
}

func TestChoosingRuns(t *testing.T) {
	l, _ := compareBench(t)
	l.Receive(labtest.Runs())
	for _, c := range []struct{ id, value, want, ids string }{
		{"g1", "false", "a1,a2,m1", "a1%2Ca2%2Cm1"},
		{"a1", "false", "a2,m1", "a2%2Cm1"},
		{"a2", "false", "m1", "m1"},
		{"m1", "false", noRun, noRun},
		{"g1", "true", "g1", "g1"},
	} {
		l.Set("contender:"+c.id, c.value)
		if l.Compared != c.want || l.ChosenIDs() != c.ids {
			t.Errorf("after %s %s: runs %q, ids %q; want %q, %q", c.id, c.value, l.Compared, l.ChosenIDs(), c.want, c.ids)
		}
	}
	for _, id := range []string{"a1", "a2", "m1"} {
		l.Set("contender:"+id, "true")
	}
	if l.Compared != "" {
		t.Errorf("all runs are written %q", l.Compared)
	}
}

// Files are made of all steps by the engine, and only this page offers those that it asked for.
func TestRunsAsFiles(t *testing.T) {
	l, engine := compareBench(t)
	l.Receive(labtest.Runs())
	l.Set("contender:a2", "false")
	labtest.Sent(t, engine, 0)
	l.Do("save-csv")
	if got := labtest.Sent(t, engine, 1)[0]; !reflect.DeepEqual(got, session.ExportMetrics{IDs: []string{"a1", "g1", "m1"}, Name: "attnlab-runs.csv"}) {
		t.Errorf("the button sends %#v", got)
	}
	l.Receive(session.RunFiles{ID: "attnlab-runs.json", Files: map[string][]byte{"attnlab-runs.json": nil}})
	if l.exporting != "attnlab-runs.csv" {
		t.Error("the file of another page is taken")
	}
	l.Receive(session.RunFiles{ID: "attnlab-runs.csv", Name: "attnlab-runs.csv", Files: map[string][]byte{"attnlab-runs.csv": []byte("id\n")}})
	if l.exporting != "" || l.Failure.Text != "" {
		t.Errorf("the file is not offered: %q, %+v", l.exporting, l.Failure)
	}
}
