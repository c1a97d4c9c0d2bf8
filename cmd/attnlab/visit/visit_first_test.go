//go:build !js && visit

package visit

import (
	"fmt"
	"image"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"attnlab/app/session"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestVisitFirstMinute is a first visit without a GPU: the worked example plays by itself, a trace of one's own is two clicks away,
// and a cut gives its result. It prints how long both take: on two idle cores the trace is to be there within 5 s of the first paint, and
// the result of the cut within 10 s. A busy machine takes longer, so no time fails the test.
func TestVisitFirstMinute(t *testing.T) {
	dir, _ := builtSite(t)
	n := &notes{}
	v := newVisitor(t, n, false)
	server := plainServer(t, dir, n)
	address := server.URL + under
	defer func() {
		for _, line := range n.all() {
			t.Error(line)
		}
	}()

	v.check("the example plays once", func(v *visitor) {
		v.moving()
		v.run(chromedp.Navigate(address), chromedp.Evaluate(ear, nil), chromedp.Evaluate(`(() => { // how many it has ever seen
			globalThis.endings = new Set();
			new MutationObserver(() => endings.add(document.querySelectorAll(".ending.right, .ending.false").length)).observe(document, { subtree: true, childList: true, attributes: true });
		})()`, nil))
		v.until("the row is cut", `document.querySelector(".row.cut-off")`)
		v.until("all have come in", `document.querySelectorAll(".ending.right, .ending.false").length === 64`)
		if steps := eval[int](v, `[...endings].filter((n) => n > 0 && n < 64).length`); steps < 3 {
			v.Errorf("continuations came in %d steps, and not one after another", steps+1)
		}
		if verdict := v.text(".cut .verdict"); !strings.Contains(verdict, "the step mattered") {
			v.Errorf("the verdict is %q", verdict)
		}
		if hash := eval[string](v, "location.hash"); hash != "" && hash != "#page=trace" {
			v.Errorf("the play writes %q into the address", hash)
		}
	})
	v.check("two clicks to a trace of one's own", func(v *visitor) {
		v.run(chromedp.Navigate("about:blank"), chromedp.Navigate(address+"?fresh"), chromedp.Evaluate(ear, nil))
		begin := eval[float64](v, `performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0`)
		v.press(`[data-do="problem"]`) // while the engine loads: the click waits for it
		v.until("the new problem is there", `latest("Trace") && !latest("Trace").typed && !latest("Trace").complete && document.querySelector('#sampling [data-do="generate"]:not(:disabled)')`)
		v.press(`#sampling [data-do="generate"]`)
		v.until("the trace is complete", `latest("Trace")?.complete && !latest("Trace").typed`)
		trace := eval[float64](v, `performance.now()`) - begin
		v.until("a step can be cut", `document.querySelector("#step-0 .no") && document.querySelector(".engine.ready")`)
		v.press("#step-0 .no")
		cut := eval[float64](v, `performance.now()`)
		v.press(`.cut-panel [data-do="disrupt"]`)
		v.until("the cut has its verdict", `document.querySelector(".cut .verdict")?.textContent && latest("Disruption")?.groups?.[0]?.n === 32`)
		result := eval[float64](v, `performance.now()`) - cut
		c := newest[session.Capabilities](v)
		v.Logf("first paint after %.1f s; own trace %.1f s after first paint; first cut %.1f s; %s on %s; %v", begin/1000, trace/1000, result/1000, c.Model.Name, c.Backend, eval[[]string](v, "stages"))
		if c.Model.Name != "countdown-small" || c.Backend != "host" {
			v.Errorf("%s on %s", c.Model.Name, c.Backend)
		}
	})
	v.check("tour", func(v *visitor) {
		v.press(`[data-do="tour"], [data-do="keys"]`)
		if eval[bool](v, `!!document.querySelector("#dialog")`) {
			v.press(`#dialog [data-do="run:tour"]`)
		}
		for i := range 8 {
			v.until(fmt.Sprintf("stop %d", i+1), fmt.Sprintf(`document.querySelector(".tour")?.textContent.includes("stop %d of 8")`, i+1))
			if i == 1 {
				v.press(`[data-do="tour-do"]`)
				for _, size := range []image.Point{{X: 390, Y: 844}, {X: 1440, Y: 900}} {
					v.run(chromedp.EmulateViewport(int64(size.X), int64(size.Y)))
					v.until("the top step opens its FCI", `document.querySelector("#explanation:not([hidden])")`)
					apart(v, "#explanation", ".tour")
					v.shoot("tour-explanation", size, 1, "light")
				}
			}
			if i == 2 {
				v.run(chromedp.EmulateViewport(390, 844))
				v.press(`[data-do="tour-do"]`)
				v.until("two cuts side by side", `document.querySelectorAll(".cut .verdict").length === 2 && [...document.querySelectorAll(".cut .verdict")].every((e) => e.textContent)`)
				v.shoot("tour-cut", image.Pt(390, 844), 1, "light")
				v.press(`[data-do="tour-do"]`)
				v.shoot("tour-cut", image.Pt(1440, 900), 1, "light")
			}
			v.press(fmt.Sprintf(`[data-do="tour:%d"]`, i+2))
		}
	})
	v.check("an explanation beside a lesson", func(v *visitor) {
		for _, size := range []image.Point{{X: 390, Y: 844}, {X: 860, Y: 844}, {X: 1440, Y: 900}} {
			v.run(chromedp.Navigate("about:blank"), chromedp.EmulateViewport(int64(size.X), int64(size.Y)))
			v.open(address + "#page=trace&lesson=2.2")
			v.until("the lesson is open", `document.querySelector(".lesson:not([hidden])") && document.querySelector('main [data-do^="explain:"]')`)
			v.run(chromedp.Evaluate(`[...document.querySelectorAll('main [data-do^="explain:"]')].find((e) => e.getClientRects().length).click()`, nil))
			v.until("it is open", `document.querySelector("#explanation:not([hidden])")`)
			apart(v, "#explanation", ".lesson")
			v.shoot("lesson-explanation", size, 1, "light")
		}
		v.run(chromedp.EmulateViewport(1440, 900))
	})
	v.check("in forced colours", func(v *visitor) {
		v.look("light")
		v.open(address)
		inForcedColours(v)
		v.run(chromedp.KeyEvent(kb.Escape))
	})
	v.check("under reduced motion", still)
	v.check("figures by keys", figureByKeys)
	v.check("commands by keys", palette)
	v.check("keys of one character", letters)
	v.check("titles", titles)
	v.check("pictures", func(v *visitor) {
		v.look("light")
		v.open(address)
		time.Sleep(2 * time.Second)
		// The picture of link previews, web/preview.png, is this one.
		var preview []byte
		v.run(chromedp.EmulateViewport(1600, 840, chromedp.EmulateScale(.75)), chromedp.Evaluate(`document.querySelector(".top").style.position = "static", scrollTo(0, 56), new Promise((done) => setTimeout(done, 1500))`, nil, awaited),
			chromedp.CaptureScreenshot(&preview), chromedp.Evaluate(`document.querySelector(".top").style.position = ""`, nil))
		if err := os.WriteFile(filepath.Join("..", "..", "..", "shots", "preview.png"), preview, 0o644); err != nil {
			v.Fatal(err)
		}
		for _, theme := range []string{"light", "dark"} {
			v.shoot("first", image.Pt(1440, 900), 1, theme)
			v.shoot("first", image.Pt(1920, 1080), 2, theme)
			v.shoot("first", image.Pt(390, 844), 1, theme)
		}
	})
}

// apart reports two floating cards of which one lies over the other, or that leave the window.
func apart(v *visitor, a, b string) {
	v.Helper()
	boxes := eval[[2][4]float64](v, fmt.Sprintf(`[%q, %q].map((s) => { const r = document.querySelector(s).getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom]; })`, a, b))
	p, q := boxes[0], boxes[1]
	if p[0] < q[2] && q[0] < p[2] && p[1] < q[3] && q[1] < p[3] {
		v.Errorf("%s at %v lies over %s at %v", a, p, b, q)
	}
	if size := eval[[2]float64](v, `[innerWidth, innerHeight]`); p[0] < 0 || p[1] < 0 || p[2] > size[0]+1 || p[3] > size[1]+1 {
		v.Errorf("%s at %v leaves the window of %v", a, p, size)
	}
}

// moving lets the page move, which other visits do not, to save time.
func (v *visitor) moving() {
	v.Helper()
	v.run(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "no-preference"}}))
}

// shoot saves a picture of the page in the ignored folder shots.
func (v *visitor) shoot(name string, size image.Point, scale float64, theme string) {
	v.Helper()
	folder := filepath.Join("..", "..", "..", "shots")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		v.Fatal(err)
	}
	var data []byte
	v.look(theme)
	v.run(chromedp.EmulateViewport(int64(size.X), int64(size.Y), chromedp.EmulateScale(scale)),
		chromedp.Evaluate(`new Promise((done) => setTimeout(done, 700))`, nil, awaited),
		chromedp.CaptureScreenshot(&data))
	if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%s-%dx%d-%s.png", name, size.X, size.Y, theme)), data, 0o644); err != nil {
		v.Fatal(err)
	}
	if wide := eval[int](v, "document.documentElement.scrollWidth"); wide > size.X {
		v.Errorf("%s at %v is %d wide", name, size, wide)
	}
	v.run(chromedp.EmulateViewport(1440, 900))
	v.look("")
}
