package panels

import (
	"strconv"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// turn is what parts of the page draw together, in a frame of their own.
type turn struct {
	group string // others may join while the turn waits; empty for a turn of one part
	parts []func()
}

// alone leaves the page as it is where a part in it dispatches: go-app draws a part again with all that it is in. in is what the part was
// drawn with, nil for the page itself.
func (p *Page) alone(in *later) {
	switch {
	case in != nil:
		in.ctx.PreventUpdate()
	case p.browser != nil:
		p.browser.ctx.PreventUpdate()
	}
}

// inTurn calls do and draws its part again, and nothing else of the page. Each call has a frame of its own, or shares the frame of its group, in
// their order, so that no frame takes long.
func (p *Page) inTurn(ctx app.Context, in *later, group string, do func()) {
	if p.browser == nil { // the page itself is not mounted yet
		ctx.Dispatch(func(app.Context) { do() })
		return
	}
	b := p.browser
	draw := func() {
		ctx.Dispatch(func(app.Context) { // not if the part is gone
			p.alone(in)
			do()
		})
	}
	for i := range b.turns {
		if group != "" && b.turns[i].group == group {
			b.turns[i].parts = append(b.turns[i].parts, draw)
			return
		}
	}
	if b.turns = append(b.turns, turn{group, []func(){draw}}); len(b.turns) == 1 {
		b.nextTurn()
	}
}

// nextTurn takes the first turn in the next frame, and the others after it.
func (b *browser) nextTurn() {
	var frame app.Func
	frame = app.FuncOf(func(app.Value, []app.Value) any {
		frame.Release()
		b.ctx.Dispatch(func(ctx app.Context) {
			ctx.PreventUpdate()
			b.turns[0].group = ""
			for _, draw := range b.turns[0].parts {
				draw()
			}
			ctx.Defer(func(app.Context) { // once it is drawn
				if b.turns = b.turns[1:]; len(b.turns) > 0 {
					b.nextTurn()
					return
				}
				waiting := b.drawn
				b.drawn = nil
				for _, do := range waiting {
					do()
				}
			})
		})
		return nil
	})
	app.Window().Call("requestAnimationFrame", frame)
}

// later is a part of the page that waits for a turn when it comes to a page that is already there. It leaves a gap until then.
type later struct {
	app.Compo
	Name string        // another name is another part
	Draw func() app.UI // nil for nothing

	gap   func() app.UI
	group string
	page  *Page
	in    *later // that it was drawn with
	ctx   app.Context
	shown bool
}

// later is a part that is drawn in the turn of its group.
func (p *Page) later(group, name string, draw func() app.UI) app.UI {
	return &later{Name: name, Draw: draw, gap: hidden, group: group, page: p, in: p.drawing}
}

// unlessRecorded is a part of the page that a recorded trace has not, as there is no model to ask.
func (p *Page) unlessRecorded(draw func() app.UI) func() app.UI {
	return func() app.UI {
		if p.Recorded != "" {
			return nil
		}
		return draw()
	}
}

func hidden() app.UI { return app.Div().Hidden(true) }

// CompoID makes a part with another name another one.
func (l *later) CompoID() string { return l.Name }

// Render draws the part, or the gap before its turn. What the page begins with is drawn with it.
func (l *later) Render() app.UI {
	l.shown = l.shown || app.IsServer || l.page.browser == nil
	if l.shown {
		l.page.drawing = l
		drawn := l.Draw()
		l.page.drawing = l.in
		if drawn != nil {
			return drawn
		}
	}
	return l.gap()
}

// OnMount waits for the turn.
func (l *later) OnMount(ctx app.Context) {
	if l.ctx = ctx; !l.shown {
		l.page.inTurn(ctx, l.in, l.group, func() { l.shown = true })
	}
}

// sliceCells is how many cells of a large table a frame draws.
const sliceCells = 60

// inSlices are the head and the rows of a table, the rows in slices, each of which has its turn.
func (p *Page) inSlices(table string, head []app.UI, rows, columns int, row func(i int) app.UI) []app.UI {
	each := max(1, sliceCells/columns)
	for first := 0; first < rows; first += each {
		head = append(head, &later{Name: table + " " + strconv.Itoa(first), page: p, in: p.drawing, gap: func() app.UI { return app.TBody() }, Draw: func() app.UI {
			var list []app.UI
			for i := first; i < min(first+each, rows); i++ {
				list = append(list, row(i))
			}
			return app.TBody().Body(list...)
		}})
	}
	return head
}
