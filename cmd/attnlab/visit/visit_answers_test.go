//go:build !js && visit

package visit

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"attnlab/app/session"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// rounds is how often a measurement of time may be repeated. One of them must stay within the bound: other work on the machine can
// slow a page down, so a single slow round does not show a fault of the page. Bounds are ratios of times of one round.
const rounds = 3

// longTasks measures how long tasks of over 50 ms block the page while the engine samples a response and the figures are folded. An
// idle machine has none. A page that sampled in its own thread would be blocked all the time.
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
		begin := eval[float64](v, `performance.now()`)
		v.press(`#sampling [data-do="regenerate"]`)
		v.until("another response is complete", fmt.Sprintf(`document.querySelector(".engine.ready") && /"number":(\d+)/.exec(received.Trace)[1] > %d && received.Trace.includes('"complete":true')`, before))
		took := eval[float64](v, `performance.now()`) - begin
		tasks := eval[[]float64](v, `new Promise((done) => setTimeout(() => done(long), 300))`) // the last is reported a little later
		blocked := 0.0
		for _, task := range tasks {
			blocked += task
		}
		v.Logf("%d tasks of the main thread over 50 ms: %.0f, in %.0f ms", len(tasks), tasks, took)
		if blocked < took/2 {
			return
		}
	}
	v.Errorf("in each round tasks of over 50 ms blocked the page for half of the time")
}

// during logs the tasks of the main thread that take over 50 ms while do drives a panel: how many there are, and the longest. On an idle machine
// there are none; on a busy one every task takes longer, so it fails only where they block the page for half of the time.
func (v *visitor) during(panel string, do func()) {
	v.Helper()
	eval[int](v, `long.length = 0`)
	begin := eval[float64](v, `performance.now()`)
	do()
	tasks := eval[[]float64](v, `new Promise((done) => setTimeout(() => done([...long, 0]), 300))`) // the last is reported a little later
	took, blocked := eval[float64](v, `performance.now()`)-begin, 0.0
	for _, task := range tasks {
		blocked += task
	}
	v.Logf("long tasks, %s: %d, longest %.0f ms, in %.1f s", panel, len(tasks)-1, slices.Max(tasks), took/1000)
	if blocked > took/2 {
		v.Errorf("%s: tasks of over 50 ms blocked the page for %.0f of %.0f ms: %.0f", panel, blocked, took, tasks)
	}
}

// samples is how many keys and clicks are timed.
const samples = 30

// stopwatch sets answered to the milliseconds between a key or a click and the end of the frame that first shows its effect: a change of
// an element's content or of the classes in it. The function frame resolves to what a frame takes now without any effect: as long as the
// machine and what runs on it need to draw at all.
const stopwatch = `((selector) => {
	globalThis.answered = 0;
	let asked = 0;
	const drawn = (then) => requestAnimationFrame(() => {
		const channel = new MessageChannel();
		channel.port1.onmessage = then;
		channel.port2.postMessage(0);
	});
	globalThis.frame = () => new Promise((done) => { const from = performance.now(); drawn(() => done(performance.now() - from)); });
	for (const type of ["keydown", "click"]) addEventListener(type, (e) => { asked = e.timeStamp; }, true);
	new MutationObserver(() => {
		const from = asked;
		if (!from) return;
		asked = 0;
		drawn(() => { answered = performance.now() - from; });
	}).observe(document.querySelector(selector), { subtree: true, childList: true, characterData: true, attributeFilter: ["class"] });
	return true;
})`

// mostFrames is how many empty frames of the same minute the answer to a key or click may take.
const mostFrames = 10

// slow returns whether answers take too long: longer than 200 ms, and than [mostFrames] frames. On an idle machine the 95th percentile is
// below 100 ms; other work delays frames and answers alike.
func slow(answer, frame float64) bool { return answer > max(200, mostFrames*frame) }

// answers times keys and clicks while the figures are on screen.
func answers(v *visitor) {
	v.until("the figures are there", figuresDrawn)
	v.press("#step-0 > button")
	v.until("step 1 is selected", `document.querySelector("#step-0.selected")`)
	eval[bool](v, stopwatch+`("#rows")`)
	K := len(newest[session.Trace](v).Steps)
	fair := false
	for range rounds {
		var times, frames []float64
		for i := range samples {
			frames = append(frames, eval[float64](v, `(answered = 0, frame())`))
			if next := (i + 1) % K; i%2 == 0 || next == 0 {
				v.press(fmt.Sprintf("#step-%d > button", next))
			} else {
				v.run(chromedp.KeyEvent(kb.ArrowDown))
			}
			v.until("it is answered", `answered > 0`)
			times = append(times, eval[float64](v, `answered`))
			time.Sleep(250 * time.Millisecond) // as a person would
		}
		slices.Sort(times)
		slices.Sort(frames)
		p95, frame := times[samples*95/100], frames[samples*95/100]
		v.Logf("%d keys and clicks with figures shown: median %.0f ms, 95th percentile %.0f ms, slowest %.0f ms; an empty frame %.0f and %.0f ms", samples, times[samples/2], p95, times[samples-1],
			frames[samples/2], frame)
		if fair = fair || !slow(p95, frame); p95 <= 100 {
			return
		}
	}
	if !fair {
		v.Errorf("the 95th percentile of the answers was never within 200 ms or %d frames", mostFrames)
	}
}

// figuresDrawn is true when the arcs of the trace page are drawn and its matrix has its canvas.
const figuresDrawn = `document.querySelector("#gutter .arc") && document.querySelector("iframe.matrix")?.contentDocument?.querySelector("canvas")`

// follows moves the mouse over the matrix and over a row, and clicks into the matrix: text and figures show the same selection.
func follows(v *visitor) {
	v.press(`nav [data-do="page:trace"]`)
	v.run(chromedp.EmulateViewport(1440, 2000), chromedp.Evaluate(`scrollTo(0, 0)`, nil)) // so that the rows and the matrix are in it
	defer v.run(chromedp.EmulateViewport(1440, 900))
	v.until("the figures are there", figuresDrawn)
	place := eval[[]float64](v, `(({ x, y, width, height }) => [x, y, width, height])(document.querySelector("iframe.matrix").getBoundingClientRect())`)
	at := func(x, y float64) (float64, float64) { return place[0] + x*place[2], place[1] + y*place[3] }
	move := func(x, y float64) { v.run(chromedp.MouseEvent(input.MouseMoved, x, y)) }

	x, y := at(0.35, 0.85)
	v.moves("the text shows the step that the matrix reports under the mouse", `document.querySelector(".row.hovered")?.id === "step-" + latest("Hover")?.step`,
		func(i float64) { move(x+i, y+i) })
	move(x, y)
	v.until("the mouse rests", `document.querySelector(".row.hovered")?.id === "step-" + latest("Hover")?.step`)
	step := eval[int](v, `latest("Hover").step`)
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
	v.moves("the text reports the step under the mouse", fmt.Sprintf(`latest("Hover").step === %d`, other), func(i float64) { move(rest[0]+i, rest[1]) })
	for end := time.Now().Add(patience); bytes.Equal(figure(), before); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			v.Fatal("the matrix does not follow the mouse over the text")
		}
	}
	move(1, 1)
}

// moves moves the mouse by a pixel, to and fro, until an expression is true: what it is over may not have been drawn at first.
func (v *visitor) moves(what, expression string, move func(i float64)) {
	v.Helper()
	end := time.Now().Add(patience)
	for i := 0; !eval[bool](v, "!!("+expression+")"); i++ {
		if time.Now().After(end) {
			v.Fatalf("not within %v: %s", patience, what)
		}
		move(float64(i % 2))
		time.Sleep(100 * time.Millisecond)
	}
}
