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

func TestSampleAgainIsALink(t *testing.T) {
	l, screen, engine := lossesBench(t)
	l.Set("again", "24")
	l.Do("sample-again")
	if got := labtest.Sent(t, engine, 1)[0]; got != (session.ResampleSteps{Samples: 24}) {
		t.Errorf("the command is %#v", got)
	}
	l.Receive(labtest.Importances())
	l.Receive(session.Status{Stage: "ready"})
	if !strings.Contains(screen.Hash, "importance=24") {
		t.Errorf("the address is %s", screen.Hash)
	}
	v, unread := ParseLink(screen.Hash)
	if v.Again != 24 || v.Cut != 0 || unread != "" {
		t.Errorf("%s reads as %d continuations, unread %q", screen.Hash, v.Again, unread)
	}
	if v, unread := ParseLink("page=trace&importance=some"); v.Again != 0 || !strings.Contains(unread, "importance") {
		t.Errorf("importance=some reads as %d, unread %q", v.Again, unread)
	}
	// Whoever opens the link samples the same trace again.
	other, engine := ready(t, v)
	got := labtest.Sent(t, engine, 2)
	if _, ok := got[0].(session.Restore); !ok || got[1] != (session.ResampleSteps{Samples: 24}) || other.Controls.Again != 24 {
		t.Errorf("the link sends %#v", got)
	}
	// Another response has no importances, nor has its link.
	l.Do("regenerate")
	l.Receive(session.Importances{Number: 99})
	if strings.Contains(l.View.String(), "importance=") || l.Importances.Samples != 0 {
		t.Errorf("after another response the link is %s", l.View.String())
	}
}

func TestImportancesAreExported(t *testing.T) {
	l, screen, _ := lossesBench(t)
	if l.Do("save-importance"); len(screen.Saved) != 0 {
		t.Fatal("there was nothing to save")
	}
	want := labtest.Importances()
	l.Receive(want)
	l.Do("save-importance")
	l.Do("save-importance-json")
	lines, err := csv.NewReader(strings.NewReader(string(screen.Saved["trace-chain-3-importance.csv"]))).ReadAll()
	if err != nil || len(lines) != 1+len(want.Steps) {
		t.Fatalf("the table has %d lines (error %v) in %v", len(lines), err, screen.Saved)
	}
	if first := strings.Join(lines[1], "|"); first != "1|essential|b &k 8|40|36|8|1|0.775|0.4|0.9|0.125|-0.1|0.3|0|-0.2|0.2||0.05|-1" {
		t.Errorf("the first step is %s", first)
	}
	if last := strings.Join(lines[4], "|"); last != "4|redundant|b &k 8|0|0|0|0|||||||||||0.01|-4" {
		t.Errorf("a step that was not sampled is %s", last)
	}
	var back struct {
		Delta int
		session.Importances
	}
	if err := json.Unmarshal(screen.Saved["trace-chain-3-importance.json"], &back); err != nil || back.Delta != 2 || !reflect.DeepEqual(back.Importances, want) {
		t.Errorf("the document reads back as %+v (error %v)", back, err)
	}
}
