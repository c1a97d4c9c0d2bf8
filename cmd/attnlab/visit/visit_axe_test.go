//go:build !js && visit

package visit

import (
	"context"
	"encoding/json"
	"fmt"
	"image"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"attnlab/app/figures"
	"attnlab/app/server"
	"attnlab/app/session"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// axeFinding is one rule of axe-core that elements of a page break.
type axeFinding struct {
	Rule, Help string
	Where      []string // selectors, through frames, with axe's reason
}

// axeResult is what axe-core says about a page with its frames.
type axeResult struct {
	Findings []axeFinding
	Frames   []string // the frames in which it looked at something
	Checked  int      // rules that had something to look at
}

// axe lets axe-core, which every frame of this tab has loaded, look at the page with its frames.
func (v *visitor) axe() axeResult {
	v.Helper()
	return eval[axeResult](v, `axe.run(document, { resultTypes: ["violations", "passes"], pingWaitTime: 60000 }).then(({ violations, passes }) => ({
		findings: violations.map((r) => ({ rule: r.id, help: r.help, where: r.nodes.map((n) => n.target.flat().join(" > ") + ": " + n.failureSummary.replace(/\s+/g, " ")) })),
		frames: [...new Set(passes.flatMap((r) => r.nodes).filter((n) => n.target.length > 1).map((n) => document.querySelector(n.target[0]).className))],
		checked: passes.length,
	}))`)
}

// TestVisitAxe runs axe-core, version 4, on every page and dialog, and in the figures on them, wide and narrow, light and dark. axe-core
// is no part of this repository: ATTNLAB_AXE is the path of its axe.min.js, from the npm package axe-core.
func TestVisitAxe(t *testing.T) {
	path := os.Getenv("ATTNLAB_AXE")
	if path == "" {
		t.Skip("ATTNLAB_AXE is not set to the path of axe.min.js, so axe-core looks at no page")
	}
	source, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	dir, built := builtSite(t)
	n := &notes{}
	v := newVisitor(t, n, false)
	v.run(chromedp.ActionFunc(func(ctx context.Context) error { // in frames too
		_, err := page.AddScriptToEvaluateOnNewDocument(string(source)).Do(ctx)
		return err
	}))
	files := plainServer(t, dir, n)
	address := files.URL + under + onHost
	inspect := func(v *visitor, name string) {
		v.Helper()
		v.run(chromedp.Evaluate(`document.querySelectorAll("iframe").forEach((f) => { f.loading = "eager"; })`, nil))
		v.until("all figures are drawn", shownFrames+`.every((f) => f.contentDocument?.querySelector("canvas")?.hasAttribute("aria-label"))`)
		for _, size := range []image.Point{{1440, 900}, {390, 844}} {
			for _, theme := range []string{"light", "dark"} {
				v.look(theme)
				v.run(chromedp.EmulateViewport(int64(size.X), int64(size.Y)), chromedp.Evaluate(`new Promise((done) => setTimeout(done, 200))`, nil, awaited))
				v.wholePicture(name, size, theme)
				got := v.axe()
				left := func() []string { // figures into which it has not looked
					return slices.DeleteFunc(eval[[]string](v, shownFrames+`.map((f) => f.className)`), func(frame string) bool { return slices.Contains(got.Frames, frame) })
				}
				for again := 0; again < 5 && len(left()) > 0; again++ { // a figure that is being loaded does not answer
					time.Sleep(time.Second)
					got = v.axe()
				}
				for _, f := range got.Findings {
					v.Errorf("%s, %v, %s: %s: %s\n\t%s", name, size, theme, f.Rule, f.Help, strings.Join(f.Where[:min(6, len(f.Where))], "\n\t"))
				}
				if rest := left(); len(rest) > 0 {
					v.Errorf("%s, %v, %s: axe has not looked into the figures %q, only into %q", name, size, theme, rest, got.Frames)
				}
				if got.Checked < 10 {
					v.Errorf("%s: only %d rules found anything to check", name, got.Checked)
				}
			}
		}
		v.run(chromedp.EmulateViewport(1440, 900))
		v.look("")
	}
	for _, s := range screens {
		v.check(s.name, func(v *visitor) {
			if s.hash != "" {
				v.run(chromedp.Navigate("about:blank"))
				v.open(address + s.hash)
			}
			s.reach(v)
			inspect(v, s.name)
			v.forcedPictures(s.name)
		})
	}
	folder := writerFolder(v)
	v.check("prompt", func(v *visitor) {
		v.run(chromedp.Navigate("about:blank"))
		v.open(address + "#page=trace")
		v.until("the engine is ready", ready)
		v.press(".engine")
		v.run(chromedp.SetUploadFiles("#open-model", []string{folder}, chromedp.ByQuery))
		v.until("its plan is shown", planned)
		inspect(v, "plan")
		v.press(`#dialog input[value="bf16"]`) // then it is trained by adapters
		v.press("#dialog [data-do=offer-open]")
		v.until("a prompt is shown", ready+` && latest("Trace").wording?.task && !document.querySelector("#dialog") && document.querySelector("#typed")`)
		v.press(`#sampling [data-do="generate"]`)
		v.until("the response is complete", ready+` && latest("Trace").complete`)
		v.openDetails()
		inspect(v, "prompt")
	})
	v.check("adapters", func(v *visitor) {
		v.press(`nav [data-do="page:train"]`)
		v.until("adapters are planned", `document.querySelectorAll("#adapter-needs tr").length > 0`)
		v.openDetails()
		inspect(v, "adapters")
	})
	v.check("connection and disk", func(v *visitor) {
		home, err := server.Start(context.Background(), server.Options{Site: built, Runs: t.TempDir(), Root: filepath.Dir(folder), Backend: "host", Listener: listens(t)})
		if err != nil {
			v.Fatal(err)
		}
		t.Cleanup(func() { home.Close() })
		v.run(chromedp.Navigate("about:blank"))
		v.open(home.Link() + "#page=train")
		v.until("the engine is ready", ready)
		v.press(".engine")
		v.until("the dialog is open", `document.querySelector("#dialog #engines")`)
		v.openDetails()
		inspect(v, "connection")
		v.press(`#dialog [data-do="open-model"]`)
		v.press(`#dialog [data-do="disk:"]`)
		v.until("the folder is listed", `document.querySelectorAll("#disk li").length > 0`)
		inspect(v, "disk")
	})
	for _, e := range figures.Figures {
		v.check("window of "+e.Name, func(v *visitor) {
			v.run(chromedp.Navigate("about:blank"), chromedp.Navigate(fmt.Sprintf("%s%sfigure.html#figure=%s&session=s", files.URL+under, built.Folder(), e.Name)))
			v.until("it is drawn", `document.querySelector("canvas")?.getAttribute("aria-label")?.includes(" yet.")`)
			v.until("it is an orphan", `document.getElementById("gone")`)
			inspect(v, "window-"+e.Name)
		})
	}
}

// listens is a free port of this machine.
func listens(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// shownFrames are the figures of the page that can be reached; a dialog covers all.
const shownFrames = `[...document.querySelectorAll("iframe")].filter((f) => f.getClientRects().length && !document.querySelector("dialog:modal"))`

// wholePicture saves a picture of all of the page, as far as it scrolls, in the ignored folder shots.
func (v *visitor) wholePicture(name string, size image.Point, theme string) {
	v.Helper()
	folder := filepath.Join("..", "..", "..", "shots")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		v.Fatal(err)
	}
	var data []byte
	v.run(chromedp.FullScreenshot(&data, 100))
	if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("whole-%s-%dx%d-%s.png", name, size.X, size.Y, theme)), data, 0o644); err != nil {
		v.Fatal(err)
	}
}

// forcedPictures saves pictures of the page in forced colours in the ignored folder shots.
func (v *visitor) forcedPictures(name string) {
	v.Helper()
	folder := filepath.Join("..", "..", "..", "shots")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		v.Fatal(err)
	}
	for _, theme := range []string{"light", "dark"} {
		var data []byte
		v.forced(theme)
		v.run(chromedp.EmulateViewport(1440, 1800), chromedp.Sleep(time.Second), chromedp.CaptureScreenshot(&data))
		if err := os.WriteFile(filepath.Join(folder, "forced-"+name+"-"+theme+".png"), data, 0o644); err != nil {
			v.Fatal(err)
		}
	}
	v.run(chromedp.EmulateViewport(1440, 900))
	v.look("")
}

// screen is a page or dialog in one state.
type screen struct {
	name, hash string           // the part of the address after #, to begin with; empty begins where the screen before left the tab
	reach      func(v *visitor) // leads there
}

// screens are the pages and dialogs that axe-core inspects.
var screens = []screen{
	{"trace-example", "#page=trace", func(v *visitor) { v.figures() }},
	{"trace", "#page=trace&seed=2&cut=all&samples=8", func(v *visitor) {
		v.until("every step is cut", `latest("StepLosses")?.ranking && `+ready)
		v.figures()
	}},
	{"trace-open", "#page=trace&seed=2&cut=all&samples=8", func(v *visitor) { // everything that opens is open
		v.until("every step is cut", `latest("StepLosses")?.ranking && `+ready)
		v.press("#step-2 > button")
		v.openDetails()
		v.press(`#step-3 .tok`)
		v.until("the likeliest tokens are shown", `document.querySelectorAll(".choices li").length > 1`)
	}},
	{"explanation", "", func(v *visitor) {
		v.press(`#rows [data-do^="explain:fci"]`)
		v.until("it is open", `document.querySelector("#explanation:not([hidden])")`)
	}},
	{"importance", "#page=trace&seed=2&importance=8", func(v *visitor) {
		v.until("every step is sampled again", `latest("Importances")?.ranking?.length && `+ready)
		v.openDetails()
		v.run(chromedp.ScrollIntoView("#importance", chromedp.ByQuery))
	}},
	{"importance-explanation", "", func(v *visitor) {
		v.press(`#importance [data-do^="explain:importance"]`)
		v.until("it is open", `document.querySelector("#explanation:not([hidden])")`)
	}},
	{"many", "#page=trace&seed=2&many=20", func(v *visitor) {
		v.until("all responses are there", `latest("Samples")?.responses?.length === 20 && `+ready)
		v.openDetails()
		v.run(chromedp.ScrollIntoView("#many", chromedp.ByQuery))
	}},
	{"many-explanation", "", func(v *visitor) {
		v.press(`#many [data-do^="explain:pass"]`)
		v.until("it is open", `document.querySelector("#explanation:not([hidden])")`)
	}},
	{"beside", "#page=trace&seed=2", func(v *visitor) {
		v.until("the response is complete", ready+` && latest("Trace").complete`)
		v.run(chromedp.SetUploadFiles("#open-beside", []string{v.otherTrace()}, chromedp.ByQuery))
		v.until("both traces are shown", `document.querySelector("#beside .first")`)
		v.run(chromedp.ScrollIntoView("#beside", chromedp.ByQuery))
	}},
	{"keys", "#page=trace", func(v *visitor) {
		v.press(`[data-do="keys"]`)
		v.until("the dialog is open", `document.querySelector("#dialog")`)
	}},
	{"capabilities", "#page=trace", func(v *visitor) {
		v.until("all kernels are tested", `!latest("Capabilities").untested`)
		v.press(".engine")
		v.until("the dialog is open", `document.querySelector("#dialog")`)
		v.openDetails()
	}},
	{"tour", "#page=trace", func(v *visitor) {
		v.press(`[data-do="tour"]`)
		v.until("it has begun", `document.querySelector(".tour:not([hidden])")`)
	}},
	{"heads", "#page=heads&seed=2&step=2", func(v *visitor) {
		v.until("the trace is there", ready+` && latest("Trace").complete`)
		v.enter(`[data-set="problems"]`, "4")
		v.press(`#find [data-do="heads"]`)
		v.until("heads are found", ready+` && latest("HeadsView")?.problems === 4`)
		v.press(`#grid [data-do="head:0.1"]`)
		v.enter(`[data-set="samples"]`, "4")
		v.press(`#disrupt [data-do="disrupt"]`)
		v.until("the cut is measured", ready+` && document.querySelector(".results tbody tr")`)
		v.openDetails()
	}},
	{"tree", smallTree, func(v *visitor) {
		v.runs("it is grown", ready+` && latest("Tree")?.done && document.querySelectorAll("#branch-points tbody tr").length > 0`)
		v.press(`#node-panel [data-do="node-child"]`)
		v.openDetails()
	}},
	{"train-before", "#page=train", func(*visitor) {}},
	{"train-running", soakRun, func(v *visitor) {
		v.press(`#run-buttons [data-do="train"]`)
		v.runs("two steps are taken", `latest("Run")?.info.step >= 2 && document.querySelector("#rollouts h2")`)
	}},
	{"train-paused", "", func(v *visitor) {
		v.press(`#run-buttons [data-do="train"]`)
		v.until("the run is paused", `latest("Run")?.info.state === "paused"`)
	}},
	{"train-open", "", func(v *visitor) {
		v.press(`#rollouts [data-do^="credit:"] button`)
		v.until("its credit is explained", `latest("Credit")?.text.length > 0 && document.querySelector("#rollouts tr.rollout.selected")`)
		v.openDetails()
	}},
	{"compare", "", func(v *visitor) {
		v.press(`nav [data-do="page:compare"]`)
		v.until("runs are compared", `document.querySelectorAll("#standings tbody tr").length >= 2`)
		v.openDetails()
	}},
	{"compare-delete", "", func(v *visitor) {
		v.press(`#contenders [data-do^="run-menu:"]`)
		v.press(`#contenders [data-do^="ask-drop:"]`)
		v.until("it asks", `document.querySelector('#contenders [data-do^="drop-run:"]')`)
	}},
	{"train-resume", "#page=train", func(v *visitor) { v.until("it offers the run", `document.querySelector("#resume-banner")`) }},
	{"learn", "#page=learn", func(*visitor) {}},
	{"glossary", "#page=glossary", func(*visitor) {}},
	{"lesson-1", "#page=learn&lesson=1.1", func(*visitor) {}},
	{"lesson-1-guess", "", func(v *visitor) {
		for !eval[bool](v, `!!document.querySelector('#lesson [data-set="guess"]')`) {
			step := eval[string](v, `document.getElementById("lab").dataset.lesson`)
			v.press(`#lesson [data-do="lesson-next"]`)
			v.until("the next step is shown", fmt.Sprintf(`document.getElementById("lab").dataset.lesson !== %q`, step))
		}
	}},
	{"bench-before", "#page=bench", func(*visitor) {}},
	{"bench", "", func(v *visitor) {
		v.choose("[data-set=bench-what]", "kernels")
		v.press(`[data-do="bench"]`)
		v.runs("kernels are measured", `latest("Speeds") && !latest("Speeds").running && document.querySelector("#kernels-measured tbody tr")`)
		v.openDetails()
	}},
	{"damaged-link", "#page=trace&seed=3%", func(v *visitor) {
		v.until("a message is there", `document.querySelector(".toast p")`)
	}},
	{"failed", "#page=train&run=nothing", func(v *visitor) {
		v.until("a message is there", `document.querySelector(".banner.failed p")`)
	}},
	{"failed-dialog", "", func(v *visitor) {
		v.press(".engine")
		v.until("the dialog says so too", `document.querySelector("#dialog [role=alert]")`)
	}},
}

// otherTrace saves the trace as one with another line in its second step, and with other log-probabilities before.
func (v *visitor) otherTrace() (file string) {
	v.Helper()
	t := newest[session.Trace](v)
	for i := t.PromptLength; i < len(t.LogProbs); i++ {
		t.LogProbs[i] += float32(i%5-2) / 4
	}
	for i := t.Steps[1].Start; i < t.Steps[1].End-1; i++ {
		t.Text[i] = "x"
	}
	data, err := json.Marshal(t)
	if err != nil {
		v.Fatal(err)
	}
	file = filepath.Join(v.TempDir(), "after-training.json")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		v.Fatal(err)
	}
	return file
}

// openDetails opens everything that opens, and what opens in that.
func (v *visitor) openDetails() {
	v.Helper()
	const closed = `[...document.querySelectorAll("details:not([open])")].filter((d) => d.getClientRects().length)`
	for range 5 {
		names := eval[[]string](v, closed+`.map((d) => (d.querySelector("summary").click(), d.querySelector("summary").textContent))`)
		if len(names) == 0 {
			return
		}
		v.Logf("opens %q", names)
		v.run(chromedp.Evaluate(`new Promise((done) => setTimeout(done, 500))`, nil, awaited))
	}
	v.Fatal("something does not stay open")
}
