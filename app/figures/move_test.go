package figures

import "testing"

// The keys of the figures of heads lead to the same heads, from none to the first.
func TestKeysOfHeads(t *testing.T) {
	data := trace(4, 2, 3, true)
	data.All = make([]float32, 2*3*6*6)
	h, grid := of[*heads](t, "heads", 500, 300, data)
	m, many := of[*multiples](t, "multiples", 500, 300, data)
	for i, step := range []struct {
		key         Key
		layer, head int
	}{{Enter, 0, 0}, {Right, 0, 1}, {Down, 1, 1}, {Down, 1, 1}, {Last, 1, 2}, {Right, 1, 2}, {Up, 0, 2}, {First, 0, 0}, {Left, 0, 0}} {
		h.Key(step.key, start)
		m.Key(step.key, start)
		for _, s := range []*View{grid.View, many.View} {
			if s.Selection.Layer != step.layer || s.Selection.Head != step.head {
				t.Errorf("after key %d L%d·H%d is selected, want L%d·H%d", i, s.Selection.Layer, s.Selection.Head, step.layer, step.head)
			}
		}
	}
}
