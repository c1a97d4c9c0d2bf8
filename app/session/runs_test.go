package session

import "testing"

func TestRepeats(t *testing.T) {
	run := func(change func(*KeptRun)) KeptRun {
		r := KeptRun{Info: RunInfo{State: "done", Step: 40, From: "shipped"}, Settings: RunSettings{Method: "grpo", Model: "small", Seed: 1, Steps: 40, Hyper: map[string]float64{"kl": 0.1}}}
		change(&r)
		return r
	}
	ended := func(r *KeptRun) { r.Info.State = MetricsOnly }
	for _, c := range []struct {
		what string
		a, b func(*KeptRun)
		want bool
	}{
		{"another seed", func(*KeptRun) {}, func(r *KeptRun) { r.Settings.Seed = 2 }, true},
		{"another method", func(*KeptRun) {}, func(r *KeptRun) { r.Settings.Method = "dapo" }, false},
		{"another value", func(*KeptRun) {}, func(r *KeptRun) { r.Settings.Hyper = map[string]float64{"kl": 0.2} }, false},
		{"other heads", func(*KeptRun) {}, func(r *KeptRun) { r.Settings.FocusHeads = "0.0" }, false},
		{"another origin", func(*KeptRun) {}, func(r *KeptRun) { r.Info.From = "imported" }, false},
		{"a step behind", func(*KeptRun) {}, func(r *KeptRun) { r.Info.Step = 39 }, false},
		{"ended a tenth earlier", ended, func(r *KeptRun) { ended(r); r.Info.Step, r.Settings.Steps = 36, 0 }, true},
		{"ended much earlier", ended, func(r *KeptRun) { ended(r); r.Info.Step = 35 }, false},
		{"one ended, one at work", ended, func(r *KeptRun) { r.Info.Step = 39 }, false},
		{"unknown settings", func(r *KeptRun) { r.Settings = RunSettings{} }, func(r *KeptRun) { r.Settings = RunSettings{} }, false},
	} {
		a, b := run(c.a), run(c.b)
		if a.Repeats(b) != c.want || b.Repeats(a) != c.want {
			t.Errorf("%s: repeats is %v and %v, want %v", c.what, a.Repeats(b), b.Repeats(a), c.want)
		}
	}
}
