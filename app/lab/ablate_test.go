package lab

import (
	"reflect"
	"strings"
	"testing"

	"attnlab/app/lab/explain"
	"attnlab/app/lab/labtest"
	"attnlab/app/session"
)

// The fields choose heads, way and problems; the result is in the link, and the link asks for the same again.
func TestAblateFollowsItsFields(t *testing.T) {
	l, screen, engine := lossesBench(t)
	l.Set("ablate-heads", "1.2; 0.3")
	l.Set("ablate-by", "mean")
	l.Set("ablate-over", "30")
	l.Do("ablate")
	want := session.Ablate{Heads: [][2]int{{1, 2}, {0, 3}}, By: "mean", Problems: 30}
	if got := labtest.Sent(t, engine, 1)[0]; !reflect.DeepEqual(got, want) {
		t.Fatalf("the engine is asked for %+v", got)
	}
	v := labtest.Ablations()
	v.Asked, v.Rows, v.Of = want, v.Rows[:1], 1
	v.Rows[0].Heads = want.Heads
	l.Receive(v)
	l.Receive(session.Status{Stage: "ready"})
	if !strings.Contains(screen.Hash, "ablate=1.2%2C0.3&ablate-by=mean&ablate-over=30") {
		t.Errorf("the link is %s", screen.Hash)
	}
	view, unread := ParseLink(screen.Hash)
	if view != l.View || unread != "" {
		t.Errorf("%s reads as %+v, unread %q", screen.Hash, view, unread)
	}
	other, engine := ready(t, view)
	for {
		if got, ok := labtest.Sent(t, engine, 1)[0].(session.Ablate); ok {
			if !reflect.DeepEqual(got, want) || other.Controls.Ablated != l.Controls.Ablated {
				t.Errorf("the link asks for %+v", got)
			}
			break
		}
	}
	l.Selection.Layer, l.Selection.Head = 0, 3
	l.Do("ablate-head")
	if l.Controls.Ablated.Heads != "1.2" {
		t.Errorf("without the selected head there is %q", l.Controls.Ablated.Heads)
	}
	l.Do("ablate-head")
	l.Selection.Layer, l.Selection.Head = 1, 2
	l.Do("ablate-head")
	l.Selection.Layer, l.Selection.Head = 0, 3
	if l.Do("ablate-head"); l.Controls.Ablated.Heads != EachHead {
		t.Errorf("without any head there is %q", l.Controls.Ablated.Heads)
	}
	for _, wrong := range []string{"", "x", "1.2, 1.2", "1"} {
		l.Set("ablate-heads", wrong)
		if sentence(t, l.Refused["ablate-heads"].Why); l.Controls.Ablated.Heads != EachHead {
			t.Errorf("%q is read as %q", wrong, l.Controls.Ablated.Heads)
		}
		if a, _ := FindAction("ablate"); a.Allowed(l) {
			t.Errorf("%q can be ablated", wrong)
		}
	}
	if view, unread := ParseLink("page=trace&ablate=1.x"); view.Ablated != (Ablated{}) || !strings.Contains(unread, "ablate") {
		t.Errorf("a head that is none reads as %+v, unread %q", view.Ablated, unread)
	}
	v = labtest.Ablations()
	l.Receive(v)
	l.Do("save-ablations")
	file := string(screen.Saved["trace-chain-3-ablations.csv"])
	for _, want := range []string{"without,by,responses", "whole model,,28,-0.25,0.125", "0.1,mean,28,-2,0.125,-2.25,-1.75,-0.5,0.0625,-0.625,-0.375"} {
		if !strings.Contains(file, want) {
			t.Errorf("the file lacks %q: %s", want, file)
		}
	}
}

// After a change of the response its states are put into the changed one, else into another response; both are in the link.
func TestPatchFollowsTheChange(t *testing.T) {
	l, screen, engine := lossesBench(t)
	if l.Do("patch-edit"); l.PatchInto != "" {
		t.Error("a response without a change is patched into one")
	}
	l.Do("patch-another")
	if got := labtest.Sent(t, engine, 1)[0]; got != (session.PatchStates{Into: session.PatchAnother}) {
		t.Fatalf("the engine is asked for %+v", got)
	}
	l.Receive(labtest.Patched())
	l.Receive(session.Status{Stage: "ready"})
	view, unread := ParseLink(screen.Hash)
	if view != l.View || unread != "" || view.PatchInto != session.PatchAnother {
		t.Errorf("%s reads as %+v, unread %q", screen.Hash, view, unread)
	}
	_, engine2 := ready(t, view)
	for {
		if got, ok := labtest.Sent(t, engine2, 1)[0].(session.PatchStates); ok {
			if got.Into != session.PatchAnother {
				t.Errorf("the link asks for %+v", got)
			}
			break
		}
	}
	l.Do("save-patched")
	file := string(screen.Saved["trace-chain-3-patching.csv"])
	for _, want := range []string{"before_layer,part,label,text,same_tokens,back,gained", `0,step 2,wrong,"c 3`, `",false,0.875,1.75`, "1,answer,,#,true,0.75,1.5"} {
		if !strings.Contains(file, want) {
			t.Errorf("the file lacks %q: %s", want, file)
		}
	}
	l.Receive(session.Patched{Number: 9})
	l.Receive(session.Status{Stage: "ready"})
	if strings.Contains(screen.Hash, "patch=") {
		t.Errorf("cleared, the link is %s", screen.Hash)
	}
}

// The verdicts say what is shown, and of what by chance alone would be.
func TestInsideVerdicts(t *testing.T) {
	each, patched := labtest.Ablations(), labtest.Patched()
	one := each
	one.Asked.Heads, one.Rows = [][2]int{{1, 1}}, each.Rows[3:]
	alike := patched
	alike.Found[1] = "4"
	for text, wants := range map[string][]string{
		explain.PatchVerdict(&alike):   {"The answer is 4 here and 4 in the other response; what differs first is what is written before it, 4 and 3."},
		explain.AblationVerdict(&each): {"Over 28 responses, 3 of 4 heads change", "about one in 20", "Most is lost without L0·H1: −2.000 ± 0.125 nats, and right answers −0.500 ± 0.062"},
		explain.AblationVerdict(&one):  {"change by −0.125 ± 0.125 nats", "not shown"},
		explain.PatchVerdict(&patched): {"The answer is 4 here and 3 in the other response. Before layer 0, step 2 brings back 0.88 of the difference; before layer 1, answer brings back 0.75"},
	} {
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("%q lacks %q", text, want)
			}
		}
	}
}
