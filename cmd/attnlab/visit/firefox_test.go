//go:build !js && visit

package visit

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
)

// firefox is one tab of a headless Firefox.
type firefox struct {
	*testing.T
	*bidi
	tab string // its browsing context
}

// bidi is a connection by WebDriver BiDi: commands and their answers are JSON in a websocket.
type bidi struct {
	conn    net.Conn
	n       *notes // gets the errors of the console
	mu      sync.Mutex
	last    int // number of the last command
	waiting map[int]chan bidiAnswer
}

// bidiAnswer is a message of the browser: the answer to a command, or an event, which has a method.
type bidiAnswer struct {
	ID             int
	Error, Message string
	Result, Params json.RawMessage
	Method         string
}

// firefoxPrefs are what this browser is asked to do: WebGPU by a software adapter, and no request to other hosts, which find a closed
// port for a proxy.
const firefoxPrefs = `user_pref("dom.webgpu.enabled", true);
user_pref("dom.webgpu.workers.enabled", true);
user_pref("gfx.webgpu.ignore-blocklist", true);
user_pref("network.proxy.type", 1);
user_pref("network.proxy.http", "127.0.0.1");
user_pref("network.proxy.http_port", 9);
user_pref("network.proxy.ssl", "127.0.0.1");
user_pref("network.proxy.ssl_port", 9);
user_pref("ui.prefersReducedMotion", 1);
user_pref("app.update.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("toolkit.telemetry.reportingpolicy.firstRun", false);
`

// newFirefox opens a browser, or skips the test where Firefox is not installed.
func newFirefox(t *testing.T, n *notes) *firefox {
	t.Helper()
	var path string
	for _, name := range []string{"firefox-esr", "firefox"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Skip("Firefox is not installed, so the lab is not visited in it")
	}
	profile := newProfile(t)
	if err := os.WriteFile(filepath.Join(profile, "user.js"), []byte(firefoxPrefs), 0o600); err != nil {
		t.Fatal(err)
	}
	arguments := []string{path, "--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0", "about:blank"}
	if setpriv, err := exec.LookPath("setpriv"); err == nil { // ends with this process, however that ends
		arguments = append([]string{setpriv, "--pdeathsig", "KILL"}, arguments...)
	}
	command := exec.CommandContext(t.Context(), arguments[0], arguments[1:]...)
	command.Env = append(os.Environ(), "HOME="+profile, "MOZ_CRASHREPORTER_DISABLE=1")
	command.WaitDelay = 5 * time.Second
	log, err := command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	address := make(chan string, 1)
	ended := make(chan struct{})
	go func() { // reads its log to the end, so that it never waits for us
		defer close(ended)
		for lines := bufio.NewScanner(log); lines.Scan(); {
			if _, at, ok := strings.Cut(lines.Text(), "WebDriver BiDi listening on "); ok {
				address <- strings.TrimSpace(at)
			}
		}
		io.Copy(io.Discard, log)
	}()
	t.Cleanup(func() {
		<-ended
		command.Wait()
	})
	f := &firefox{T: t, bidi: &bidi{n: n, waiting: map[int]chan bidiAnswer{}}}
	select {
	case at := <-address:
		conn, _, _, err := ws.Dial(t.Context(), at+"/session")
		if err != nil {
			t.Fatal(err)
		}
		f.conn = conn
		t.Cleanup(func() { conn.Close() })
	case <-ended:
		t.Fatalf("%s ended before it could be driven", path)
	case <-time.After(patience):
		t.Fatalf("%s did not start within %v", path, patience)
	}
	go f.listen()
	f.call("session.new", map[string]any{"capabilities": map[string]any{}}, nil)
	f.call("session.subscribe", map[string]any{"events": []string{"log.entryAdded"}}, nil)
	var tree struct{ Contexts []struct{ Context string } }
	f.call("browsingContext.getTree", map[string]any{}, &tree)
	f.tab = tree.Contexts[0].Context
	f.call("browsingContext.setViewport", map[string]any{"viewport": map[string]any{"width": 1440, "height": 900}}, nil)
	return f
}

// listen hands out answers and notes errors of the console until the browser ends.
func (b *bidi) listen() {
	for {
		data, err := wsutil.ReadServerText(b.conn)
		if err != nil {
			return
		}
		var a bidiAnswer
		if err := json.Unmarshal(data, &a); err != nil {
			b.n.add("BiDi: %v in %.200s", err, data)
			continue
		}
		if a.Method == "log.entryAdded" {
			var entry struct{ Level, Text string }
			if json.Unmarshal(a.Params, &entry); entry.Level == "error" || entry.Level == "warn" {
				b.n.add("console: %s: %s", entry.Level, entry.Text)
			}
			continue
		}
		b.mu.Lock()
		if answer, ok := b.waiting[a.ID]; ok {
			answer <- a
			delete(b.waiting, a.ID)
		}
		b.mu.Unlock()
	}
}

// call sends a command and decodes its result.
func (f *firefox) call(method string, params map[string]any, result any) {
	f.Helper()
	answer := make(chan bidiAnswer, 1)
	f.mu.Lock()
	f.last++
	id := f.last
	f.waiting[id] = answer
	f.mu.Unlock()
	if f.tab != "" {
		params["context"] = f.tab
	}
	text, err := json.Marshal(map[string]any{"id": id, "method": method, "params": params})
	if err == nil {
		err = wsutil.WriteClientText(f.conn, text)
	}
	if err != nil {
		f.Fatalf("%s: %v", method, err)
	}
	ctx, cancel := context.WithTimeout(f.Context(), patience)
	defer cancel()
	select {
	case a := <-answer:
		if a.Error != "" {
			f.Fatalf("%s: %s: %s", method, a.Error, a.Message)
		}
		if result != nil {
			if err := json.Unmarshal(a.Result, result); err != nil {
				f.Fatalf("%s: %v", method, err)
			}
		}
	case <-ctx.Done():
		f.Fatalf("%s: no answer within %v", method, patience)
	}
}

// eval decodes the value of a JavaScript expression in the page, which may be a promise.
func (f *firefox) eval(expression string, value any) {
	f.Helper()
	var got struct {
		Result           struct{ Value string }
		ExceptionDetails struct{ Text string }
	}
	f.call("script.evaluate", map[string]any{"target": map[string]any{"context": f.tab}, "awaitPromise": true,
		"expression": "Promise.resolve(" + expression + ").then((x) => JSON.stringify(x) ?? 'null')"}, &got)
	if got.ExceptionDetails.Text != "" {
		f.Fatalf("%s: %s", expression, got.ExceptionDetails.Text)
	}
	if err := json.Unmarshal([]byte(got.Result.Value), value); err != nil {
		f.Fatalf("%s: %v", expression, err)
	}
}

// until waits until an expression is true in the page. It gives up when the engine has made no progress for [patience].
func (f *firefox) until(what, expression string) {
	f.Helper()
	last := ""
	for end := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		var is bool
		if f.eval("!!("+expression+")", &is); is {
			return
		}
		var at string
		if f.eval(progress, &at); at != last {
			last, end = at, time.Now().Add(patience)
		}
		if time.Now().After(end) {
			var says string
			f.eval(`document.querySelector("main")?.innerText?.slice(0, 300) ?? ""`, &says)
			f.Fatalf("not within %v: %s; the page says %q", patience, what, says)
		}
	}
}

// open opens an address and waits for the engine.
func (f *firefox) open(url string) {
	f.Helper()
	f.call("browsingContext.navigate", map[string]any{"url": url, "wait": "complete"}, nil)
	var heard bool
	f.eval(firefoxEar, &heard)
	f.until("the engine is ready", ready)
}

// firefoxEar is [ear] without the tasks of the main thread, which Firefox does not report.
var firefoxEar = strings.Replace(ear, `new PerformanceObserver`, `if (PerformanceObserver.supportedEntryTypes.includes("longtask")) new PerformanceObserver`, 1)

// press clicks by mouse on the first element of a selector. The page may move the element between the look at its place and the click,
// as a run's first steps do; the click is then made again.
func (f *firefox) press(selector string) {
	f.Helper()
	f.until(selector+" can be pressed", fmt.Sprintf(`(e => e && !e.disabled && e.getClientRects().length)(document.querySelector(%q))`, selector))
	for hit := false; !hit; {
		var at struct{ X, Y float64 }
		f.eval(fmt.Sprintf(`(async (e) => {
			globalThis.hit = false;
			document.addEventListener("click", (click) => { globalThis.hit = !!click.target.closest(%[1]q); }, { once: true, capture: true });
			e.scrollIntoView({ block: "center", behavior: "instant" });
			await new Promise(requestAnimationFrame);
			const r = e.getBoundingClientRect();
			return { x: Math.round(r.x + r.width / 2), y: Math.round(r.y + r.height / 2) };
		})(document.querySelector(%[1]q))`, selector), &at)
		f.call("input.performActions", map[string]any{"actions": []any{map[string]any{"type": "pointer", "id": "mouse", "actions": []any{
			map[string]any{"type": "pointerMove", "x": at.X, "y": at.Y}, map[string]any{"type": "pointerDown", "button": 0}, map[string]any{"type": "pointerUp", "button": 0}}}}}, nil)
		if f.eval("globalThis.hit", &hit); !hit {
			f.Logf("a click at %v missed %s", at, selector)
		}
	}
}

// enter puts a text into a field, as if it was typed.
func (f *firefox) enter(selector, text string) {
	f.Helper()
	var says string
	f.eval(fmt.Sprintf(`((e) => { e.value = %q; e.dispatchEvent(new Event("change", { bubbles: true })); return e.value; })(document.querySelector(%q))`, text, selector), &says)
}

// shoot saves a picture of the tab in the ignored folder shots.
func (f *firefox) shoot(name string) {
	f.Helper()
	var shot struct{ Data []byte } // base64
	f.call("browsingContext.captureScreenshot", map[string]any{}, &shot)
	folder := filepath.Join("..", "..", "..", "shots")
	err := os.MkdirAll(folder, 0o755)
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, "firefox-"+name+".png"), shot.Data, 0o644)
	}
	if err != nil {
		f.Fatal(err)
	}
}
