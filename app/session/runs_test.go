package session

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"attnlab/rl/runs"
)

func TestRepeats(t *testing.T) {
	run := func(change func(*KeptRun)) KeptRun {
		r := KeptRun{Info: RunInfo{State: "done", Step: 40, From: "shipped"}, Settings: RunSettings{Method: "grpo", Model: "small", Seed: 1, Steps: 40, Series: runs.Series{Method: "grpo", Base: "small", Hyper: "kl=0.1", Plan: "steps=40"}}}
		change(&r)
		return r
	}
	ended := func(r *KeptRun) { r.Info.State, r.Settings.Series.Plan = MetricsOnly, "" }
	for _, c := range []struct {
		what string
		a, b func(*KeptRun)
		want bool
	}{
		{"another seed", func(*KeptRun) {}, func(r *KeptRun) { r.Settings.Seed = 2 }, true},
		{"another method", func(*KeptRun) {}, func(r *KeptRun) { r.Settings.Series.Method = "dapo" }, false},
		{"another value", func(*KeptRun) {}, func(r *KeptRun) { r.Settings.Series.Hyper = "kl=0.2" }, false},
		{"other heads", func(*KeptRun) {}, func(r *KeptRun) { r.Settings.Series.FocusHeads = "0.0" }, false},
		{"another origin", func(*KeptRun) {}, func(r *KeptRun) { r.Info.From = "imported" }, false},
		{"a step behind", func(*KeptRun) {}, func(r *KeptRun) { r.Info.Step = 39 }, false},
		{"ended a tenth earlier", ended, func(r *KeptRun) { ended(r); r.Info.Step, r.Settings.Steps = 36, 0 }, true},
		{"ended much earlier", ended, func(r *KeptRun) { ended(r); r.Info.Step = 35 }, false},
		{"one ended, one running", ended, func(r *KeptRun) { r.Info.Step = 39 }, false},
		{"unknown settings", func(r *KeptRun) { r.Settings = RunSettings{} }, func(r *KeptRun) { r.Settings = RunSettings{} }, false},
	} {
		a, b := run(c.a), run(c.b)
		if a.Repeats(b) != c.want || b.Repeats(a) != c.want {
			t.Errorf("%s: repeats is %v and %v, want %v", c.what, a.Repeats(b), b.Repeats(a), c.want)
		}
	}
}

// Groups are in the order of their first runs, and their runs in the order given. The second run with a seed is no repeat.
func TestGroupRepeats(t *testing.T) {
	run := func(id, method string, seed runs.Seed) KeptRun {
		return KeptRun{Info: RunInfo{ID: id, State: "done", Step: 40}, Settings: RunSettings{Method: method, Seed: seed, Series: runs.Series{Method: method, Plan: "steps=40"}}}
	}
	var ids [][]string
	for _, group := range GroupRepeats([]KeptRun{run("a", "grpo", 1), run("b", "dapo", 1), run("c", "grpo", 2), run("d", "", 1), run("e", "dapo", 3), run("f", "", 2), run("g", "grpo", 2)}) {
		var g []string
		for _, r := range group {
			g = append(g, r.Info.ID)
		}
		ids = append(ids, g)
	}
	if want := [][]string{{"a", "c"}, {"b", "e"}, {"d"}, {"f"}, {"g"}}; !slices.EqualFunc(ids, want, slices.Equal) {
		t.Errorf("groups %v, want %v", ids, want)
	}
}

// A run that was imported beside its original does not make two seeds of it, and both are named.
func TestTheSameRunTwiceIsNoRepeat(t *testing.T) {
	r := KeptRun{Info: RunInfo{ID: "a", Name: "grpo, seed 1", State: "done", Step: 40}, Settings: RunSettings{Method: "grpo", Seed: 1, Series: runs.Series{Method: "grpo", Plan: "steps=40"}}}
	copied := r
	copied.Info.ID, copied.Info.Name = "b", "metrics"
	groups := GroupRepeats([]KeptRun{r, copied})
	if names := NamesOf(groups); len(groups) != 2 || names[1] == "" || names[0] == names[1] {
		t.Errorf("groups %v named %q", groups, names)
	}
}

// A16: seeds in files that others read, such as an exported trace or run, are exact: above 2^53 they are text.
func TestSeedsInExportedFiles(t *testing.T) {
	const seed = 1<<63 + 1
	for _, v := range []any{Trace{Seed: seed}, RunSettings{Seed: seed}} {
		data, err := json.Marshal(v)
		if err != nil || !strings.Contains(string(data), `"seed":"9223372036854775809"`) {
			t.Errorf("%T: %s, %v", v, data, err)
		}
	}
	var old Trace
	if err := json.Unmarshal([]byte(`{"seed":9223372036854775809}`), &old); err != nil || old.Seed != seed {
		t.Errorf("a file of an earlier version: %d, %v", old.Seed, err)
	}
}

// The error of a base's accuracy is the recorded one, else that of a share; a base that is not known has none.
func TestBaseValue(t *testing.T) {
	one := func(name string, v float64) Metric { return Metric{Name: name, Values: []*float64{&v}} }
	old := []Metric{one("problems", 257), one("accuracy", 0.5), one("think_tokens", 60)}
	if v, e, n := BaseValue(old, "accuracy"); v != 0.5 || e != 0.03125 || n != 257 {
		t.Errorf("accuracy %v ± %v, n = %d", v, e, n)
	}
	if v, e, _ := BaseValue(old, "think_tokens"); v != 60 || !math.IsNaN(e) {
		t.Errorf("think tokens %v ± %v, want no error", v, e)
	}
	if _, e, _ := BaseValue(append(old, one("standard_error.think_tokens", 2)), "think_tokens"); e != 2 {
		t.Errorf("recorded error %v", e)
	}
	if v, e, n := BaseValue(nil, "accuracy"); !math.IsNaN(v) || !math.IsNaN(e) || n != 0 {
		t.Errorf("no base: %v ± %v, n = %d", v, e, n)
	}
}
