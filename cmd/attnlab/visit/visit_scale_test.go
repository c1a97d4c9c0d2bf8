//go:build !js && visit

package visit

import (
	"encoding/json"
	"fmt"
	"image"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"attnlab/app/lab/labtest"
	"attnlab/app/session"

	"github.com/chromedp/chromedp"
)

// A trace of the size of a real model's, 30 layers of 9 heads and 300 steps, can be walked: what the page draws for an interaction does not
// grow with the length of the trace. The test plays the engine, so that the numbers are ready at once.
func TestVisitALongTrace(t *testing.T) {
	dir, _ := builtSite(t)
	n := &notes{}
	server := plainServer(t, dir, n)
	v := newVisitor(t, n, false)
	v.open(server.URL + under)
	v.until("figures may load", `document.querySelector("iframe.matrix")?.contentDocument?.querySelector("canvas")`)

	nodes := map[string]int{}
	record := v.records()
	changes := map[string]int{}
	for _, c := range []struct {
		name  string
		trace session.Trace
		steps int
	}{{"short", shortOf(labtest.Long(session.NoSelection), 10), 10}, {"long", labtest.Long(session.NoSelection), labtest.LongSteps}} {
		record.mark(c.name + ", arrives")
		v.showTrace(c.trace)
		v.until("the trace is there", fmt.Sprintf(`document.querySelector(".verdict").textContent.includes("%d steps") && document.querySelectorAll("#rows .row[data-do]").length > 0`, c.steps))
		time.Sleep(time.Second)
		record.mark(c.name + ", steps by keys")
		// Steps by the keys, from end to end; scrolling; a head; the Heads page, ranked and by layer.
		v.run(chromedp.Evaluate(`document.activeElement?.blur()`, nil))
		eval[bool](v, `(globalThis.changes = 0, globalThis.counter?.disconnect(), globalThis.counter = new MutationObserver((list) => { globalThis.changes += list.length; }),
			counter.observe(document.getElementById("lab"), { subtree: true, childList: true, attributes: true, characterData: true }), true)`)
		for k := range 6 {
			v.run(chromedp.KeyEvent("j"))
			v.until("the next step is selected", fmt.Sprintf(`document.getElementById("step-%d")?.classList.contains("selected")`, k))
		}
		time.Sleep(300 * time.Millisecond)
		changes[c.name] = eval[int](v, `(counter.disconnect(), changes)`)
		record.mark(c.name + ", the last step and back")
		v.selects(c.steps - 2)
		v.until("the row of the selected step is in view", fmt.Sprintf(`((row, box) => row && row.getBoundingClientRect().bottom <= (box ? box.getBoundingClientRect().bottom : 1e9) + 1)(document.getElementById("step-%d"), document.getElementById("rows-box"))`, c.steps-2))
		v.run(chromedp.Evaluate(`document.getElementById("rows-box")?.scrollTo(0, 0)`, nil))
		v.until("the first row is there", `document.getElementById("step-0")`)
		nodes[c.name] = max(nodes[c.name], eval[int](v, `document.querySelectorAll("#rows *, #gutter *").length`))
		record.mark(c.name + ", the Heads page")
		v.press(`[data-do="page:heads"]`)
		v.until("the heads are there", `document.querySelectorAll("#grid .cell").length === 270`)
		record.mark(c.name + ", heads ranked")
		v.run(chromedp.KeyEvent("q"))
		v.until("the heads are ranked", `document.querySelectorAll("#grid tbody tr").length === 60`)
		v.press(`[data-do="grid:receiver"]`)
		v.until("another measure ranks them", `document.querySelector("#grid [aria-sort=descending]").textContent.includes("receiver")`)
		record.mark(c.name + ", by layer, heads sought")
		v.run(chromedp.KeyEvent("q"))
		v.enter("#head-sought", "layer 20")
		v.until("a layer was sought", `document.querySelectorAll("#grid .cell").length === 9`)
		v.enter("#head-sought", "16,2")
		v.until("a head was sought", `document.querySelectorAll("#grid .cell").length === 1`)
		v.press(`[data-do="head-found"]`)
		v.until("it is selected", `document.querySelector("#grid .cell.selected")`)
		v.enter("#head-sought", "x")
		record.mark(c.name + ", back to the trace")
		v.press(`[data-do="page:trace"]`)
		v.until("the trace is back", `document.querySelectorAll("#rows .row[data-do]").length > 0`)
		time.Sleep(500 * time.Millisecond)
		v.run(chromedp.KeyEvent("\x1b"))
	}
	t.Logf("elements of rows and arcs: %v; changes of the page while six steps are selected: %v", nodes, changes)
	// A row of 7 tokens has some 25 elements and an arc 5. Of 300 steps at most 4 blocks of 20 rows are near a box of 900 pixels.
	if most := 80*40 + 200*5; nodes["long"] > most {
		t.Errorf("300 steps have %d elements, want at most %d", nodes["long"], most)
	}
	// What a selection changes is the same but for the scores of heads of the step.
	if changes["short"] == 0 || changes["long"] > 2*changes["short"]+200 {
		t.Errorf("selecting six steps changes the page %v times", changes)
	}
	// The walk: a trace arrives, steps by keys and by another screen, the Heads page with its lists and searches, and back. From step to step no task is
	// long. Where a page comes or a trace arrives some still are, but none as long as when a page was drawn at once.
	walked, slower := record.end()
	byClock, long := 0, map[string][]float64{}
	for _, one := range walked {
		if one.wall > 50 {
			byClock++
		}
		most := 150.0
		if strings.HasSuffix(one.of, "steps by keys") || strings.HasSuffix(one.of, "the last step and back") {
			most = 50
		}
		if one.calm > most {
			t.Errorf("a task of the main thread takes over %.0f ms: %v", most, one)
		}
		if one.calm > 50 {
			long[one.of] = append(long[one.of], math.Round(one.calm))
		}
	}
	t.Logf("%d tasks, those over 50 ms of processor time: %v; other work slowed them by %.2f, and %d take over 50 ms by the clock", len(walked), long, slower, byClock)

	v.showTrace(labtest.Long(session.Selection{Step: 40, Token: -1, Layer: 3, Head: 4, Node: -1}))
	v.selects(40)
	v.until("the long trace is there", `document.querySelector(".verdict").textContent.includes("300 steps")`)
	v.everySize("long-trace")
	v.press(`[data-do="page:heads"]`)
	v.everySize("long-heads")
	for _, line := range n.all() {
		t.Error(line)
	}
}

// shortOf is the beginning of a trace: its first steps and the answer.
func shortOf(t session.Trace, steps int) session.Trace {
	n, K := steps+2, len(t.Steps)
	square := func(at func(from int)) {
		for j := range n {
			for k := range n {
				of := func(i int) int {
					if i == n-1 {
						return K + 1
					}
					return i
				}
				at(of(j)*(K+2) + of(k))
			}
		}
	}
	attention, heads := session.Densities{}, session.HeadOf{}
	square(func(from int) { attention, heads = append(attention, t.Attention[from]), append(heads, t.Of[from]) })
	gap := t.Steps[steps].Start - t.Answer[0]
	t.Steps, t.Attention, t.Of = t.Steps[:steps], attention, heads
	t.FCI, t.FCIOf = t.FCI[:steps], t.FCIOf[:steps]
	end := t.Answer[1] + gap
	t.Tokens, t.Text, t.LogProbs, t.Entropy, t.Received = t.Tokens[:end], t.Text[:end], t.LogProbs[:end], t.Entropy[:end], t.Received[:end]
	t.Think[1], t.Answer[0], t.Answer[1] = t.Think[1]+gap, t.Answer[0]+gap, end
	scores := slices.Clone(t.StepScores)
	for i := range scores {
		scores[i].Values = scores[i].Values[:steps]
	}
	t.StepScores = scores
	return t
}

// shown counts the traces that a test has sent; they are newer than the engine's.
var shown uint64 = 1 << 40

// showTrace plays the engine: it sends a trace to all screens.
func (v *visitor) showTrace(t session.Trace) {
	v.Helper()
	shown++
	t.Number = shown
	v.say(t)
}

// say sends a message to all screens of the session.
func (v *visitor) say(message any) {
	v.Helper()
	text, err := session.Encode(message)
	if err != nil {
		v.Fatal(err)
	}
	quoted, err := json.Marshal(string(text))
	if err != nil {
		v.Fatal(err)
	}
	v.run(chromedp.Evaluate(fmt.Sprintf(`channel.postMessage(%s)`, quoted), nil))
}

// selects selects a step, as another screen does.
func (v *visitor) selects(step int) {
	v.Helper()
	to := session.NoSelection
	to.Step = step
	v.say(session.Select{Selection: to})
}

// everySize saves pictures of the page, wide and narrow, light and dark.
func (v *visitor) everySize(name string) {
	v.Helper()
	for _, size := range []image.Point{{1440, 900}, {390, 844}} {
		for _, theme := range []string{"light", "dark"} {
			v.shoot(name, size, 1, theme)
		}
	}
}
