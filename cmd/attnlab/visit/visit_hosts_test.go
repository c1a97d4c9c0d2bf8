//go:build !js && visit

package visit

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"attnlab/app/session"
	"attnlab/app/site/sitetest"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// onHost is a link to the trace page of a lab that computes on the processor, so it is soon ready.
const onHost = "?backend=host"

// hostServer serves a folder below a path as a kind of host does.
func hostServer(t *testing.T, host sitetest.Host, path, folder string) *httptest.Server {
	server := httptest.NewServer(sitetest.Under(path, host.Serve(os.DirFS(folder))))
	t.Cleanup(server.Close)
	return server
}

// figures waits until both figures of the trace page are drawn.
func (v *visitor) figures() {
	v.Helper()
	if pages := eval[int](v, `document.querySelectorAll("h1").length`); pages != 1 {
		v.Fatalf("there are %d pages in the document: the program has not taken over the first screen", pages)
	}
	v.until("the figures are drawn", figuresDrawn)
}

// storesAll waits until the Service Worker controls the page and has stored the whole site.
func (v *visitor) storesAll(files int) {
	v.Helper()
	v.until("the Service Worker controls the page", `navigator.serviceWorker.controller`)
	eval[bool](v, `navigator.serviceWorker.ready.then((r) => (r.active.postMessage("the rest"), true))`)
	v.settles("the whole site is stored", fmt.Sprintf(`caches.keys().then(async (names) => {
		const scope = (await navigator.serviceWorker.ready).scope;
		const c = await caches.open(names.find((name) => name.includes(" " + scope + " ")));
		return (await c.keys()).length === %d;
	})`, files))
}

// settles waits until an expression, which is a promise, resolves to true.
func (v *visitor) settles(what, expression string) {
	v.Helper()
	for end := time.Now().Add(patience); !eval[bool](v, expression); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(end) {
			v.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// TestVisitHosts opens the lab on every kind of file server, first online, then without a network.
func TestVisitHosts(t *testing.T) {
	t.Parallel()
	dir, s := builtSite(t)
	for _, host := range sitetest.Hosts[1:] { // TestVisit has the simple one
		t.Run(host.Name, func(t *testing.T) {
			n := &notes{}
			v := newVisitor(t, n, false)
			server := hostServer(t, host, "/lab/", dir)
			v.open(server.URL + "/lab/" + onHost)
			v.figures()
			v.storesAll(len(s.Files) - 1) // all but sw.js
			server.CloseClientConnections()
			server.Close()
			v.run(chromedp.Navigate("about:blank"))
			v.open(server.URL + "/lab/" + onHost)
			v.figures()
			for _, line := range n.all() {
				t.Errorf("%s", line)
			}
		})
	}
}

// TestVisitWithoutSlash opens the path of the lab without its last slash, which the server answers with the page all the same.
func TestVisitWithoutSlash(t *testing.T) {
	t.Parallel()
	dir, _ := builtSite(t)
	v := newVisitor(t, &notes{}, false) // what the first page cannot load is noted
	server := hostServer(t, sitetest.Named("plain"), "/my/lab/", dir)
	v.run(chromedp.Navigate(server.URL + "/my/lab" + onHost + "#page=heads"))
	v.until("the page leads to the address with the slash", `location.pathname === "/my/lab/" && globalThis.attnlab`)
	if rest := eval[string](v, "location.search + location.hash"); !strings.HasPrefix(rest, onHost+"#page=heads") {
		t.Errorf("the rest of the address is %q", rest)
	}
	v.run(chromedp.Evaluate(ear, nil))
	v.runs("the engine is ready", ready)

	// A server that leads away from the slash must not send the visitor back and forth.
	away := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/lab/":
			http.Redirect(w, r, "/lab", http.StatusPermanentRedirect)
		case "/lab":
			http.ServeFile(w, r, filepath.Join(dir, "index.html"))
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(away.Close)
	v.run(chromedp.Navigate(away.URL + "/lab"))
	v.until("a message explains what to do", `document.querySelector("#not-started")?.textContent.includes("slash at the end")`)
}

// TestVisitLinks opens links that a mail program has cut within a % and its two digits, in a new page and in one that is open. Then it
// goes back and forward through pages, and opens a page whose program stops.
func TestVisitLinks(t *testing.T) {
	t.Parallel()
	dir, _ := builtSite(t)
	n := &notes{}
	v := newVisitor(t, n, false)
	address := plainServer(t, dir, n).URL + under + onHost
	says := func(what string) string {
		return fmt.Sprintf(`document.querySelector(".toast p")?.textContent.includes(%q)`, "could not be read ("+what+").")
	}
	v.open(address + "#page=trace&seed=3%")
	v.until("the page names what it could not read", says(`seed "3%"`))
	v.figures()
	v.run(chromedp.Evaluate(`location.hash = "#page=learn&step=%E0%A4%A"`, nil))
	// Chromium forgets a step back that is asked for while the page writes its own link.
	v.until("the open page does too", says(`step "%A"`)+` && document.querySelector("#lab[data-page=learn]") && location.hash.includes("page=learn") && !location.hash.includes("%E0")`)
	v.run(chromedp.Evaluate(`history.back()`, nil))
	v.until("Back leads back", `document.querySelector("#lab[data-page=trace]")`)
	order := []string{"heads", "tree", "compare"} // from trace
	for _, page := range order {
		v.press(fmt.Sprintf(`nav [data-do="page:%s"]`, page))
		v.until(page+" is shown", fmt.Sprintf(`document.querySelector("#lab[data-page=%s]") && location.hash.includes("page=%s")`, page, page))
	}
	for _, page := range []string{"tree", "heads", "trace"} {
		v.run(chromedp.Evaluate(`history.back()`, nil))
		v.until("Back leads to "+page, fmt.Sprintf(`document.querySelector("#lab[data-page=%s]")`, page))
	}
	for _, page := range order {
		v.run(chromedp.Evaluate(`history.forward()`, nil))
		v.until("Forward leads to "+page, fmt.Sprintf(`document.querySelector("#lab[data-page=%s]")`, page))
	}
	for _, line := range n.all() {
		t.Error(line)
	}

	v.run(chromedp.ActionFunc(func(ctx context.Context) error { // the program ends as soon as it runs
		_, err := page.AddScriptToEvaluateOnNewDocument(`{ let made; Object.defineProperty(globalThis, "Go", { get: () => made, set: (go) => { go.prototype.run = async () => {}; made = go; } }); }`).Do(ctx)
		return err
	}), chromedp.Navigate("about:blank"), chromedp.Navigate(address))
	v.until("the page says that its program has stopped", `document.querySelector("#not-started")?.textContent.includes("has stopped. Reload")`)
}

// TestVisitFile opens index.html as a file.
func TestVisitFile(t *testing.T) {
	t.Parallel()
	dir, _ := builtSite(t)
	v := newVisitor(t, &notes{}, false)
	v.run(chromedp.Navigate("file://" + filepath.Join(dir, "index.html")))
	v.until("a message explains how to serve it", `document.querySelector("#not-started")`)
	if text := v.text("#not-started"); !strings.Contains(text, "cannot run from a file") || !strings.Contains(text, "python3 -m http.server") || strings.Count(text, ".") > 8 {
		t.Errorf("the visitor reads %q", text)
	}
	if html := v.text("h1"); html == "" {
		t.Error("the first screen is gone")
	}
}

// TestVisitTwoCopies opens two copies of the lab on one origin: each keeps its own files, and both open without a network.
func TestVisitTwoCopies(t *testing.T) {
	t.Parallel()
	dir, s := builtSite(t)
	n := &notes{}
	v := newVisitor(t, n, false)
	mux := http.NewServeMux()
	for _, path := range []string{"/a/", "/b/"} {
		mux.Handle(path, sitetest.Under(path, sitetest.Named("plain").Serve(os.DirFS(dir))))
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	for _, path := range []string{"/a/", "/b/"} {
		v.open(server.URL + path + onHost)
		v.storesAll(len(s.Files) - 1)
	}
	// A newer version of /b/ takes over, and deletes the older one of /b/ only.
	before := eval[[]string](v, "caches.keys()")
	eval[bool](v, `caches.open("attnlab " + (new URL("./", location)).href + " 0123").then(() => true)`)
	eval[bool](v, `navigator.serviceWorker.getRegistration().then((r) => r.unregister())`)
	v.run(chromedp.Navigate("about:blank"))
	v.open(server.URL + "/b/" + onHost)
	v.settles("the older version of /b/ is deleted", `caches.keys().then((names) => !names.some((name) => name.endsWith(" 0123")))`)
	if after := eval[[]string](v, "caches.keys()"); strings.Join(after, "\n") != strings.Join(before, "\n") {
		t.Errorf("the caches are %q, were %q", after, before)
	}
	server.CloseClientConnections()
	server.Close()
	for _, path := range []string{"/a/", "/b/"} {
		v.run(chromedp.Navigate("about:blank"))
		v.open(server.URL + path + onHost)
		v.figures()
	}
	for _, line := range n.all() {
		t.Errorf("%s", line)
	}
}

// TestVisitRelease opens the lab, then a newer release at the same address, with a server that lets the browser store
// everything for a year: the newer page runs newer files only.
func TestVisitRelease(t *testing.T) {
	t.Parallel()
	dir, s := builtSite(t)
	n := &notes{}
	v := newVisitor(t, n, false)
	server := hostServer(t, sitetest.Named("everything may be stored for a year"), "/", dir)
	v.run(chromedp.ActionFunc(func(ctx context.Context) error { // a Service Worker would hide what the browser's own cache does
		_, err := page.AddScriptToEvaluateOnNewDocument("delete Navigator.prototype.serviceWorker").Do(ctx)
		return err
	}))
	v.open(server.URL + "/" + onHost)

	// The release: every script names it, and all file names change.
	next := strings.Repeat("7", len(s.Version))
	if err := os.Rename(filepath.Join(dir, "web", s.Version), filepath.Join(dir, "web", next)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"index.html", "sw.js", "web/" + next + "/lab.js", "web/" + next + "/worker.js", "web/" + next + "/figure.js"} {
		path := filepath.Join(dir, name)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		data = bytes.ReplaceAll(data, []byte(s.Version), []byte(next))
		if strings.HasPrefix(name, "web/") {
			data = append(data, "\nglobalThis.release = 2;\n"...)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	v.run(chromedp.Navigate("about:blank"))
	v.open(server.URL + "/" + onHost)
	v.figures()
	if got := eval[string](v, `[release, document.querySelector("iframe.matrix").contentWindow.release, attnlab.version].join()`); got != "2,2,"+next {
		t.Errorf("the page, its figure and its version are of %q", got)
	}
	old := eval[[]string](v, fmt.Sprintf(`performance.getEntriesByType("resource").map((e) => e.name).filter((name) => name.includes("/web/") && !name.includes(%q))`, next))
	if len(old) > 0 {
		t.Errorf("the newer page loads %q", old)
	}
	if c := newest[session.Capabilities](v); c.Model.Name == "" {
		t.Error("the engine has no model")
	}
}

// TestVisitWithoutStorage opens the lab in a browser that denies all storage: it works, and remembers nothing.
func TestVisitWithoutStorage(t *testing.T) {
	t.Parallel()
	dir, s := builtSite(t)
	n := &notes{}
	profile := newProfile(t)
	if err := os.MkdirAll(filepath.Join(profile, "Default"), 0o755); err != nil {
		t.Fatal(err)
	}
	const blocked = `{"profile": {"default_content_setting_values": {"cookies": 2}}}`
	if err := os.WriteFile(filepath.Join(profile, "Default", "Preferences"), []byte(blocked), 0o600); err != nil {
		t.Fatal(err)
	}
	v := newVisitor(t, n, false, chromedp.UserDataDir(profile))
	server := plainServer(t, dir, n)
	v.run(chromedp.Navigate(server.URL + under + s.Folder() + "figure.html"))
	if denied := eval[string](v, `(() => { try { localStorage.length; return "allowed"; } catch (e) { return e.name; } })()`); denied != "SecurityError" {
		t.Fatalf("the browser's storage is %s; the test needs it denied", denied)
	}
	v.open(server.URL + under + onHost)
	v.problem(2)
	v.press(`#sampling [data-do="generate"]`)
	v.until("the response is complete", ready+` && latest("Trace").complete`)
	v.figures()
	v.press(`nav [data-do="page:train"]`)
	v.until("the Train page says what is not saved", `document.getElementById("run-notes")?.textContent.includes("Runs are not saved: ")`)
	if says := v.text("#lab"); strings.Contains(says, "saved in this browser") || eval[bool](v, `!!document.querySelector(".banner.failed")`) {
		t.Errorf("without storage the visitor reads %q", says)
	}
	v.theme("dark")
	v.run(chromedp.Reload(), chromedp.Evaluate(ear, nil))
	v.runs("the engine is ready", ready)
	if theme := eval[string](v, `document.documentElement.dataset.theme ?? ""`); theme != "" {
		t.Errorf("after a reload the theme is %q", theme)
	}
	for _, line := range n.all() {
		t.Errorf("%s", line)
	}
}

// TestVisitRemembersTheme sets the theme: a later visit begins with it.
func TestVisitRemembersTheme(t *testing.T) {
	t.Parallel()
	dir, _ := builtSite(t)
	n := &notes{}
	v := newVisitor(t, n, false)
	v.open(plainServer(t, dir, n).URL + under + onHost)
	v.theme("dark")
	v.run(chromedp.Reload())
	v.until("the theme is dark before the program has loaded", `document.documentElement.dataset.theme === "dark"`)
}

// theme chooses the theme by its button, which goes round the themes.
func (v *visitor) theme(name string) {
	v.Helper()
	for range 3 {
		if eval[string](v, `document.documentElement.dataset.theme ?? ""`) == name {
			return
		}
		v.press(`[data-do="theme"]`)
	}
	v.until("the theme is "+name, fmt.Sprintf(`document.documentElement.dataset.theme === %q`, name))
}
