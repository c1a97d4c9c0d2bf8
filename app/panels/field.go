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
	refused, bad := p.Refused[name]
	input = app.Input().ID("field-"+name).Type("number").Attr("min", strconv.FormatUint(lo, 10)).Step(1).DataSet("set", name).Value(fieldText(refused, bad, value)).
		Aria("invalid", strconv.FormatBool(bad))
	if hi < 1<<53 {
		input = input.Attr("max", strconv.FormatUint(hi, 10))
	}
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
