//go:build !js && visit

package visit

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"attnlab/app/session"
	"attnlab/model/speed"

	"github.com/chromedp/chromedp"
)

// TestVisitBench measures speed in a tab: on the processor and on WebGPU, with a page that answers meanwhile and can stop.
func TestVisitBench(t *testing.T) {
	dir, _ := builtSite(t)
	n := &notes{}
	v := newVisitor(t, n, true)
	server := plainServer(t, dir, n)
	if err := os.MkdirAll(filepath.Join("..", "..", "..", "shots"), 0o755); err != nil {
		t.Fatal(err)
	}
	if !v.check("open", func(v *visitor) { v.open(server.URL + under) }) {
		t.FailNow()
	}
	v.check("the footer leads to the page", func(v *visitor) {
		v.press(`footer [data-do="page:bench"]`)
		v.until("it says what to do", `document.querySelector("#no-speeds")`)
	})
	v.check("kernels", func(v *visitor) {
		v.run(chromedp.Evaluate(`(() => { const s = document.querySelector("[data-set=bench-what]"); s.value = "kernels"; s.dispatchEvent(new Event("change", { bubbles: true })); })()`, nil))
		v.until("the link says what is measured", `location.hash.includes("measure=kernels")`)
		v.press(`[data-do="bench"]`)
		v.until("it measures", `latest("Speeds")?.running`)
		v.press(`[data-do="theme"]`) // the page answers meanwhile
		v.press(`[data-do="theme"]`)
		v.press(`[data-do="theme"]`)
		v.runs("kernels are measured", `latest("Speeds") && !latest("Speeds").running && document.querySelector("#kernels-measured tbody tr")`)
		rows := newest[session.Speeds](v).Rows
		for _, backend := range []string{"host", "webgpu"} {
			c, training, token := speed.CeilingsOf(rows, backend), len(speed.Kernels(rows, backend)), len(speed.TokenKernels(rows, backend))
			if !(c.Operations > 1e8 && c.Bytes > 1e8) || training < 10 || token < 9 {
				v.Errorf("%s: ceilings %+v, %d kernels of training, %d of a token", backend, c, training, token)
			}
		}
	})
	v.check("pictures of the kernels", func(v *visitor) {
		for name, size := range map[string][2]int64{"wide": {1440, 900}, "narrow": {390, 844}} {
			for _, theme := range []string{"light", "dark"} {
				var data []byte
				v.look(theme)
				v.run(chromedp.EmulateViewport(size[0], size[1]), chromedp.Evaluate(`document.querySelector("#figure-roofline").scrollIntoView(), new Promise((done) => setTimeout(done, 1500))`, nil, awaited),
					chromedp.CaptureScreenshot(&data))
				if err := os.WriteFile(filepath.Join("..", "..", "..", "shots", "bench-kernels-"+name+"-"+theme+".png"), data, 0o644); err != nil {
					v.Fatal(err)
				}
				v.run(chromedp.Evaluate(`document.querySelector("#token-kernels-measured").scrollIntoView(), new Promise((done) => setTimeout(done, 300))`, nil, awaited),
					chromedp.CaptureScreenshot(&data))
				if err := os.WriteFile(filepath.Join("..", "..", "..", "shots", "bench-token-kernels-"+name+"-"+theme+".png"), data, 0o644); err != nil {
					v.Fatal(err)
				}
				if wide := eval[int64](v, "document.documentElement.scrollWidth"); wide > size[0] {
					v.Errorf("%s: the page is %d wide", name, wide)
				}
			}
		}
		v.look("")
		v.run(chromedp.EmulateViewport(1440, 900))
	})
	v.check("models, until it is stopped", func(v *visitor) {
		v.run(chromedp.Evaluate(`(() => { const s = document.querySelector("[data-set=bench-what]"); s.value = "models"; s.dispatchEvent(new Event("change", { bubbles: true })); })()`, nil))
		v.press(`[data-do="bench"]`)
		v.runs("two models are trained and sampled", `(latest("Speeds")?.rows ?? []).filter((r) => r.name === "decode-small-64").length === 2`)
		v.press(`[data-do="bench"]`)
		v.runs("it stops", `!latest("Speeds").running && !latest("Status").busy`)
		v.until("the tables are shown", `document.querySelectorAll("#speed-tables tbody tr").length >= 4`)
	})
	v.check("copies are what the command line prints", func(v *visitor) {
		v.run(chromedp.Evaluate(`navigator.clipboard.writeText = (text) => { globalThis.copied = text; return Promise.resolve(); }`, nil))
		v.press(`[data-do="bench-json"]`)
		v.until("JSON is copied", `globalThis.copied?.startsWith("[{")`)
		var rows []speed.Row
		if err := json.Unmarshal([]byte(eval[string](v, `copied`)), &rows); err != nil || !slices.Equal(rows, newest[session.Speeds](v).Rows) {
			v.Errorf("copied %d rows, %v", len(rows), err)
		}
		v.press(`[data-do="bench-text"]`)
		v.until("text is copied", `copied.includes("tokens/s") && copied.includes("(WebGPU)")`)
	})
	v.check("pictures", func(v *visitor) { v.pictures("bench") })
	v.check("the rates that chose the backend", func(v *visitor) {
		v.run(chromedp.Evaluate(`document.activeElement?.blur()`, nil))
		v.press(`[data-do="capabilities"]`)
		v.runs("both rates are listed", `document.querySelectorAll("#race tbody tr").length === 2`)
		begun := time.Now()
		v.press(`#dialog [data-do="race-again"]`)
		v.until("it begins", `latest("Status").stage === "measuring both backends" || stages.some((s) => s.startsWith("measuring both"))`)
		v.runs("it is measured again", `latest("Capabilities").race && !latest("Status").busy`)
		v.Logf("a race took %.1f s: %+v", time.Since(begun).Seconds(), *newest[session.Capabilities](v).Race)
		v.press(`#dialog [data-do="run:bench-page"]`)
		v.until("the dialog leads to the page", `document.getElementById("lab").dataset.page === "bench" && !document.querySelector("#dialog")`)
	})
	for _, line := range n.all() {
		t.Errorf("%s", line)
	}
}
