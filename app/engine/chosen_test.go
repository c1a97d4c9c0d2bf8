package engine

import (
	"math/rand/v2"
	"slices"
	"testing"

	"attnlab/app/session"
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

// A trace of a published model, 30 layers of 9 heads and 60 steps, fits a message
// of 1 MiB. Its step attention in all heads takes eight times as much.
func TestALargeTraceFitsAMessage(t *testing.T) {
	const layers, heads, steps, tokens, n = 30, 9, 60, 1000, 62
	r := rand.New(rand.NewPCG(1, 1))
	numbers := func(n int) session.Scores {
		all := make(session.Scores, n)
		for i := range all {
			all[i] = r.Float64() / 10
		}
		return all
	}
	all := make(session.Densities, layers*heads*n*n)
	for i := range all {
		all[i] = r.Float32() / 10
	}
	tr := session.Trace{Layers: layers, Heads: heads, FCI: numbers(steps), FCIHeads: numbers(layers * heads * steps), Focus: numbers(layers * heads * steps),
		Steps: make([]session.StepView, steps), Tokens: make([]int, tokens), Text: slices.Repeat([]string{"token"}, tokens)}
	tr.Attention, tr.Of = all.Largest(n)
	tr.Chosen = session.HeadAttention{Attention: all[:n*n]}
	for range tokens {
		tr.LogProbs, tr.Entropy, tr.Received = append(tr.LogProbs, -r.Float32()), append(tr.Entropy, r.Float32()), append(tr.Received, r.Float32())
		choice := session.Choice{Token: r.IntN(50000), Text: "token", Prob: r.Float32()}
		tr.Top = append(tr.Top, slices.Repeat([]session.Choice{choice}, 4))
	}
	size := func(message any) int {
		data, err := session.Encode(message)
		if err != nil {
			t.Fatal(err)
		}
		return len(data)
	}
	whole, head := size(tr), size(session.HeadAttention{Attention: all[:n*n]})
	tr.All = all
	t.Logf("a trace takes %d bytes, one head %d, a trace with all heads %d", whole, head, size(tr))
	if whole > 1<<20 || head > 1<<16 || size(tr) < 4*whole {
		t.Errorf("a trace takes %d bytes, one head %d, a trace with all heads %d", whole, head, size(tr))
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
