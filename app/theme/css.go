package theme

import (
	"fmt"
	"image/color"
	"strings"
)

// Steps is how many steps above zero a ramp has in CSS.
const Steps = 10

// CSS is the table as custom properties: light at the root, dark if the page has
// data-theme="dark", or if the page has no data-theme and the system prefers dark. Paper is always light.
//
//	--ground --surface --line --ink --muted --accent --on-accent
//	--essential --redundant --correcting --wrong --malformed --unlabelled   and --on-… each
//	--method-attnpo …          one for each training method
//	--score-0 … --score-10     x = 0 … 1,   text on it --on-score-0 …
//	--signed-0 … --signed-20   x = -1 … 1,  text on it --on-signed-0 …
//
// and for each ramp step and label a class (.score-3, .signed-12, .label-essential)
// that sets background and text, and for each method one that sets the background.
func CSS() string {
	var b strings.Builder
	fmt.Fprintf(&b, ":root {\n  color-scheme: light;\n%s}\n", Light.variables("  "))
	fmt.Fprintf(&b, "@media screen {\n  [data-theme=dark] {\n    color-scheme: dark;\n%s  }\n}\n", Dark.variables("    "))
	fmt.Fprintf(&b, "@media screen and (prefers-color-scheme: dark) {\n  :root:not([data-theme=light]) {\n    color-scheme: dark;\n%s  }\n}\n", Dark.variables("    "))
	class := func(class, fill string) {
		fmt.Fprintf(&b, ".%s { background: var(--%s); color: var(--on-%s); }\n", class, fill, fill)
	}
	for i := range Steps + 1 {
		class(fmt.Sprintf("score-%d", i), fmt.Sprintf("score-%d", i))
	}
	for i := range 2*Steps + 1 {
		class(fmt.Sprintf("signed-%d", i), fmt.Sprintf("signed-%d", i))
	}
	for _, label := range Labels {
		class("label-"+label, label)
	}
	for _, method := range methods {
		fmt.Fprintf(&b, ".method-%s { background: var(--method-%s); }\n", method, method)
	}
	return b.String()
}

// ScoreStep is the step of the CSS ramp for x in 0..1.
func ScoreStep(x float64) int { return int(clamp(x, 0, 1)*Steps + 0.5) }

// SignedStep is the step of the CSS ramp for x in -1..1. Zero is the middle one.
func SignedStep(x float64) int {
	if x != x {
		return Steps
	}
	return int((clamp(x, -1, 1)+1)*Steps + 0.5)
}

func (p Palette) variables(indent string) string {
	var b strings.Builder
	set := func(name string, c color.RGBA) { fmt.Fprintf(&b, "%s--%s: %s;\n", indent, name, Hex(c)) }
	fill := func(name string, c color.RGBA) {
		set(name, c)
		set("on-"+name, p.On(c))
	}
	set("ground", p.Ground)
	set("surface", p.Surface)
	set("line", p.Line)
	set("ink", p.Ink)
	set("muted", p.Muted)
	fill("accent", p.Accent)
	for _, label := range Labels {
		fill(label, p.Label(label))
	}
	for i, method := range methods {
		set("method-"+method, p.Series[i])
	}
	for i := range Steps + 1 {
		fill(fmt.Sprintf("score-%d", i), p.Score(float64(i)/Steps))
	}
	for i := range 2*Steps + 1 {
		fill(fmt.Sprintf("signed-%d", i), p.Signed(float64(i)/Steps-1))
	}
	return b.String()
}
