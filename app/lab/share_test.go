package lab

import (
	"math"
	"strings"
	"testing"
	"time"

	"attnlab/app/lab/labtest"
	"attnlab/app/session"
	"attnlab/rl/hyper"
	"attnlab/rl/runs"
)

// long is a run of many steps with noisy curves.
func long(steps int) session.KeptRun {
	r := session.KeptRun{Info: session.RunInfo{ID: "a", Name: "attnpo, chain-small, seed 7", Step: steps},
		Settings: session.RunSettings{Method: "attnpo", Model: "chain-small", Task: "chain", Seed: 7, Steps: steps, Probe: 256,
			Hyper: hyper.Values{"group": hyper.Number(4), "negative": hyper.Choice("off")}}}
	value := func(v float64) *float64 { return &v }
	for _, c := range []struct {
		name string
		of   func(i int) float64
	}{{"step", func(i int) float64 { return float64(i + 1) }}, {"accuracy", func(i int) float64 { return .6 + .3*math.Abs(math.Sin(float64(7*i))) }},
		{"think_tokens", func(i int) float64 { return 80 - 30*math.Abs(math.Cos(float64(5*i))) }}, {"kl", func(i int) float64 { return float64(i) }}} {
		m := session.Metric{Name: c.name}
		for i := range steps {
			m.Values = append(m.Values, value(c.of(i)))
		}
		r.Metrics = append(r.Metrics, m)
	}
	r.Base = []session.Metric{{Name: "accuracy", Values: []*float64{value(.656)}}, {Name: "think_tokens", Values: []*float64{value(65.7)}}}
	return r
}

// A run fits a link of 2 kB, however long it was, and reads back with its settings, its base and its ends.
func TestRunAsLink(t *testing.T) {
	for _, steps := range []int{1, 2, 40, 5000} {
		text, err := shareRun(long(steps))
		if err != nil || len("page=compare&run="+text) > 2000 {
			t.Fatalf("%d steps: %d bytes, %v", steps, len(text), err)
		}
		run, err := readShared(text)
		if err != nil {
			t.Fatal(err)
		}
		back, err := runs.Read(run.Files)
		if err != nil {
			t.Fatalf("%d steps: %v in %s", steps, err, run.Files[runs.MetricsFile])
		}
		if s := back.Settings; s.Method != "attnpo" || s.Seed != 7 || s.Steps != steps || s.Hyper["group"] != "4" || s.Hyper["negative"] != "off" || run.Name != "attnpo, chain-small, seed 7" {
			t.Errorf("%d steps: the settings are %+v", steps, s)
		}
		want := long(steps)
		for _, name := range []string{"accuracy", "think_tokens"} {
			if got, last := back.Log.Last(name), *Column(want.Metrics, name)[steps-1]; math.Abs(got-last) > .05 {
				t.Errorf("%d steps: the last %s is %v, was %v", steps, name, got, last)
			}
			if got, end := RecentOf(back.Log.Columns(), name), RecentOf(want.Metrics, name); got.N != end.N || math.Abs(float64(got.Mean-end.Mean)) > .05 {
				t.Errorf("%d steps: the run ends with %s %v, ended with %v", steps, name, got, end)
			}
		}
		if back.Log.Step() != steps {
			t.Errorf("the last step is %d of %d", back.Log.Step(), steps)
		}
		base := map[string]float64{}
		for _, c := range back.BaseProbe() {
			base[c.Name] = *c.Values[0]
		}
		if base["accuracy"] != .656 || base["think_tokens"] != 65.7 {
			t.Errorf("%d steps: the base is %v", steps, base)
		}
	}
	if _, err := shareRun(session.KeptRun{}); err == nil {
		t.Error("a run without steps is shared")
	}
}

// A link that was cut or changed is refused in a sentence, and a good one is imported once.
func TestSharedRunOpens(t *testing.T) {
	text, err := shareRun(long(40))
	if err != nil {
		t.Fatal(err)
	}
	open := func(run string) (*Lab, any) {
		var hub session.Hub
		engine := hub.Join()
		l := New(Link{Session: "s", Port: hub.Join()}, "#page=compare&run="+run, Example{Trace: labtest.Trace()})
		l.Open(&labtest.Screen{}, func(string, any) error { return errNoRun })
		labtest.Sent(t, engine, 1)
		l.Receive(session.Capabilities{Model: session.ModelInfo{Name: "small"}, Bases: []string{"small"}})
		l.Receive(session.Status{Stage: "ready"})
		for {
			select {
			case m := <-engine.In:
				if run, ok := m.(session.ImportRun); ok {
					return l, run
				}
			case <-time.After(100 * time.Millisecond):
				if l.Failure.Text != "" { // no more comes
					return l, nil
				}
			}
		}
	}
	l, m := open(text)
	if run, ok := m.(session.ImportRun); !ok || run.Name != "attnpo, chain-small, seed 7" || l.Page != PageCompare || strings.Contains(l.View.String(), "run=a") {
		t.Errorf("the link leads to %#v on %s", m, l.View)
	}
	for _, bad := range []string{text[:len(text)/2], "!!", "AAAA"} {
		l, m := open(bad)
		if m != nil || !strings.HasPrefix(l.Failure.Text, "The run of this link could not be read") {
			t.Errorf("%.10q: %#v, %q", bad, m, l.Failure.Text)
		}
	}
}
