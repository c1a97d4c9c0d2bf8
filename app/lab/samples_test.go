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

func TestManyIsALink(t *testing.T) {
	l, screen, engine := lossesBench(t)
	l.Set("many", "12")
	l.Do("sample-many")
	want := session.SampleMany{Samples: 12, Sampling: l.Controls.Sampling, Method: session.FirstMethod}
	if got := labtest.Sent(t, engine, 1)[0]; got != want {
		t.Errorf("the command is %#v", got)
	}
	v := labtest.Samples(11)
	l.Receive(v)
	l.Receive(session.Status{Stage: "ready"})
	if !strings.Contains(screen.Hash, "many=12") {
		t.Errorf("the address is %s", screen.Hash)
	}
	link, unread := ParseLink(screen.Hash)
	if link.Many != 12 || unread != "" {
		t.Errorf("%s reads as %d responses, unread %q", screen.Hash, link.Many, unread)
	}
	other, engine := ready(t, link)
	got := labtest.Sent(t, engine, 2)
	if _, ok := got[0].(session.Restore); !ok || got[1] != want || other.Controls.Many != 12 {
		t.Errorf("the link sends %#v", got)
	}
	l.Do("regenerate") // another response to the same problem
	if l.View.Many != 12 {
		t.Errorf("the link forgets the responses: %s", l.View.String())
	}
	l.Receive(session.Status{Stage: "ready"})
	l.Do("problem")
	if l.View.Many != 0 {
		t.Errorf("another problem has the link %s", l.View.String())
	}
}

func TestResponsesAreExported(t *testing.T) {
	l, screen, _ := lossesBench(t)
	if l.Do("save-samples"); len(screen.Saved) != 0 {
		t.Fatal("there was nothing to save")
	}
	want := labtest.Samples(4)
	l.Receive(want)
	l.Do("save-samples")
	l.Do("save-samples-json")
	lines, err := csv.NewReader(strings.NewReader(string(screen.Saved["trace-chain-3-responses.csv"]))).ReadAll()
	if err != nil || len(lines) != 5 {
		t.Fatalf("the table has %d lines (error %v) in %v", len(lines), err, screen.Saved)
	}
	if first := strings.Join(lines[1][:9], "|"); first != "1|true|true|0|20|8|2|essential redundant|1" {
		t.Errorf("the first response is %s", first)
	}
	var back struct{ session.Samples }
	if err := json.Unmarshal(screen.Saved["trace-chain-3-responses.json"], &back); err != nil || !reflect.DeepEqual(back.Samples, want) {
		t.Errorf("the document reads back as %+v (error %v)", back, err)
	}
}
