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

// gutterOf is the gutter of a page as it would be drawn with rows 30 pixels apart.
func gutterOf(p *Page) *gutter {
	g := &gutter{Arcs: p.arcsOf(), pointed: -1, width: 96, height: 200, to: 200}
	for i := range 6 {
		g.rows = append(g.rows, 15+30*float64(i))
	}
	return g
}

var arcClass = regexp.MustCompile(`<g class="arc ([^"]*)"`)

// classes are the classes of the arcs that a gutter draws, by what their titles say.
func classes(g *gutter) map[string]string {
	found := map[string]string{}
	for _, piece := range strings.Split(g.svg(), "<g ")[1:] {
		class := arcClass.FindStringSubmatch("<g " + piece)[1]
		_, title, _ := strings.Cut(piece, "<title>")
		title, _, _ = strings.Cut(title, ":")
		found[title] = class
	}
	return found
}

// The gutter has the readers that are no neighbours, the strongest of each row above the threshold; the focused row has all of its own,
// and what looks at it differs from what it looks at.
func TestGutter(t *testing.T) {
	p := NewPage(lab.Link{}, "", lab.Example{Trace: labtest.Trace()})
	p.Set("weakest", "0")
	p.Set("readers", "0")
	all := classes(gutterOf(p))
	if len(all) != 10 { // of 6 rows, those at least 2 apart: 4+3+2+1
		t.Errorf("%d arcs: %v", len(all), all)
	}
	if _, neighbour := all["step 2 looks at step 1"]; neighbour || all["step 3 looks at step 1"] == "" || all["answer looks at problem"] == "" {
		t.Errorf("the arcs are %v", all)
	}
	p.Set("readers", "3")
	if few := classes(gutterOf(p)); len(few) != 9 { // the problem has four readers
		t.Errorf("three readers of each row: %v", few)
	}
	p.Set("weakest", "20")
	if top := classes(gutterOf(p)); len(top) != 1 {
		t.Errorf("at the end of the scale: %v", top)
	}
	p.Set("weakest", "5")
	p.Do("step:1")
	g := gutterOf(p)
	lit := classes(g)
	if !strings.HasSuffix(lit["step 4 looks at step 2"], "reader") || !strings.HasSuffix(lit["answer looks at step 2"], "reader") || strings.Contains(lit["answer looks at step 1"], "reader") {
		t.Errorf("with step 2 selected: %v", lit)
	}
	g.pointed = 4 // the pointer is on step 4
	if lit = classes(g); !strings.HasSuffix(lit["step 4 looks at step 2"], "reads") {
		t.Errorf("with the pointer on step 4: %v", lit)
	}
	if svg := g.svg(); !strings.Contains(svg, `role="img"`) || strings.Contains(svg, "NaN") || strings.Contains(svg, "style=") {
		t.Errorf("the picture is %s", svg)
	}
	p.Receive(session.Disruption{Number: 1, Step: 1, Groups: []session.DisruptionGroup{}, Pairs: make([]session.DisruptionPair, 4)})
	if cut := classes(gutterOf(p)); !strings.HasSuffix(cut["step 4 looks at step 2"], "broken") {
		t.Errorf("with step 2 cut: %v", cut)
	}
	empty := NewPage(lab.Link{}, "", lab.Example{})
	if svg := gutterOf(empty).svg(); strings.Contains(svg, "<g ") {
		t.Errorf("without a trace: %s", svg)
	}
}

// drawn runs do with the context of a component that is drawn outside a browser.
type drawn struct {
	app.Compo
	do func(ctx app.Context)
}

func (d *drawn) OnPreRender(ctx app.Context) { d.do(ctx) }
func (d *drawn) Render() app.UI              { return app.Div() }

// go-app may update the gutter before it mounts it. What measures the rows after that can still draw them again.
func TestGutterUpdatedBeforeMounted(t *testing.T) {
	g, updated := gutterOf(NewPage(lab.Link{}, "", lab.Example{Trace: labtest.Trace()})), false
	engine := app.NewTestEngine()
	if err := engine.Load(&drawn{do: func(ctx app.Context) {
		g.OnUpdate(ctx)
		g.ctx.Update() // as measure does
		updated = true
	}}); err != nil {
		t.Fatal(err)
	}
	engine.ConsumeAll()
	if !updated {
		t.Error("nothing was drawn")
	}
}

// A new trace may be shorter than the row under the pointer.
func TestGutterOfAShorterTrace(t *testing.T) {
	p := NewPage(lab.Link{}, "", lab.Example{Trace: labtest.Trace()})
	g := gutterOf(p)
	g.pointed = g.Arcs.ranges
	if svg := g.svg(); !strings.Contains(svg, `class="arc`) {
		t.Errorf("the pointer is below the last row: %s", svg)
	}
}
