package lab

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"attnlab/app/lab/explain"
	"attnlab/app/lab/labtest"
)

// A walk through the open head moves by itself to its end, and by a stage or a token where it is pressed; another head ends it.
func TestWalkThroughTheHead(t *testing.T) {
	l, screen, _ := lossesBench(t)
	if l.Do("walk-head"); l.Walk.Shown != 0 {
		t.Fatal("nothing is open, and there is a walk")
	}
	l.Do("token:12")
	l.Do("inside")
	l.Receive(labtest.Inside())
	l.Do("walk-head")
	for n := 1; l.Walk.Playing; n++ {
		if l.Walk.Shown != n || n > 200 {
			t.Fatalf("after %d stages %d are shown", n, l.Walk.Shown)
		}
		if !screen.Wait() {
			t.Fatal("the walk hangs")
		}
	}
	if end := 12 * len(explain.StageNames); l.Walk.Shown != end {
		t.Errorf("the walk ends at %d of %d", l.Walk.Shown, end)
	}
	l.Do("walk-back")
	l.Do("walk-token")
	if l.Walk.Shown != 12*len(explain.StageNames) {
		t.Errorf("past its end the walk is at %d", l.Walk.Shown)
	}
	l.Do("walk-head") // from the start again
	l.Do("walk-head")
	if l.Walk.Shown != 1 || l.Walk.Playing {
		t.Errorf("paused, the walk is %+v", l.Walk)
	}
	for screen.Wait() {
	}
	if l.Walk.Shown != 1 {
		t.Errorf("a paused walk goes on to %d", l.Walk.Shown)
	}
	screen.NoMotion = true
	l.Do("walk-head")
	if l.Walk.Shown != 2 || l.Walk.Playing || l.MovesBySelf() {
		t.Errorf("under reduced motion a press leads to %+v", l.Walk)
	}
	l.Receive(labtest.Inside()) // again, for a figure that joins
	if l.Walk.Shown != 2 {
		t.Error("the same snapshot again ends the walk")
	}
	other := labtest.Inside()
	other.Number++
	l.Receive(other)
	if l.Walk.Shown != 0 {
		t.Error("another head is open, and the walk of the old one stays")
	}
}

// The stages follow from each other, and their sums end with those of the head.
func TestStagesAddUp(t *testing.T) {
	v, trace := labtest.Inside(), labtest.Trace()
	n := explain.Walked(&v)
	value := func(text string) float64 {
		x, err := strconv.ParseFloat(strings.NewReplacer("−", "-", "+", "").Replace(text), 64)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	first, last := explain.Stages(&v, &trace, 0), explain.Stages(&v, &trace, n-1)
	if len(first) != len(explain.StageNames) || first[2].Value != "kept" {
		t.Fatalf("the stages are %+v", first)
	}
	sum := 0.0
	for _, term := range first[0].Terms {
		sum += value(term.Value)
	}
	if dot := value(first[0].Value); math.Abs(sum-dot) > 2e-3 || math.Abs(value(first[1].Value)*v.Root-dot) > 2e-3 {
		t.Errorf("q·k is %s, its terms add up to %g, divided it is %s", first[0].Value, sum, first[1].Value)
	}
	if got := value(last[3].Terms[0].Value); n == len(v.Reads) && math.Abs(got-1) > 1e-3 {
		t.Errorf("all weights add up to %g", got)
	}
	if so, all := last[6].Terms[0].Value, last[6].Terms[1].Value; n == len(v.Reads) && math.Abs(value(so)-value(all)) > 2e-3 {
		t.Errorf("all tokens add %s, the head %s", so, all)
	}
	if text := explain.TokenReads(&v, &trace, 6); !strings.HasPrefix(text, "In L1·H0 token 6") || !strings.Contains(text, "6 "+explain.Visible(trace.Text[6])+" 0.750, 3 ") {
		t.Errorf("token 6: %q", text)
	}
	if text := explain.TokenReads(&v, &trace, len(trace.Tokens)); text != "" {
		t.Errorf("a token that does not exist: %q", text)
	}
}
