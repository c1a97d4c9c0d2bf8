package panels

import (
	"math"
	"strconv"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab/explain"
	"attnlab/app/theme"
)

// shade is the CSS class of the colour ramp for a value on a scale from lo to hi, empty for NaN.
func shade(v, lo, hi float64) string {
	if math.IsNaN(v) {
		return ""
	}
	x := 0.0
	if hi > lo {
		x = (v - lo) / (hi - lo)
	}
	return scoreClasses[theme.ScoreStep(x)]
}

// scoreClasses are the classes of the ramp, made once: a long trace takes thousands of them for each redraw.
var scoreClasses = func() (list [theme.Steps + 1]string) {
	for i := range list {
		list[i] = "score-" + strconv.Itoa(i)
	}
	return list
}()

// signed is the CSS class of the signed ramp for a value on a scale from -top to top.
func signed(v, top float64) string {
	if math.IsNaN(v) || top <= 0 {
		return "signed-" + strconv.Itoa(theme.SignedStep(0))
	}
	return "signed-" + strconv.Itoa(theme.SignedStep(v/top))
}

func signedLegend(top float64) app.UI {
	return app.Span().Class("legend").Aria("hidden", "true").Body(
		app.Text(explain.Format(-top)),
		app.Span().Class("ramp").Body(app.Range(make([]int, 2*theme.Steps+1)).Slice(func(i int) app.UI { return app.I().Class("signed-" + strconv.Itoa(i)) })),
		app.Text(explain.WithSign(top)),
	)
}
