//go:build !js && visit

package visit

import (
	"fmt"
	"image"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"attnlab/app/session"

	"github.com/chromedp/chromedp"
)

// TestVisitRecorded walks through a recorded trace of a real model: from the worked example, by its link, and away from it again.
func TestVisitRecorded(t *testing.T) {
	t.Parallel()
	dir, _ := builtSite(t)
	n := &notes{}
	v := newVisitor(t, n, false)
	server := plainServer(t, dir, n)
	address := server.URL + under
	name := session.Recordings[0]
	defer func() {
		for _, line := range n.all() {
			t.Error(line)
		}
	}()
	rows := `document.querySelectorAll(".row[id^=step-]").length === 9 && document.getElementById("recorded")`

	v.check("it opens from the worked example", func(v *visitor) {
		v.open(address)
		v.press(`.introduction [data-do="recorded"]`)
		v.until("its steps are there", rows)
		if hash := eval[string](v, "location.hash"); !strings.Contains(hash, "recorded="+name) {
			v.Errorf("the address is %q", hash)
		}
		v.until("the engine shows it too", `latest("Trace")?.recorded`)
	})
	v.check("its link opens it", func(v *visitor) {
		v.open(address + "?again#page=trace&recorded=" + name)
		v.until("its steps are there", rows)
		v.until("the engine shows it too", `latest("Trace")?.recorded && latest("Trace").number > 0`)
		if says := v.text("#recorded"); !strings.Contains(says, "Open SmolLM2-135M-Instruct to ") || !strings.Contains(says, "place") || !strings.Contains(says, "Apache-2.0") {
			v.Errorf("the panel says %q", says)
		}
		if n := eval[int](v, `document.querySelectorAll('#sampling, #cut-all, [data-do="disrupt"]').length`); n != 0 {
			v.Errorf("%d controls need weights that are not here", n)
		}
	})
	v.check("a head and a step of it are chosen", func(v *visitor) {
		v.press("#step-1 .no")
		v.until("the step is chosen", `document.querySelector("#step-1.selected")`)
		v.press(`[data-do="page:heads"]`)
		v.press(`#grid [data-do="head:20.2"]`)
		v.until("the engine sends the head", `latest("HeadAttention")?.layer === 20 && latest("HeadAttention").attention.length === 121`)
		if v.until("finding heads needs the model", `document.querySelector('#find [data-do="heads"]').disabled`); !strings.Contains(v.text(".needs-model"), "Open SmolLM2-135M-Instruct to find its heads") {
			v.Error("the page does not say what to open")
		}
		v.press(`[data-do="page:tree"]`)
		v.until("trees need the model", `document.querySelector('[data-do="grow"]').disabled && document.querySelector(".needs-model p").textContent.includes("grow trees")`)
		v.press(`[data-do="page:trace"]`)
		v.until("the head is still chosen", `location.hash.includes("head=20.2") && document.getElementById("recorded")`)
	})
	v.check("pictures", func(v *visitor) {
		v.recordedPictures()
	})
	v.check("another problem leaves it", func(v *visitor) {
		v.press(`[data-do="example"]`)
		v.until("the worked example is back", `document.querySelector(".introduction") && !latest("Trace").recorded`)
		v.run(chromedp.Evaluate(`history.back()`, nil))
	})
}

// recordedPictures saves pictures of the recorded trace, wide and narrow, light and dark, from the top and further down.
func (v *visitor) recordedPictures() {
	v.Helper()
	folder := filepath.Join("..", "..", "..", "shots")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		v.Fatal(err)
	}
	v.press("#step-4 .no")
	for _, size := range []image.Point{{1440, 900}, {390, 844}} {
		for _, theme := range []string{"light", "dark"} {
			for part, at := range []string{"0", "innerHeight - 120", "2 * innerHeight - 240"} {
				picture := fmt.Sprintf("recorded-%d-%dx%d-%s.png", part, size.X, size.Y, theme)
				var data []byte
				v.look(theme)
				v.run(
					chromedp.EmulateViewport(int64(size.X), int64(size.Y)),
					chromedp.Evaluate(`new Promise((done) => setTimeout(() => { scrollTo(0, `+at+`); setTimeout(done, 1200); }, 300))`, nil, awaited),
					chromedp.CaptureScreenshot(&data),
				)
				if err := os.WriteFile(filepath.Join(folder, picture), data, 0o644); err != nil {
					v.Fatal(err)
				}
				if fault := pictureFault(data, size, theme == "light", 20); fault != "" {
					v.Errorf("%s %s", picture, fault)
				}
				if wide := eval[int](v, "document.documentElement.scrollWidth"); wide > size.X {
					v.Errorf("%s: the page is %d wide", picture, wide)
				}
			}
		}
	}
	v.run(chromedp.EmulateViewport(1440, 900))
	v.look("")
}
