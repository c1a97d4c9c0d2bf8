//go:build !js && visit

package visit

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"attnlab/app/session"
)

// firefoxRun is a run that does not end while it is visited, as the part of an address after #.
const firefoxRun = "#page=train&method=tlmre&model=chain-tiny&steps=1000&probe=4&h.problems=2&h.group=4"

// leastOfChromium is the least part of Chromium's tokens a second that Firefox reaches on the processor, both in their fastest step. Both
// take about as long, and other work and cold code can make either several times slower. A lab that waited for one of Firefox's ticks of
// 100 ms at each token would be a hundred times slower.
const (
	leastOfChromium = 1. / 50
	fastest         = `Math.max(...latest("Run").metrics.find((m) => m.name === "tokens_per_second").values)`
)

// TestVisitFirefox opens the lab in Firefox, on WebGPU and on the processor: it draws a problem, answers it, cuts a step, and trains.
func TestVisitFirefox(t *testing.T) {
	n := &notes{}
	f := newFirefox(t, n)
	dir, _ := builtSite(t)
	server := plainServer(t, dir, n)
	rates := map[string]*float64{"webgpu": new(float64), "host": new(float64)}
	for _, backend := range []string{"webgpu", "host"} {
		t.Run(backend, func(t *testing.T) {
			f := f.in(t)
			address := server.URL + under + "?backend=" + backend
			f.open(address + "#page=trace&base=chain-tiny")
			c := firefoxNewest[session.Capabilities](f)
			t.Logf("%s by %s: %s", c.Adapter, c.Backend, c.Why)
			if c.Backend != backend {
				t.Skipf("this Firefox offers no %s: %s", backend, c.Why)
			}
			began := time.Now()
			f.press(`[data-do="problem"]`)
			f.until("a problem is drawn", ready+` && !latest("Trace").typed && !latest("Trace").complete && document.querySelector('#sampling [data-do="generate"]')`)
			f.press(`#sampling [data-do="generate"]`)
			f.until("the response is complete", ready+` && latest("Trace").complete && document.querySelectorAll("#rows [id^=step-]").length > 1`)
			tr := firefoxNewest[session.Trace](f)
			t.Logf("%d tokens, %d steps, %.1f s after New problem", len(tr.Tokens), len(tr.Steps), time.Since(began).Seconds())
			if len(tr.FCI) != len(tr.Steps) {
				t.Errorf("%d FCI for %d steps", len(tr.FCI), len(tr.Steps))
			}
			f.enter(`[data-set="samples"]`, "4")
			f.press("#step-0 .no")
			f.press(`.cut-panel [data-do="disrupt"]`)
			f.until("the cut has its verdict", ready+` && document.querySelector(".cut .verdict")?.textContent && latest("Disruption")?.groups?.[0]?.n === 4`)
			f.until("the matrix is drawn", `document.querySelector("iframe.matrix")?.contentDocument?.querySelector("#plain, canvas")?.getAttribute("aria-label")?.includes("step")`)
			f.shoot("trace-" + backend)

			f.open(address + firefoxRun)
			f.press(`#run-buttons [data-do="train"]`)
			steps := map[string]int{"webgpu": 1, "host": 8}[backend]
			f.until("steps are taken", fmt.Sprintf(`latest("Run")?.info.state === "running" && latest("Run").info.step >= %d`, steps))
			f.press(`#run-buttons [data-do="train"]`)
			f.until("the run is paused", ready+` && latest("Run").info.state === "paused"`)
			f.eval(fastest, rates[backend])
			t.Logf("%.0f tokens per second in the fastest of %d steps", *rates[backend], firefoxNewest[session.Run](f).Info.Step)
			f.until("the curves are drawn", `document.querySelector("iframe.curves")?.contentDocument?.querySelector("#plain, canvas")?.getAttribute("aria-label")`)
			f.shoot("train-" + backend)
		})
	}
	t.Run("as fast as Chromium on the processor", func(t *testing.T) {
		v := newVisitor(t, n, false)
		v.open(server.URL + under + onHost + firefoxRun)
		v.press(`#run-buttons [data-do="train"]`)
		v.runs("steps are taken", `latest("Run")?.info.state === "running" && latest("Run").info.step >= 8`)
		chromium := eval[float64](v, fastest)
		rate := *rates["host"]
		t.Logf("Firefox %.0f tokens per second, Chromium %.0f", rate, chromium)
		if !(rate > leastOfChromium*chromium) {
			t.Errorf("Firefox trains on %.0f tokens per second, Chromium on %.0f", rate, chromium)
		}
	})
	for _, line := range n.all() {
		if !slices.ContainsFunc(whenLeft, func(said string) bool { return strings.Contains(line, said) }) {
			t.Error(line)
		}
	}
}

// whenLeft is what Firefox writes to the console when a page is left while a frame, which then has no address, or its program loads.
var whenLeft = []string{"Failed to load ‘’.", "TypeError: Error in input stream"}

// in is the same tab for a subtest.
func (f *firefox) in(t *testing.T) *firefox {
	return &firefox{T: t, bidi: f.bidi, tab: f.tab}
}

// firefoxNewest is the newest event of a kind.
func firefoxNewest[E session.Event](f *firefox) (e E) {
	f.Helper()
	var text string
	f.eval(fmt.Sprintf(`received[%q] ?? ""`, session.Kind(e)), &text)
	message, err := session.Decode([]byte(text))
	if err != nil {
		f.Fatalf("%s: %v", session.Kind(e), err)
	}
	return message.(E)
}
