package figures

import (
	"fmt"
	"image/color"
	"strings"

	"attnlab/app/session"
)

// The ranges of a trace are prompt, steps and answer: N = K+2, of which the last is
// drawn only once there is an answer.

// ranges is how many are drawn.
func (f *Figure) ranges() int {
	n := len(f.trace.Steps) + 1
	if f.trace.Answer[1] > f.trace.Answer[0] {
		n++
	}
	return n
}

// truth is what the drawn values should become: the attention between ranges, [N, N],
// one value a head, where the nodes of a tree lie, or what axes span.
func (f *Figure) truth() []float64 {
	switch f.name {
	case "heads":
		return f.quantity()
	case "tree":
		return f.growth.values()
	case "curves":
		return f.history.scales()
	case "scatter":
		return f.history.extent()
	}
	n := len(f.trace.Steps) + 2
	values := make([]float64, n*n)
	layer, head := f.head()
	for j := range n {
		for k := range n {
			values[j*n+k], _ = f.attention(j, k, layer, head)
		}
	}
	return values
}

// attention is what a token of range j pays to one of range k: in a head, or with
// layer -1 the largest over the heads, and the index of the head that has it.
func (f *Figure) attention(j, k, layer, head int) (density float64, of int) {
	at := j*f.trace.Ranges() + k
	if in := f.trace.InHead(layer, head); in != nil {
		return float64(in[at]), layer*f.trace.Heads + head
	}
	if len(f.trace.Attention) == 0 { // not scored yet
		return 0, 0
	}
	return float64(f.trace.Attention[at]), f.trace.Of[at]
}

// shown is the drawn weight between ranges, on its way to the true one.
func (f *Figure) shown(j, k int) float64 {
	n := len(f.trace.Steps) + 2
	if len(f.values.now) != n*n {
		return 0
	}
	return f.values.now[j*n+k]
}

// title says whose attention is drawn.
func (f *Figure) title() string {
	if layer, head := f.head(); layer >= 0 {
		return headName(layer, head)
	}
	return fmt.Sprintf("largest of %d heads", f.trace.Layers*f.trace.Heads)
}

func headName(layer, head int) string { return fmt.Sprintf("L%d·H%d", layer, head) }

// rangeName is "prompt", "step 3" or "answer"; steps are counted from 1 on screen.
func (f *Figure) rangeName(i int) string {
	switch {
	case i == 0:
		return "prompt"
	case i <= len(f.trace.Steps):
		return fmt.Sprintf("step %d", i)
	}
	return "answer"
}

// badge is the letter and colour of a range.
func (f *Figure) badge(i int) (letter string, fill color.RGBA) {
	switch {
	case i == 0:
		return "P", f.palette.Line
	case i > len(f.trace.Steps):
		return "A", f.palette.Line
	}
	label := f.trace.Steps[i-1].Label
	if label == "" {
		return "", f.palette.Line
	}
	return strings.ToUpper(label[:1]), f.palette.Label(label)
}

// drawBadge draws a range's badge in a box; a narrow one loses its letter.
func (f *Figure) drawBadge(i int, box Box) {
	letter, fill := f.badge(i)
	f.scene.add(Fill{box, fill})
	if box.W >= 9 && box.H >= 11 {
		f.scene.add(Label{X: box.X + box.W/2, Y: box.Y + box.H/2 + 4, Text: letter, Size: small, Mono: true, Align: 0.5, Color: f.palette.On(fill)})
	}
}

// stepTip explains a range.
func (f *Figure) stepTip(i int) []string {
	if i == 0 || i > len(f.trace.Steps) {
		return []string{f.rangeName(i)}
	}
	step := f.trace.Steps[i-1]
	tip := []string{fmt.Sprintf("%s · %s", f.rangeName(i), step.Label), strings.TrimSpace(step.Text)}
	fci, of := f.fci(i - 1)
	if layer, head := f.head(); layer >= 0 {
		return append(tip, fmt.Sprintf("FCI %.3f in %s", fci, headName(layer, head)))
	}
	if f.trace.Heads > 0 {
		tip = append(tip, fmt.Sprintf("FCI %.3f, from %s", fci, headName(of/f.trace.Heads, of%f.trace.Heads)))
	}
	return tip
}

// fci of a step in the chosen head, or its maximum over heads and where that is.
func (f *Figure) fci(step int) (fci float64, of int) {
	t := f.trace
	at := func(h int) float64 { return t.FCIHeads[h*len(t.Steps)+step] }
	if layer, head := f.head(); layer >= 0 {
		of = layer*t.Heads + head
		return at(of), of
	}
	for h := range t.Layers * t.Heads {
		if at(h) > at(of) {
			of = h
		}
	}
	return t.FCI[step], of
}

// pairTip explains what range j pays to range k.
func (f *Figure) pairTip(j, k int) []string {
	layer, head := f.head()
	density, of := f.attention(j, k, layer, head)
	tip := []string{fmt.Sprintf("%s looks at %s", f.rangeName(j), f.rangeName(k))}
	if f.trace.Heads > 0 {
		tip = append(tip, fmt.Sprintf("%s a token, %s", number(density), headName(of/f.trace.Heads, of%f.trace.Heads)))
	}
	if k > 0 && k <= len(f.trace.Steps) && j-k < f.trace.Delta {
		tip = append(tip, fmt.Sprintf("nearer than Δ = %d: not in FCI", f.trace.Delta))
	}
	return tip
}

// selectStep is a selection with another step and all else as it was.
func (f *Figure) selectStep(i int) *session.Selection {
	if i < 1 || i > len(f.trace.Steps) {
		return nil
	}
	s := f.selection
	s.Step, s.Token = i-1, -1
	return &s
}

// number writes a weight with three significant figures.
func number(x float64) string {
	switch a := max(x, -x); {
	case a == 0:
		return "0"
	case a < 0.001:
		return fmt.Sprintf("%.1e", x)
	case a < 0.1:
		return fmt.Sprintf("%.4f", x)
	}
	return fmt.Sprintf("%.3f", x)
}
