package panels

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab/explain"
	"attnlab/app/session"
)

// threads draws lines over the rows of a trace, from the token under the pointer or else the selected one to those that the open head reads most there, and
// says the same in a sentence. It measures the places of these tokens, and draws itself again, alone, when the pointer moves to another token.
type threads struct {
	app.Compo
	Of    openHead
	Token int // that is selected, -1 for none

	ctx     app.Context
	pointed int // the token under the pointer, counted from 1; 0 for none
	drawn   []thread
	width   float64
	height  float64
	stop    func()
}

// openHead is what threads are drawn from: what a head reads at every token, and the trace.
type openHead struct {
	number uint64 // of the snapshot
	tokens int
	view   *session.InsideView
	trace  *session.Trace
}

// thread is a line from a token to one that it reads, and a frame around that.
type thread struct {
	fromX, fromY       float64 // the middle of the upper edge of the reader
	x, y, wide, height float64 // the frame
	weight             float64
}

// threads are those of the open head; nothing where none is open for this trace.
func (p *Page) threads() app.UI {
	v, t := &p.Inside, &p.Trace
	if !p.LookedInto || len(v.Strongest) == 0 || len(v.Strongest) != len(t.Tokens) {
		return app.Text("")
	}
	return &threads{Of: openHead{v.Number, len(t.Tokens), v, t}, Token: p.Selection.Token}
}

// at is the token whose threads are drawn.
func (h *threads) at() int {
	if h.pointed > 0 {
		return h.pointed - 1
	}
	return h.Token
}

// OnMount listens to the pointer and measures.
func (h *threads) OnMount(ctx app.Context) {
	h.ctx = ctx
	rows := app.Window().GetElementByID("rows-with-arcs")
	if !rows.Truthy() { // the page has changed meanwhile
		return
	}
	point := app.FuncOf(func(_ app.Value, args []app.Value) any {
		at := 0
		if target := args[0].Get("target"); args[0].Get("type").String() != "mouseleave" && target.Get("closest").Truthy() {
			if token := target.Call("closest", ".tok[data-do]"); token.Truthy() {
				if i, err := strconv.Atoi(strings.TrimPrefix(token.Get("dataset").Get("do").String(), "token:")); err == nil {
					at = i + 1
				}
			}
		}
		if at != h.pointed {
			ctx.Dispatch(func(app.Context) {
				h.pointed = at
				h.measure()
			})
		}
		return nil
	})
	events := []string{"mouseover", "mouseleave"}
	for _, e := range events {
		rows.Call("addEventListener", e, point)
	}
	h.stop = func() {
		for _, e := range events {
			rows.Call("removeEventListener", e, point)
		}
		point.Release()
	}
	ctx.Defer(func(app.Context) { h.measure() })
}

// OnUpdate measures again for another token or another head, OnResize where the page has another width.
func (h *threads) OnUpdate(ctx app.Context) {
	h.ctx = ctx
	ctx.Defer(func(app.Context) { h.measure() })
}
func (h *threads) OnResize(ctx app.Context) { ctx.Defer(func(app.Context) { h.measure() }) }

// OnDismount forgets the rows.
func (h *threads) OnDismount() {
	if h.stop != nil {
		h.stop()
	}
}

// measure finds the places of the tokens. It draws again only if these have changed.
func (h *threads) measure() {
	rows := app.Window().GetElementByID("rows-with-arcs")
	if !rows.Truthy() {
		return
	}
	box := func(v app.Value) (left, top, width, height float64) {
		r := v.Call("getBoundingClientRect")
		return r.Get("left").Float(), r.Get("top").Float(), r.Get("width").Float(), r.Get("height").Float()
	}
	left, top, width, height := box(rows)
	var drawn []thread
	find := func(token int) app.Value {
		return rows.Call("querySelector", fmt.Sprintf(`.tok[data-do="token:%d"]`, token))
	}
	if at := h.at(); at >= 0 && at < len(h.Of.view.Strongest) {
		if reader := find(at); reader.Truthy() {
			x, y, w, _ := box(reader)
			for _, r := range h.Of.view.Strongest[at] {
				if read := find(r.Key); read.Truthy() { // rows of a long trace may not be drawn
					kx, ky, kw, kh := box(read)
					half := func(v float64) float64 { return math.Round(2*v) / 2 }
					drawn = append(drawn, thread{half(x - left + w/2), half(y - top), half(kx - left), half(ky - top), half(kw), half(kh), float64(r.Weight)})
				}
			}
		}
	}
	if width != h.width || height != h.height || !slices.Equal(drawn, h.drawn) {
		h.width, h.height, h.drawn = width, height, drawn
		h.ctx.Update()
	}
}

// Render draws the lines and the sentence.
func (h *threads) Render() app.UI {
	says := explain.TokenReads(h.Of.view, h.Of.trace, h.at())
	if says == "" {
		says = "Point at a token, or move by tokens, to see what " + explain.HeadName(h.Of.view.Layer, h.Of.view.Head) + " reads there."
	}
	return app.Div().ID("threads").Class("threads").Body(app.Raw(h.svg()), app.P().Class("hint").Aria("live", "polite").Text(says))
}

// svg is the picture. Without a measure it is empty.
func (h *threads) svg() string {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg aria-hidden="true" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f">`, h.width, h.height, h.width, h.height)
	for _, t := range h.drawn {
		stroke := 1 + 3*t.weight
		fmt.Fprintf(&b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="3" stroke-width="%.2f"/>`, t.x, t.y, t.wide, t.height, stroke)
		endX, endY, bend := t.x+t.wide/2, t.y+t.height, (t.fromY-t.y-t.height)/2
		if bend < 4 { // in the same row: over the tokens between them
			endY, bend = t.y, -math.Min(12, 4+math.Abs(t.fromX-endX)/12)
			fmt.Fprintf(&b, `<path d="M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f" stroke-width="%.2f"/>`, t.fromX, t.fromY, t.fromX, t.fromY+bend, endX, endY+bend, endX, endY, stroke)
			continue
		}
		fmt.Fprintf(&b, `<path d="M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f" stroke-width="%.2f"/>`, t.fromX, t.fromY, t.fromX, t.fromY-bend, endX, endY+bend, endX, endY, stroke)
	}
	b.WriteString(`</svg>`)
	return b.String()
}
