package panels

import (
	"fmt"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
	"attnlab/app/lab/explain"
)

// button is a button for an action, with the action's words and keys as its title.
func (p *Page) button(do, class string, body ...app.UI) app.HTMLButton {
	name, _, _ := strings.Cut(do, ":")
	b := app.Button().Type("button").DataSet("do", do).Class(class).Body(body...)
	if a, ok := lab.FindAction(name); ok {
		if title := a.Title(); title != "" {
			b = b.Title(title)
		}
		if !a.Allowed(p.Lab) && !a.Waits(p.Lab) {
			b = b.Disabled(true)
		}
	}
	return b
}

// number is a number that opens to its formula and what it came from.
func (p *Page) number(explain, text string) app.UI {
	return number(explain, text, p.Explained == explain)
}

func number(explain, text string, opened bool) app.UI {
	return app.Button().Type("button").Class("num", open(opened)).DataSet("do", "explain:"+explain).
		Aria("label", text+", explain").Text(text)
}

// term is a word of the field that opens to its definition.
func (p *Page) term(word, text string) app.UI {
	return app.Button().Type("button").Class("term", open(p.Explained == "term:"+word)).DataSet("do", "explain:term:"+word).Text(text)
}

func open(is bool) string { return when(is, "open") }

func when(is bool, class string) string {
	if is {
		return class
	}
	return ""
}

// bar is a length from 0 to 1.
func bar(x float64) app.UI {
	return app.Raw(fmt.Sprintf(`<svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true"><rect class="rail" width="100" height="4"/><rect class="fill" width="%.1f" height="4"/></svg>`, 100*min(max(x, 0), 1)))
}

// icon is a line drawing of 16 by 16.
func icon(name string) app.UI {
	return app.Raw(`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round"><path d="` + icons[name] + `"/></svg>`)
}

var icons = map[string]string{
	"back":  "M11 3 L5 8 L11 13 M3.5 3 V13",
	"next":  "M5 3 L11 8 L5 13 M12.5 3 V13",
	"play":  "M5 3 L12.5 8 L5 13 Z",
	"pause": "M5.5 3 V13 M10.5 3 V13",
	"link":  "M6.5 9.5 L9.5 6.5 M7.5 4.5 L9 3 A2.8 2.8 0 0 1 13 7 L11.5 8.5 M8.5 11.5 L7 13 A2.8 2.8 0 0 1 3 9 L4.5 7.5",
	"undo":  "M6 3 L3 6 L6 9 M3.2 6 H9.5 A3.5 3.5 0 0 1 9.5 13 H7",
	"light": "M8 5.2 A2.8 2.8 0 1 1 8 10.8 A2.8 2.8 0 1 1 8 5.2 M8 1.5 V2.5 M8 13.5 V14.5 M1.5 8 H2.5 M13.5 8 H14.5 M3.4 3.4 L4.1 4.1 M11.9 11.9 L12.6 12.6 M12.6 3.4 L11.9 4.1 M4.1 11.9 L3.4 12.6",
	"dark":  "M13 9.5 A5.5 5.5 0 1 1 6.5 3 A4.4 4.4 0 0 0 13 9.5 Z",
	"":      "M8 2.5 A5.5 5.5 0 1 1 8 13.5 A5.5 5.5 0 1 1 8 2.5 M8 2.5 V13.5 M8 5 H12.6 M8 8 H13.5 M8 11 H12.6",
	"help":  "M5.8 6 A2.2 2.2 0 1 1 8.6 8.1 C8.1 8.4 8 8.7 8 9.4 M8 12 V12.1",
	"out":   "M6 3.5 H3.5 V12.5 H12.5 V10 M9 3 H13 V7 M13 3 L7.5 8.5",
	"close": "M4 4 L12 12 M12 4 L4 12",
	"fresh": "M13 8 A5 5 0 1 1 11.3 4.2 M11.5 1.8 V4.5 H8.8",
	"more":  "M3.2 8 H3.6 M7.8 8 H8.2 M12.4 8 H12.8",
	"stop":  "M4 4 H12 V12 H4 Z",
}

// choice is a menu of named values; do is the action that takes one.
func choice(do, label, chosen string, values []string, name func(string) string) app.HTMLSelect {
	return app.Select().DataSet("set", do).Aria("label", label).Body(
		app.Range(values).Slice(func(i int) app.UI {
			o := app.Option().Value(values[i]).Text(name(values[i]))
			if values[i] == chosen {
				o = o.Selected(true)
			}
			return o
		}),
	)
}

func names(list []explain.Quantity) []string {
	var s []string
	for _, q := range list {
		s = append(s, string(q))
	}
	return s
}

func quantityName(s string) string { return explain.Quantity(s).Name() }

// places is a slider over the places 1 to Of of a list that grows.
type places struct {
	app.Compo
	Control, Label, Says string
	At, Of               int
}

func (s *places) Render() app.UI {
	return app.Input().Type("range").Min(1).Max(max(2, s.Of)).Step(1).DataSet("set", s.Control).Value(s.At).
		Aria("label", s.Label).Aria("valuetext", s.Says)
}

// OnUpdate sets the place again: a browser that was given it before the new end of the list has cut it to the old one.
func (s *places) OnUpdate(ctx app.Context) { ctx.JSSrc().Set("value", s.At) }
