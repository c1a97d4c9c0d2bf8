//go:build !js && visit

package visit

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"attnlab/app/server"
	"attnlab/app/session"

	"github.com/chromedp/chromedp"
)

// onNative runs every visit against an engine in this process, over the line, in place of the browser's:
//
//	ATTNLAB_VISIT_ENGINE=native go test -tags=desktop,visit -run TestVisitTrain ./cmd/attnlab/visit
//
// ATTNLAB_VISIT_BACKEND names its backend where a visit leaves the choice to the lab.
var onNative = os.Getenv("ATTNLAB_VISIT_ENGINE") == "native"

// browserAlone are the visits, and checks of visits, that are of the browser's engine alone: they are left out with the native one. docs/native.md
// lists them.
var browserAlone = map[string]string{
	"TestVisitBench":          "it times kernels in the browser",
	"TestVisitRace":           "it measures the browser's two backends",
	"TestVisitTwoTabs":        "every page of the native engine follows one session",
	"TestVisitWithoutAdapter": "it is of a browser without an adapter",
	"TestVisitWithoutStorage": "the native engine saves runs in a folder",

	"TestVisit/update": "a page that is newer than its program asks for a reload",
	"TestVisit/open the link to the same state, without a network": "without a line there is no engine",
	"TestVisitFollowed/another tab leaves a run alone":             "every page of the native engine follows one session",
	"TestVisitPrompt/the link of one's own problems":               "the native engine outlives the page, and has the model still",
	"TestVisitTwoRuns/one press resumes both after a reload":       "the native engine outlives the page, and both runs stay active",
	"TestVisitImportance/SwiftShader measures the same trace":      "a page that joins a session takes its backend",
}

// TestNativeVisitsAreListed checks that docs/native.md names what is left out with the native engine, with the reason.
func TestNativeVisitsAreListed(t *testing.T) {
	page, err := os.ReadFile("../../../docs/native.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, why := range browserAlone {
		visit, check, _ := strings.Cut(name, "/")
		row := "| `" + visit + "` | "
		if check != "" {
			row += check + " | "
		} else {
			row += "all | "
		}
		if row += why + " |"; !strings.Contains(string(page), row) {
			t.Errorf("docs/native.md has no row %q", row)
		}
	}
}

// homes are the engines by the address of the server that pages come from.
var homes sync.Map

// withEngine adds an engine in this process to the files that a server hands out below a path.
func withEngine(t testing.TB, files http.Handler) (handler http.Handler, home *server.Home) {
	t.Helper()
	built, err := builtFiles()
	if err != nil {
		t.Fatal(err)
	}
	home, err = server.Start(context.Background(), server.Options{Site: built, Runs: t.TempDir(), Under: under, Backend: os.Getenv("ATTNLAB_VISIT_BACKEND")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { home.Close() })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == under+"line" {
			home.Handler().ServeHTTP(w, r)
			return
		}
		files.ServeHTTP(w, r)
	}), home
}

// toEngine adds to an address of a page what the link of its engine has, where there is one.
func toEngine(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	home, ok := homes.Load(u.Scheme + "://" + u.Host)
	if !ok {
		return address
	}
	query := "engine=native&token=" + home.(*server.Home).Token()
	u.RawQuery = strings.TrimPrefix(u.RawQuery+"&"+query, "&")
	return u.String()
}

// serveNative serves the built site with an engine on the host backend, as attnlab serve does.
func serveNative(t *testing.T, runs, address string) *server.Home {
	t.Helper()
	built, err := builtFiles()
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	home, err := server.Start(context.Background(), server.Options{Site: built, Listener: listener, Runs: runs, Backend: "host"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { home.Close() })
	return home
}

// TestVisitNative visits a lab whose engine runs in this process: generate, heads, a tree, and ten training steps whose numbers are those of
// the command line. Then the server ends in a run and is started again.
func TestVisitNative(t *testing.T) {
	builtSite(t)
	_, _ = program()                        // built before the cache of the compiler is out of reach
	t.Setenv("XDG_CACHE_HOME", t.TempDir()) // of the speeds of kernels
	n := &notes{}
	v := newVisitor(t, n, false)
	folder := t.TempDir()
	home := serveNative(t, folder, "127.0.0.1:0")
	link, _ := url.Parse(home.Link())
	var whole []map[string]any
	var begun string // id of the first run

	if !v.check("open", func(v *visitor) {
		v.open(home.Link() + smallRun)
		if at := eval[string](v, "location.href"); strings.Contains(at, home.Token()) || !strings.Contains(at, "engine=native") {
			v.Errorf("the address is %s", at)
		}
		if c := newest[session.Connection](v); c.State != "open" || c.Watch || c.Others {
			v.Errorf("the line is %+v", c)
		}
		v.press(".engine")
		v.until("the panel says which engine computes", `document.querySelector("#dialog").textContent.includes("that of the machine") && document.querySelector('#engines [data-do="engine:native"][aria-pressed="true"]')`)
		v.press(`#dialog [data-do="close"]`)
	}) {
		t.FailNow()
	}
	v.check("train ten steps, as attnlab train does", func(v *visitor) {
		v.press(`#run-buttons [data-do="train"]`)
		v.runs("the run is done", ready+` && latest("Run")?.info.state === "done"`)
		begun = newest[session.Run](v).Info.ID
		whole = savedLog(v, folder, begun)
		out := filepath.Join(v.TempDir(), "run")
		attnlab(v.T, append(slices.Clone(smallRunFlags), "--out", out, "--backend", "host")...)
		sameNumbers(v, whole, savedLog(v, filepath.Dir(out), "run"))
	})
	v.check("a line is cut and the server is started again in a run", func(v *visitor) {
		port := home.Join()
		v.press(`#run-buttons [data-do="train"]`) // another with the same settings
		var run session.RunInfo
		for message := range port.In { // the page is too slow to end it in time
			if r, is := message.(session.Run); is && r.Info.ID != begun && r.Info.Step >= 3 {
				run = r.Info
				break
			}
		}
		home.Close()
		v.until("the page says that the line is lost", `document.querySelector("#line")?.textContent.includes("lost")`)
		home = serveNative(t, folder, link.Host)
		v.until("the page says that the program was started again", `document.querySelector(".toasts").textContent.includes("started again")`)
		v.runs("the run is done", fmt.Sprintf(`latest("Run")?.info.id === %q && latest("Run")?.info.state === "done"`, run.ID))
		sameNumbers(v, savedLog(v, folder, run.ID), whole)
		v.until("the curves are drawn, also where they were asked for while the server was away", `document.querySelector("iframe.curves")?.contentDocument?.querySelector("canvas")`)
	})
	v.check("the command line takes the run that is not active any more", func(v *visitor) {
		attnlab(v.T, "train", "--resume", "--out", filepath.Join(folder, begun), "--backend", "host", "--eval", "20")
	})
	v.check("generate", func(v *visitor) {
		v.press(`nav [data-do="page:trace"]`)
		v.problem(2)
		v.enter(`[data-set="draw"]`, "2")
		v.press(`#sampling [data-do="generate"]`)
		v.until("the response is complete", ready+` && latest("Trace").complete`)
		equalsTrace(v)
	})
	v.check("watch in another tab", func(v *visitor) {
		ctx, end := chromedp.NewContext(v.ctx)
		defer end()
		w := &visitor{T: v.T, ctx: ctx}
		w.run(chromedp.EmulateViewport(1440, 900), chromedp.Navigate(home.WatchLink()), chromedp.Evaluate(ear, nil))
		w.until("it shows the same trace", fmt.Sprintf(`latest("Trace")?.number === %d && location.hash.includes("seed=2") && document.querySelector("#line")?.textContent.includes("You watch")`, newest[session.Trace](v).Number))
		w.until("its buttons are off", `document.querySelector('#sampling [data-do="regenerate"], #sampling [data-do="generate"]').disabled`)
	})
	v.check("heads", func(v *visitor) {
		v.press(`nav [data-do="page:heads"]`)
		v.enter(`[data-set="problems"]`, "4")
		v.press(`#find [data-do="heads"]`)
		v.until("4 problems are done", ready+` && latest("HeadsView")?.problems === 4`)
	})
	v.check("grow a tree", func(v *visitor) {
		v.run(chromedp.Evaluate(fmt.Sprintf("location.hash = %q", smallTree), nil))
		v.runs("it is grown", ready+` && latest("Tree")?.done && document.querySelectorAll("#branch-points tbody tr").length > 0`)
	})
	v.check("the visitor's own run and model", func(v *visitor) {
		v.run(chromedp.SetUploadFiles("#open-run-folder", []string{filepath.Join(folder, begun)}, chromedp.ByQuery))
		v.until("the run is imported", `latest("Runs").runs.some((r) => r.info.from === "imported" && r.info.step === 10)`)
		v.press(".engine")
		v.press(`#dialog [data-do="open-model"]`)
		v.press("#browser-alone summary")
		v.shots("native-places", "#dialog")
		v.chooses(ramblerFolder(v, "rambler"))
		v.until("its plan is shown", planned)
		v.press("#dialog [data-do=offer-open]")
		v.runs("the model is in use", inUse("rambler"))
	})
	for _, line := range n.all() {
		if !strings.Contains(line, "ERR_CONNECTION") && !strings.Contains(line, "WebSocket connection") && !strings.Contains(line, "/line") && !strings.Contains(line, "network error response") { // while the server was away
			t.Errorf("%s", line)
		}
	}
}

// savedLog reads the log of a run in a folder of runs.
func savedLog(v *visitor, folder, id string) []map[string]any {
	v.Helper()
	log, err := os.Open(filepath.Join(folder, id, "metrics.jsonl"))
	if err != nil {
		v.Fatal(err)
	}
	defer log.Close()
	return readLog(v, log)
}

// sameNumbers fails unless two logs have the same numbers bit for bit, those of the clock apart. The page measures its base on the probe alone, so
// what only one of them measured of the base is not compared.
func sameNumbers(v *visitor, got, want []map[string]any) {
	v.Helper()
	if len(got) != len(want) || len(got) == 0 {
		v.Fatalf("%d and %d steps", len(got), len(want))
	}
	compared := 0
	for k := range want {
		a, b := flat("", got[k]), flat("", want[k])
		for _, name := range slices.Sorted(maps.Keys(b)) {
			x, both := a[name]
			if slices.Contains(byTheClock, name) || !both && strings.HasPrefix(name, "held_out") {
				continue
			}
			if compared++; !both || x != b[name] {
				v.Errorf("step %d: %s is %v, want %v", k+1, name, x, b[name])
			}
		}
	}
	v.Logf("%d numbers are equal bit for bit", compared)
}
