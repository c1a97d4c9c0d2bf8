package figures

import (
	"fmt"
	"image/color"
	"math"

	"attnlab/app/session"
)

// Quantities are what can colour the heads.
var Quantities = []string{"fci", "focus", "sra", "kurtosis"}

var quantityNames = map[string]string{"fci": "FCI", "focus": "focus", "sra": "ranking", "kurtosis": "kurtosis"}

// quantity is the value of each head, [L, H]; NaN where there is none.
func (f *Figure) quantity() []float64 {
	switch f.by {
	case "fci":
		return f.ofSteps(f.trace.FCIHeads)
	case "focus":
		return f.ofSteps(f.trace.Focus)
	case "sra":
		return optional(f.probe.SRA)
	}
	return optional(f.probe.Kurtosis)
}

// ofSteps is each head's score of the selected step, or the mean over the steps.
func (f *Figure) ofSteps(score []float64) []float64 {
	steps := len(f.trace.Steps)
	values := make([]float64, f.trace.Layers*f.trace.Heads)
	for h := range values {
		if step := f.step(); step >= 0 {
			values[h] = score[h*steps+step]
			continue
		}
		for k := range steps {
			values[h] += score[h*steps+k] / float64(steps)
		}
	}
	return values
}

func optional(score []*float64) []float64 {
	values := make([]float64, len(score))
	for i, s := range score {
		if values[i] = math.NaN(); s != nil {
			values[i] = *s
		}
	}
	return values
}

// ofProbe says whether the heads are coloured by what many problems say of them.
func (f *Figure) ofProbe() bool { return f.by == "sra" || f.by == "kurtosis" }

// grid draws the heads, a row a layer.
func (f *Figure) grid() {
	tabs := f.addTabs()
	layers, heads := f.trace.Layers, f.trace.Heads
	if f.ofProbe() {
		layers, heads = f.probe.Layers, f.probe.Heads
	}
	values := f.values.now
	switch {
	case f.ofProbe() && (layers == 0 || heads == 0):
		f.empty("The heads are not scored yet.", "Find the key-focus heads, and each gets a colour.")
		return
	case layers == 0 || heads == 0 || len(values) != layers*heads:
		f.empty("No trace yet.", "Generate one, and each head gets a colour.")
		return
	}
	low, high := f.scale(values)
	ramp := f.palette.Score
	if f.by == "sra" {
		ramp = func(x float64) color.RGBA { return f.palette.Signed(2*x - 1) }
	}
	f.legend(tabs, legendNumber(low), legendNumber(high), f.about(), ramp, nil)
	f.addHeads(layers, heads, values, low, high)
}

// scale is the values of the ends of the ramp. A ranking of 0.5 is chance, the middle.
func (f *Figure) scale(values []float64) (low, high float64) {
	if f.by == "sra" {
		return 0, 1
	}
	for _, v := range values {
		if !math.IsNaN(v) {
			low, high = min(low, v), max(high, v)
		}
	}
	return low, high
}

func legendNumber(x float64) string {
	if x == math.Trunc(x) && math.Abs(x) < 1e6 {
		return fmt.Sprint(int(x))
	}
	return number(x)
}

// about says over what the values are.
func (f *Figure) about() string {
	switch {
	case f.ofProbe() && f.by == "sra":
		return fmt.Sprintf("%d pairs, %d problems", f.probe.Pairs, f.probe.Problems)
	case f.ofProbe():
		return fmt.Sprintf("mean of %d problems", f.probe.Problems)
	case f.step() >= 0:
		return f.rangeName(f.step() + 1)
	}
	return fmt.Sprintf("mean of %d steps", len(f.trace.Steps))
}

// addTabs lets the quantity be chosen, and returns where the tabs end.
func (f *Figure) addTabs() (x float64) {
	x = margin
	for _, by := range Quantities {
		name := quantityNames[by]
		w := Width(name, false, normal)
		ink := f.palette.Muted
		if by == f.by {
			ink = f.palette.Ink
			f.scene.add(Fill{Box{x, 24, w, 2}, f.palette.Accent})
		}
		f.scene.add(Label{X: x, Y: 17, Text: name, Size: normal, Color: ink})
		f.scene.Targets = append(f.scene.Targets, Target{Box: Box{x - 6, 0, w + 12, 34}, Tip: func() []string { return meaning(by) }, Click: func(_, _ float64) { f.choice = by }, key: legendKey})
		x += w + 14
	}
	return x - 14
}

// meaning is a definition of a quantity.
func meaning(by string) []string {
	switch by {
	case "fci":
		return []string{"Future attention influence:", "what steps from Δ later on pay", "to a token of the step, summed"}
	case "focus":
		return []string{"What the answer part pays", "to a token of the step"}
	case "sra":
		return []string{"Step ranking accuracy: how often", "a needed step gets more focus", "than a redundant one; 0.5 is chance"}
	}
	return []string{"Kurtosis of attention received:", "high where few steps get most"}
}

// addHeads draws the cells.
func (f *Figure) addHeads(layers, heads int, values []float64, low, high float64) {
	left, top := margin+22, header+22.0
	w, h := (f.width-margin-left)/float64(heads), (f.height-margin-top)/float64(layers)
	w, h = min(w, 96), min(h, 64)
	keyFocus := map[[2]int]bool{}
	for _, head := range f.probe.KeyFocus {
		keyFocus[head] = true
	}
	for head := range heads {
		f.scene.add(Label{X: left + (float64(head)+0.5)*w, Y: top - 6, Text: fmt.Sprintf("H%d", head), Size: small, Mono: true, Align: 0.5, Color: f.palette.Muted})
	}
	for layer := range layers {
		f.scene.add(Label{X: left - 6, Y: top + (float64(layer)+0.5)*h + 4, Text: fmt.Sprintf("L%d", layer), Size: small, Mono: true, Align: 1, Color: f.palette.Muted})
		for head := range heads {
			v := values[layer*heads+head]
			fill, text := f.palette.Surface, "–"
			if x := (v - low) / max(high-low, 1e-12); !math.IsNaN(v) {
				if fill, text = f.palette.Score(x), number(v); f.by == "sra" {
					fill = f.palette.Signed(2*x - 1)
				}
			}
			box := Box{left + float64(head)*w + 1, top + float64(layer)*h + 1, w - 2, h - 2}
			f.scene.add(Fill{box, fill})
			if f.by == "sra" || f.by == "kurtosis" {
				text = shorter(v, text)
			}
			if Width(text, true, small) <= box.W-4 && box.H >= 14 {
				f.scene.add(Label{X: box.X + box.W/2, Y: box.Y + box.H/2 + 4, Text: text, Size: small, Mono: true, Align: 0.5, Color: f.palette.On(fill)})
			}
			tip := func() []string {
				lines := []string{headName(layer, head), quantityNames[f.by] + " " + text}
				if keyFocus[[2]int{layer, head}] {
					lines = append(lines, "key-focus head")
				}
				return lines
			}
			if keyFocus[[2]int{layer, head}] {
				f.scene.add(Frame{Box{box.X + 2, box.Y + 2, box.W - 4, box.H - 4}, 2, f.palette.On(fill)})
			}
			if f.hoveredKey(layer, head) {
				f.scene.add(Frame{box, 1, f.palette.Accent})
			}
			if l, hd := f.selection.Layer, f.selection.Head; l == layer && hd == head {
				f.scene.add(Frame{Box{box.X - 2, box.Y - 2, box.W + 4, box.H + 4}, 2, f.palette.Accent})
			}
			f.scene.Targets = append(f.scene.Targets, target(Box{box.X - 1, box.Y - 1, box.W + 2, box.H + 2}, tip, f.selectHead(layer, head), layer, head))
		}
	}
}

func shorter(v float64, text string) string {
	if math.IsNaN(v) {
		return text
	}
	return fmt.Sprintf("%.2f", v)
}

func (f *Figure) hoveredKey(row, col int) bool {
	t := f.under
	return t != nil && t.key.row == row && t.key.col == col
}

// selectHead chooses a head, or none where it is chosen already.
func (f *Figure) selectHead(layer, head int) *session.Selection {
	s := f.selection
	if s.Layer == layer && s.Head == head {
		s.Layer, s.Head = -1, -1
	} else {
		s.Layer, s.Head = layer, head
	}
	return &s
}
