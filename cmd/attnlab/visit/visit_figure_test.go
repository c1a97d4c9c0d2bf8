//go:build !js && visit

package visit

import (
	"bytes"
	"fmt"
	"image"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"attnlab/app/figures"
	"attnlab/app/lab/labtest"
	"attnlab/app/session"

	"github.com/chromedp/chromedp"
)

// TestVisitFigureOutlivesPage opens a figure in a window of its own, reloads its page and closes it. The window joins the
// reloaded page, and shows a notice when there is none. The server has no programs, because sessions begin and end without them.
func TestVisitFigureOutlivesPage(t *testing.T) {
	t.Parallel()
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
	if got := window.text("main h1"); got == "" {
		t.Error("the window has no main part with a heading")
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
	window.until("the window reports that its page is closed", says+`?.includes("closed or reloaded")`)
	if got := session(); got != second {
		t.Errorf("the window joins %s, which is open for another purpose", got)
	}
	eval[bool](page, `(setTimeout(() => history.back()), true)`)
	window.until("the window follows the page that Back has brought back", `!document.getElementById("gone")`)
	page.run(chromedp.Navigate(server.URL + "/?again"))
	third := eval[string](page, "attnlab.session")
	window.until("the window joins the page that is opened later", fmt.Sprintf(`location.hash.includes("session=%s")`, third))
}

// TestVisitEveryFigure opens every figure of the list in a window, wide and narrow, light and dark, and sends it what screens
// receive. The figure draws that, describes it, and leaves space for the notice that its page is closed. The pictures go to the ignored
// folder shots.
func TestVisitEveryFigure(t *testing.T) {
	t.Parallel()
	n := &notes{}
	page := newVisitor(t, n, true) // holds the session, as lab.js does
	dir, built := builtSite(t)
	mux := http.NewServeMux()
	mux.Handle("/", http.FileServer(http.Dir(dir)))
	mux.HandleFunc("/page", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `<!doctype html><html lang="en"><title>page</title><link rel="icon" href="data:,">`)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	page.run(chromedp.Navigate(server.URL + "/page"))
	const hold = `(navigator.locks.request("attnlab:session:s", () => new Promise((done) => { globalThis.end = done; })), globalThis.channel ??= new BroadcastChannel("attnlab:s"), true)`
	eval[bool](page, hold)
	send := func() {
		for _, message := range []any{labtest.Trace(), labtest.Losses(), labtest.Importances(), labtest.Samples(12), labtest.Heads(), labtest.Followed(6), labtest.Speeds(3), labtest.Tree(), labtest.Runs(), labtest.Run("running")} {
			text, err := session.Encode(message)
			if err != nil {
				t.Fatal(err)
			}
			eval[bool](page, fmt.Sprintf(`(channel.postMessage(%q), true)`, text))
		}
	}
	v := page.tab() // in front: a hidden tab has no frames
	folder := filepath.Join("..", "..", "..", "shots")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	label := `(document.querySelector("canvas")?.getAttribute("aria-label") ?? "")`
	for _, e := range figures.Figures {
		address := fmt.Sprintf("%s/%sfigure.html#figure=%s&session=s", server.URL, built.Folder(), e.Name)
		v.run(chromedp.Navigate("about:blank"), chromedp.Navigate(address))
		v.until(e.Name+" is drawn", label+`.includes(" yet.")`)
		if title := eval[string](v, "document.title"); title != e.Title+" · attnlab" {
			t.Errorf("%s has the title %q", e.Name, title)
		}
		if got := v.text("main h1"); got != e.Title {
			t.Errorf("%s has the heading %q", e.Name, got)
		}
		send()
		v.until(e.Name+" describes what it draws", `!`+label+`.includes(" yet.")`)
		for _, size := range []image.Point{{1040, 640}, {366, 420}} {
			for _, theme := range []string{"light", "dark"} {
				v.run(chromedp.EmulateViewport(int64(size.X), int64(size.Y)))
				eval[bool](v, fmt.Sprintf(`(location.replace(%q), true)`, address+"&theme="+theme))
				v.figurePicture(filepath.Join(folder, fmt.Sprintf("figure-%s-%dx%d-%s.png", e.Name, size.X, size.Y, theme)), size, theme == "light")
			}
		}
		eval[bool](page, `(end(), true)`)
		v.until("the notice is there, below the figure", `((a, b) => a && b && a.getBoundingClientRect().top >= b.getBoundingClientRect().bottom - 1)(document.getElementById("gone"), document.querySelector("canvas"))`)
		eval[bool](page, hold)
		v.until("the notice has disappeared with its reason", `!document.getElementById("gone")`)
	}
	for _, line := range n.all() {
		t.Error(line)
	}
}

// figurePicture takes a picture of the whole window once something is drawn on the right ground and nothing moves any more.
func (v *visitor) figurePicture(path string, size image.Point, light bool) {
	v.Helper()
	var last []byte
	for end := time.Now().Add(patience); ; time.Sleep(300 * time.Millisecond) {
		var data []byte
		v.run(chromedp.CaptureScreenshot(&data))
		fault := pictureFault(data, size, light, 10)
		if fault == "" && bytes.Equal(data, last) || time.Now().After(end) {
			if err := os.WriteFile(path, data, 0o644); err != nil {
				v.Fatal(err)
			}
			if fault != "" {
				v.Errorf("%s %s", filepath.Base(path), fault)
			}
			return
		}
		last = data
	}
}

// tab is another tab of the same browser.
func (v *visitor) tab() *visitor {
	v.Helper()
	ctx, end := chromedp.NewContext(v.ctx)
	v.Cleanup(end)
	return &visitor{T: v.T, ctx: ctx}
}
