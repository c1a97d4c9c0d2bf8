package lab

import (
	"math"
	"strings"
	"testing"

	"attnlab/app/lab/explain"
	"attnlab/app/lab/labtest"
	"attnlab/app/session"
)

func TestViewAsLink(t *testing.T) {
	typed := Start()
	typed.Example, typed.Text, typed.Tokens = false, "k 8 ; o 4 ; b &k * &o ; ? b", 17
	all := Start()
	all.Page, all.Example, all.Seed, all.Difficulty = PageHeads, false, math.MaxUint64, "5"
	all.Sampling = session.Sampling{Temperature: 0.15, TopP: 0.9, Seed: 12}
	all.Selection = session.Selection{Step: 2, Token: 30, Layer: 1, Head: 3, Node: -1}
	all.Quantity, all.Grid = explain.ByEntropy, explain.BySRA
	all.Arcs = Arcs{Weakest: 16, Readers: 0}
	for _, v := range []View{Start(), typed, all} {
		if got := viewOf("#" + v.String()); got != v {
			t.Errorf("%s\n reads back as %+v\n want          %+v", v, got, v)
		}
	}
	got, unread := ParseLink("page=nowhere&temperature=NaN&top-p=-3&step=x&head=1&colour=red&%zz")
	want := Start()
	want.Sampling.TopP = 0 // the nearest in range
	if got != want {
		t.Errorf("nonsense reads as %+v, want %+v", got, want)
	}
	for _, key := range []string{"page", "temperature", "top-p", "3 more"} {
		if !strings.Contains(unread, key) {
			t.Errorf("%s is not named: %s", key, unread)
		}
	}
	if got := viewOf("seed=5&temperature=99").Sampling.Temperature; got != MaxTemperature {
		t.Errorf("temperature 99 reads as %v", got)
	}
}

// A link carries the model, and a change of model draws a problem only where the new one cannot read the old.
func TestLinkCarriesTheModel(t *testing.T) {
	l, engine := ready(t, Start())
	l.Receive(session.Status{Stage: "ready"})
	labtest.Sent(t, engine, 1)
	l.Do("base:other")
	if want := "base=other"; !strings.Contains(l.View.String(), want) || l.Example {
		t.Fatalf("the link is %s, want %s in it", l.View, want)
	}
	v, unread := ParseLink(l.View.String())
	if v.Model != "other" || unread != "" {
		t.Fatalf("it reads back as %+v, %q", v, unread)
	}
	_, engine = ready(t, v)
	if got := labtest.Sent(t, engine, 1)[0].(session.Restore); got.Model != "other" || got.Problem == nil {
		t.Errorf("the engine is asked for %+v", got)
	}
}

// A model of another task has a problem of its own, and the link holds that one, whether the model is a base or that of a run.
func TestLinkFollowsTheTask(t *testing.T) {
	for _, what := range []string{"base:other", "use-run:r1"} {
		typed := Start()
		typed.Example, typed.Text, typed.Difficulty = false, "k 8 ; o 4 ; b &k * &o ; ? b", "5"
		l, engine := ready(t, typed)
		l.Receive(session.Status{Stage: "ready"})
		l.Receive(labtest.Run("done"))
		labtest.Sent(t, engine, 1)
		l.Do(what)
		name := labtest.Sent(t, engine, 1)[0].(session.UseModel).Name
		able, trace := l.Capabilities, labtest.Trace()
		able.Model.Name, able.Model.Task = name, "another"
		trace.Task, trace.Seed = "another", 1234
		l.Receive(able)
		l.Receive(trace)
		l.Receive(session.Status{Stage: "ready"})
		v, _ := ParseLink(l.View.String())
		if v.Model != name || v.Text != "" || v.Difficulty != "" || v.Seed != 1234 {
			t.Errorf("%s: the link is %s, want %s and problem 1234 in it", what, l.View, name)
		}
	}
}

// A difficulty that no task can have is left out and named, so that the next problem can be drawn.
func TestDamagedDifficulty(t *testing.T) {
	for text, want := range map[string]string{"99-1": "", "x": "", "2-3": "2-3", "4": "4"} {
		v, unread := ParseLink("page=train&seed=1&difficulty=" + text + "&run-difficulty=" + text)
		if v.Difficulty != want || v.Plan.Difficulty != want || (unread == "") != (want != "") {
			t.Errorf("%s is read as %q and %q; %q", text, v.Difficulty, v.Plan.Difficulty, unread)
		}
	}
}
