//go:build !js && visit

package visit

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestVisitFigureOutlivesPage opens a figure in a window of its own, reloads its page and closes it. The window joins the
// reloaded page, and says when there is none. The server has no programs, because sessions begin and end without them.
func TestVisitFigureOutlivesPage(t *testing.T) {
	v := newVisitor(t, &notes{}, false)
	dir, built := builtSite(t)
	files := http.FileServer(http.Dir(dir))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".wasm") {
			http.NotFound(w, r)
			return
		}
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)

	page := v
	page.run(chromedp.Navigate(server.URL))
	other := page.tab() // of another session: the window never joins it
	other.run(chromedp.Navigate(server.URL))
	first := eval[string](page, "attnlab.session")
	window := page.tab()
	window.run(chromedp.Navigate(server.URL + "/" + built.Folder() + "figure.html#figure=arcs&theme=dark&session=" + first))

	session := func() string {
		return eval[string](window, `new URLSearchParams(location.hash.slice(1)).get("session")`)
	}
	says := `document.getElementById("gone")?.textContent`
	window.until("the window is loaded", `document.readyState === "complete" && globalThis.figureHost`)
	if got := eval[string](window, says+` ?? ""`); got != "" {
		t.Errorf("the page is open, and its figure says %q", got)
	}
	page.run(chromedp.Reload())
	second := eval[string](page, "attnlab.session")
	if second == first {
		t.Fatal("a reload begins no session, so this test tests nothing")
	}
	window.until("the window joins the reloaded page", fmt.Sprintf(`location.hash.includes("session=%s")`, second))
	if hash := eval[string](window, "location.hash"); hash != "#figure=arcs&theme=dark&session="+second {
		t.Errorf("the window's address is %s", hash)
	}
	window.until("the window is loaded again", `document.readyState === "complete" && globalThis.figureHost && !document.getElementById("gone")`)

	page.run(chromedp.Navigate("about:blank"))
	window.until("the window says that its page is gone", says+`?.includes("closed or reloaded")`)
	if got := session(); got != second {
		t.Errorf("the window joins %s, which is open for another purpose", got)
	}
	eval[bool](page, `(setTimeout(() => history.back()), true)`)
	window.until("the window follows the page that Back has brought back", `!document.getElementById("gone")`)
	page.run(chromedp.Navigate(server.URL + "/?again"))
	third := eval[string](page, "attnlab.session")
	window.until("the window joins the page that is opened later", fmt.Sprintf(`location.hash.includes("session=%s")`, third))
}

// tab is another tab of the same browser.
func (v *visitor) tab() *visitor {
	v.Helper()
	ctx, end := chromedp.NewContext(v.ctx)
	v.Cleanup(end)
	return &visitor{T: v.T, ctx: ctx}
}
