package panels

import "github.com/maxence-charriere/go-app/v10/pkg/app"

// turn is something that a part of the page draws in a frame of its own.
type turn struct {
	ctx app.Context // of the part
	do  func()
}

// alone leaves the page as it is where a part of it dispatches: go-app draws a part again with all that it is in.
func (p *Page) alone() {
	if p.browser != nil {
		p.browser.ctx.PreventUpdate()
	}
}

// inTurn calls do and draws its part again, and nothing else of the page. Each call has a frame of its own, in their order, so that
// no frame takes long.
func (p *Page) inTurn(ctx app.Context, do func()) {
	if p.browser == nil { // the page itself is not mounted yet
		ctx.Dispatch(func(app.Context) { do() })
		return
	}
	if p.browser.turns = append(p.browser.turns, turn{ctx, do}); len(p.browser.turns) == 1 {
		p.browser.nextTurn()
	}
}

// nextTurn takes the first turn in the next frame, and the others after it.
func (b *browser) nextTurn() {
	var frame app.Func
	frame = app.FuncOf(func(app.Value, []app.Value) any {
		frame.Release()
		b.ctx.Dispatch(func(ctx app.Context) {
			ctx.PreventUpdate()
			t := b.turns[0]
			t.ctx.Dispatch(func(app.Context) { // not if the part is gone
				ctx.PreventUpdate()
				t.do()
			})
			ctx.Defer(func(app.Context) { // once it is drawn
				if b.turns = b.turns[1:]; len(b.turns) > 0 {
					b.nextTurn()
				}
			})
		})
		return nil
	})
	app.Window().Call("requestAnimationFrame", frame)
}

// slice is some rows of a large table. In place of another table it begins again without rows.
type slice struct {
	app.Compo
	Table string // its name
	First int    // of its rows
	Rows  func() []app.UI

	page  *Page
	table string // that shown is about
	shown bool
}

// Render draws the rows, or none before their turn.
func (s *slice) Render() app.UI {
	if s.shown || s.First == 0 || app.IsServer {
		return app.TBody().Body(s.Rows()...)
	}
	return app.TBody()
}

// OnMount waits for the turn.
func (s *slice) OnMount(ctx app.Context) { s.OnUpdate(ctx) }

// OnUpdate waits for the turn of another table.
func (s *slice) OnUpdate(ctx app.Context) {
	if s.table == s.Table || s.First == 0 {
		return
	}
	s.table, s.shown = s.Table, false
	s.page.inTurn(ctx, func() { s.shown = true })
}

// sliceCells is how many cells of a large table a frame draws.
const sliceCells = 120

// inSlices are the head and the rows of a table, the rows in slices, the first of which is drawn at once.
func (p *Page) inSlices(table string, head []app.UI, rows, columns int, row func(i int) app.UI) []app.UI {
	each := max(1, sliceCells/columns)
	for first := 0; first < rows; first += each {
		head = append(head, &slice{page: p, Table: table, First: first, Rows: func() (list []app.UI) {
			for i := first; i < min(first+each, rows); i++ {
				list = append(list, row(i))
			}
			return list
		}})
	}
	return head
}
