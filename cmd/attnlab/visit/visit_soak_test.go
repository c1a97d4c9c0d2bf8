//go:build !js && visit

package visit

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"attnlab/app/session"

	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// soakRun is a run that does not end during the test. Its training steps are small, so that there are many.
const soakRun = "#page=train&model=chain-tiny&run-difficulty=2-3&steps=100000&probe=16&h.problems=4&h.group=4"

// footprint is the memory of the lab, in MB.
type footprint struct {
	heap, screens, worker float64 // JavaScript of the page and its figures; Go of the same; Go of the Worker
	processes             float64 // resident, of all of Chromium
}

// wasmSeen makes every document remember the instances of its programs, whose memory is Go's.
const wasmSeen = `for (const name of ["instantiate", "instantiateStreaming"]) {
	const begin = WebAssembly[name];
	WebAssembly[name] = async (...given) => {
		const made = await begin.apply(WebAssembly, given);
		(globalThis.programs ??= []).push(made.instance ?? made);
		return made;
	};
}`

// TestVisitSoak trains for half a minute, or ATTNLAB_SOAK_MINUTES, with figures shown and keys pressed: memory does not grow, figures
// keep drawing, and the page keeps responding.
func TestVisitSoak(t *testing.T) {
	length := 30 * time.Second
	if text := os.Getenv("ATTNLAB_SOAK_MINUTES"); text != "" {
		minutes, err := strconv.ParseFloat(text, 64)
		if err != nil || !(minutes > 0) {
			t.Fatalf("ATTNLAB_SOAK_MINUTES is %q; give a number of minutes", text)
		}
		length = time.Duration(minutes * float64(time.Minute))
	}
	dir, _ := builtSite(t)
	n := &notes{}
	v := newVisitor(t, n, true)
	server := plainServer(t, dir, n)
	v.run(chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := page.AddScriptToEvaluateOnNewDocument(wasmSeen).Do(ctx)
		return err
	}))
	v.open(server.URL + under + onGPU + soakRun)
	v.press(`#run-buttons [data-do="train"]`)
	v.runs("a step is taken", `latest("Run")?.info.step >= 1 && document.querySelector("#rollouts h2")`)
	v.until("the curves are drawn", `document.querySelector("iframe.curves")?.contentDocument?.querySelector("canvas")`)
	eval[bool](v, stopwatch+`("#rollouts h2")`)

	const parts = 10
	var all, frames []float64
	var prints []footprint
	var curves []byte
	drawn := 0 // training step of that picture
	begun := time.Now()
	for part := range parts {
		var times []float64
		for asked := 0; asked == 0 || time.Since(begun) < length*time.Duration(part+1)/parts; {
			if asked == 0 {
				time.Sleep(time.Second) // the measurement before delayed the page
			}
			frames = append(frames, eval[float64](v, `(answered = 0, frame())`))
			if asked%2 == 0 {
				v.press(`#rollouts [data-do="group-next"]`)
			} else {
				v.run(chromedp.KeyEvent("n"))
			}
			asked++
			v.until("it is answered", `answered > 0`)
			times = append(times, eval[float64](v, `answered`))
			if asked%4 == 0 {
				v.run(chromedp.KeyEvent(kb.ArrowDown)) // the credit of another rollout
			}
			time.Sleep(min(2*time.Second, length/60))
		}
		all = append(all, times...)
		slices.Sort(times)
		now := v.footprint()
		prints = append(prints, now)
		r := newest[session.Run](v)
		v.Logf("%4.1f min, step %5d, %3.0f tokens/s: %3d answers, median %3.0f ms, 95th percentile %3.0f ms; MB: heap %.1f, screens %.1f, Worker %.1f, processes %.0f",
			time.Since(begun).Minutes(), r.Info.Step, r.Rate, len(times), times[len(times)/2], times[len(times)*95/100], now.heap, now.screens, now.worker, now.processes)
		picture := v.clip("iframe.curves")
		for end := time.Now().Add(patience); bytes.Equal(picture, curves); picture = v.clip("iframe.curves") { // a figure is drawn once a second
			if time.Now().After(end) {
				v.Fatalf("the curves have not moved from step %d to %d", drawn, newest[session.Run](v).Info.Step)
			}
			time.Sleep(200 * time.Millisecond)
		}
		curves, drawn = picture, r.Info.Step
	}
	slices.Sort(all)
	slices.Sort(frames)
	median, p95, frame := all[len(all)/2], all[len(all)*95/100], frames[len(frames)/2]
	v.Logf("%d answers in %.1f minutes: median %.0f ms, 95th percentile %.0f ms, slowest %.0f ms; an empty frame %.0f ms by the median", len(all), length.Minutes(), median, p95, all[len(all)-1], frame)
	long := length >= 10*time.Minute
	if long && p95 > 100 || slow(median, frame) { // a short soak has too few answers for a 95th percentile
		t.Errorf("the answers took %.0f ms by the median and %.0f at the 95th percentile; want 100 there on an idle machine, and a median of 200 or of %d frames of %.0f ms on any", median, p95, mostFrames, frame)
	}
	if long { // by the third part everything is loaded and compiled
		for _, m := range []struct {
			what string
			of   func(footprint) float64
			room float64 // MB
		}{
			{"JavaScript", func(f footprint) float64 { return f.heap }, 3}, {"the screens' Go", func(f footprint) float64 { return f.screens }, 2},
			{"the Worker's Go", func(f footprint) float64 { return f.worker }, 2}, {"Chromium", func(f footprint) float64 { return f.processes }, 150},
		} {
			if early, late := m.of(prints[2]), m.of(prints[parts-1]); late > early+m.room {
				v.Errorf("the memory of %s grew from %.1f to %.1f MB", m.what, early, late)
			}
		}
	}
	v.check("hidden tab", hides)
	v.check("the screen stays awake", staysAwake)
	v.press(`#run-buttons [data-do="train"]`)
	v.runs("the run is paused", ready+` && latest("Run")?.info.state === "paused"`)
	for _, line := range n.all() {
		t.Errorf("%s", line)
	}
}

// hides makes the page believe that its tab is hidden, and then shown again: training has continued, and the page reports it.
func hides(v *visitor) {
	hidden := func(is bool) {
		eval[bool](v, fmt.Sprintf(`(Object.defineProperty(document, "hidden", { value: %v, configurable: true }), document.dispatchEvent(new Event("visibilitychange")))`, is))
	}
	hidden(true)
	at := newest[session.Run](v).Info.Step
	v.runs("training continues", fmt.Sprintf(`latest("Run")?.info.step >= %d`, at+2))
	hidden(false)
	v.until("the page reports it", `document.body.textContent.includes("Training continued while this tab was hidden")`)
}

// staysAwake checks that the page asks the browser to keep the screen awake, and releases the lock again.
func staysAwake(v *visitor) {
	eval[bool](v, `(() => {
		globalThis.locks = [];
		const lock = { released: false, release() { lock.released = true; return Promise.resolve(); } };
		navigator.wakeLock.request = (kind) => { locks.push(kind); globalThis.lock = lock; return Promise.resolve(lock); };
		return true;
	})()`)
	v.press(`[data-set="awake"]`)
	v.until("the browser keeps the screen awake", `locks.join() === "screen"`)
	v.press(`[data-set="awake"]`)
	v.until("it may sleep again", `lock.released`)
}

// clip is a picture of an element.
func (v *visitor) clip(selector string) (picture []byte) {
	v.Helper()
	v.run(chromedp.Screenshot(selector, &picture, chromedp.ByQuery))
	return picture
}

// footprint measures the memory of the lab.
func (v *visitor) footprint() (f footprint) {
	v.Helper()
	const MB = 1 << 20
	v.run(heapprofiler.CollectGarbage(), chromedp.ActionFunc(func(ctx context.Context) error {
		used, _, _, _, err := runtime.GetHeapUsage().Do(ctx)
		f.heap = used / MB
		return err
	}))
	const memory = `.reduce((sum, p) => sum + p.exports.mem.buffer.byteLength, 0)`
	f.screens = eval[float64](v, `[globalThis, ...[...document.querySelectorAll("iframe")].map((f) => f.contentWindow)].flatMap((w) => w.programs ?? [])`+memory) / MB
	f.worker = v.workerMemory() / MB
	f.processes = residentBelow(v, chromedp.FromContext(v.ctx).Browser.Process().Pid) / MB
	return f
}

// workerMemory is the size of the WebAssembly memory of the engine's Worker, in bytes. It never shrinks, so this is its peak.
func (v *visitor) workerMemory() (bytes float64) {
	v.Helper()
	targets, err := target.GetTargets().Do(v.browserOf())
	if err != nil {
		v.Fatal(err)
	}
	at := slices.IndexFunc(targets, func(of *target.Info) bool { return of.Type == "worker" })
	if at < 0 {
		v.Fatal("there is no Worker")
	}
	worker, leave := chromedp.NewContext(v.ctx, chromedp.WithTargetID(targets[at].TargetID))
	defer leave()
	if err := chromedp.Run(worker, chromedp.Evaluate(`wasm.instance.exports.mem.buffer.byteLength`, &bytes)); err != nil {
		v.Fatal(err)
	}
	return bytes
}

// residentBelow is the resident memory of a process and all its descendants, in bytes.
func residentBelow(v *visitor, pid int) float64 {
	v.Helper()
	parents, resident := map[int]int{}, map[int]float64{}
	entries, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		v.Fatal(err)
	}
	for _, path := range entries {
		data, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		id, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:])) // from the third field on
		parents[id], _ = strconv.Atoi(fields[1])
		pages, _ := strconv.ParseFloat(fields[21], 64)
		resident[id] = pages * float64(os.Getpagesize())
	}
	sum := 0.0
	for id := range resident {
		for at := id; at != 0; at = cmp.Or(parents[at], 0) {
			if at == pid {
				sum += resident[id]
				break
			}
		}
	}
	return sum
}
