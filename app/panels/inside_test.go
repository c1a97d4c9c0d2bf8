package panels

import (
	"regexp"
	"strings"
	"testing"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
	"attnlab/app/lab/labtest"
	"attnlab/app/session"
)

// The panel has the lens, a cell for every head, the open one pressed, and what it reads down to a sum.
func TestInsidePanel(t *testing.T) {
	l, engine := pageReady(t, lab.Start())
	labtest.Sent(t, engine, 1)
	l.Receive(session.Status{Stage: "ready"})
	l.Receive(labtest.Trace())
	panel := func() string { return l.panelText("inside") }
	if html := panel(); !strings.Contains(html, "Open the last token of the answer") || strings.Contains(html, "<table") {
		t.Errorf("closed, the panel has\n%s", html)
	}
	l.Do("token:12")
	l.Do("inside")
	l.Receive(labtest.Inside())
	html := panel()
	for _, want := range []string{"Open token 12", "Token 12 is “b” with a probability of 0.750; the likeliest other one is “z” with 0.125.", ">end<", "feed-forward", "L1·H0 adds +3", "What L1·H0 reads there", "select token 11", "1.000"} {
		if !strings.Contains(html, want) {
			t.Errorf("the panel lacks %q:\n%s", want, html)
		}
	}
	var open []string
	heads := regexp.MustCompile(`<button[^>]* data-do="inside-head:[^>]*>`).FindAllString(html, -1)
	for _, head := range heads { // with its attributes in any order
		if !strings.Contains(head, ` aria-pressed="false"`) {
			open = append(open, head)
		}
	}
	if len(heads) != 4 || len(open) != 1 || !strings.Contains(open[0], `aria-label="L1·H0 adds`) {
		t.Errorf("%d heads can be opened, these are: %q\n%s", len(heads), open, html)
	}
	l.Do("close-inside")
	if strings.Contains(panel(), "<table") {
		t.Error("the panel is not closed")
	}
}

// The panels of ablation and of patching have a field for heads, a cell for every head and part, and tables with all numbers.
func TestAblationAndPatchingPanels(t *testing.T) {
	l, engine := pageReady(t, lab.Start())
	labtest.Sent(t, engine, 1)
	l.Receive(session.Status{Stage: "ready"})
	l.Receive(labtest.Trace())
	l.Do("head:1.0")
	l.Receive(labtest.Ablations())
	l.Receive(labtest.Patched())
	l.Do("fold:ablations-table")
	l.Do("fold:patched-table")
	for id, wants := range map[string][]string{
		"ablation": {`value="each"`, "Add L1·H0", "3 of 4 heads change", `aria-label="L0·H1 −2.000 ± 0.125"`, "−2.250 to −1.750", "28 responses", "save-ablations-json"},
		"patching": {"Patch into another response", "sampling seed of the other", "step 2 ≠, wrong", "0.88", "+1.750", "–", "c 3"},
	} {
		html := l.panelText(id)
		for _, want := range wants {
			if !strings.Contains(html, want) {
				t.Errorf("%s lacks %q:\n%s", id, want, html)
			}
		}
	}
	l.Set("ablate-heads", "0.1, 0.1")
	if html := l.panelText("ablation"); !strings.Contains(html, "named twice") || !strings.Contains(html, `role="alert"`) {
		t.Errorf("heads that are named twice are not refused:\n%s", html)
	}
	l.Do("page:heads")
	if html := l.panelText("ablation"); !strings.Contains(html, "3 of 4 heads change") {
		t.Errorf("the Heads page has no ablations:\n%s", html)
	}
}

// The walk shows a stage after another, each with what it came from; the rows say what the head reads at the selected token.
func TestWalkAndThreads(t *testing.T) {
	l, engine := pageReady(t, lab.Start())
	labtest.Sent(t, engine, 1)
	l.Receive(session.Status{Stage: "ready"})
	l.Receive(labtest.Trace())
	if html := app.HTMLString(l); strings.Contains(html, `id="threads"`) {
		t.Error("nothing is open, and there are lines")
	}
	l.Do("token:12")
	l.Do("inside")
	l.Receive(labtest.Inside())
	l.Do("walk-next")
	l.Do("walk-next")
	html := l.panelText("inside")
	for _, want := range []string{"L1·H0 reads token 11", "1 of the 12 strongest: ÷ √C", "feature 0", "+0.750", `class="now"`, `class="ahead"`, "softmax"} {
		if !strings.Contains(html, want) {
			t.Errorf("the walk lacks %q:\n%s", want, html)
		}
	}
	if n := strings.Count(html, `class="ahead"`); n != 5 {
		t.Errorf("%d stages are ahead", n)
	}
	html = app.HTMLString(l)
	if !strings.Contains(html, "In L1·H0 token 12") {
		t.Error("the rows do not say what the head reads at token 12")
	}
	l.Do("token:6")
	if html := app.HTMLString(l); !strings.Contains(html, "In L1·H0 token 6") {
		t.Error("the sentence does not follow the selection")
	}
	h := &threads{drawn: []thread{{100, 60, 20, 10, 30, 20, 0.5}, {100, 60, 40, 60, 20, 20, 0.25}}, width: 300, height: 200}
	if svg := h.svg(); strings.Count(svg, "<rect") != 2 || !strings.Contains(svg, `d="M100.0 60.0C100.0 45.0 35.0 45.0 35.0 30.0" stroke-width="2.50"`) || !strings.Contains(svg, "50.0 60.0\" stroke-width=\"1.75\"") {
		t.Errorf("the lines are %s", svg)
	}
}
