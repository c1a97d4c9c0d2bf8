package lab

import (
	"strings"
	"testing"

	"attnlab/app/lab/explain"
	"attnlab/app/lab/labtest"
	"attnlab/app/session"
)

// cutOf is a recorded cut with n pairs, of which some are right.
func cutOf(step, n, control, disrupted int) session.Disruption {
	d := session.Disruption{Step: step}
	for i := range n {
		end := func(right int) session.Ending {
			if i < right {
				return session.Right
			}
			return session.Wrong
		}
		d.Pairs = append(d.Pairs, session.DisruptionPair{Control: end(control), Disrupted: end(disrupted)})
	}
	share := func(k int) float64 { return float64(k) / float64(n) }
	d.Groups = []session.DisruptionGroup{{Pick: "step", N: n, Control: share(control), Disrupted: share(disrupted), Loss: share(control - disrupted), LossSE: .05}}
	return d
}

func playing(t *testing.T, still bool) (*Lab, *labtest.Screen) {
	t.Helper()
	x := Example{Trace: labtest.Trace(), Cuts: []session.Disruption{cutOf(0, 10, 9, 9), cutOf(1, 10, 9, 2)}}
	screen := &labtest.Screen{NoMotion: still}
	l := New(Link{}, "", x)
	l.Open(screen, func(string, any) error { return errNoRun })
	return l, screen
}

// endedPairs counts the pairs of the only cut that have ended.
func endedPairs(l *Lab) (n int) {
	for _, p := range l.Cuts()[0].Pairs {
		if p.Control != "" && p.Disrupted != "" {
			n++
		}
	}
	return n
}

func TestExamplePlaysOnce(t *testing.T) {
	l, screen := playing(t, false)
	if len(l.Cuts()) != 1 || !l.IsCut(1) || l.IsCut(0) || endedPairs(l) != 0 {
		t.Fatalf("on arrival: %+v", l.Cuts())
	}
	screen.Wait()
	if endedPairs(l) != 1 || explain.CutVerdict(l.Cuts()[0], "essential") != "" {
		t.Fatalf("%d pairs have ended after the pause", endedPairs(l))
	}
	for screen.Wait() {
	}
	if says := explain.CutVerdict(l.Cuts()[0], "essential"); endedPairs(l) != 10 || !strings.Contains(says, "the step mattered") {
		t.Errorf("%d pairs at the end, %q", endedPairs(l), says)
	}
	if l.View != Start() {
		t.Error("the play has changed the view, and so the address")
	}
}

func TestExamplePlaysWithoutMotion(t *testing.T) {
	if l, _ := playing(t, true); endedPairs(l) != 10 {
		t.Errorf("%d pairs at once", endedPairs(l))
	}
}

func TestExampleDoesNotPlayOverALink(t *testing.T) {
	l := New(Link{}, "#page=trace&step=1", Example{Trace: labtest.Trace(), Cuts: []session.Disruption{cutOf(1, 10, 9, 2)}})
	l.Open(&labtest.Screen{}, func(string, any) error { return errNoRun })
	if len(l.Cuts()) != 0 {
		t.Error("the example plays although a step was linked")
	}
}

// While the engine loads, a cut shows what was recorded for the chosen step, and other commands wait.
func TestWhileTheEngineLoads(t *testing.T) {
	l, _ := playing(t, true)
	l.Do("step:0")
	l.Do("disrupt")
	if cuts := l.Cuts(); len(cuts) != 1 || cuts[0].Step != 0 || endedPairs(l) != 10 {
		t.Fatalf("the recorded cut of step 1: %+v", cuts)
	}
	l.Do("problem")
	if l.later != "problem" || l.Notice == "" {
		t.Fatalf("a new problem while the engine loads: later %q, notice %q", l.later, l.Notice)
	}
	l.Receive(session.Capabilities{Model: session.ModelInfo{Name: "small"}, Bases: []string{"small"}})
	l.Receive(session.Status{Stage: "ready"})
	if l.later != "" || l.Example {
		t.Error("the new problem was not drawn when the engine was ready")
	}
}

func TestTourFromAnyState(t *testing.T) {
	for i, s := range TourStops {
		l, _ := ready(t, Start())
		l.Receive(session.Status{Stage: "ready"})
		l.Do("problem")
		l.Receive(session.Status{Stage: "ready"})
		l.GoTour(i + 1)
		if l.Tour != i+1 || l.Page != s.Page || s.Needs && !l.Example {
			t.Errorf("stop %d: tour %d, page %s, example %v", i+1, l.Tour, l.Page, l.Example)
		}
		l.Do("tour-do")
	}
}

func TestCutVerdict(t *testing.T) {
	for _, c := range []struct {
		d           session.Disruption
		label, want string
	}{
		{cutOf(0, 32, 29, 13), "essential", "the step mattered"},
		{cutOf(0, 32, 13, 29), "wrong", "misled"},
		{cutOf(0, 32, 29, 28), "redundant", "no sign that the model needs"},
		{cutOf(0, 32, 29, 28), "essential", "elsewhere"},
		{cutOf(0, 4, 4, 0), "essential", "So few"},
	} {
		if got := explain.CutVerdict(c.d, c.label); !strings.Contains(got, c.want) {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	half := cutOf(0, 8, 4, 4)
	half.Groups[0].N = 4
	if got := explain.CutVerdict(half, "essential"); got != "" {
		t.Errorf("a verdict before the end: %q", got)
	}
}
