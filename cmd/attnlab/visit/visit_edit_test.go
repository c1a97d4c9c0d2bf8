//go:build !js && visit

package visit

import (
	"fmt"
	"slices"
	"strings"

	"attnlab/app/session"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// edits changes the response to problem 2 by hand, by the page's buttons and by keys, and opens the link to what came out.
func (v *visitor) edits(site string) {
	changed := func(n int) string {
		return fmt.Sprintf(`(latest("Trace")?.edits ?? []).length === %d && %s`, n, ready)
	}
	var whole, once session.Trace
	v.check("a step is rewritten, and the rest compared with what was there", func(v *visitor) {
		v.run(chromedp.Navigate("about:blank"))
		v.open(site + "#page=trace&seed=2&temperature=0")
		v.until("the response is there", `latest("Trace")?.complete && `+ready)
		whole = newest[session.Trace](v)
		v.press("#step-0 > button")
		v.press(`#edit [data-do="rewrite"]`)
		v.until("the field has the text of the step", fmt.Sprintf(`document.querySelector("#draft")?.value === %q && document.activeElement.id === "draft"`, whole.Steps[0].Text))
		other := map[bool]string{true: "3", false: "4"}[!strings.HasSuffix(whole.Steps[0].Text, "3")]
		text := whole.Steps[0].Text[:strings.LastIndex(whole.Steps[0].Text, " ")+1] + other
		v.run(chromedp.Evaluate(`document.querySelector("#draft").select()`, nil), chromedp.KeyEvent(text))
		v.press(`#edit [data-do="write"]`)
		v.until("the response is another", changed(1))
		once = newest[session.Trace](v)
		if once.Steps[0].Text != text || !slices.Equal(once.Before.Tokens, whole.Tokens) {
			v.Fatalf("step 1 is %q, before %q", once.Steps[0].Text, once.Before.Text)
		}
		v.until("both are side by side", `document.querySelectorAll("#edit .side-by-side .cursor").length === 2 && document.querySelector("#rows .forced")`)
		v.Logf("%s", v.text("#edit .verdict"))
	})
	v.check("pictures of a change", func(v *visitor) { v.shots("edit", "#edit") })
	v.check("keys force another token and delete a step; undo brings both back", func(v *visitor) {
		v.press("#step-1 > button")
		v.run(chromedp.Evaluate(`document.activeElement.blur()`, nil), chromedp.KeyEvent("p"))
		v.until("an alternative has the focus", `document.activeElement.id === "alternative"`)
		v.run(chromedp.KeyEvent(kb.Enter))
		v.until("the token is forced", changed(2))
		v.run(chromedp.Evaluate(`document.activeElement.blur()`, nil))
		v.press("#step-0 > button")
		v.run(chromedp.Evaluate(`document.activeElement.blur()`, nil), chromedp.KeyEvent(kb.Delete))
		v.until("the step is deleted", changed(3))
		v.run(chromedp.Evaluate(`document.activeElement.blur()`, nil), chromedp.KeyEvent("z"))
		v.until("the deletion is undone", changed(2))
		v.press(`#edit [data-do="unedit"]`)
		v.until("the forced token is undone", changed(1))
		if got := newest[session.Trace](v); !slices.Equal(got.Tokens, once.Tokens) {
			v.Errorf("after undo there is %q, want %q", got.Text, once.Text)
		}
	})
	v.check("the model opens at a token, and another head by a press", func(v *visitor) {
		v.run(chromedp.Navigate("about:blank"))
		v.open(site + "#page=trace&seed=2&temperature=0&token=12&inside=token")
		v.until("a head is open", `latest("InsideView")?.reads?.length === 12 && document.querySelectorAll("#inside .reads tbody tr").length >= 13 && `+ready)
		first := newest[session.InsideView](v)
		v.press(`#inside .parts tr:last-child [data-do^="inside-head"][aria-pressed="false"]`)
		v.until("another one is", fmt.Sprintf(`latest("InsideView")?.number > %d && document.querySelectorAll('#inside [aria-pressed="true"]').length === 1 && %s`, first.Number, ready))
		v.press(`#inside [data-do="explain:inside:0"]`)
		v.until("the logit opens to its sum", `document.querySelector("#explanation:not([hidden])")?.textContent.includes("feed-forward 0")`)
		v.press(`#explanation [data-do="explain"]`)
		v.shots("inside", "#inside")
	})
	v.check("a link has the change", func(v *visitor) {
		v.run(chromedp.Navigate("about:blank"))
		v.open(site + "#page=trace&seed=2&temperature=0&edits=" + session.EditsText(once.Edits))
		v.until("the change is made", changed(1))
		if got := newest[session.Trace](v); !slices.Equal(got.Tokens, once.Tokens) {
			v.Errorf("the link shows %q, want %q", got.Text, once.Text)
		}
	})
}
