package panels

import (
	"fmt"
	"strconv"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab/explain"
)

// A trace of more than wholeRows steps has its rows in a box of its own that scrolls, in blocks of blockRows. Only the blocks in and near
// the visible part have rows, so that a trace of 300 steps costs what one of 60 does. The others are empty and as high as their rows. A frame draws
// the rows of one block.
const (
	wholeRows = 60
	blockRows = 10
	nearby    = 400 // pixels outside of the visible part in which blocks have rows
)

// longRows are the rows of a long trace: before the steps, the steps in blocks, after them.
func (p *Page) longRows(before []app.UI, steps []line, after []app.UI, class string) app.UI {
	list := []app.UI{app.Ol().Class("rows", class).Body(before...)}
	for first := 0; first < len(steps); first += blockRows {
		b := &block{First: first, Lines: steps[first:min(first+blockRows, len(steps))], Class: class, Selected: -1, page: p, in: p.drawing}
		for _, n := range b.Lines {
			if n.selected {
				b.Selected = n.step
			}
		}
		list = append(list, b)
	}
	return app.Div().ID("rows").Class("blocks").Body(append(list, app.Ol().Class("rows", class).Body(after...))...)
}

// block is some rows of a long trace.
type block struct {
	app.Compo
	First    int // step of the first of Lines
	Lines    []line
	Class    string
	Selected int // step, -1 for none of these

	page     *Page
	in       *later
	near     bool // it has rows
	revealed int  // Selected that was scrolled to
	stop     func()
}

// id is the element's.
func (b *block) id() string { return "block-" + strconv.Itoa(b.First) }

// Render draws the rows, or none.
func (b *block) Render() app.UI {
	list := app.Ol().ID(b.id()).Class("rows block", b.Class).DataSet("first", b.First+1).DataSet("rows", len(b.Lines)).
		Aria("label", fmt.Sprintf("steps %s to %s", explain.StepName(b.First), explain.StepName(b.First+len(b.Lines)-1)))
	if !b.near {
		return list
	}
	rows := make([]app.UI, len(b.Lines))
	for i, n := range b.Lines {
		rows[i] = &row{Line: n}
	}
	return list.Body(rows...)
}

// OnMount watches whether the block is near the visible part.
func (b *block) OnMount(ctx app.Context) {
	b.revealed = -1
	element, box := app.Window().GetElementByID(b.id()), app.Window().GetElementByID("rows-box")
	if !element.Truthy() || !box.Truthy() {
		return
	}
	b.reserve(30 * float64(len(b.Lines)))
	over := false
	look := app.FuncOf(func(app.Value, []app.Value) any {
		ctx.Dispatch(func(ctx app.Context) {
			ctx.PreventUpdate()
			if over || b.isNear() == b.near {
				return
			}
			b.page.inTurn(ctx, b.in, "", func() {
				if !over {
					b.look(ctx)
				}
			})
		})
		return nil
	})
	// As with the gutter's ResizeObserver, the observer only asks for the next frame.
	frame := app.Window().Get("requestAnimationFrame")
	observer := app.Window().Get("IntersectionObserver").New(frame.Call("bind", app.Window(), look), map[string]any{"root": box, "rootMargin": fmt.Sprintf("%dpx 0px", nearby)})
	observer.Call("observe", element)
	b.stop = func() {
		over = true
		observer.Call("disconnect")
		releaseLater(look)
	}
	b.reveal(ctx)
}

// OnUpdate scrolls to a step that was selected elsewhere.
func (b *block) OnUpdate(ctx app.Context) { b.reveal(ctx) }

// OnDismount ends the watch.
func (b *block) OnDismount() {
	if b.stop != nil {
		b.stop()
	}
}

// look gives the block rows, or takes them.
func (b *block) look(ctx app.Context) {
	if near := b.isNear(); near != b.near {
		b.show(ctx, near)
	}
}

// isNear reports whether the block is in the visible part, or near it.
func (b *block) isNear() bool {
	element, box := app.Window().GetElementByID(b.id()), app.Window().GetElementByID("rows-box")
	if !element.Truthy() || !box.Truthy() {
		return b.near
	}
	here, view := element.Call("getBoundingClientRect"), box.Call("getBoundingClientRect")
	top, bottom := here.Get("top").Float()-view.Get("top").Float(), here.Get("bottom").Float()-view.Get("top").Float()
	return bottom > -nearby && top < view.Get("height").Float()+nearby
}

// show draws the rows, or leaves a gap of their height.
func (b *block) show(ctx app.Context, near bool) {
	if b.near = near; !near {
		if element := app.Window().GetElementByID(b.id()); element.Truthy() {
			b.reserve(element.Get("offsetHeight").Float())
		}
		return
	}
	ctx.Defer(func(app.Context) { b.reserve(0) }) // once they are drawn
}

// reserve sets the least height in pixels. The site allows no inline style, but a script may set one.
func (b *block) reserve(height float64) {
	if element := app.Window().GetElementByID(b.id()); element.Truthy() {
		value := ""
		if height > 0 {
			value = strconv.FormatFloat(height, 'f', 1, 64) + "px"
		}
		element.Get("style").Set("minHeight", value)
	}
}

// reveal scrolls the box as far as shows the selected step, but not the page.
func (b *block) reveal(ctx app.Context) {
	if b.Selected == b.revealed {
		return
	}
	if b.revealed = b.Selected; b.Selected < 0 {
		return
	}
	ctx.Dispatch(func(ctx app.Context) {
		b.page.alone(b.in)
		element, box := app.Window().GetElementByID(b.id()), app.Window().GetElementByID("rows-box")
		if !element.Truthy() || !box.Truthy() {
			return
		}
		if !b.near {
			b.show(ctx, true)
		}
		b.nextFrame(ctx, func() {
			row := app.Window().GetElementByID("step-" + strconv.Itoa(b.Selected))
			if !row.Truthy() {
				return
			}
			const heading = 28 // what stays at the top of the box
			here, view := row.Call("getBoundingClientRect"), box.Call("getBoundingClientRect")
			top, bottom, height := here.Get("top").Float()-view.Get("top").Float(), here.Get("bottom").Float()-view.Get("top").Float(), view.Get("height").Float()
			if top < heading || bottom > height {
				box.Set("scrollTop", box.Get("scrollTop").Float()+top-height/3)
			}
		})
	})
}

// nextFrame calls do in the next frame: to ask for a place before it makes the browser lay out the page at once.
func (b *block) nextFrame(ctx app.Context, do func()) {
	var frame app.Func
	frame = app.FuncOf(func(app.Value, []app.Value) any {
		frame.Release()
		ctx.Dispatch(func(ctx app.Context) {
			ctx.PreventUpdate()
			do()
		})
		return nil
	})
	app.Window().Call("requestAnimationFrame", frame)
}

// releaseLater releases a function that the next frame may still call.
func releaseLater(f app.Func) {
	var release app.Func
	release = app.FuncOf(func(app.Value, []app.Value) any {
		f.Release()
		release.Release()
		return nil
	})
	app.Window().Call("requestAnimationFrame", release)
}
