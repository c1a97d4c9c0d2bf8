package engine

import (
	"math"
	"slices"
	"testing"

	"attnlab/app/lab/labtest"
	"attnlab/app/session"
	"attnlab/rl/score"
)

// choose selects a head and waits for its attention.
func (s *screen) choose(layer, head int) {
	s.Helper()
	s.send(session.Select{Selection: session.Selection{Step: -1, Token: -1, Layer: layer, Head: head, Node: -1}})
	s.until(func(m any) bool {
		h, ok := m.(session.HeadAttention)
		return ok && h.Layer == layer && h.Head == head
	})
}

// allHeads asks for one head after another, and then for none.
func (s *screen) allHeads() (all session.Densities) {
	s.Helper()
	for layer := range s.trace.Layers {
		for head := range s.trace.Heads {
			s.choose(layer, head)
			all = append(all, s.head.Attention...)
		}
	}
	s.deselect()
	return all
}

// deselect selects nothing, and waits until the engine has received that.
func (s *screen) deselect() {
	s.Helper()
	s.send(session.Select{Selection: session.NoSelection})
	s.until(func(m any) bool { return m == any(session.NoSelection) })
}

// A head's attention comes when the head is selected, and not again for another
// selection in the same head. A trace that is published later has it with it.
func TestAHeadComesWhenItIsSelected(t *testing.T) {
	bases := map[string]map[string][]byte{"chain-tiny": filesOf(t, random(t, chain(t)))}
	most := mostShown
	mostShown = 0 // as of a large model
	s := start(t, bases, openHost)
	t.Cleanup(func() { s.leave(); mostShown = most })
	s.send(session.Select{Selection: session.Selection{Step: -1, Token: -1, Layer: 0, Head: 1, Node: -1}}) // of no trace yet
	s.must(session.NewProblem{Seed: 7})
	if s.head.Number != 0 || s.trace.InHead(0, 1) == nil || s.trace.InHead(0, 0) != nil {
		t.Fatalf("a trace made while a head is selected has %+v", s.trace.Chosen)
	}
	s.must(session.Generate{Unit: "step", Sampling: sampling})
	if got := s.trace.InHead(0, 1); len(got) != 9 {
		t.Fatalf("the next trace has %+v", s.trace.Chosen)
	}
	s.choose(1, 0)
	first := s.head.Number
	if got := s.trace.InHead(1, 0); len(got) != 9 || slices.Max(got) == 0 {
		t.Errorf("the selected head has %v", got)
	}
	s.send(session.Select{Selection: session.Selection{Step: 0, Token: -1, Layer: 1, Head: 0, Node: -1}})
	s.send(session.Select{Selection: session.Selection{Step: 0, Token: -1, Layer: 99, Head: 0, Node: -1}})
	s.deselect()
	if s.head.Number != first {
		t.Errorf("a step selected in the same head, or a head that does not exist, brought %+v", s.head)
	}
	s.choose(1, 0)
	s.send(session.Hello{}) // another screen takes up the session
	var other session.Trace
	for selected := false; !selected; {
		switch m := (<-s.port.In).(type) {
		case session.Trace:
			other = m
		case session.HeadAttention:
			other.Take(m)
		case session.Selection:
			selected = true
		}
	}
	if other.Number != s.trace.Number {
		t.Errorf("another screen gets trace %d, this one has %d", other.Number, s.trace.Number)
	}
	near(t, "attention that another screen gets", other.InHead(1, 0), s.trace.InHead(1, 0))
}

// A trace of a published model, 30 layers of 9 heads and 300 steps, fits a message that a screen reads in one piece, and so do the
// head and the step that are selected. Its step attention in all heads would take 400 times as much as that in one.
func TestALongTraceFitsAMessage(t *testing.T) {
	hub := &session.Hub{}
	screen, e := hub.Join(), &Engine{port: hub.Join(), snapshots: map[string]session.Event{}}
	defer screen.Close()
	want := labtest.Long(session.NoSelection)
	sent := want
	sent.Number, sent.Attention, sent.Of, sent.FCIOf, sent.HeadScores = 0, nil, nil, nil, nil
	e.publishTrace(sent, newSeen(labtest.LongInput(), labtest.LongTop()))
	size := func(most int) (message any) {
		t.Helper()
		message = <-screen.In
		data, err := session.Encode(message)
		if err != nil {
			t.Fatal(err)
		}
		back, err := session.Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s takes %d kB", session.Kind(message), len(data)/1000)
		if len(data) > most {
			t.Errorf("%s takes %d bytes, want at most %d", session.Kind(message), len(data), most)
		}
		return back
	}
	got := size(600e3).(session.Trace)
	if len(got.All)+len(got.FCIHeads)+len(got.Focus)+len(got.Top) > 0 {
		t.Error("a long trace carries what is of every head and step")
	}
	if !slices.Equal(got.Attention, want.Attention) || !slices.Equal(got.Of, want.Of) || !slices.Equal(got.FCIOf, want.FCIOf) {
		t.Error("the trace has other attention than the one that was published")
	}
	for _, s := range score.HeadScores {
		if v := got.HeadMeans(s.Name); !s.ManyTraces && (len(v) != 270 || v[13] == nil) {
			t.Errorf("the mean %s of heads is %v", s.Name, v)
		}
	}
	to := session.Selection{Step: 40, Token: -1, Layer: 20, Head: 7, Node: -1}
	e.choose(to)
	<-screen.In // the selection
	if !got.Take(size(300e3).(session.HeadAttention)) || !got.TakeDetail(size(40e3).(session.StepDetail)) {
		t.Fatal("the head or the step belongs to another trace")
	}
	fci, focus := score.FCI.Of(labtest.LongInput()).Heads[20][7], score.Focus.Of(labtest.LongInput()).Heads[20][7]
	for _, k := range []int{1, 40, 299} {
		if v := got.FCIIn(20, 7, k); math.Abs(v-fci[k]) > 1e-4*fci[k] {
			t.Errorf("FCI of step %d in the selected head is %v, want %v", k+1, v, fci[k])
		}
		if v := got.FocusIn(20, 7, k); math.Abs(v-focus[k]) > 1e-4*focus[k] {
			t.Errorf("focus on step %d in the selected head is %v, want %v", k+1, v, focus[k])
		}
	}
	if v := got.HeadsAt(score.FCI.Name, 40); len(v) != 270 || math.Abs(*v[187]-fci[40]) > 1e-9 {
		t.Errorf("FCI of the selected step in every head: %d values", len(v))
	}
	if first := got.Steps[40].Start; len(got.TopAt(first)) != 3 || got.TopAt(first-1) != nil {
		t.Error("the likeliest tokens are not those of the selected step")
	}
	if got.InHead(20, 7) == nil || got.InHead(20, 6) != nil {
		t.Error("the attention is not that of the selected head")
	}
}

// A trace of few heads and steps comes with the attention of all of them.
func TestFewHeadsComeWithTheTrace(t *testing.T) {
	s := start(t, map[string]map[string][]byte{"chain-tiny": filesOf(t, random(t, chain(t)))}, openHost)
	s.must(session.NewProblem{Seed: 7})
	s.must(session.Generate{Unit: "step", Sampling: sampling})
	n := s.trace.Ranges()
	if want := s.trace.Layers * s.trace.Heads * n * n; len(s.trace.All) != want || want == 0 {
		t.Fatalf("%d densities of all heads, want %d", len(s.trace.All), want)
	}
	largest, _ := s.trace.All.Largest(n)
	for i, v := range largest {
		if v != s.trace.Attention[i] {
			t.Errorf("place %d: %v, the largest over the heads is %v", i, v, s.trace.Attention[i])
		}
	}
}
