package lab

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"attnlab/app/lab/labtest"
	"attnlab/app/session"
)

// The fields choose row, outcome and bound; the result is in the link, and the link asks for the same again.
func TestContrastFollowsItsFields(t *testing.T) {
	l, engine := compareBench(t)
	screen := &labtest.Screen{}
	l.screen = screen
	l.Receive(labtest.Runs())
	if got := l.ContrastRow(); got != "a1" {
		t.Errorf("the first row is that of %q", got)
	}
	for _, set := range [][2]string{{"contrast-row", "g1"}, {"outcome", "accuracy"}, {"within", "0.02"}} {
		l.Set(set[0], set[1])
	}
	l.Do("contrast")
	want := session.ContrastRuns{IDs: []string{}, Row: "g1", Outcome: "accuracy", Within: 0.02}
	if got := labtest.Sent(t, engine, 1)[0]; !reflect.DeepEqual(got, want) {
		t.Fatalf("the engine is asked for %+v", got)
	}
	answer := labtest.Contrasts()
	answer.Asked = want
	l.Receive(answer)
	l.Receive(session.Status{Stage: "ready"})
	if !l.Contrasted() || !strings.Contains(screen.Hash, "paired=g1&outcome=accuracy&within=0.02") {
		t.Errorf("contrasted: %v; the link is %s", l.Contrasted(), screen.Hash)
	}
	view, unread := ParseLink(screen.Hash)
	if view != l.View || unread != "" {
		t.Errorf("%s reads as %+v, unread %q", screen.Hash, view, unread)
	}
	other, engine2 := ready(t, view)
	for {
		if got, ok := labtest.Sent(t, engine2, 1)[0].(session.ContrastRuns); ok {
			if !reflect.DeepEqual(got, want) || other.Controls.Contrast != l.Controls.Contrast {
				t.Errorf("the link asks for %+v", got)
			}
			break
		}
	}
	l.Do("save-contrasts")
	file := string(screen.Saved["attnlab-contrasts.csv"])
	for _, want := range []string{"outcome,row,less,difference,low,high,problems_drawn_low", "accuracy,here,there,0.0625,-0.25,0.375,-0.5,0.5,3,seeds,t,0.5,0.75,0.02,not shown", "accuracy,here,elsewhere,0.5,,,,,1,seeds,t,,,0.02,not shown"} {
		if !strings.Contains(file, want) {
			t.Errorf("the file lacks %q:\n%s", want, file)
		}
	}
	l.Set("contender:g1", "false")
	if l.Contrasted() || l.View.Contrast != (Contrast{}) {
		t.Error("contrasts of other runs are shown")
	}
	for _, wrong := range []string{"x", "-1", "NaN", "1e9"} {
		l.Set("within", wrong)
		if sentence(t, l.Refused["within"].Why); l.Controls.Contrast.Within != 0.02 {
			t.Errorf("%q is read as %g", wrong, l.Controls.Contrast.Within)
		}
		if a, _ := FindAction("contrast"); a.Allowed(l) {
			t.Errorf("with the bound %q rows can be contrasted", wrong)
		}
	}
	if l.Set("within", ""); l.Controls.Contrast.Within != 0 || len(l.Refused) > 0 {
		t.Error("an empty field is no bound")
	}
	l.Controls.Contrast.Within = 3
	l.Set("outcome", "")
	l.Do("contrast")
	if got := labtest.Sent(t, engine, 1)[0].(session.ContrastRuns); got.Within != 0 || !slices.Equal(got.IDs, []string{"a1", "a2", "m1"}) {
		t.Errorf("of all outcomes the engine is asked for %+v", got)
	}
	for _, damaged := range []string{"paired=a&within=0.1", "paired=a&outcome=accuracy&within=x", "paired=a&outcome=luck"} {
		if view, unread := ParseLink("page=compare&" + damaged); unread == "" || view.Contrast.Within != 0 || math.IsNaN(view.Contrast.Within) {
			t.Errorf("%s reads as %+v", damaged, view.Contrast)
		}
	}
}
