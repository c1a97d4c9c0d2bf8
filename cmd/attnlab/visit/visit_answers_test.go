//go:build !js && visit

package visit

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"attnlab/app/session"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// rounds is how often a measurement of time may be repeated. One of them must stay within the bound: other work on the machine can
// slow a page down, so a single slow round does not show a fault of the page.
const rounds = 3

// longTasks counts the tasks that block the page while the engine samples a response and the figures are folded.
func longTasks(v *visitor) {
	v.press(`nav [data-do="page:trace"]`)
	fold := func(frames int) {
		for _, figure := range []string{"matrix"} {
			v.press(fmt.Sprintf(`[data-do="fold:%s"]`, figure))
			v.until("the figures are folded or shown", fmt.Sprintf(`document.querySelectorAll("iframe.%s").length === %d`, figure, frames))
		}
	}
	fold(0)
	defer fold(1)
	for range rounds {
		before := newest[session.Trace](v).Number
		eval[int](v, `long.length = 0`)
		begin := time.Now()
		v.press(`#sampling [data-do="regenerate"]`)
		v.until("another response is complete", fmt.Sprintf(`document.querySelector(".engine.ready") && /"number":(\d+)/.exec(received.Trace)[1] > %d && received.Trace.includes('"complete":true')`, before))
		tasks := eval[[]float64](v, `new Promise((done) => setTimeout(() => done(long), 300))`)
		v.Logf("%d tasks of the main thread over 50 ms: %.0f, in %d ms", len(tasks), tasks, time.Since(begin).Milliseconds())
		if len(tasks) == 0 {
			return
		}
	}
	v.Errorf("no response came without a task of the main thread over 50 ms")
}

// samples is how many keys and clicks are timed.
const samples = 30

// stopwatch appends to answered the milliseconds between a key or a click and the end of the frame that first shows its effect: a
// change of an element's content or of the classes in it.
const stopwatch = `((selector) => {
	globalThis.answered = [];
	let asked = 0;
	for (const type of ["keydown", "click"]) addEventListener(type, (e) => { asked = e.timeStamp; }, true);
	new MutationObserver(() => {
		const from = asked;
		if (!from) return;
		asked = 0;
		requestAnimationFrame(() => {
			const drawn = new MessageChannel();
			drawn.port1.onmessage = () => answered.push(performance.now() - from);
			drawn.port2.postMessage(0);
		});
	}).observe(document.querySelector(selector), { subtree: true, childList: true, characterData: true, attributeFilter: ["class"] });
	return true;
})`

// answers times keys and clicks while the figures are on screen. On an idle machine the 95th percentile is below 100 ms. Other work
// on two cores delays it, so the test fails above 200 ms only.
func answers(v *visitor) {
	v.until("the figures are there", figuresDrawn)
	v.press("#step-0 > button")
	v.until("step 1 is selected", `document.querySelector("#step-0.selected")`)
	eval[bool](v, stopwatch+`("#rows")`)
	K := len(newest[session.Trace](v).Steps)
	best := math.Inf(1)
	for range rounds {
		eval[int](v, `answered.length = 0`)
		for i := range samples {
			if next := (i + 1) % K; i%2 == 0 || next == 0 {
				v.run(chromedp.Click(fmt.Sprintf("#step-%d > button", next), chromedp.ByQuery))
			} else {
				v.run(chromedp.KeyEvent(kb.ArrowDown))
			}
			v.until("it is answered", fmt.Sprintf(`answered.length === %d`, i+1))
			time.Sleep(250 * time.Millisecond) // as a person would
		}
		times := eval[[]float64](v, `answered`)
		slices.Sort(times)
		p95 := times[samples*95/100]
		v.Logf("%d keys and clicks with figures shown: median %.0f ms, 95th percentile %.0f ms, slowest %.0f ms", samples, times[samples/2], p95, times[samples-1])
		if best = min(best, p95); best <= 100 {
			return
		}
	}
	if best > 200 {
		v.Errorf("the 95th percentile of the answers was never within 200 ms")
	}
}

// figuresDrawn is true when the arcs of the trace page are drawn and its matrix has its canvas.
const figuresDrawn = `document.querySelector("#gutter .arc") && document.querySelector("iframe.matrix")?.contentDocument?.querySelector("canvas")`

// follows moves the mouse over the matrix and over a row, and clicks into the matrix: text and figures show the same selection.
func follows(v *visitor) {
	v.run(chromedp.EmulateViewport(1440, 2000), chromedp.Evaluate(`scrollTo(0, 0)`, nil)) // so that the rows and the matrix are in it
	defer v.run(chromedp.EmulateViewport(1440, 900))
	v.until("the figures are there", figuresDrawn)
	place := eval[[]float64](v, `(({ x, y, width, height }) => [x, y, width, height])(document.querySelector("iframe.matrix").getBoundingClientRect())`)
	at := func(x, y float64) (float64, float64) { return place[0] + x*place[2], place[1] + y*place[3] }
	move := func(x, y float64) { v.run(chromedp.MouseEvent(input.MouseMoved, x, y)) }

	x, y := at(0.35, 0.85)
	move(at(0.36, 0.86))
	move(x, y)
	v.until("the matrix reports the step under the mouse", `latest("Hover")?.step >= 0 && document.querySelector(".row.hovered")`)
	step := eval[int](v, `latest("Hover").step`)
	if row := eval[string](v, `document.querySelector(".row.hovered").id`); row != fmt.Sprintf("step-%d", step) {
		v.Errorf("the mouse is at a cell of step %d, the text shows %s", step+1, row)
	}
	v.run(chromedp.MouseClickXY(x, y))
	v.until("a click into the matrix selects", fmt.Sprintf(`document.querySelector("#step-%d.selected") && location.hash.includes("step=%d")`, step, step+1))

	figure := func() (picture []byte) {
		v.run(chromedp.ActionFunc(func(ctx context.Context) (err error) {
			picture, err = page.CaptureScreenshot().WithClip(&page.Viewport{X: place[0], Y: place[1], Width: place[2], Height: place[3], Scale: 1}).Do(ctx)
			return err
		}))
		return picture
	}
	other := (step + 1) % len(newest[session.Trace](v).Steps)
	move(1, 1)
	v.until("the mouse has left", `latest("Hover").step === -1 && !document.querySelector(".row.hovered")`)
	time.Sleep(500 * time.Millisecond)
	before := figure()
	rest := eval[[]float64](v, fmt.Sprintf(`(({ x, y, width, height }) => [x + width / 2, y + height / 2])(document.querySelector("#step-%d .no").getBoundingClientRect())`, other))
	move(rest[0], rest[1])
	v.until("the text reports the step under the mouse", fmt.Sprintf(`latest("Hover").step === %d`, other))
	for end := time.Now().Add(patience); bytes.Equal(figure(), before); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			v.Fatal("the matrix does not follow the mouse over the text")
		}
	}
	move(1, 1)
}
