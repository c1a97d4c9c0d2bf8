package panels

import (
	"encoding/binary"
	"fmt"
	"html"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
	"attnlab/app/lab/explain"
	"attnlab/app/session"
	"attnlab/app/theme"
)

// gutter draws, left of the rows of a trace, an arc from each row to the rows that it looks back at, with an arrow at the row that is
// looked at. It measures the places of the rows, so that arcs end at their rows, and draws itself again, alone, when the
// pointer or the focus moves to another row.
type gutter struct {
	app.Compo
	Arcs arcs

	ctx     app.Context
	rows    []float64 // y of each row's number, from the top of the gutter; nil before it is measured
	width   float64
	height  float64
	from    float64 // the part of the height in which arcs are drawn: those that begin or end there
	to      float64
	pointed int // the row under the pointer or with the focus, as a range; -1 for none
	page    *Page
	in      *later
	ask     func() // for a measure in the next frame
	stop    func()
}

// arcs are what a gutter draws. Ranges count as in [session.Trace.Attention].
type arcs struct {
	links
	least float64 // of a link of the focused row
	focus int     // range that is selected, or that a figure points at; -1 for none
	cut   []int   // ranges whose readers are cut off
	steps int
}

// links are the attention of a trace between its ranges, and the links of it that are strong enough to be shown.
type links struct {
	ranges  int
	stride  int // of pays
	apart   int
	pays    session.Densities
	shown   []session.Link // the weakest first
	top     float64        // the end of the scale
	caption string
}

// at is what a range pays to another.
func (l *links) at(reader, read int) float64 { return float64(l.pays[reader*l.stride+read]) }

// of returns the links of one range, the weakest first.
func (l *links) of(i int, least float64) []session.Link {
	return session.LinksOf(i, l.ranges, l.apart, least, l.at)
}

// linksOf is what links were found for. Finding those of 300 steps takes many milliseconds, and most redraws show the same ones.
type linksOf struct {
	pays    *float32
	ranges  int
	delta   int
	readers int
	weakest int
	found   links
}

// linksOf finds the links of the trace in the selected head, or of the largest attention over heads.
func (p *Page) linksOf() links {
	t := &p.Trace
	l := links{ranges: rangesShown(t), stride: t.Ranges(), apart: t.Delta, pays: t.Attention}
	if l.ranges == 0 {
		return l
	}
	if in := t.InHead(p.Selection.Layer, p.Selection.Head); in != nil {
		l.pays = in
	}
	key := linksOf{&l.pays[0], l.ranges, t.Delta, p.Arcs.Readers, p.Arcs.Weakest, links{}}
	if old := p.linked; old.pays == key.pays && old.ranges == key.ranges && old.delta == key.delta && old.readers == key.readers && old.weakest == key.weakest {
		return old.found
	}
	l.top = session.LargestApart(l.ranges, t.Delta, l.at)
	least, all := float64(p.Arcs.Weakest)/lab.WeakestSteps*l.top, 0
	for _, link := range session.Links(l.ranges, t.Delta, p.Arcs.Readers, l.at) {
		if link.Attention >= least {
			l.shown = append(l.shown, link)
		}
	}
	for read := range l.ranges {
		all += max(0, l.ranges-read-max(1, t.Delta))
	}
	l.caption = fmt.Sprintf("Arcs: which step looks back at which, %s of %s shown. The table below the matrix has all numbers.", explain.Plural(len(l.shown), "link"), explain.Grouped(int64(all)))
	key.found = l
	p.linked = key
	return l
}

// arcsOf collects the arcs of the trace in the selected head, or of the largest attention over heads.
func (p *Page) arcsOf() arcs {
	t := &p.Trace
	a := arcs{links: p.linksOf(), focus: -1, steps: len(t.Steps)}
	a.least = float64(p.Arcs.Weakest) / lab.WeakestSteps * a.top / 5
	switch {
	case p.Hovered >= 0 && p.Hovered < len(t.Steps):
		a.focus = p.Hovered + 1
	case p.Selection.Step >= 0 && p.Selection.Step < len(t.Steps):
		a.focus = p.Selection.Step + 1
	}
	for k := range t.Steps {
		if p.IsCut(k) {
			a.cut = append(a.cut, k+1)
		}
	}
	return a
}

// rangesShown counts the rows that have arcs: the problem, the steps, and the answer once there is one.
func rangesShown(t *session.Trace) int {
	switch {
	case len(t.Attention) != t.Ranges()*t.Ranges():
		return 0
	case t.Answer[1] > t.Answer[0]:
		return t.Ranges()
	}
	return t.Ranges() - 1
}

// OnMount measures the rows, and again whenever their place changes.
func (g *gutter) OnMount(ctx app.Context) {
	g.ctx, g.pointed = ctx, -1
	over := false
	measure := app.FuncOf(func(app.Value, []app.Value) any {
		ctx.Dispatch(func(ctx app.Context) {
			ctx.PreventUpdate()
			if !over {
				g.measure()
			}
		})
		return nil
	})
	// A ResizeObserver must not call Go: whatever else is due there would run as well, and rows that change size while their observer
	// is called are an error in browsers. So it only asks for the next frame.
	frame := app.Window().Get("requestAnimationFrame")
	point := app.FuncOf(func(_ app.Value, args []app.Value) any {
		event := args[0]
		at := -1
		switch event.Get("type").String() {
		case "mouseleave":
		case "focusout":
			at = rangeOf(event.Get("relatedTarget"), g.Arcs)
		default:
			at = rangeOf(event.Get("target"), g.Arcs)
		}
		if at != g.pointed {
			ctx.Dispatch(func(app.Context) {
				g.page.alone(g.in)
				g.pointed = at
			})
		}
		return nil
	})
	rows := app.Window().GetElementByID("rows-with-arcs")
	if !rows.Truthy() { // the page has changed meanwhile
		measure.Release()
		point.Release()
		return
	}
	observer := app.Window().Get("ResizeObserver").New(frame.Call("bind", app.Window(), measure))
	observer.Call("observe", rows)
	box := app.Window().GetElementByID("rows-box")
	var scroll app.Value
	if box.Truthy() { // of a long trace: the arcs of the rows that can be seen are drawn
		scroll = frame.Call("bind", app.Window(), measure)
		box.Call("addEventListener", "scroll", scroll, map[string]any{"passive": true})
	}
	events := []string{"mouseover", "focusin", "mouseleave", "focusout"}
	for _, e := range events {
		rows.Call("addEventListener", e, point)
	}
	g.stop = func() {
		over, g.ask = true, nil
		observer.Call("disconnect")
		for _, e := range events {
			rows.Call("removeEventListener", e, point)
		}
		if scroll != nil {
			box.Call("removeEventListener", "scroll", scroll)
		}
		point.Release()
		releaseLater(measure) // a frame that was asked for before still calls it
	}
	g.ask = func() { app.Window().Call("requestAnimationFrame", measure) }
	g.ask()
}

// OnUpdate measures the rows of another trace. It may come before OnMount, while the example plays on arrival.
func (g *gutter) OnUpdate(ctx app.Context) {
	if g.ctx = ctx; g.ask != nil {
		g.ask()
	}
}

// OnDismount forgets the rows.
func (g *gutter) OnDismount() {
	if g.stop != nil {
		g.stop()
	}
}

// rangeOf is the range of the row that an element is in, -1 for none.
func rangeOf(element app.Value, a arcs) int {
	if !element.Truthy() || !element.Get("closest").Truthy() {
		return -1
	}
	row := element.Call("closest", ".row[data-range]")
	if !row.Truthy() {
		return -1
	}
	at, err := strconv.Atoi(row.Get("dataset").Get("range").String())
	if err != nil || at >= a.ranges {
		return -1
	}
	return at
}

// measure finds the places of the rows. It draws again only if these have changed.
func (g *gutter) measure() {
	array := app.Window().Call("attnlabRows")
	if !array.Truthy() {
		return
	}
	data := make([]byte, array.Length())
	app.CopyBytesToGo(data, array)
	found := make([]float64, len(data)/8)
	for i := range found {
		found[i] = math.Float64frombits(binary.LittleEndian.Uint64(data[8*i:]))
	}
	width, height, top, seen := found[0], found[1], found[2], found[3]
	rows := make([]float64, g.Arcs.ranges)
	for row := range slices.Chunk(found[4:], 2) {
		if i := int(row[0]); i >= 0 && i < len(rows) {
			rows[i] = math.Round(2*row[1]) / 2
		}
	}
	from, to := 0.0, height
	if seen > 0 {
		from, to = top-drawnBeyond, top+seen+drawnBeyond
		if math.Abs(from-g.from) < drawnBeyond/2 && math.Abs(to-g.to) < drawnBeyond/2 { // what is drawn reaches farther
			from, to = g.from, g.to
		}
	}
	if width != g.width || height != g.height || from != g.from || to != g.to || !slices.Equal(rows, g.rows) {
		g.width, g.height, g.from, g.to, g.rows = width, height, from, to, rows
		g.ctx.Dispatch(func(app.Context) { g.page.alone(g.in) })
	}
}

// Render draws the arcs.
func (g *gutter) Render() app.UI {
	return app.Div().ID("gutter").Class("gutter").Body(app.Raw(g.svg()))
}

// svg is the picture. Without a measure it is empty.
func (g *gutter) svg() string {
	a := g.Arcs
	var b strings.Builder
	fmt.Fprintf(&b, `<svg role="img" aria-label="%s" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f">`, html.EscapeString(a.caption), g.width, g.height, g.width, g.height)
	if len(g.rows) >= a.ranges && a.ranges > 1 && g.width > 8 {
		focus := a.focus
		if g.pointed >= 0 && g.pointed < a.ranges { // the pointer may rest on a row that a shorter trace no longer has
			focus = g.pointed
		}
		for _, l := range g.seen(focus) {
			g.arc(&b, l, focus)
		}
		if focus >= 0 {
			own := a.of(focus, a.least)
			for _, l := range own[max(0, len(own)-mostOwn):] {
				g.arc(&b, l, focus)
			}
		}
	}
	b.WriteString(`</svg>`)
	return b.String()
}

// seen are the links to draw that are not of the focused row: the strongest of those that begin or end in the visible part.
func (g *gutter) seen(focus int) (seen []session.Link) {
	inside := func(i int) bool { return g.rows[i] >= g.from && g.rows[i] <= g.to }
	for _, l := range g.Arcs.shown {
		if l.Reader != focus && l.Read != focus && (inside(l.Reader) || inside(l.Read)) {
			seen = append(seen, l)
		}
	}
	return seen[max(0, len(seen)-mostArcs):]
}

// Of many arcs the strongest mostArcs are drawn, mostOwn of the focused row, and of the rows of a long trace those up to drawnBeyond pixels outside of the visible part.
const (
	mostArcs    = 150
	mostOwn     = 40
	drawnBeyond = 200.0
)

// arc draws half an ellipse from a reader to what it looks at, and the arrow there. Of the focused row, readers are coloured and what
// it looks at itself is dashed; other arcs are faint. The arcs of a step that is cut are broken.
func (g *gutter) arc(b *strings.Builder, l session.Link, focus int) {
	const arrow, edge = 6.0, 2.0
	x, from, to := g.width-edge, g.rows[l.Reader], g.rows[l.Read]
	share := min(1, l.Attention/max(g.Arcs.top, 1e-12))
	bulge := (g.width - edge - arrow - 2) * (0.12 + 0.88*math.Pow(float64(l.Reader-l.Read)/float64(max(2, g.Arcs.ranges-1)), 0.7))
	class := "arc shade-" + strconv.Itoa(theme.ScoreStep(0.2+0.8*share))
	switch {
	case slices.Contains(g.Arcs.cut, l.Read):
		class += " broken"
	case focus >= 0 && l.Read == focus:
		class += " reader"
	case focus >= 0 && l.Reader == focus:
		class += " reads"
	case focus >= 0:
		class += " faint"
	}
	do := ""
	if step := l.Read - 1; step >= 0 && step < g.Arcs.steps {
		do = fmt.Sprintf(` data-do="step:%d"`, step)
	}
	c := x - arrow - bulge*4/3
	fmt.Fprintf(b, `<g class="%s"%s><title>%s looks at %s: %s per token</title><path class="hit" d="M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f"/><path class="line" stroke-width="%.2f" d="M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f"/><path class="head" d="M%.1f %.1fL%.1f %.1fL%.1f %.1fZ"/></g>`,
		class, do, rangeName(l.Reader, g.Arcs.steps), rangeName(l.Read, g.Arcs.steps), explain.Format(l.Attention),
		x, from, c, from, c, to, x-arrow, to,
		0.8+2.6*share, x, from, c, from, c, to, x-arrow, to,
		x-arrow-1, to-3.5, x, to, x-arrow-1, to+3.5)
}

// rangeName is "problem", "step 3" or "answer".
func rangeName(i, steps int) string {
	switch {
	case i == 0:
		return "problem"
	case i <= steps:
		return "step " + strconv.Itoa(i)
	}
	return "answer"
}

// arcLegend is the scale of the arcs. Its slider is the threshold: arcs weaker than its value are left out.
func (p *Page) arcLegend() app.UI {
	t := &p.Trace
	n := rangesShown(t)
	if n < 2 {
		return app.Div().Class("arc-legend")
	}
	top := p.linksOf().top
	share := 100 * p.Arcs.Weakest / lab.WeakestSteps
	what := ""
	if p.Selection.Head >= 0 {
		what = " in " + explain.HeadName(p.Selection.Layer, p.Selection.Head)
	}
	return app.Div().Class("arc-legend").ID("arc-legend").Role("group").Aria("label", "arcs").Body(
		app.Span().Body(p.term("attention", "attention"), app.Text(" per token"+what)),
		app.Label().Class("scale").Title("Arcs weaker than this are left out").Body(
			app.Span().Class("figure").Text("0"),
			app.Input().Type("range").Min(0).Max(lab.WeakestSteps).Step(1).DataSet("set", "weakest").Value(p.Arcs.Weakest).
				Aria("label", "weakest arc").Aria("valuetext", fmt.Sprintf("%d %% of %s; weaker arcs are left out", share, explain.Format(top))),
			app.Span().Class("figure").Text(explain.Format(top)),
		),
		app.Label().Body(app.Text("readers"), choice("readers", "readers of each step", strconv.Itoa(p.Arcs.Readers), []string{"3", "0"}, func(s string) string {
			if s == "0" {
				return "all"
			}
			return "top " + s
		})),
		app.Span().Class("left-out").Text(fmt.Sprintf("steps nearer than Δ = %d left out", max(1, t.Delta))),
		p.ownWindow("arcs", "Attention between steps, as arcs"),
	)
}
