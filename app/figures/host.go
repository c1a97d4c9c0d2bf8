package figures

import (
	"slices"
	"time"

	"attnlab/app/figures/draw"
	"attnlab/app/session"
	"attnlab/app/theme"
)

// Host drives a figure: it brings messages, input and size to it and gives out its scene.
// It is used by one goroutine.
type Host struct {
	Entry
	figure Figure
	view   *View
}

func newHost(e Entry) *Host {
	v := newView()
	v.figure = e.New(v)
	return &Host{Entry: e, figure: v.figure, view: v}
}

// Follows lists the kinds of messages that the figure draws, besides selections.
func (h *Host) Follows() []string { return h.figure.Follows() }

// Caption is one sentence that says what is drawn.
func (h *Host) Caption() string { return h.figure.Caption() }

// Saved is the scene as a saved picture has it: below it the caption, and the settings that show the same again.
func (h *Host) Saved(now time.Time, settings string) draw.Scene {
	scene, _, _ := h.Scene(now)
	return scene.WithNotes(h.Caption(), settings)
}

// Table is the numbers that are drawn.
func (h *Host) Table() session.Table { return h.figure.Table() }

// Show takes a message of the session. What the figure does not follow changes nothing.
func (h *Host) Show(event any, now time.Time) {
	h.view.now = now
	switch e := event.(type) {
	case nil:
	case session.Selection:
		h.choose(e)
	case session.Select: // of another screen; true at once, with an engine or without
		h.choose(e.Selection)
	default:
		if slices.Contains(h.Follows(), session.Kind(event)) {
			h.figure.Show(event, now)
			h.view.news = true
		}
	}
}

func (h *Host) choose(s session.Selection) {
	if s != h.view.Selection {
		h.view.Selection, h.view.stale = s, true
		h.figure.Show(s, h.view.now)
	}
}

// Frames is how many frames a figure with [Film] has, 0 for others.
func (h *Host) Frames() int {
	if film, ok := h.figure.(Film); ok {
		return film.Frames()
	}
	return 0
}

// FrameScene is a frame of a figure with [Film], without the pointer. The figure then shows again the frame that it showed before.
func (h *Host) FrameScene(i int, now time.Time) draw.Scene {
	v := h.view
	v.now, v.stale = now, true
	if film, ok := h.figure.(Film); ok {
		before := film.Frame(i)
		defer film.Frame(before)
	}
	return h.draw()
}

// Paper is the scene for print: in the light colours, without what the pointer explains.
func (h *Host) Paper() draw.Scene {
	v := h.view
	defer func(was theme.Palette) { v.Palette, v.stale = was, true }(v.Palette)
	v.Palette = theme.Light
	return h.draw()
}

// take makes what the figure selected the selection, before the engine confirms it. It
// returns nil if that is no change.
func (h *Host) take() *session.Selection {
	s := h.view.chosen
	if h.view.chosen = nil; s == nil || *s == h.view.Selection {
		return nil
	}
	h.choose(*s)
	return s
}

// Set sets an option of the figure, see [Setter].
func (h *Host) Set(name, value string, now time.Time) {
	if setter, ok := h.figure.(Setter); ok {
		h.view.now, h.view.stale = now, true
		setter.Set(name, value)
	}
}

// Resize sets the figure's size in CSS pixels.
func (h *Host) Resize(width, height float64) {
	if v := h.view; width != v.Width || height != v.Height {
		v.Width, v.Height, v.stale = width, height, true
		v.scrollTo(v.panX, v.panY)
	}
}

// SetDark chooses the palette.
func (h *Host) SetDark(dark bool) {
	h.view.Palette, h.view.stale = theme.Light, true
	if dark {
		h.view.Palette = theme.Dark
	}
}

// SetStill turns motion off or on.
func (h *Host) SetStill(still bool) { h.view.still = still }

// Scene is what to draw now, whether it changed since the last call, and whether it will
// change again without any input.
func (h *Host) Scene(now time.Time) (scene draw.Scene, changed, moving bool) {
	v := h.view
	moving = v.values.step(now)
	v.news = v.news || moving
	if since := now.Sub(v.drawn); v.news && !(since >= 0 && since < v.Pace) {
		v.stale = true
	}
	if !v.stale {
		return v.scene, false, v.news
	}
	v.stale, v.news, v.drawn = false, false, now
	before := h.met()
	h.layout()
	// With the data, what is under a resting pointer can have changed.
	if h.point(); h.met() != before {
		h.layout()
		h.point()
	}
	if v.under != nil && v.under.Tip != nil {
		v.scene.Explain(v.under.Tip(), v.px, v.py)
	}
	return v.scene, true, moving
}

func (h *Host) layout() { h.view.scene = h.draw() }

// draw draws the figure as it is.
func (h *Host) draw() draw.Scene {
	v := h.view
	scene := draw.Scene{Width: v.Width, Height: v.Height, Palette: v.Palette}
	if v.Width >= 80 && v.Height >= 60 { // nothing could be read in less
		h.figure.Draw(&scene)
	}
	return scene
}

// meeting identifies what is under the pointer, in a form that survives a layout.
type meeting struct {
	any, arc bool
	row, col int
}

func (h *Host) met() meeting {
	t := h.view.under
	if t == nil {
		return meeting{}
	}
	return meeting{true, t.Arc != nil, t.Row, t.Col}
}

// point finds the target under the pointer.
func (h *Host) point() {
	v := h.view
	v.under = nil
	if v.pointed {
		v.under = h.figure.At(v.px, v.py)
	}
}
