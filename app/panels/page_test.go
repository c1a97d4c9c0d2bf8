package panels

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
	"attnlab/app/lab/explain"
	"attnlab/app/lab/labtest"
	"attnlab/app/session"
)

func TestShades(t *testing.T) {
	for _, c := range []struct {
		v, lo, hi float64
		want      string
	}{{0, 0, 1, "score-0"}, {1, 0, 1, "score-10"}, {2, 0, 1, "score-10"}, {-1, 0, 1, "score-0"}, {0.5, 0, 0, "score-0"}, {math.NaN(), 0, 1, ""}} {
		if got := shade(c.v, c.lo, c.hi); got != c.want {
			t.Errorf("shade(%v, %v, %v) = %q, want %q", c.v, c.lo, c.hi, got, c.want)
		}
	}
	if explain.Format(-0.0001) != "0.000" || explain.Format(-1.5) != "−1.500" || explain.Format(math.NaN()) != "–" {
		t.Errorf("numbers read %s %s %s", explain.Format(-0.0001), explain.Format(-1.5), explain.Format(math.NaN()))
	}
}

// pages are all screens worth drawing.
func pages(t *testing.T) map[string]string {
	html := map[string]string{}
	drawPages(t, func(name string, l *Page) { html[name] = app.HTMLString(l) })
	return html
}

// drawPages calls draw with the page in each state worth drawing.
func drawPages(t *testing.T, draw func(name string, l *Page)) {
	draw("before anything", NewPage(lab.Link{}, "", lab.Example{}))
	draw("first screen", NewPage(lab.Link{}, "", lab.Example{Trace: labtest.Trace()}))
	l, _ := pageReady(t, lab.Start())
	l.Receive(labtest.Trace())
	draw("trace", l)
	l.Do("step:2")
	l.Do("explain:fci:2")
	draw("step", l)
	l.Do("token:5")
	draw("token", l)
	l.Receive(labtest.Importances())
	l.Do("fold:importance-table")
	l.Do("explain:importance:0")
	draw("importance", l)
	l.Receive(labtest.Samples(5))
	l.Do("fold:responses-table")
	l.Do("explain:pass:2")
	draw("many", l)
	l.Receive(labtest.Ablations())
	l.Do("fold:ablations-table")
	l.Receive(labtest.Patched())
	l.Do("fold:patched-table")
	draw("ablation and patching", l)
	l.Do("page:heads")
	l.Do("grid:sra")
	v := 0.9
	l.Receive(session.HeadsView{Number: 1, Problems: 8, Of: 8, Layers: 2, Heads: 2, SRA: []*float64{&v, nil, &v, &v}, Kurtosis: make([]*float64, 4), Pairs: 9, Ranked: 4, KeyFocus: [][2]int{{0, 0}}})
	l.Receive(session.Disruption{Number: 1, Step: -1, Groups: []session.DisruptionGroup{{Pick: "fci", N: 40, Control: 0.75, ControlSE: 0, Disrupted: 0.25, DisruptedSE: 0.04, Loss: 0.5, LossSE: 0.07, Example: "so b 1", ExampleIntact: "so b 0"}}})
	draw("heads", l)
	l.Do("page:tree")
	l.Receive(labtest.Tree())
	l.Do("node:1")
	l.Do("fold:tree-list")
	draw("tree", l)
	l.Do("page:compare")
	l.Receive(labtest.Runs())
	l.Do("ask-drop:g1")
	draw("compare", l)
	l.Do("page:heads")
	for _, d := range []string{"keys", "capabilities"} {
		l.Do(d)
		draw(d, l)
	}
	for i := range lab.TourStops {
		l.GoTour(i + 1)
		draw("tour "+strconv.Itoa(i+1), l)
	}
	trainPages(t, draw)
}

func TestPages(t *testing.T) {
	html := pages(t)
	do := regexp.MustCompile(`data-do="([^":]*)`)
	for name, text := range html {
		// The content security policy forbids style attributes, and so does the theme.
		if strings.Contains(text, " style=") || strings.Contains(text, "javascript:") {
			t.Errorf("%s: a style attribute or a script in an address", name)
		}
		if i := strings.Index(text, " n = "); i >= 0 {
			t.Errorf("%s: a line can break within %q", name, text[i:min(i+8, len(text))])
		}
		if strings.Contains(text, "± 0.000") {
			t.Errorf("%s: an error of nothing looks like certainty", name)
		}
		for _, m := range do.FindAllStringSubmatch(text, -1) {
			if _, ok := lab.FindAction(m[1]); !ok {
				t.Errorf("%s: something does %q, which is no action", name, m[1])
			}
		}
	}
	for name, wants := range map[string][]string{
		"before anything": {"The engine is loading", `class="row ghost"`},
		"first screen":    {"A worked example", "4 steps, 8 tokens of thought, right answer 4", "✓ correct", "label-essential", "label-wrong", "score-10"},
		"step":            {"FCI of step 3", `class="row selected"`, "arXiv 2509.26628"},
		"token":           {"Token 5", "0.750", "0.250", "likeliest tokens"},
		"many":            {"pass@1", "0.600", "0.400 to 0.800", "4 right of 5", "They first part at token 4, in step 1, and go on in 2 ways", "the answer at once", "reward, tlmre", "1 − C(n − c, k) / C(n, k)", "3 ✗"},
		"importance":      {"2 steps with another continuation: 1 help and 0 harm", "ρ with shuffled FCI", ".42", "−.20 to .80", "+0.775", "+0.400 to +0.900", "8 of 24", "always written", "not sampled yet", "36 of 40 succeed"},
		"heads":           {"over 8 problems", "Key-focus heads: ", "L0·H0 0.900", "FCI, top 20 %", "0.500", "± 0.070", "± –"},
		"capabilities":    {"test adapter", "It was asked for."},
		"keys":            {"Generate the response or the rest of the response", "<kbd>", "Undo the last action"},
	} {
		for _, want := range wants {
			if !strings.Contains(html[name], want) {
				t.Errorf("%s: no %q", name, want)
			}
		}
	}
	for i, stop := range lab.TourStops {
		if !strings.Contains(html["tour "+strconv.Itoa(i+1)], `id="`+stop.Ring+`"`) {
			t.Errorf("stop %d of the tour rings %q, which its page does not have", i+1, stop.Ring)
		}
	}
}

func TestTypedProblemIsChecked(t *testing.T) {
	l, engine := pageReady(t, lab.Start())
	labtest.Sent(t, engine, 1)
	l.Set("typed", "k 8 ; ? z")
	if got := labtest.Sent(t, engine, 1)[0]; got != any(session.Check{Text: "k 8 ; ? z"}) {
		t.Fatalf("typing sends %#v", got)
	}
	l.Receive(session.Checked{Text: "k 8 ; ? z", Error: "z is not defined."})
	if text := app.HTMLString(l); !strings.Contains(text, "z is not defined.") || !strings.Contains(text, "digits 0 to 9") {
		t.Error("the page does not say what is wrong and what can be written")
	}
	before := l.View
	if l.Do("typed"); l.View != before {
		t.Error("a problem that cannot be read was used")
	}
}

// A page whose engine sends heads one by one shows the table and the sum of a selected head once it has come, and no number
// of another head before.
func TestAHeadComesOnDemand(t *testing.T) {
	l, _ := pageReady(t, lab.Start())
	tr := labtest.Trace()
	head := session.HeadAttention{Number: 100, Trace: 99, Layer: 1, Head: 0, Attention: tr.InHead(1, 0)}
	tr.Number, tr.All = 99, nil
	l.Receive(tr)
	l.Folded["table"] = false
	if text := app.HTMLString(l.matrixTable()); !strings.Contains(text, "maximum over heads") || !strings.Contains(text, explain.Format(float64(tr.Attention[4*6+2]))) {
		t.Errorf("the table of no head is %s", text)
	}
	l.Do("step:1")
	l.Do("head:1.0")
	sum := func() explain.Explanation { e, _ := l.Explain("fci:1"); return e }
	waiting := sum()
	if text := app.HTMLString(l.matrixTable()); len(waiting.Terms) != 0 || waiting.Value != explain.Format(tr.FCIHeads[2*4+1]) || !strings.Contains(text, "–") || strings.Contains(text, explain.Format(float64(tr.Attention[4*6+2]))) {
		t.Errorf("before the head has come: %+v, %s", waiting, text)
	}
	old := head
	old.Trace = 98
	l.Receive(old)
	if got := sum(); len(got.Terms) != 0 {
		t.Errorf("the head of another trace explains %+v", got)
	}
	l.Receive(head)
	got := sum()
	text := app.HTMLString(l.matrixTable())
	if len(got.Terms) != 2 || got.Total != "sum "+got.Value || strings.Contains(text, "–") || !strings.Contains(text, explain.Format(float64(head.Attention[4*6+2]))) {
		t.Errorf("with the head: %+v, %s", got, text)
	}
}
