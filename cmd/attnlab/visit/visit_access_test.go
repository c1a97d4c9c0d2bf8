//go:build !js && visit

package visit

import (
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// titles goes to every page, after messages that are not for it: each has a title of its own.
func titles(v *visitor) {
	eval[bool](v, `[["a text"], [7], [null], [{}], [["a list"]]].every(([data]) => (postMessage(data, location.origin), true))`)
	seen := map[string]string{}
	for _, page := range []string{"heads", "tree", "train", "compare", "learn", "trace"} {
		v.press(fmt.Sprintf(`nav [data-do="page:%s"]`, page))
		v.until("the page is shown", fmt.Sprintf(`document.getElementById("lab").dataset.page === %q && document.querySelector('nav [aria-current=page]').dataset.do === "page:%s"`, page, page))
		title := eval[string](v, `document.title`)
		if before, ok := seen[title]; ok || !strings.Contains(title, "attnlab") {
			v.Errorf("%s has the title %q, as %s", page, title, before)
		}
		seen[title] = page
	}
}

// palette finds a command by its words, chooses it by the arrows and runs it by Enter.
func palette(v *visitor) {
	v.press(`[data-do="keys"]`)
	v.until("the field has the focus", `document.activeElement?.matches("#dialog .filter")`)
	v.run(chromedp.KeyEvent("page"))
	v.until("few commands are left", `(n => n > 2 && n < 30)(document.querySelectorAll("#commands .command").length) && document.querySelector("#commands .command.picked")`)
	picked := func() string { return eval[string](v, `document.querySelector(".command.picked")?.id ?? ""`) }
	first := picked()
	v.run(chromedp.KeyEvent(kb.ArrowDown))
	v.until("the next one is chosen", fmt.Sprintf(`document.querySelector(".command.picked").id !== %q && document.querySelector(".filter").getAttribute("aria-activedescendant") === document.querySelector(".command.picked").id`, first))
	v.run(chromedp.KeyEvent(kb.ArrowUp))
	v.until("the first one is chosen again", fmt.Sprintf(`document.querySelector(".command.picked").id === %q`, first))
	at := eval[int](v, `[...document.querySelectorAll("#commands .command")].findIndex((c) => c.id === "command-compare-page")`)
	if at < 1 {
		v.Fatalf("the page Compare is not among the commands after the first: %s", v.text("#commands"))
	}
	for range at {
		v.run(chromedp.KeyEvent(kb.ArrowDown))
	}
	v.until("it is chosen", fmt.Sprintf(`document.querySelectorAll("#commands .command")[%d].matches(".picked")`, at))
	v.run(chromedp.KeyEvent(kb.Enter))
	v.until("Enter runs it", `!document.querySelector("#dialog") && document.getElementById("lab").dataset.page === "compare"`)
	v.press(`nav [data-do="page:trace"]`)
	v.until("the trace is shown", `document.querySelector("#rows")`)
}

// letters switches keys of one character off and on again.
func letters(v *visitor) {
	set := func(off bool) {
		v.Helper()
		v.run(chromedp.KeyEvent("k", chromedp.KeyModifiers(2))) // Ctrl
		v.until("Ctrl+K opens the dialog", `document.querySelector("#dialog [data-set=no-letters]")`)
		v.press(`#dialog [data-set="no-letters"]`)
		v.until("it is set", fmt.Sprintf(`document.querySelector("#dialog [data-set=no-letters]").checked === %v`, off))
		v.press(`#dialog [data-do="close"]`)
		v.until("the dialog is closed", `!document.querySelector("#dialog")`)
	}
	set(true)
	v.run(chromedp.KeyEvent("?"))
	set(false) // it would not open a second dialog, nor find the box unchecked, if the key had opened one
	v.run(chromedp.KeyEvent("?"))
	v.until("a key of one character opens the dialog", `document.querySelector("#dialog")`)
	v.run(chromedp.KeyEvent(kb.Escape))
	v.until("Escape closes it", `!document.querySelector("#dialog")`)
}

// figureByKeys selects a step in the matrix by keys. The figure is named as what it is.
func figureByKeys(v *visitor) {
	v.figures()
	const canvas = `document.querySelector("iframe.matrix").contentDocument.querySelector("canvas")`
	v.until("it is named as a figure that takes keys", canvas+`.getAttribute("role") === "application" && `+canvas+`.getAttribute("aria-roledescription") === "figure" && `+canvas+`.getAttribute("aria-label").includes("Arrow keys select") && document.querySelector("iframe.matrix").title`)
	v.run(chromedp.KeyEvent(kb.Escape))
	v.until("nothing is selected", `(latest("Selection")?.step ?? -1) === -1`)
	v.run(chromedp.Evaluate(`document.querySelector("iframe.matrix").contentWindow.focus(), `+canvas+`.focus()`, nil))
	for end := time.Now().Add(patience); !eval[bool](v, `latest("Selection")?.step >= 0`); time.Sleep(200 * time.Millisecond) { // the figure may not take keys at first
		if time.Now().After(end) {
			v.Fatal("an arrow key selects nothing in the matrix")
		}
		v.run(chromedp.KeyEvent(kb.ArrowRight))
	}
	v.until("the row is selected too", `document.querySelector("#step-" + latest("Selection").step + ".selected")`)
	v.run(chromedp.KeyEvent(kb.Escape))
	v.until("Escape gives the selection up", `latest("Selection").step === -1 && !document.querySelector(".row.selected")`)
	v.run(chromedp.Evaluate(`focus(), document.activeElement?.blur()`, nil))
}

// still opens a card that appears with a motion: under reduced motion it has none.
func still(v *visitor) {
	v.press(`#rows [data-do^="explain:"]`)
	v.until("the card is open", `document.querySelector("#explanation:not([hidden])")`)
	if name := eval[string](v, `getComputedStyle(document.querySelector("#explanation")).animationName`); name != "none" {
		v.Errorf("under reduced motion the card moves by %q", name)
	}
	v.run(chromedp.KeyEvent(kb.Escape))
}

// forced sets forced colours, as people choose them who see little contrast.
func (v *visitor) forced(theme string) {
	v.Helper()
	v.run(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "forced-colors", Value: "active"},
		{Name: "prefers-color-scheme", Value: theme}, {Name: "prefers-reduced-motion", Value: "reduce"}}))
}

// inForcedColours looks at a trace with a cut step: what colours say on the page is still said.
func inForcedColours(v *visitor) {
	v.press("#step-1 .no")
	v.until("a step is selected", `document.querySelector("#step-1.selected")`)
	defer v.look("")
	for _, theme := range []string{"light", "dark"} {
		v.forced(theme)
		for what, expression := range map[string]string{
			"the heat of tokens":      `new Set([...document.querySelectorAll("#rows .tok[class*=score-]")].map((e) => getComputedStyle(e).backgroundColor)).size > 2`,
			"the heat of heads":       `new Set([...document.querySelectorAll(".pip")].map((e) => getComputedStyle(e).backgroundColor)).size > 2`,
			"the legend of the heat":  `new Set([...document.querySelectorAll(".ramp i")].map((e) => getComputedStyle(e).backgroundColor)).size > 5`,
			"the scale of the arcs":   `getComputedStyle(document.querySelector(".scale input")).forcedColorAdjust === "none"`,
			"the kinds of steps":      `[...document.querySelectorAll("#rows .badge")].every((e) => /^[A-Z]$/.test(e.textContent) && getComputedStyle(e).backgroundColor !== getComputedStyle(e).color)`,
			"the selected step":       `((a, b) => a.outlineStyle === "solid" && b.outlineStyle === "none")(getComputedStyle(document.querySelector("#step-1")), getComputedStyle(document.querySelector("#step-2")))`,
			"the step that is cut":    `getComputedStyle(document.querySelector(".row.cut-off .tokens")).textDecorationLine === "line-through"`,
			"right and wrong endings": `((e) => new Set(e.map((x) => x.textContent)).size === 2 && e.length === 64)([...document.querySelectorAll(".ending.right, .ending.false")])`,
			"the verdict":             `document.querySelector(".mark.right").textContent.includes("correct")`,
			"the page shown":          `((a, b) => a.textDecorationLine.includes("underline") && !b.textDecorationLine.includes("underline"))(getComputedStyle(document.querySelector(".tab[aria-current]")), getComputedStyle(document.querySelector(".tab:not([aria-current])")))`,
		} {
			if !eval[bool](v, expression) {
				v.Errorf("in forced colours, %s, this is lost: %s", theme, what)
			}
		}
	}
}
