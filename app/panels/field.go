package panels

import (
	"fmt"
	"strconv"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
)

// numberField is a labelled field for a whole number. What the lab refuses stays in it, beside the reason.
func (p *Page) numberField(name, label string, lo, hi uint64, value any) app.UI {
	input, why := p.numberInput(name, lo, hi, value)
	_, bad := p.Refused[name]
	return app.Label().Class(when(bad, "refused")).Body(app.Text(label), input, why)
}

// numberInput is the field without its label, and the reason why its text is refused.
func (p *Page) numberInput(name string, lo, hi uint64, value any) (input app.HTMLInput, why app.UI) {
	input = app.Input().Type("number").Attr("min", strconv.FormatUint(lo, 10)).Step(1)
	if hi < 1<<53 {
		input = input.Attr("max", strconv.FormatUint(hi, 10))
	}
	return p.refusable(name, input, value)
}

// textField is a labelled field for text that is read once it is whole; takes says what it may be. What the lab refuses stays in it, beside the
// reason.
func (p *Page) textField(name, label, value, empty, takes string) app.UI {
	input, why := p.textInput(name, value, empty, takes)
	_, bad := p.Refused[name]
	return app.Label().Class(when(bad, "refused")).Body(app.Text(label), input, why)
}

// textInput is the field without its label, and the reason why its text is refused.
func (p *Page) textInput(name, value, empty, takes string) (input app.HTMLInput, why app.UI) {
	return p.refusable(name, app.Input().Type("text").DataSet("on", "change").Placeholder(empty).Title(takes), value)
}

// refusable makes an input the field of a name, and gives the reason why its text is refused.
func (p *Page) refusable(name string, input app.HTMLInput, value any) (_ app.HTMLInput, why app.UI) {
	refused, bad := p.Refused[name]
	input = input.ID("field-"+name).DataSet("set", name).Value(fieldText(refused, bad, value)).Aria("invalid", strconv.FormatBool(bad))
	why = app.Text("")
	if bad {
		input = input.Aria("describedby", "field-"+name+"-why")
		why = app.Span().ID("field-" + name + "-why").Class("hint bad").Role("alert").Text(refused.Why)
	}
	return input, why
}

func fieldText(refused lab.Refused, bad bool, value any) string {
	if bad {
		return refused.Text
	}
	return fmt.Sprint(value)
}

// seedShown is the seed of the problem that is shown; the worked example has none.
func (p *Page) seedShown() any {
	if p.Example {
		return ""
	}
	return p.Seed
}
