//go:build !js && visit

package visit

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"attnlab/app/server"
	"attnlab/app/session"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/inspector"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// onGPU is the query of a lab that computes by WebGPU. Without it the lab takes the faster backend, which is never SwiftShader.
const onGPU = "?backend=webgpu"

// patience is how long a visitor waits for one thing to happen.
const patience = 3 * time.Minute // software kernels are tested at the start, and machines can be busy

// under is the path that the built site is served below.
const under = "/labs/attention/"

// notes collects events that must not happen, from page, Workers and server.
type notes struct {
	mu    sync.Mutex
	lines []string
}

func (n *notes) add(format string, args ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lines = append(n.lines, fmt.Sprintf(format, args...))
}

func (n *notes) all() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]string(nil), n.lines...)
}

// consoleLine matches a console message of any page, frame or Worker in Chromium's log.
var consoleLine = regexp.MustCompile(`:CONSOLE[:(]\d+\)?\] (.*)`)

// chatter matches Chromium's own messages about its software drivers.
var chatter = regexp.MustCompile(`GL Driver Message|No available adapters|fallback to software WebGL`)

// Write receives Chromium's log.
func (n *notes) Write(p []byte) (int, error) {
	for line := range strings.Lines(string(p)) {
		if m := consoleLine.FindStringSubmatch(line); m != nil && !chatter.MatchString(line) {
			n.add("console: %s", strings.TrimSpace(m[1]))
		}
	}
	return len(p), nil
}

// plainServer serves a folder below [under], as any file server does. It notes requests for files that do not exist.
func plainServer(t testing.TB, folder string, n *notes) *httptest.Server {
	files := http.StripPrefix(strings.TrimSuffix(under, "/"), http.FileServer(http.Dir(folder)))
	var handler http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := os.Stat(folder + strings.TrimPrefix(r.URL.Path, strings.TrimSuffix(under, "/"))); err != nil || !strings.HasPrefix(r.URL.Path, under) {
			n.add("%s was requested and does not exist", r.URL)
		}
		files.ServeHTTP(w, r)
	})
	var home *server.Home
	if onNative {
		handler, home = withEngine(t, handler)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	if onNative {
		homes.Store(server.URL, home)
	}
	return server
}

// visitor is one tab of a headless Chromium.
type visitor struct {
	*testing.T
	ctx context.Context
}

var (
	everyFlag = []string{"no-sandbox", "disable-quic", "no-first-run", "disable-background-networking", "disable-component-update", "disable-sync", "disable-dev-shm-usage", "disable-default-apps", "disable-extensions", "hide-scrollbars", "mute-audio"}
	// SwiftShader does not draw the page's text and shapes: with it a frame during training took 95 ms instead of 45.
	webgpuFlag = []string{"enable-unsafe-webgpu", "enable-unsafe-swiftshader", "disable-gpu-rasterization"}
)

// chromiumsOwn are the hosts that Chromium itself asks for: time, updates, forms, accounts.
var chromiumsOwn = []string{"clients2.google.com", "update.googleapis.com", "accounts.google.com", "content-autofill.googleapis.com",
	"optimizationguide-pa.googleapis.com", "safebrowsing.googleapis.com", "safebrowsingohttpgateway.googleapis.com", "android.clients.google.com", "redirector.gvt1.com", "www.google.com"}

// newVisitor opens a browser, with WebGPU in software or without any. The browser cannot reach other hosts: requests for them, of
// page, Worker or Service Worker, go to a proxy that notes them.
func newVisitor(t *testing.T, n *notes, webgpu bool, more ...chromedp.ExecAllocatorOption) *visitor {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("ATTNLAB_GPU") == "require" {
			t.Fatalf("ATTNLAB_GPU=require: %v", err)
		}
		t.Skip(err)
	}
	abroad := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !slices.Contains(chromiumsOwn, r.URL.Hostname()) {
			n.add("a request left the origin: %s %s", r.Method, r.URL)
		}
		http.Error(w, "no other host", http.StatusBadGateway)
	}))
	t.Cleanup(abroad.Close)
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path), chromedp.WindowSize(1440, 900), chromedp.CombinedOutput(n),
		chromedp.WSURLReadTimeout(patience), chromedp.Flag("headless", true), chromedp.Flag("enable-logging", "stderr"),
		chromedp.ProxyServer(strings.TrimPrefix(abroad.URL, "http://")), // not used for loopback addresses
	}
	if os.Getuid() == 0 {
		options = append(options, chromedp.ModifyCmdFunc(asOrdinary))
	}
	flags := everyFlag
	if webgpu {
		flags = append(flags[:len(flags):len(flags)], webgpuFlag...)
		options = append(options, chromedp.Flag("use-webgpu-adapter", "swiftshader"), chromedp.Flag("use-gl", "angle"), chromedp.Flag("use-angle", "swiftshader"))
	}
	for _, f := range flags {
		options = append(options, chromedp.Flag(f, true))
	}
	ctx, end := chromedp.NewExecAllocator(t.Context(), append(options, more...)...)
	t.Cleanup(end)
	quiet := chromedp.WithErrorf(func(string, ...any) {}) // of events newer than chromedp
	ctx, end = chromedp.NewContext(ctx, quiet)
	t.Cleanup(end)
	chromedp.ListenTarget(ctx, func(event any) {
		switch e := event.(type) {
		case *inspector.EventTargetCrashed:
			n.add("the page's process ended") // it answers nothing from here on
		case *runtime.EventExceptionThrown:
			n.add("exception: %v", e.ExceptionDetails)
		case *cdplog.EventEntryAdded:
			if e.Entry.Level == cdplog.LevelError {
				n.add("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL)
			}
		}
	})
	v := &visitor{T: t, ctx: ctx}
	v.run(chromedp.EmulateViewport(1440, 900))
	v.look("")
	return v
}

// newProfile returns a folder for a browser's profile, which is removed after the test. Processes of a browser may write into it for
// a moment after the browser has ended, so removing is tried again.
func newProfile(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "attnlab-profile-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for end := time.Now().Add(patience); os.RemoveAll(dir) != nil && time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		}
	})
	return dir
}

// asOrdinary keeps a Chromium that root starts from giving its GPU process a higher priority than its pages. Only root can, and
// where kernels run on the processor the pages then starve.
func asOrdinary(command *exec.Cmd) {
	if path, err := exec.LookPath("setpriv"); err == nil {
		command.Args = append([]string{path, "--pdeathsig", "KILL", "--bounding-set", "-sys_nice", command.Path}, command.Args[1:]...)
		command.Path = path
	}
}

// look sets the system's colour preference, "" for none. It also asks for reduced motion: frames drawn in software take half of
// the engine's time.
func (v *visitor) look(colours string) {
	v.Helper()
	v.run(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: colours}, {Name: "prefers-reduced-motion", Value: "reduce"}}))
}

// check is a subtest in this tab. It returns whether it passed.
func (v *visitor) check(name string, f func(v *visitor)) bool {
	v.Helper()
	if why, alone := browserAlone[v.Name()+"/"+name]; alone && onNative {
		v.Logf("%s: not with the native engine: %s", name, why)
		return true
	}
	return v.Run(name, func(t *testing.T) {
		begin := time.Now()
		f(&visitor{T: t, ctx: v.ctx})
		t.Logf("%.1f s", time.Since(begin).Seconds())
	})
}

func (v *visitor) run(actions ...chromedp.Action) {
	v.Helper()
	// The tab closes with the context of the first action, so only later actions have a time limit.
	if chromedp.FromContext(v.ctx).Target == nil {
		if err := chromedp.Run(v.ctx); err != nil {
			v.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		v.Fatalf("%v; the page says %s", err, v.saying())
	}
}

// cached waits until the Service Worker stores the whole site, so that the page can be opened without a network.
func (v *visitor) cached() {
	v.Helper()
	v.until("the Service Worker controls the page", `navigator.serviceWorker.controller`)
	const figures = `(async () => {
		const name = new URL("figure.wasm", document.querySelector("script[src*='lab.js']").src).href;
		return !!await caches.match(name);
	})()`
	for end := time.Now().Add(patience); !eval[bool](v, figures); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(end) {
			v.Fatalf("not within %v: the Service Worker stores what a first visit does not need", patience)
		}
	}
}

// eval is the value of a JavaScript expression in the page.
func eval[T any](v *visitor, expression string) (value T) {
	v.Helper()
	v.run(chromedp.Evaluate(expression, &value, awaited))
	return value
}

// awaited is for an expression that may be a promise.
func awaited(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }

// ear listens to the session, as every screen does, and stores the newest message of each kind as text. It also records the
// tasks of the main thread that took over 50 ms.
const ear = `(() => {
	globalThis.received = {};
	globalThis.long = [];
	globalThis.stages = []; // of the engine, with the seconds since the page was requested
	new PerformanceObserver((list) => long.push(...list.getEntries().map((e) => e.duration))).observe({ type: "longtask" });
	globalThis.channel = new BroadcastChannel("attnlab:" + attnlab.session);
	channel.onmessage = ({ data }) => {
		const kind = /^{"kind":"(\w+)"/.exec(data)[1];
		received[kind] = data;
		const stage = kind === "Status" && JSON.parse(data).body.stage;
		if (stage && !stages.at(-1)?.startsWith(stage)) stages.push(stage + " " + (performance.now() / 1000).toFixed(1));
	};
	globalThis.latest = (kind) => received[kind] ? JSON.parse(received[kind]).body : undefined;
	channel.postMessage('{"kind":"Hello","body":{}}');
	return true;
})()`

// ready is true when the engine is idle and has a model.
const ready = `document.querySelector(".engine.ready") && latest("Capabilities")?.model.name && latest("Trace")`

// open opens an address and waits for the engine.
func (v *visitor) open(url string) {
	v.Helper()
	v.run(chromedp.Navigate(toEngine(url)), chromedp.Evaluate(ear, nil))
	v.runs("the engine is ready", ready)
}

// until waits until an expression is true in the page.
func (v *visitor) until(what, expression string) {
	v.Helper()
	for end := time.Now().Add(patience); !eval[bool](v, "!!("+expression+")"); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			v.Fatalf("not within %v: %s; the page says %s", patience, what, v.saying())
		}
	}
}

// progress changes while the engine makes progress.
const progress = `JSON.stringify([stages.at(-1), latest("Status"), latest("Capabilities")?.untested, latest("Run")?.number, latest("Rules")?.number, latest("HeadsView")?.number, latest("Disruption")?.number, latest("Trace")?.number])`

// runs waits until an expression is true. It gives up when the engine has made no progress for [patience].
func (v *visitor) runs(what, expression string) {
	v.Helper()
	last := ""
	for end := time.Now(); !eval[bool](v, "!!("+expression+")"); time.Sleep(100 * time.Millisecond) {
		if at := eval[string](v, progress); at != last {
			last, end = at, time.Now().Add(patience)
		}
		if time.Now().After(end) {
			v.Fatalf("not within %v: %s; the page says %s, the engine %s", patience, what, v.saying(), last)
		}
	}
}

// saying is the text of the header and the banners, for messages of failed tests.
func (v *visitor) saying() (text string) {
	ctx, cancel := context.WithTimeout(v.ctx, 5*time.Second)
	defer cancel()
	chromedp.Run(ctx, chromedp.Evaluate(`[...document.querySelectorAll(".engine, .banner p, .toast p, .verdict")].map((e) => e.textContent).join(" | ")`, &text))
	return fmt.Sprintf("%q", text)
}

// press clicks by mouse on the first element of a selector, and again if the page moved the element meanwhile.
func (v *visitor) press(selector string) {
	v.Helper()
	for range 5 {
		v.until(selector+" can be pressed", fmt.Sprintf(`(e => e && !e.disabled && e.getClientRects().length)(document.querySelector(%q))`, selector))
		eval[bool](v, fmt.Sprintf(`(globalThis.hit = false, document.addEventListener("click", (e) => { globalThis.hit = !!e.target.closest(%q); }, { once: true, capture: true }), true)`, selector))
		ctx, cancel := context.WithTimeout(v.ctx, patience)
		err := chromedp.Run(ctx, chromedp.Click(selector, chromedp.ByQuery))
		cancel()
		if err != nil && !strings.Contains(err.Error(), "Could not find node") { // the page drew another in its place
			v.Fatalf("%v; the page says %s", err, v.saying())
		}
		if err == nil && eval[bool](v, `globalThis.hit !== false`) {
			return
		}
		v.Logf("a click missed %s", selector)
	}
	v.Fatalf("no click reaches %s", selector)
}

// enter types into a field and leaves it.
func (v *visitor) enter(selector, text string) {
	v.Helper()
	v.run(chromedp.Focus(selector, chromedp.ByQuery), chromedp.Evaluate(fmt.Sprintf(`document.querySelector(%q).select()`, selector), nil),
		chromedp.KeyEvent(text+kb.Enter))
	v.until(selector+" says "+text, fmt.Sprintf(`document.querySelector(%q).value === %q`, selector, text))
}

// newest is the newest event of a kind.
func newest[E session.Event](v *visitor) (e E) {
	v.Helper()
	text := eval[string](v, fmt.Sprintf(`received[%q] || ""`, session.Kind(e)))
	message, err := session.Decode([]byte(text))
	if err != nil {
		v.Fatalf("%s: %v", session.Kind(e), err)
	}
	return message.(E)
}

// text is the text of an element.
func (v *visitor) text(selector string) string {
	v.Helper()
	return eval[string](v, fmt.Sprintf(`document.querySelector(%q)?.textContent ?? ""`, selector))
}

// browserOf is the browser of a tab, for commands to the browser itself.
func (v *visitor) browserOf() context.Context {
	return cdp.WithExecutor(v.ctx, chromedp.FromContext(v.ctx).Browser)
}
