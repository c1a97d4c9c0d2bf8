package lab

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"attnlab/app/session"
)

// BestHeadOf is the head from which step k has its FCI.
func (l *Lab) BestHeadOf(k int) (layer, head int) {
	layer, head = l.Trace.BestHead(k)
	return max(0, layer), max(0, head)
}

// HeadList says which heads the Heads page lists, and in which order.
type HeadList struct {
	Ranked bool // a table of all measures, the best head by View.Grid first; otherwise a grid by layer
	From   int  // the first layer
	To     int  // the layer after the last; 0 for all
	Top    int  // the best heads alone; 0 for all
}

// TopHeads are the choices of HeadList.Top.
var TopHeads = []int{0, 10, 30, 90}

// write adds the list to a link.
func (h HeadList) write(add func(key, value string)) {
	if h.Ranked {
		add("heads-as", "list")
	}
	if h.To > 0 {
		add("layers", strconv.Itoa(h.From)+"-"+strconv.Itoa(h.To-1))
	}
	if h.Top > 0 {
		add("heads-top", strconv.Itoa(h.Top))
	}
}

// mostLayers bounds the layers of a link.
const mostLayers = 1 << 12

func readHeadList(q *linkReader) (h HeadList) {
	as := ""
	q.choose("heads-as", &as, []string{"list"})
	h.Ranked = as == "list"
	if q.has("layers") {
		from, to, ok := strings.Cut(q.text("layers"), "-")
		first, err := strconv.Atoi(from)
		last, err2 := strconv.Atoi(to)
		if !ok || err != nil || err2 != nil || first < 0 || last < first || last >= mostLayers {
			q.refuse("layers")
		} else {
			h.From, h.To = first, last+1
		}
	}
	if q.has("heads-top") {
		n, err := strconv.Atoi(q.text("heads-top"))
		if err != nil || !slices.Contains(TopHeads, n) {
			q.refuse("heads-top")
		} else {
			h.Top = n
		}
	}
	return h
}

// Layers are the layers of the list that the model has, half open.
func (l *Lab) ListedLayers() (from, to int) {
	if h := l.List; h.To > 0 && h.From < l.Trace.Layers {
		return h.From, min(h.To, l.Trace.Layers)
	}
	return 0, l.Trace.Layers
}

// ListedHeads are the heads that the Heads page lists, layer·H + head: the best by the chosen measure first where the list is ranked. A
// text in the search field leaves those that it names.
func (l *Lab) ListedHeads() (listed []int) {
	H := l.Trace.Heads
	from, to := l.ListedLayers()
	named := readHeads(l.HeadSought)
	for i := from * H; i < to*H; i++ {
		if named(i/H, i%H) {
			listed = append(listed, i)
		}
	}
	values := l.Grid.OfHeads(&l.Trace, &l.Heads, l.Selection)
	value := func(i int) float64 {
		if i < len(values) && !math.IsNaN(values[i]) {
			return values[i]
		}
		return math.Inf(-1)
	}
	best := slices.Clone(listed)
	slices.SortStableFunc(best, func(a, b int) int { return cmp.Compare(value(b), value(a)) })
	if top := l.List.Top; top > 0 {
		best = best[:min(top, len(best))]
	}
	if l.List.Ranked {
		return best
	}
	slices.Sort(best)
	return best
}

// readHeads reads what names heads: "16,2", "16.2", "(16, 2)", "L16·H2", "layer 16", "L16", "head 2" or "H2". A text that names none is
// true for all.
func readHeads(text string) func(layer, head int) bool {
	var numbers []int
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r < '0' || r > '9' }) {
		if n, err := strconv.Atoi(part); err == nil {
			numbers = append(numbers, n)
		}
	}
	text = strings.ToLower(strings.TrimSpace(text))
	switch {
	case len(numbers) == 0:
		return func(int, int) bool { return true }
	case len(numbers) == 1 && strings.HasPrefix(text, "h"):
		return func(_, head int) bool { return head == numbers[0] }
	case len(numbers) == 1:
		return func(layer, _ int) bool { return layer == numbers[0] }
	}
	return func(layer, head int) bool {
		for i := 0; i+1 < len(numbers); i += 2 {
			if layer == numbers[i] && head == numbers[i+1] {
				return true
			}
		}
		return false
	}
}

// setHeads gives a control of the Heads page its value; it returns false if the page has no such control.
func (l *Lab) setHeads(name, value string) bool {
	layer := func() int { return min(max(parse(value, 0, strconv.Atoi), 0), max(0, l.Trace.Layers-1)) }
	from, to := l.ListedLayers()
	switch name {
	case "heads-as":
		l.List.Ranked = value == "list"
	case "heads-top":
		if n := parse(value, 0, strconv.Atoi); slices.Contains(TopHeads, n) {
			l.List.Top = n
		}
	case "layer-from":
		l.limitLayers(layer(), max(to, layer()+1))
	case "layer-to":
		l.limitLayers(min(from, layer()), layer()+1)
	case "head-sought":
		l.HeadSought = value
	case "strip-layer":
		l.StripLayer = layer()
		if l.Selection.Head >= 0 {
			l.Selection.Layer = l.StripLayer
			l.selected()
		}
	default:
		return false
	}
	return true
}

// limitLayers lists some layers, and has FCI computed over them alone.
func (l *Lab) limitLayers(from, to int) {
	l.List.From, l.List.To = from, to
	if from == 0 && to >= l.Trace.Layers {
		l.List.From, l.List.To = 0, 0
	}
	l.scoreLayers()
}

// scoreLayers asks for FCI over the listed layers, unless these are all or it is here.
func (l *Lab) scoreLayers() {
	from, to := l.ListedLayers()
	if l.List.To == 0 || len(l.Trace.Steps) == 0 || !l.Ready() || l.LayersScored() {
		return
	}
	asked := layersAsked{l.Trace.Number, from, to}
	if l.layersAsked != asked {
		l.layersAsked = asked
		l.Send(session.ScoreLayers{From: from, To: to})
	}
}

// layersAsked is what FCI over some layers was asked for.
type layersAsked struct {
	trace    uint64
	from, to int
}

// LayersScored reports whether Layered is of this trace and of the listed layers.
func (l *Lab) LayersScored() bool {
	from, to := l.ListedLayers()
	return l.Layered.Trace == l.Trace.Number && l.Layered.From == from && l.Layered.To == to && len(l.Layered.Scores) > 0
}

// foundHead selects the only head that the search leaves.
func (l *Lab) foundHead() {
	if listed := l.ListedHeads(); len(listed) > 0 {
		l.Selection.Layer, l.Selection.Head = listed[0]/l.Trace.Heads, listed[0]%l.Trace.Heads
		l.selected()
	}
}

// ShownLayer is the layer whose heads the strip of a large model shows: that of the selected head, else the one that was chosen.
func (l *Lab) ShownLayer() int {
	if l.Selection.Layer >= 0 {
		return min(l.Selection.Layer, max(0, l.Trace.Layers-1))
	}
	return min(l.StripLayer, max(0, l.Trace.Layers-1))
}

// AnswerLost reports whether Answers is of this trace, and how many steps it has measured.
func (l *Lab) AnswerLost() (measured int, ok bool) {
	a := &l.Answers
	if a.Trace != l.Trace.Number || len(a.Values) != len(l.Trace.Steps) {
		return 0, false
	}
	for _, v := range a.Values {
		if v != nil {
			measured++
		}
	}
	return measured, measured > 0
}
