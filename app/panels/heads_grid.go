package panels

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
	"attnlab/app/lab/explain"
	"attnlab/rl/stat"
)

// headControls choose which heads are listed, and how.
func (p *Page) headControls() app.UI {
	t := &p.Trace
	if t.Layers*t.Heads == 0 {
		return app.Div().Class("head-controls")
	}
	from, to := p.ListedLayers()
	layers := numbers(t.Layers)
	same := func(s string) string { return s }
	as := "grid"
	if p.List.Ranked {
		as = "list"
	}
	var tops []string
	for _, n := range lab.TopHeads {
		tops = append(tops, strconv.Itoa(n))
	}
	many := t.Layers*t.Heads > lab.TopHeads[1]
	listed := len(p.ListedHeads())
	return app.Div().Class("head-controls").Role("group").Aria("label", "which heads").Body(
		app.Label().Body(app.Text("show"), choice("heads-as", "show heads", as, []string{"grid", "list"}, func(s string) string {
			return map[string]string{"grid": "by layer", "list": "ranked"}[s]
		})),
		app.If(many, func() app.UI {
			return app.Label().Body(app.Text("heads"), choice("heads-top", "how many heads", strconv.Itoa(p.List.Top), tops, func(s string) string {
				if s == "0" {
					return "all"
				}
				return "top " + s
			}))
		}),
		app.If(t.Layers > 1, func() app.UI {
			return app.Span().Class("layers").Body(
				app.Label().Body(app.Text("layers"), choice("layer-from", "first layer", strconv.Itoa(from), layers, same)),
				app.Label().Body(app.Text("to"), choice("layer-to", "last layer", strconv.Itoa(to-1), layers, same)),
				app.If(to-from < t.Layers, func() app.UI { return p.button("layers", "quiet", app.Text("All layers")) }),
			)
		}),
		app.If(many, func() app.UI {
			return app.Label().Class("search").Body(app.Text("search"),
				app.Input().ID("head-sought").Type("search").DataSet("set", "head-sought").Attr("value", p.HeadSought).Placeholder("16,2 or layer 20").Aria("label", "search for heads, such as 16,2 or layer 20").AutoComplete(false))
		}),
		app.Span().Class("listed").Aria("live", "polite").Body(
			app.Text(fmt.Sprintf("%d of %s", listed, explain.Plural(t.Layers*t.Heads, "head"))),
			app.If(p.HeadSought != "" && listed > 0, func() app.UI { return p.button("head-found", "quiet", app.Text("Select the first")) }),
		),
	)
}

// grid is the listed heads: a row a layer, or a ranked table.
func (p *Page) grid() app.UI {
	t := &p.Trace
	if t.Layers*t.Heads == 0 {
		return app.P().Class("hint").Text("The heads appear once there is a trace.")
	}
	listed := p.ListedHeads()
	if len(listed) == 0 {
		return app.P().Class("hint").Text("No head is named like that. Write layer and head, such as 16,2, or a layer, such as layer 20.")
	}
	if p.List.Ranked {
		return p.rankedHeads(listed)
	}
	values := p.Grid.OfHeads(t, &p.Heads, p.Selection)
	lo, hi := p.Grid.Span(values)
	shown := map[int]bool{}
	var layers []int
	for _, i := range listed {
		if shown[i] = true; len(layers) == 0 || layers[len(layers)-1] != i/t.Heads {
			layers = append(layers, i/t.Heads)
		}
	}
	large := t.Layers*t.Heads > mostPips
	return app.Div().Class("heads-box", when(large, "large")).TabIndex(0).Role("region").Aria("label", "heads by layer").Body(app.Table().Class("grid").ID("grid").Body(p.inSlices("layers", []app.UI{
		app.Caption().Class("unseen").Text("Heads by layer"),
		app.THead().Body(app.Tr().Body(
			app.Th().Scope("col").Text("layer"),
			app.Range(make([]int, t.Heads)).Slice(func(h int) app.UI { return app.Th().Scope("col").Text("H" + strconv.Itoa(h)) }),
		)),
	}, len(layers), t.Heads, func(i int) app.UI {
		layer := layers[i]
		return app.Tr().Body(
			app.Th().Scope("row").Text("L"+strconv.Itoa(layer)),
			app.Range(make([]int, t.Heads)).Slice(func(h int) app.UI {
				if !shown[layer*t.Heads+h] {
					return app.Td()
				}
				return p.headCell(layer, h, values, lo, hi)
			}),
		)
	})...))
}

func (p *Page) headCell(layer, head int, values []float64, lo, hi float64) app.UI {
	i := layer*p.Trace.Heads + head
	text, class := "–", ""
	if i < len(values) {
		text, class = explain.Format(values[i]), shade(values[i], lo, hi)
	}
	short := text
	if p.Trace.Layers*p.Trace.Heads > mostPips && i < len(values) {
		short = narrow(values[i])
	}
	selected := layer == p.Selection.Layer && head == p.Selection.Head
	at := fmt.Sprintf("%d.%d", layer, head)
	return app.Td().Body(
		app.Button().Type("button").Class("cell", class, when(selected, "selected"), when(p.isKeyFocus(layer, head), "key")).DataSet("do", "head:"+at).
			Aria("pressed", strconv.FormatBool(selected)).Aria("label", explain.HeadName(layer, head)+", "+p.Grid.Name()+" "+text).Text(short),
	)
}

// narrow is a number in four characters and a sign, so that nine fit beside each other on a phone.
func narrow(v float64) string {
	switch size := math.Abs(v); {
	case math.IsNaN(v):
		return "–"
	case size < 1:
		return strings.Replace(explain.Format(v), "0.", ".", 1)
	case size < 10:
		return stat.Decimals(v, 2)
	case size < 100:
		return stat.Decimals(v, 1)
	}
	return explain.Count(v)
}

// mostRanked is how many heads the ranked table has at most; a search or a range of layers leads to the others.
const mostRanked = 60

// rankedHeads is the table of all measures. The head of a column ranks by it.
func (p *Page) rankedHeads(listed []int) app.UI {
	t := &p.Trace
	measures := explain.HeadQuantities()
	values := make([][]float64, len(measures))
	for m, q := range measures {
		values[m] = q.OfHeads(t, &p.Heads, p.Selection)
	}
	rows := listed[:min(mostRanked, len(listed))]
	return app.Div().Class("heads-box", "large").TabIndex(0).Role("region").Aria("label", "heads ranked").Body(
		app.Table().Class("table ranked").ID("grid").Body(p.inSlices("ranked", []app.UI{
			app.Caption().Class("unseen").Text("Heads ranked by " + p.Grid.Name()),
			app.THead().Body(app.Tr().Body(
				app.Th().Scope("col").Class("figure").Text("rank"), app.Th().Scope("col").Text("head"),
				app.Range(measures).Slice(func(m int) app.UI {
					q, sorted := measures[m], "none"
					about, _ := q.OfHead()
					if q == p.Grid {
						sorted = "descending"
					}
					return app.Th().Scope("col").Class("figure").Aria("sort", sorted).Body(
						app.Button().Type("button").Class("quiet", "by", when(q == p.Grid, "chosen")).DataSet("do", "grid:"+string(q)).Title(about.Title).Text(about.Symbol))
				}),
			)),
		}, len(rows), len(measures)+2, func(n int) app.UI {
			i := rows[n]
			layer, head := i/t.Heads, i%t.Heads
			selected := layer == p.Selection.Layer && head == p.Selection.Head
			return app.Tr().Class(when(selected, "selected")).Body(
				app.Td().Class("figure").Text(n+1),
				app.Th().Scope("row").Body(app.Button().Type("button").Class("chip", when(selected, "selected"), when(p.isKeyFocus(layer, head), "key")).
					DataSet("do", fmt.Sprintf("head:%d.%d", layer, head)).Aria("pressed", strconv.FormatBool(selected)).Text(explain.HeadName(layer, head))),
				app.Range(measures).Slice(func(m int) app.UI {
					v := math.NaN()
					if i < len(values[m]) {
						v = values[m][i]
					}
					return app.Td().Class("figure", when(measures[m] == p.Grid, "chosen")).Text(explain.Format(v))
				}),
			)
		})...),
		app.If(len(rows) < len(listed), func() app.UI {
			return app.P().Class("hint").Text(fmt.Sprintf("%d more heads have less. Search, or choose layers, to see them.", len(listed)-len(rows)))
		}),
	)
}
