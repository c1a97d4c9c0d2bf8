package panels

import (
	"strings"
	"testing"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
	"attnlab/app/lab/labtest"
	"attnlab/app/session"
)

func TestComparePage(t *testing.T) {
	l, engine := pageCompareBench(t)
	html := func() string { return app.HTMLString(l) }
	if !strings.Contains(html(), "There are no runs yet") {
		t.Error("the page without runs says nothing")
	}
	l.Receive(labtest.Runs())
	l.Do("fold:curves-table")
	text := html()
	for _, want := range []string{
		"4 of 4 runs chosen", "0.600", " ± 0.141", "55.0", " ± 7.1", "7,000", " ± 1,414", "shipped", "imported", "figure=scatter", "runs=a1%2Ca2%2Cg1%2Cm1", "figure=curves",
		"0.700", "60.0",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	if strings.Contains(text, "Use these settings") {
		t.Error("the actions of a run are listed before its menu is open")
	}
	l.Receive(labtest.Methods())
	l.Do("run-menu:a1")
	if text := html(); strings.Contains(text, `data-do="ask-drop:`) || !strings.Contains(text, `data-do="export-run:a1"`) || !strings.Contains(text, `data-do="export-part:trl:a1"`) || !strings.Contains(text, "Hand over to TRL") {
		t.Error("a shipped run can be deleted, or not be exported or handed over")
	}
	l.Do("run-menu:g1")
	if text := html(); strings.Count(text, "Use these settings") != 1 || !strings.Contains(text, "page=train") || !strings.Contains(text, `data-do="ask-drop:g1"`) {
		t.Error("the menu of a run that is saved here misses an action")
	}
	l.Do("ask-drop:g1")
	if !strings.Contains(html(), "This cannot be undone.") {
		t.Error("nothing is asked before a run is deleted")
	}
	l.Do("drop-run:g1")
	if got := labtest.Sent(t, engine, 1)[0]; got != any(session.DropRun{ID: "g1"}) {
		t.Errorf("deleting sends %#v", got)
	}
	l.Do("use-settings:a2")
	if l.Page != lab.PageTrain || l.Plan != l.PlanOf(labtest.Runs().Runs[1].Settings) || l.Plan.Seed != 2 {
		t.Errorf("the settings of a run lead to %+v", l.View)
	}
}
