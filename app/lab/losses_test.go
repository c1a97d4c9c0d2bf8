package lab

import (
	"encoding/csv"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"attnlab/app/lab/labtest"
	"attnlab/app/session"
)

// lossesBench is a lab with the losses of every step of the example, and its fake screen.
func lossesBench(t *testing.T) (*Lab, *labtest.Screen, *session.Port) {
	t.Helper()
	l, engine := ready(t, Start())
	labtest.Sent(t, engine, 1)
	screen := &labtest.Screen{}
	l.screen = screen
	l.Receive(labtest.Trace())
	l.Receive(session.Status{Stage: "ready"})
	return l, screen, engine
}

func TestCutAllIsALink(t *testing.T) {
	l, screen, engine := lossesBench(t)
	l.Set("samples", "64")
	l.Do("cut-all")
	if got := labtest.Sent(t, engine, 1)[0]; got != (session.DisruptSteps{Samples: 64}) {
		t.Errorf("the command is %#v", got)
	}
	l.Receive(labtest.Losses())
	l.Receive(session.Status{Stage: "ready"})
	if !strings.Contains(screen.Hash, "cut=all") || !strings.Contains(screen.Hash, "samples=64") {
		t.Errorf("the address is %s", screen.Hash)
	}
	v, unread := ParseLink(screen.Hash)
	if v.Cut != 64 || unread != "" {
		t.Errorf("%s reads as %d continuations, unread %q", screen.Hash, v.Cut, unread)
	}
	if v, unread := ParseLink("page=trace&cut=some"); v.Cut != 0 || !strings.Contains(unread, "cut") {
		t.Errorf("cut=some reads as %d, unread %q", v.Cut, unread)
	}
	// Whoever opens the link cuts the same trace.
	other, engine := ready(t, v)
	got := labtest.Sent(t, engine, 2)
	if _, ok := got[0].(session.Restore); !ok || got[1] != (session.DisruptSteps{Samples: 64}) || other.Controls.Samples != 64 {
		t.Errorf("the link sends %#v", got)
	}
	// Another response has no cuts, nor has its link.
	l.Do("regenerate")
	l.Receive(session.StepLosses{Number: 99})
	if strings.Contains(l.View.String(), "cut=") || l.Losses.Samples != 0 {
		t.Errorf("after another response the link is %s", l.View.String())
	}
}

func TestLossesAreExported(t *testing.T) {
	l, screen, _ := lossesBench(t)
	if l.Do("save-losses"); len(screen.Saved) != 0 {
		t.Fatal("there was nothing to save")
	}
	want := labtest.Losses()
	l.Receive(want)
	l.Do("save-losses")
	l.Do("save-losses-json")
	lines, err := csv.NewReader(strings.NewReader(string(screen.Saved["trace-chain-3-losses.csv"]))).ReadAll()
	if err != nil || len(lines) != 1+len(want.Steps) {
		t.Fatalf("the table has %d lines (error %v) in %v", len(lines), err, screen.Saved)
	}
	if first := strings.Join(lines[1], "|"); first != "1|essential|b &k 8|64|0.9|0.04|0.1|0.04|0.8|0.05||-1" {
		t.Errorf("the first step is %s", first)
	}
	if last := strings.Join(lines[4], "|"); last != "4|redundant|b &k 8|0||||||||-4" {
		t.Errorf("a step that was not cut and has no FCI is %s", last)
	}
	var back struct {
		Delta int
		session.StepLosses
	}
	if err := json.Unmarshal(screen.Saved["trace-chain-3-losses.json"], &back); err != nil || back.Delta != 2 || !reflect.DeepEqual(back.StepLosses, want) {
		t.Errorf("the document reads back as %+v (error %v)", back, err)
	}
}
