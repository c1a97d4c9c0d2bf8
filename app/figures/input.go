package figures

import (
	"time"

	"attnlab/app/session"
)

// Hover moves the pointer.
func (h *Host) Hover(x, y float64) {
	v := h.view
	if v.pointed && v.px == x && v.py == y {
		return
	}
	before := v.under
	v.pointed, v.px, v.py = true, x, y
	h.point()
	if before != nil || v.under != nil { // an explanation follows the pointer
		v.stale = true
	}
}

// Leave takes the pointer away.
func (h *Host) Leave() {
	if v := h.view; v.pointed {
		v.pointed, v.under, v.stale = false, nil, true
	}
}

// Pointed is the step under the pointer, -1 for none.
func (h *Host) Pointed() int {
	if t := h.view.under; h.view.pointed && t != nil && t.Hover != nil {
		return t.Hover.Step
	}
	return -1
}

// Pressable reports whether a press would do something where the pointer is.
func (h *Host) Pressable() bool {
	t := h.view.under
	return h.view.pointed && t != nil && (t.Select != nil || t.Press != nil)
}

// Press is a click or a tap. It returns the new selection, nil for no change.
func (h *Host) Press(x, y float64, now time.Time) *session.Selection {
	v := h.view
	v.now, v.chosen = now, nil
	v.pointed, v.px, v.py, v.stale = true, x, y, true
	h.point()
	switch t := v.under; {
	case t == nil:
	case t.Press != nil:
		t.Press(x, y)
	default:
		v.chosen = t.Select
	}
	return h.take()
}

// Key takes a key. It returns the new selection, nil for no change.
func (h *Host) Key(key Key, now time.Time) *session.Selection {
	v := h.view
	v.now, v.chosen, v.stale = now, nil, true
	if !h.figure.Key(key) {
		h.usual(key)
	}
	return h.take()
}

// usual does what keys do that a figure leaves to its host.
func (h *Host) usual(key Key) {
	v := h.view
	switch key {
	case Back:
		s := v.Selection
		if s.Step >= 0 || s.Token >= 0 {
			s.Step, s.Token = -1, -1
		} else {
			s.Layer, s.Head = -1, -1
		}
		v.Select(s)
	case In:
		h.Zoom(1.5, v.Width/2, v.Height/2)
	case Out:
		h.Zoom(1/1.5, v.Width/2, v.Height/2)
	case Fit:
		h.Zoom(1/v.zoom, 0, 0)
	}
}

// Zoomable reports whether the figure can have more content than fits.
func (h *Host) Zoomable() bool {
	_, ok := h.figure.(Zoomer)
	return ok
}

// Zoomed reports whether there is more content than is visible.
func (h *Host) Zoomed() bool { return h.view.Zoomed() }

// Zoom makes the content larger by a factor about a point.
func (h *Host) Zoom(factor, x, y float64) {
	v := h.view
	zoomer, ok := h.figure.(Zoomer)
	if !ok || !(factor > 0) {
		return
	}
	zoom := max(1, min(12, v.zoom*factor))
	factor = zoom / v.zoom
	view, _, _ := zoomer.Content()
	x, y = x-view.X, y-view.Y
	v.zoom, v.stale = zoom, true
	v.scrollTo((v.panX+x)*factor-x, (v.panY+y)*factor-y)
}

// Pan moves the content by pixels. It returns whether there was anywhere to go.
func (h *Host) Pan(dx, dy float64) bool {
	v := h.view
	x, y := v.panX, v.panY
	v.scrollTo(x-dx, y-dy)
	return x != v.panX || y != v.panY
}
