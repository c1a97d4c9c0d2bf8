//go:build !js && visit

package visit

import (
	"encoding/json"
	"fmt"
	"image"
	"testing"
	"time"

	"attnlab/app/lab/labtest"
	"attnlab/app/session"

	"github.com/chromedp/chromedp"
)

// A trace of the size of a real model's, 30 layers of 9 heads and 300 steps, can be walked: what the page draws for an interaction does not
// grow with the length of the trace.
func TestVisitALongTrace(t *testing.T) {
	dir, _ := builtSite(t)
	n := &notes{}
	server := plainServer(t, dir, n)
	v := newVisitor(t, n, true)
	v.open(server.URL + under + onGPU)
	v.until("figures are there", `document.querySelector("iframe.matrix")?.contentDocument?.querySelector("canvas")`)

	v.show(labtest.Long(session.NoSelection))
	v.until("the long trace is there", `document.querySelector(".verdict").textContent.includes("300 steps") && document.querySelectorAll(".block .row").length > 0`)
	v.everySize("long-trace")
	v.press(`[data-do="page:heads"]`)
	v.until("the heads are there", `document.querySelectorAll("#grid .cell").length === 270`)
	v.everySize("long-heads")
	for _, line := range n.all() {
		t.Error(line)
	}
}

// show plays the engine: it sends a trace to all screens.
func (v *visitor) show(message any) {
	v.Helper()
	if t, ok := message.(session.Trace); ok {
		t.Number += 1 << 40 // newer than the engine's
		message = t
	}
	text, err := session.Encode(message)
	if err != nil {
		v.Fatal(err)
	}
	quoted, _ := json.Marshal(string(text))
	v.run(chromedp.Evaluate(fmt.Sprintf(`channel.postMessage(%s)`, quoted), nil))
}

// everySize saves pictures of the page, wide and narrow, light and dark.
func (v *visitor) everySize(name string) {
	v.Helper()
	for _, size := range []image.Point{{1440, 900}, {390, 844}} {
		for _, theme := range []string{"light", "dark"} {
			v.shoot(name, size, 1, theme)
		}
	}
	time.Sleep(100 * time.Millisecond)
}
