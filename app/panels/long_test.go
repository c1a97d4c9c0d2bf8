package panels

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
	"attnlab/app/lab/labtest"
	"attnlab/app/session"
)

// longPage is a page with a trace of 300 steps of a model with 270 heads, whose step 41 and head 20, 7 are selected.
func longPage(hash string) *Page {
	p := NewPage(lab.Link{}, hash, lab.Example{})
	at := session.Selection{Step: 40, Token: -1, Layer: 20, Head: 7, Node: -1}
	p.Lab.Trace, p.Lab.Selection = labtest.Long(at), at
	return p
}

// Rows of a long trace are drawn in blocks, of which only those near the visible part have any.
func TestRowsOfALongTrace(t *testing.T) {
	p := longPage("page=trace&seed=1")
	html := app.HTMLString(p.rows())
	if blocks, rows := strings.Count(html, `class="rows block`), strings.Count(html, `id="step-`); blocks != 30 || rows != 0 {
		t.Errorf("%d blocks with %d rows", blocks, rows)
	}
	_, steps, _ := p.lines()
	b := &block{First: 40, Lines: steps[40:50], Selected: 40, near: true}
	html = app.HTMLString(b.Render())
	if strings.Count(html, `id="step-`) != 10 || !strings.Contains(html, `id="step-40"`) || !strings.Contains(html, "steps 41 to 50") {
		t.Errorf("the block is %s", html)
	}
}

// Of the arcs of a long trace those near the visible part are drawn, and never more than can be told apart. The page finds them once.
func TestArcsOfALongTrace(t *testing.T) {
	p := longPage("page=trace&seed=1")
	p.Lab.Selection.Step = -1
	p.Set("weakest", "0")
	p.Set("readers", "0")
	g := &gutter{Arcs: p.arcsOf(), pointed: -1, width: 96, height: 30 * 302, from: 3000, to: 3600}
	for i := range 302 {
		g.rows = append(g.rows, 30*float64(i)+15)
	}
	if n := strings.Count(g.svg(), "<g "); n != mostArcs {
		t.Errorf("%d arcs, want %d", n, mostArcs)
	}
	for _, l := range g.seen(-1) {
		if inside := func(y float64) bool { return y >= g.from && y <= g.to }; !inside(g.rows[l.Reader]) && !inside(g.rows[l.Read]) {
			t.Fatalf("the arc from %d to %d lies outside", l.Reader, l.Read)
		}
	}
	g.pointed = 100
	own := 0
	for name, class := range classes(g) {
		if strings.HasPrefix(class, "shade") && (strings.HasSuffix(name, "at step 100") || strings.HasPrefix(name, "step 100 ")) {
			own++
		}
	}
	if own == 0 || own > mostOwn {
		t.Errorf("%d arcs of the row under the pointer", own)
	}
	before := &p.linksOf().shown[0]
	if p.Do("step:7"); &p.linksOf().shown[0] != before {
		t.Error("selecting a step finds the links again")
	}
	if p.Set("readers", "3"); len(p.linksOf().shown) > 3*302 {
		t.Error("the links are still all of them")
	}
}

// The Heads page lists 270 heads by layer or ranked by a measure, says whether heads hold on held-out responses, sets scores beside the
// place of the step, and names published heads.
func TestHeadsOfALargeModel(t *testing.T) {
	p := longPage("page=heads&seed=1")
	html := app.HTMLString(p.headsPage())
	if n := strings.Count(html, `class="cell`); n != 270 {
		t.Errorf("%d cells", n)
	}
	if n := strings.Count(html, `class="pip`); n != labtest.LongHeads {
		t.Errorf("the strip has %d heads, want those of a layer", n)
	}
	for _, want := range []string{"270 of 270 heads", "(16, 2)", "(20, 9)", "(23, 2)", "R1-Distill-Qwen-1.5B", "ρ with place", "Vertical score of receiver heads"} {
		if !strings.Contains(html, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	p.Set("heads-as", "list")
	p.Do("grid:receiver")
	html = app.HTMLString(p.grid())
	if n := strings.Count(html, `class="chip`); n != mostRanked || !strings.Contains(html, "210 more heads") || strings.Count(html, `aria-sort="descending"`) != 1 {
		t.Errorf("%d ranked heads: %s", n, html)
	}
	p.Set("head-sought", "layer 99")
	if html = app.HTMLString(p.grid()); !strings.Contains(html, "No head is named like that") {
		t.Errorf("of no head: %s", html)
	}
	p.Set("head-sought", "")

	p.Set("layer-from", "10")
	p.Layered = session.LayerScores{Trace: p.Trace.Number, From: 10, To: 30, Scores: p.Trace.StepScores[:3]}
	if html = app.HTMLString(p.besidePosition()); !strings.Contains(html, "layers 10 to 29") {
		t.Errorf("FCI of some layers: %s", html)
	}
	of := func(x float64) *float64 { return &x }
	p.Heads.HeldOut = []session.HeldOutHead{{Layer: 20, Head: 7, First: of(0.864), SRA: of(0.5), SE: of(0.055), Over: of(-0.2), OverSE: of(0.06), Responses: 30}}
	p.Heads.HeldOutPosition = &session.HeldOutHead{SRA: of(0.7), Responses: 30}
	if html = app.HTMLString(p.heldOut()); !strings.Contains(html, "0.864") || !strings.Contains(html, "0.055") || !strings.Contains(html, "place of the step") {
		t.Errorf("held-out heads: %s", html)
	}
	p.Lab.Trace.Layers, p.Lab.Trace.Heads = 28, 12
	if html = app.HTMLString(p.published()); !strings.Contains(html, `data-do="head:16.2"`) {
		t.Errorf("of a model with the published shape: %s", html)
	}
}

// The panel of the answer says what to do before there is an answer, counts while it measures, and lists the largest losses.
func TestAnswerPanel(t *testing.T) {
	p := longPage("page=trace&seed=1")
	p.Lab.Status = session.Status{Busy: true, Stage: removing, Done: 3, Total: 300}
	if html := app.HTMLString(p.answerPanel()); !strings.Contains(html, "3 of 300 steps") || !strings.Contains(html, `data-do="cancel"`) {
		t.Errorf("while it measures: %s", html)
	}
	p.Lab.Status = session.Status{}
	p.Answers = session.AnswerLosses{Trace: p.Trace.Number, Values: make([]*float64, 300)}
	for k := range 20 {
		v := float64(k) / 10
		p.Answers.Values[k] = &v
	}
	html := app.HTMLString(p.answerPanel())
	for _, want := range []string{"+1.900", "20 of 300 measured", "8 more steps", "ρ(loss, FCI)", `data-do="step:19"`} {
		if !strings.Contains(html, want) {
			t.Errorf("the panel does not say %q: %s", want, html)
		}
	}
	if n := strings.Count(html, "<tr"); n != mostLosses+1 {
		t.Errorf("%d rows", n)
	}
	p.Lab.Trace.Answer = [2]int{}
	if html := app.HTMLString(p.answerPanel()); !strings.Contains(html, "Generate a response") {
		t.Errorf("without an answer: %s", html)
	}
}

// The table of a long trace lists the strongest links, of the selected step where one is.
func TestStepTable(t *testing.T) {
	p := longPage("page=trace&seed=1")
	p.Folded["table"] = false
	html := app.HTMLString(p.matrixTable())
	if n := strings.Count(html, "<tr"); n != mostLinks+1 || !strings.Contains(html, "links of step 41") {
		t.Errorf("%d rows: %.300s", n, html)
	}
	p.Lab.Selection.Step = -1
	if html = app.HTMLString(p.matrixTable()); !strings.Contains(html, fmt.Sprintf("The strongest links, %s", "L20·H7")) {
		t.Errorf("without a step: %.300s", html)
	}
}

// A number of a cell is short, whatever its size.
func TestNarrowNumbers(t *testing.T) {
	for v, want := range map[float64]string{0.1234: ".123", 0: ".000", -0.5: "−.500", 8.886: "8.89", 53.866: "53.9", 107.395: "107", math.NaN(): "–"} {
		if got := narrow(v); got != want {
			t.Errorf("%v is written %q, want %q", v, got, want)
		}
	}
}
