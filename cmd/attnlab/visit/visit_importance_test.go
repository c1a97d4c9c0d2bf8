//go:build !js && visit

package visit

import (
	"fmt"
	"image"
	"strings"
	"testing"

	"attnlab/app/session"

	"github.com/chromedp/chromedp"
)

// TestVisitImportance samples every step of a trace again from a link, on the host backend and on SwiftShader, and looks at what the page says.
func TestVisitImportance(t *testing.T) {
	t.Parallel()
	dir, _ := builtSite(t)
	n := &notes{}
	v := newVisitor(t, n, true)
	server := plainServer(t, dir, n)
	measured := `latest("Importances")?.ranking?.length && ` + ready
	var host session.Importances

	v.check("a link samples every step again", func(v *visitor) {
		v.open(server.URL + under + onHost + "#page=trace&seed=2&importance=8")
		v.until("every step is measured", measured)
		host = newest[session.Importances](v)
		if tr := newest[session.Trace](v); len(host.Steps) != len(tr.Steps) || host.Samples != 8 || host.Steps[0].Before.N != 8 || host.Steps[0].FCI != nil {
			v.Fatalf("%d of %d steps, %+v", len(host.Steps), len(tr.Steps), host.Steps[0])
		}
	})
	v.check("verdict, figure, table and explanations are shown", func(v *visitor) {
		v.run(chromedp.ScrollIntoView("#importance", chromedp.ByQuery))
		v.until("the figure is drawn", `document.querySelector("iframe.importance")?.contentDocument?.querySelector("canvas")?.getAttribute("aria-label")?.includes("Bars: how much more often")`)
		if said := v.text("#importance .found .verdict"); !strings.Contains(said, "steps with another continuation") {
			v.Errorf("the verdict is %q", said)
		}
		v.press(`#importance .as-table > summary`)
		v.until("the table is open", fmt.Sprintf(`document.querySelectorAll("#importance tbody tr").length === %d`, len(host.Steps)))
		v.press(`#importance [data-do="explain:importance-rho:position"]`)
		v.until("the correlation opens", `document.querySelector("#explanation:not([hidden])")?.textContent.includes("rank correlation of the place of a step")`)
		v.press(`#explanation [data-do="explain"]`)
		for _, theme := range []string{"light", "dark"} {
			for _, size := range []image.Point{{X: 1440, Y: 900}, {X: 390, Y: 844}} {
				v.run(chromedp.EmulateViewport(int64(size.X), int64(size.Y)), chromedp.Evaluate(`document.querySelector("#importance").scrollIntoView()`, nil))
				v.shoot("importance", size, 1, theme)
			}
		}
	})
	v.check("it can be stopped, and what is measured stays", func(v *visitor) {
		v.enter(`[data-set="again"]`, "60")
		v.press(`#importance [data-do="sample-again"]`)
		v.until("the first step is measured", `latest("Importances")?.steps?.[0]?.resampled && latest("Importances")?.samples === 60`)
		v.press(`#importance [data-do="cancel"]`)
		v.until("it has stopped", ready)
		got := newest[session.Importances](v)
		if last := got.Steps[len(got.Steps)-1]; got.Steps[0].Resampled == nil || last.Resampled != nil || len(got.Ranking) == 0 {
			v.Errorf("after a stop: %+v … %+v", got.Steps[0], last)
		}
	})
	v.check("a link samples many responses beside the trace", func(v *visitor) {
		v.run(chromedp.Navigate("about:blank"))
		v.open(server.URL + under + onHost + "#page=trace&seed=2&many=20")
		v.until("all are there", `latest("Samples")?.responses?.length === 20 && `+ready)
		got := newest[session.Samples](v)
		if tr := newest[session.Trace](v); len(got.Responses[0].Steps) != len(tr.Steps) || got.Responses[0].Right != tr.Correct || len(got.Pass) != 6 {
			v.Errorf("the first response is %+v, pass@k %+v", got.Responses[0], got.Pass)
		}
		v.run(chromedp.ScrollIntoView("#many", chromedp.ByQuery))
		v.until("the figure is drawn", `document.querySelector("iframe.samples")?.contentDocument?.querySelector("canvas")?.getAttribute("aria-label")?.includes("20 responses to one problem")`)
		v.press(`#many .as-table > summary`)
		v.until("the list is open", `document.querySelectorAll("#many tbody tr").length === 20`)
		v.press(`#many [data-do="explain:pass:1"]`)
		v.until("pass@1 opens", `document.querySelector("#explanation:not([hidden])")?.textContent.includes("1 − C(n − c, k) / C(n, k)")`)
		v.press(`#explanation [data-do="explain"]`)
		for _, theme := range []string{"light", "dark"} {
			for _, size := range []image.Point{{X: 1440, Y: 900}, {X: 390, Y: 844}} {
				v.run(chromedp.EmulateViewport(int64(size.X), int64(size.Y)), chromedp.Evaluate(`document.querySelector("#many").scrollIntoView()`, nil))
				v.shoot("many", size, 1, theme)
			}
		}
	})
	v.check("SwiftShader measures the same trace", func(v *visitor) {
		v.run(chromedp.Navigate("about:blank"))
		v.open(server.URL + under + "?backend=webgpu#page=trace&seed=2&importance=4")
		v.until("every step is measured", measured)
		if c := newest[session.Capabilities](v); c.Backend != "webgpu" {
			v.Errorf("it runs on %s", c.Backend)
		}
		got := newest[session.Importances](v)
		if got.Samples != 4 || len(got.Steps) == 0 || got.Steps[0].Before.N != 4 || got.Steps[0].Kept.N != 8-got.Steps[0].Differs.N {
			v.Errorf("%+v", got)
		}
	})
	for _, line := range n.all() {
		t.Errorf("%s", line)
	}
}
