package figures

import (
	"fmt"
	"image/color"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"attnlab/app/figures/draw"
	"attnlab/app/session"
	"attnlab/rl/stat"
)

// rows are a trace as arcs and matrix draw it: the rows, and columns, of its attention
// matrix are the prompt, the steps and the answer. There are N = K+2 of K steps; the last is
// drawn only once there is an answer.
type rows struct {
	*View
	trace    session.Trace
	late     session.HeadAttention // the last one that came: it may come before its trace
	hovered  int                   // step that another screen points at, -1 for none
	revealed int                   // step that was selected last
	arrived  time.Time
	drawing  *float32 // the numbers that are drawn
}

func newRows(v *View) rows { return rows{View: v, hovered: -1, revealed: -1} }

// show takes what both figures follow. It returns whether another step was selected.
func (r *rows) show(event any, now time.Time) (moved bool) {
	switch e := event.(type) {
	case session.Trace:
		if r.take(e, now) {
			r.move(now, r.density())
			r.drawing = r.matrix()
		}
	case session.HeadAttention:
		r.late = e
		if r.trace.Take(e) {
			r.follow()
		}
	case session.Hover:
		r.hovered = e.Step
	case session.Selection:
		moved = e.Step != r.revealed && r.step() >= 0
		r.revealed = e.Step
		r.follow()
	}
	return moved
}

// move lets the drawn values go to those of a new trace, or jump there if it follows closely
// on the one before.
func (r *rows) move(now time.Time, values []float64) {
	if now.Sub(r.arrived) < live {
		r.Jump(values)
	} else {
		r.toward(values)
	}
	r.arrived = now
}

// matrix identifies the numbers that are to be drawn, nil without any.
func (r *rows) matrix() *float32 {
	layer, head := r.head()
	from := r.trace.Attention
	if in := r.trace.InHead(layer, head); in != nil {
		from = in
	}
	if len(from) == 0 {
		return nil
	}
	return &from[0]
}

// follow draws the numbers of another head, if it is another. Those of 300 steps are too many to copy for each step that is selected.
func (r *rows) follow() {
	if now := r.matrix(); now != r.drawing {
		r.drawing = now
		r.toward(r.density())
	}
}

// mostEased is how many values move. More jump: a frame with 90,000 of them takes too long.
const mostEased = 1 << 14

// toward lets the drawn values go to others, or jump there if they are many.
func (r *rows) toward(values []float64) {
	if len(values) > mostEased {
		r.Jump(values)
	} else {
		r.Ease(values)
	}
}

// take replaces the trace. It returns false and keeps the old one if the new one is damaged.
func (r *rows) take(t session.Trace, now time.Time) bool {
	if len(t.Attention) == 0 { // not scored yet
		t.Layers, t.Heads, t.Of, t.FCIOf, t.FCIHeads, t.Focus, t.FCI = 0, 0, nil, nil, nil, nil, make([]float64, len(t.Steps))
	}
	if t.Layers < 0 || t.Layers > mostHeads || t.Heads < 0 || t.Heads > mostHeads {
		return false
	}
	square, heads, steps := t.Ranges()*t.Ranges(), t.Layers*t.Heads, len(t.Steps)
	if heads == 0 {
		square = 0
	}
	noHead := func(h int) bool { return h < 0 || h >= heads }
	if len(t.Attention) != square || len(t.Of) != square || slices.ContainsFunc(t.Of, noHead) ||
		len(t.FCI) != steps || len(t.FCIHeads) != heads*steps && len(t.FCIHeads) > 0 || len(t.Focus) != heads*steps && len(t.Focus) > 0 ||
		len(t.FCIOf) != steps && len(t.FCIOf) > 0 || slices.ContainsFunc(t.FCIOf, noHead) {
		return false
	}
	if t.Seed != r.trace.Seed || len(t.Tokens) < len(r.trace.Tokens) {
		r.Unzoom()
	}
	r.trace = t
	r.trace.Take(r.late)
	return true
}

// mostHeads is how many layers, or heads a layer, a model has at most.
const mostHeads = 1 << 12

// count is how many rows are drawn.
func (r *rows) count() int {
	n := len(r.trace.Steps) + 1
	if r.trace.Answer[1] > r.trace.Answer[0] {
		n++
	}
	return n
}

// head is the selected head once its attention has come; -1, -1 until then and without one
// stands for the largest over all heads.
func (r *rows) head() (layer, head int) {
	s, t := r.Selection, &r.trace
	if s.Layer >= 0 && s.Layer < t.Layers && s.Head >= 0 && s.Head < t.Heads && t.InHead(s.Layer, s.Head) != nil {
		return s.Layer, s.Head
	}
	return -1, -1
}

// step is the selected step, -1 for none.
func (r *rows) step() int {
	if s := r.Selection.Step; s >= 0 && s < len(r.trace.Steps) {
		return s
	}
	return -1
}

// focused is the row that is under the pointer here or on another screen, or else selected,
// -1 for none.
func (r *rows) focused() int {
	if t := r.under; t != nil && t.Row == t.Col {
		return t.Row
	}
	if r.hovered >= 0 && r.hovered < len(r.trace.Steps) {
		return r.hovered + 1
	}
	if step := r.step(); step >= 0 {
		return step + 1
	}
	return -1
}

// density is the attention between rows that is to be drawn, [N,N].
func (r *rows) density() []float64 {
	n := r.trace.Ranges()
	values := make([]float64, n*n)
	layer, head := r.head()
	if in := r.trace.InHead(layer, head); in == nil && len(r.trace.Attention) == len(values) {
		for i, v := range r.trace.Attention {
			values[i] = float64(v)
		}
		return values
	} else if in != nil {
		for i, v := range in {
			values[i] = float64(v)
		}
		return values
	}
	for j := range n {
		for k := range n {
			values[j*n+k], _ = r.attention(j, k, layer, head)
		}
	}
	return values
}

// attention is what a token of row j pays to one of row k in a head, or for layer -1 the
// largest over all heads, and the index of the head that it is of.
func (r *rows) attention(j, k, layer, head int) (density float64, of int) {
	t := &r.trace
	at := j*t.Ranges() + k
	if in := t.InHead(layer, head); in != nil {
		return float64(in[at]), layer*t.Heads + head
	}
	if len(t.Attention) == 0 { // not scored yet
		return 0, 0
	}
	return float64(t.Attention[at]), t.Of[at]
}

// shown is the drawn density between rows, on its way to the true one.
func (r *rows) shown(j, k int) float64 {
	n := r.trace.Ranges()
	if values := r.Values(); len(values) == n*n {
		return values[j*n+k]
	}
	return 0
}

// apart is how many rows later a row must be for FCI to count what it pays: Δ, at least 1.
func (r *rows) apart() int { return max(1, r.trace.Delta) }

// neighbours reports whether row j is too near to row k, or is it.
func (r *rows) neighbours(j, k int) bool { return j-k < r.apart() }

// leftOut says which pairs of rows are neighbours.
func (r *rows) leftOut() string { return fmt.Sprintf("steps nearer than Δ = %d", r.apart()) }

// largest is the end of the scale of arcs and matrix: the largest drawn density between rows that are no neighbours.
func (r *rows) largest() float64 {
	n, values := r.trace.Ranges(), r.Values()
	if len(values) != n*n {
		return 0
	}
	return session.LargestApart(r.count(), r.apart(), func(j, k int) float64 { return values[j*n+k] })
}

// fci is that of a step in the selected head, or its maximum over heads and where that is, -1 if that is not known.
func (r *rows) fci(step int) (fci float64, of int) {
	t := &r.trace
	if layer, head := r.head(); layer >= 0 {
		return t.FCIIn(layer, head, step), layer*t.Heads + head
	}
	layer, head := t.BestHead(step)
	return t.FCI[step], max(-1, layer*t.Heads+head)
}

// source names the head whose attention is drawn.
func (r *rows) source() string {
	if layer, head := r.head(); layer >= 0 {
		return headName(layer, head)
	}
	return fmt.Sprintf("largest of %d heads", r.trace.Layers*r.trace.Heads)
}

func headName(layer, head int) string { return fmt.Sprintf("L%d·H%d", layer, head) }

// name is "prompt", "step 3" or "answer". Steps count from 1 on screen.
func (r *rows) name(i int) string {
	switch {
	case i == 0:
		return "prompt"
	case i <= len(r.trace.Steps):
		return fmt.Sprintf("step %d", i)
	}
	return "answer"
}

// shortName is "P", "3" or "A".
func (r *rows) shortName(i int) string {
	switch {
	case i == 0:
		return "P"
	case i > len(r.trace.Steps):
		return "A"
	}
	return fmt.Sprint(i)
}

// stepText is the text of a step on one line.
func (r *rows) stepText(i int) string {
	return strings.Join(strings.Fields(r.trace.Steps[i-1].Text), " ")
}

// heading draws the title, whose attention it is with a note, and the legend from 0 to largest, marked where larger values are
// clipped. It returns the place of the legend's ramp.
func (r *rows) heading(s *draw.Scene, title, note string, largest float64, clipped bool, ramp func(x float64) color.RGBA) draw.Box {
	name, high := "attention per token", draw.Number(largest)
	room := s.Width - 3*draw.Margin - draw.Width(name, false, draw.Small)
	detail := note + "; " + r.source()
	if draw.Width(detail, false, draw.Small) > room { // the caption has the rest
		detail = note
	}
	s.Heading(title, detail, false, room)
	bar := s.Legend(draw.Margin+draw.Width(title, false, draw.Normal), "0", high, name, ramp)
	if clipped && bar.W > 0 {
		clipMark(s, bar)
	}
	return bar
}

// table is what each row pays to each earlier row, for the pairs that want takes. Layer and head say whose attention it is.
func (r *rows) table(want func(j, k int) bool) session.Table {
	t := session.NewTable("reader reader_text read read_text attention layer head neighbours")
	text := func(i int) string {
		if i == 0 || i > len(r.trace.Steps) {
			return ""
		}
		return r.stepText(i)
	}
	layer, head := r.head()
	for j := range r.count() {
		for k := range j + 1 {
			if r.trace.Heads == 0 || !want(j, k) { // not scored yet
				continue
			}
			density, of := r.attention(j, k, layer, head)
			t.Add(r.name(j), text(j), r.name(k), text(k), density, of/r.trace.Heads, of%r.trace.Heads, r.neighbours(j, k))
		}
	}
	return t
}

// badge draws the letter and colour of a row in a box.
func (r *rows) badge(s *draw.Scene, i int, box draw.Box) {
	letter, fill := r.shortName(i), s.Palette.Line
	if i > 0 && i <= len(r.trace.Steps) {
		letter = ""
		if label := r.trace.Steps[i-1].Label; label != "" {
			addLabel(s, label, box)
			return
		}
	}
	addBadge(s, letter, fill, box)
}

// addLabel draws the label of a step as a badge.
func addLabel(s *draw.Scene, label string, box draw.Box) {
	first, _ := utf8.DecodeRuneInString(label)
	addBadge(s, strings.ToUpper(string(first)), s.Palette.Label(label), box)
}

// addBadge draws a letter on a colour; a narrow box has no letter.
func addBadge(s *draw.Scene, letter string, fill color.RGBA, box draw.Box) {
	s.Add(draw.Fill{Box: box, Color: fill})
	if box.W >= 9 && box.H >= 11 {
		s.Add(draw.Label{X: box.X + box.W/2, Y: box.Y + box.H/2 + 4, Text: letter, Size: draw.Small, Mono: true, Align: 0.5, Color: s.Palette.On(fill)})
	}
}

// rowTarget explains a row and selects its step.
func (r *rows) rowTarget(box draw.Box, i int) draw.Target {
	t := draw.Target{Box: box, Row: i, Col: i, Tip: func() []string { return r.rowTip(i) }}
	r.selects(&t, i)
	return t
}

// pairTarget explains what row j pays to row k, and selects the step of row k.
func (r *rows) pairTarget(box draw.Box, j, k int) draw.Target {
	t := draw.Target{Box: box, Row: j, Col: k, Tip: func() []string { return r.pairTip(j, k) }}
	r.selects(&t, k)
	return t
}

// selects makes a target select the step of a row; prompt and answer select nothing.
func (r *rows) selects(t *draw.Target, i int) {
	if s := r.selectStep(i); s != nil {
		t.Select, t.Hover = s, &session.Hover{Step: s.Step}
	}
}

// selectStep is the selection with the step of a row, nil for prompt and answer.
func (r *rows) selectStep(i int) *session.Selection {
	if i < 1 || i > len(r.trace.Steps) {
		return nil
	}
	s := r.Selection
	s.Step, s.Token = i-1, -1
	return &s
}

// rowTip explains a row.
func (r *rows) rowTip(i int) []string {
	if i == 0 || i > len(r.trace.Steps) {
		return []string{r.name(i)}
	}
	step := r.trace.Steps[i-1]
	tip := []string{fmt.Sprintf("%s · %s", r.name(i), step.Label), strings.TrimSpace(step.Text)}
	fci, of := r.fci(i - 1)
	if !r.trace.Scored(i - 1) {
		return append(tip, "FCI: not scored")
	}
	if layer, head := r.head(); layer >= 0 {
		return append(tip, "FCI "+stat.Decimals(fci, 3)+" in "+headName(layer, head))
	}
	if r.trace.Heads > 0 && of >= 0 {
		tip = append(tip, "FCI "+stat.Decimals(fci, 3)+", from "+headName(of/r.trace.Heads, of%r.trace.Heads))
	}
	return tip
}

// pairTip explains what row j pays to row k.
func (r *rows) pairTip(j, k int) []string {
	layer, head := r.head()
	density, of := r.attention(j, k, layer, head)
	tip := []string{fmt.Sprintf("%s looks at %s", r.name(j), r.name(k))}
	if r.trace.Heads > 0 {
		tip = append(tip, fmt.Sprintf("%s per token, %s", draw.Number(density), headName(of/r.trace.Heads, of%r.trace.Heads)))
	}
	if r.neighbours(j, k) {
		tip = append(tip, fmt.Sprintf("nearer than Δ = %d: not in FCI", r.apart()))
	}
	return tip
}

// moveStep selects another step. It returns false for keys that do not move.
func (r *rows) moveStep(key Key) bool {
	step, ok := moved(key, r.step(), len(r.trace.Steps))
	if s := r.selectStep(step + 1); ok && s != nil {
		r.Select(*s)
	}
	return ok
}
