//go:build !js && visit

package visit

import (
	"fmt"
	"strings"
	"testing"

	"attnlab/app/session"

	"github.com/chromedp/chromedp"
)

// TestVisitInside changes a thought, opens the model, ablates a head and patches states, on SwiftShader.
func TestVisitInside(t *testing.T) {
	t.Parallel()
	dir, _ := builtSite(t)
	n := &notes{}
	v := newVisitor(t, n, true)
	server := plainServer(t, dir, n)
	const trace = onGPU + "#page=trace&base=chain-tiny&seed=2&difficulty=2-3"
	v.check("the model opens at a token of a link, and the text shows what the head reads", func(v *visitor) {
		v.open(server.URL + under + trace + "&token=12&inside=token")
		v.runs("a head is open", `latest("InsideView")?.reads?.length === 12 && document.querySelectorAll("#inside .reads tbody tr").length >= 13 && `+ready)
		if c := newest[session.Capabilities](v); c.Backend != "webgpu" {
			v.Fatalf("it runs on %s", c.Backend)
		}
		v.until("lines lead from the selected token", `document.querySelectorAll("#threads svg path").length > 0 && document.querySelector("#threads p").textContent.includes("token 12 ")`)
		v.run(chromedp.Evaluate(`document.querySelector('#rows [data-do="token:9"]').dispatchEvent(new MouseEvent("mouseover", { bubbles: true }))`, nil))
		v.until("and from the token under the pointer", `document.querySelector("#threads p").textContent.includes("token 9 ")`)
		// A frame stands around each token that is read, to a pixel.
		if off := eval[float64](v, `Math.max(...[...document.querySelectorAll("#threads rect")].map((frame) => {
			const r = frame.getBoundingClientRect();
			return Math.min(...[...document.querySelectorAll("#rows .tok")].map((tok) => { const q = tok.getBoundingClientRect(); return Math.hypot(q.left - r.left, q.top - r.top, q.width - r.width); }));
		}))`); off > 6 {
			v.Errorf("a frame is %.1f pixels beside its token", off)
		}
		v.run(chromedp.Evaluate(`document.querySelector("#rows-with-arcs").dispatchEvent(new MouseEvent("mouseleave"))`, nil))
	})
	v.check("a walk through the head goes on by a press, and its numbers open", func(v *visitor) {
		for range 4 {
			v.press(`#walk [data-do="walk-head"]`)
		}
		v.until("four stages are shown", `document.querySelectorAll("#walk .stages details").length === 4 && document.querySelector("#walk .now")?.textContent.includes("softmax")`)
		v.press(`#walk .stages summary`)
		v.until("q·k opens to its terms", `document.querySelectorAll("#walk .stages details[open] .terms li").length > 2`)
		v.shotsAfter(0, "inside-walk", "#walk")
		v.shotsAfter(0, "inside-lines", "#rows-with-arcs")
		v.until("four stages are still shown", `document.querySelectorAll("#walk .stages details").length === 4`)
	})
	v.check("a head is ablated", func(v *visitor) {
		v.enter(`[data-set="ablate-heads"]`, "0.1")
		v.enter(`[data-set="ablate-over"]`, "4")
		v.press(`#ablation [data-do="ablate"]`)
		v.runs("the answers without it are measured", `latest("Ablations")?.rows?.length === 1 && document.querySelector("#ablation .verdict") && `+ready)
		if said := v.text("#ablation .verdict"); !strings.HasPrefix(said, "Without these heads the answers of ") {
			v.Errorf("the verdict is %q", said)
		}
		v.until("it is in the link", `location.hash.includes("ablate=0.1&ablate-over=4")`)
	})
	v.check("states are put into another response", func(v *visitor) {
		v.press(`#patching [data-do="patch-another"]`)
		v.runs("they are patched, or every response has the same answer", `(latest("Patched")?.back?.length || document.querySelector(".banner.failed")) && `+ready)
		if failed := v.text(".banner.failed p"); failed != "" && !strings.Contains(failed, "another answer") {
			v.Errorf("patching fails: %s", failed)
		}
	})
	v.check("pictures of both", func(v *visitor) {
		v.shotsAfter(0, "ablation", "#ablation")
		v.shotsAfter(0, "patching", "#patching")
	})
	v.check("a thought is changed: with its own words and seed the response stays", func(v *visitor) {
		v.run(chromedp.Navigate("about:blank"))
		v.open(server.URL + under + trace)
		whole := newest[session.Trace](v)
		v.press("#step-0 > button")
		v.press(`#edit [data-do="rewrite"]`)
		v.until("the field has the text of the step", fmt.Sprintf(`document.querySelector("#draft")?.value === %q`, whole.Steps[0].Text))
		v.press(`#edit [data-do="write"]`)
		v.runs("the step is written", `latest("Trace")?.edits?.length === 1 && latest("Trace")?.complete && `+ready)
		if again := newest[session.Trace](v); fmt.Sprint(again.Tokens) != fmt.Sprint(whole.Tokens) {
			v.Errorf("with its own text and seed the step leads to %q, before %q", again.Text, whole.Text)
		}
	})
	for _, line := range n.all() {
		t.Errorf("%s", line)
	}
}
