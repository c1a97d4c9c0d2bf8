package panels

import (
	"maps"
	"regexp"
	"strings"
	"testing"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// numberFields are the enabled number fields of a page by the name of what they set.
func numberFields(page string) map[string]*element {
	fields := map[string]*element{}
	walk(page, func(e *element, _ []*element) {
		if _, off := e.has["disabled"]; e.name == "input" && e.has["type"] == "number" && !off {
			fields[e.has["data-set"]] = e
		}
	})
	return fields
}

// bounds matches the reason of a refusal.
var bounds = regexp.MustCompile(`^[A-Z].* from [-\d.e,]+ to [-\d.e,]+\.$`)

// Every number field of every page refuses in the same way: the text stays in the field, which is marked, and an alert gives the reason
// in a sentence with both bounds.
func TestEveryNumberFieldRefuses(t *testing.T) {
	seen := map[string]bool{}
	drawPages(t, func(name string, l *Page) {
		for set := range numberFields(app.HTMLString(l)) {
			if seen[set] {
				continue
			}
			seen[set] = true
			for _, text := range []string{"", "x", "-987654321", "1e99"} {
				refused, mistyped, plan, view := maps.Clone(l.Refused), maps.Clone(l.Mistyped), l.Plan, l.View
				l.Set(set, text)
				html := app.HTMLString(l)
				field, reason := numberFields(html)[set], ""
				if field == nil {
					t.Fatalf("%s: the field %s disappears after %q", name, set, text)
				}
				walk(html, func(e *element, _ []*element) {
					if e.has["role"] == "alert" && e.has["id"] != "" && e.has["id"] == field.has["aria-describedby"] {
						reason = strings.TrimSpace(e.text.String())
					}
				})
				if invalid, marked := field.has["aria-invalid"]; !marked || invalid == "false" || field.has["value"] != text || !bounds.MatchString(reason) {
					t.Errorf("%s: %s takes %q: %v, for the reason %q", name, set, text, field.has, reason)
				}
				l.Refused, l.Mistyped, l.Plan, l.View = refused, mistyped, plan, view
			}
		}
	})
	for _, set := range []string{"seed", "draw", "problems", "samples", "tree-seed", "initial", "points", "rollouts", "run-seed", "steps", "probe", "held-out", "held-out-every", "h.learning-rate", "h.group"} {
		if !seen[set] {
			t.Errorf("no page shows the field %s, only %v", set, maps.Collect(maps.All(seen)))
		}
	}
}
