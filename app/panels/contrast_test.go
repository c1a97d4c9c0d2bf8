package panels

import (
	"strings"
	"testing"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab/labtest"
)

// The panel has the numbers of the command line, a bound only for a single outcome, and says which runs are left out.
func TestContrastPanel(t *testing.T) {
	l, _ := pageCompareBench(t)
	l.Receive(labtest.Runs())
	text := l.panelText("contrasts")
	if !strings.Contains(text, "all three") || strings.Contains(text, `data-set="within"`) || strings.Contains(text, "save-contrasts") {
		t.Errorf("before any contrast the panel is %s", text)
	}
	l.Set("outcome", "accuracy")
	answer := labtest.Contrasts()
	l.Receive(answer)
	text = l.panelText("contrasts")
	for _, want := range []string{`data-set="within"`, "Row here less each other row, of the same seeds.", "by Holm over the 2 contrasts", "+0.062", "−0.250 to +0.375", "−0.500 to +0.500", "3 seeds", "1 seed<", "0.750",
		"not shown", "m1 is not finished.", `data-do="save-contrasts"`, `data-label="p, Holm"`} {
		if !strings.Contains(text, want) {
			t.Errorf("the panel lacks %q:\n%s", want, text)
		}
	}
	l.Set("contender:g1", "false")
	if text := app.HTMLString(l); strings.Contains(text, "−0.250 to +0.375") {
		t.Error("contrasts of other runs are shown")
	}
}
