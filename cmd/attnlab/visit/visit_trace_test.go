//go:build !js && visit

package visit

import (
	"bytes"
	"fmt"
	"image/gif"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"attnlab/app/session"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestVisitTrace cuts every step of a trace from a link, on the host backend, and looks at what the page says about it.
func TestVisitTrace(t *testing.T) {
	t.Parallel()
	dir, _ := builtSite(t)
	n := &notes{}
	v := newVisitor(t, n, false)
	server := plainServer(t, dir, n)
	var losses session.StepLosses

	v.check("a link cuts every step", func(v *visitor) {
		v.open(server.URL + under + onHost + "#page=trace&seed=2&cut=all&samples=8")
		v.until("every step is cut", `latest("StepLosses")?.ranking && `+ready)
		losses = newest[session.StepLosses](v)
		tr := newest[session.Trace](v)
		if len(losses.Steps) != len(tr.Steps) || losses.Samples != 8 || losses.Steps[0].Cut.N != 8 || losses.Steps[0].FCI != nil {
			v.Fatalf("%d of %d steps, %+v", len(losses.Steps), len(tr.Steps), losses.Steps[0])
		}
		v.until("the verdict is shown", `document.querySelector("#cut-all .found .verdict")`)
		said := v.text("#cut-all .found .verdict")
		v.Logf("%s", said)
		if !strings.HasPrefix(said, fmt.Sprintf("%d step", losses.Ranking.N)) {
			v.Errorf("the verdict %q is not of %d steps", said, losses.Ranking.N)
		}
	})
	v.check("the figure is drawn and the table has its numbers", func(v *visitor) {
		v.run(chromedp.ScrollIntoView("#cut-all", chromedp.ByQuery))
		v.until("the figure is drawn", `document.querySelector("iframe.losses")?.contentDocument?.querySelector("canvas")?.getAttribute("aria-label")?.includes("Bars: accuracy lost")`)
		v.press(`#cut-all .as-table > summary`)
		v.until("the table is open", fmt.Sprintf(`document.querySelectorAll("#cut-all tbody tr").length === %d`, len(losses.Steps)))
		if row := v.text("#cut-all tbody tr"); !strings.Contains(row, "not scored") {
			v.Errorf("the first step is %q", row)
		}
		v.press(`#cut-all [data-do="rho:fci"], #cut-all [data-do="explain:rho:fci"]`)
		v.until("the correlation opens", `document.querySelector("#explanation:not([hidden])")?.textContent.includes("rank correlation of FCI")`)
		v.press(`#explanation [data-do="explain"]`)
	})
	v.check("a number that no field takes is refused", func(v *visitor) {
		v.enter(`[data-set="samples"]`, "1e9")
		v.until("the reason is shown", `document.querySelector("#field-samples-why")?.textContent.includes("whole number from 1 to 1,000") && document.querySelector("#field-samples").getAttribute("aria-invalid") === "true"`)
		v.enter(`[data-set="samples"]`, "8")
		v.until("the reason is gone", `!document.querySelector("#field-samples-why")`)
	})
	v.check("arcs stand beside their rows and light up", func(v *visitor) {
		v.run(chromedp.Evaluate(`scrollTo(0, 0)`, nil), chromedp.MouseEvent(input.MouseMoved, 1, 1)) // off the rows
		v.until("there are arcs", `document.querySelectorAll("#gutter .arc").length > 3`)
		// Each arrow ends at the middle of the number of a row, to a pixel.
		if off := eval[float64](v, `Math.max(...[...document.querySelectorAll("#gutter .arc .head")].map((head) => {
			const r = head.getBoundingClientRect(), y = r.top + r.height / 2;
			return Math.min(...[...document.querySelectorAll("#rows [data-range] > .no")].map((no) => { const q = no.getBoundingClientRect(); return Math.abs(q.top + q.height / 2 - y); }));
		}))`); off > 1.5 {
			v.Errorf("an arrow ends %.1f pixels beside its row", off)
		}
		all := eval[int](v, `document.querySelectorAll("#gutter .arc").length`)
		v.run(chromedp.Evaluate(`document.querySelector('#step-1 .no').focus()`, nil))
		v.until("the readers of step 2 are lit by the keyboard's focus", `document.querySelectorAll("#gutter .arc.reader").length > 0 && [...document.querySelectorAll("#gutter .arc.reader title")].every((t) => t.textContent.includes("looks at step 2:"))`)
		v.run(chromedp.Evaluate(`document.activeElement.blur()`, nil))
		v.run(chromedp.Focus(`#arc-legend input`, chromedp.ByQuery), chromedp.KeyEvent(kb.End))
		v.until("a threshold at the end of the scale leaves the strongest", fmt.Sprintf(`document.querySelectorAll("#gutter .arc").length < %d && document.querySelectorAll("#gutter .arc").length > 0`, all))
		v.run(chromedp.KeyEvent(kb.Home))
		v.until("without a threshold there are more", fmt.Sprintf(`document.querySelectorAll("#gutter .arc").length >= %d`, all))
		v.enterRange(5)
		if first := v.text("#step-0 .num"); first != "–" {
			v.Errorf("the first step, which is not scored, has the FCI %q", first)
		}
	})
	v.check("pictures of the trace", func(v *visitor) {
		v.shots("trace-gutter", ".middle")
		v.press("#step-2 > button")
		v.shots("trace-gutter-selected", ".middle")
	})
	v.check("pictures", func(v *visitor) { v.shots("trace-cut", "#cut-all") })
	v.edits(server.URL + under + onHost)
	if lines := n.all(); len(lines) > 0 {
		t.Errorf("during the visit:\n%s", strings.Join(lines, "\n"))
	}
}

// enterRange sets the threshold of arcs.
func (v *visitor) enterRange(steps int) {
	v.Helper()
	for range steps {
		v.run(chromedp.KeyEvent(kb.ArrowRight))
	}
}

// shots saves pictures of a place of the page, wide and narrow, light and dark, in the ignored folder shots.
func (v *visitor) shots(name, place string) {
	v.Helper()
	v.shotsAfter(1500*time.Millisecond, name, place) // without a GPU a figure redraws once a second
}

// dialogShots saves pictures of the dialog, which has no figures to wait for.
func (v *visitor) dialogShots(name string) {
	v.Helper()
	v.shotsAfter(0, name, "#dialog")
}

// shotsAfter is shots with a pause before each picture.
func (v *visitor) shotsAfter(pause time.Duration, name, place string) {
	v.Helper()
	folder := filepath.Join("..", "..", "..", "shots")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		v.Fatal(err)
	}
	for _, size := range [][2]int64{{1440, 900}, {390, 844}} {
		for _, theme := range []string{"light", "dark"} {
			var data []byte
			v.look(theme)
			v.run(chromedp.EmulateViewport(size[0], size[1]),
				chromedp.Evaluate(fmt.Sprintf(`document.querySelector(%q).scrollIntoView({ block: "start" }), scrollBy(0, -64), new Promise((done) => setTimeout(done, 400))`, place), nil, awaited))
			time.Sleep(pause)
			v.run(chromedp.CaptureScreenshot(&data))
			if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%s-%dx%d-%s.png", name, size[0], size[1], theme)), data, 0o644); err != nil {
				v.Fatal(err)
			}
			if wide := eval[int](v, "document.documentElement.scrollWidth"); wide > int(size[0]) {
				v.Errorf("%s: the page is %d wide at %d", name, wide, size[0])
			}
		}
	}
	v.run(chromedp.EmulateViewport(1440, 900))
	v.look("")
}

// TestVisitFollowed trains a short run on the host backend and looks at its answers to one problem beside those of the base.
func TestVisitFollowed(t *testing.T) {
	t.Parallel()
	dir, _ := builtSite(t)
	n := &notes{}
	v := newVisitor(t, n, false)
	server := plainServer(t, dir, n)
	downloads := t.TempDir()
	v.check("a run answers one problem as it learns", func(v *visitor) {
		v.open(server.URL + under + onHost + "#page=train&method=tlmre&model=chain-tiny&steps=3&probe=8&h.problems=4&h.group=4")
		top := func() int {
			return eval[int](v, `Math.round(document.querySelector("#run-buttons").getBoundingClientRect().top + scrollY)`)
		}
		before := top()
		v.press(`#run-buttons [data-do="train"]`)
		v.runs("a step is taken", `latest("Run")?.info.step >= 1`)
		if now := top(); now != before {
			v.Errorf("the buttons of the run moved from %d to %d when it started", before, now)
		}
		v.runs("the run is complete", `latest("Run")?.info.state === "done" && latest("Followed")?.answers.length >= 4`)
		f := newest[session.Followed](v)
		last := f.Answers[len(f.Answers)-1]
		v.Logf("%d answers; the base writes %d tokens, the run %d", len(f.Answers), len(f.Answers[0].Text), len(last.Text))
		if last.Step != 3 || len(last.Change) != len(last.Text) || len(last.OnFirst) != len(f.Answers[0].Text) {
			v.Errorf("the last answer is %+v", last)
		}
		v.until("the figure is drawn", `document.querySelector("iframe.followed")?.contentDocument?.querySelector("canvas")?.getAttribute("aria-label")?.includes("after 3 steps")`)
	})
	v.check("the slider goes through the run", func(v *visitor) {
		v.run(chromedp.ScrollIntoView("#followed", chromedp.ByQuery), chromedp.Focus(`#followed input[type=range]`, chromedp.ByQuery), chromedp.KeyEvent(kb.Home))
		v.until("the base is shown", `document.querySelector("#followed .verdict").textContent.startsWith("Before training:")`)
		v.until("the figure follows", `document.querySelector("iframe.followed").contentDocument.querySelector("canvas").getAttribute("aria-label").includes("after 0 steps")`)
		v.run(chromedp.KeyEvent(kb.End))
		v.until("the end is shown", `document.querySelector("#followed .verdict").textContent.includes("After step 3")`)
	})
	v.check("one click saves a film", func(v *visitor) {
		v.run(browser.SetDownloadBehavior(browser.SetDownloadBehaviorBehaviorAllow).WithDownloadPath(downloads))
		v.press(`[data-do="figure-gif:followed"]`)
		path := filepath.Join(downloads, "attnlab-followed.gif")
		var film *gif.GIF
		for end := time.Now().Add(patience); film == nil; time.Sleep(200 * time.Millisecond) {
			if data, err := os.ReadFile(path); err == nil {
				film, _ = gif.DecodeAll(bytes.NewReader(data)) // it may not be whole yet
			}
			if time.Now().After(end) {
				v.Fatal("no film was saved")
			}
		}
		if frames := len(newest[session.Followed](v).Answers); len(film.Image) != frames || film.Config.Width < 300 {
			v.Errorf("the film has %d frames of %d answers, %d pixels wide", len(film.Image), frames, film.Config.Width)
		}
	})
	v.check("both ends answer a typed problem", func(v *visitor) {
		v.press(`#followed [data-do="fold:follow"]`)
		v.until("the field is there", `document.querySelector("#follow-text")`)
		v.run(chromedp.SendKeys("#follow-text", "k 8 ; o 4 ; b &k + &o ; j &b - &o ; ? j", chromedp.ByQuery))
		v.press(`[data-do^="follow-typed:"]`)
		v.until("two answers are there", `latest("Followed")?.typed && latest("Followed").answers.length === 2 && document.querySelector("#followed .chosen-step").textContent.includes("→ 8")`)
		v.press(`#followed .follow-typed [data-do^="follow-run:"]`)
		v.until("the run's own problem is back", `!latest("Followed").typed && latest("Followed").answers.length >= 4`)
	})
	v.check("pictures", func(v *visitor) { v.shots("followed", "#followed") })
	v.check("a shipped run has its answers", func(v *visitor) {
		v.press(`nav [data-do="page:compare"]`)
		v.press(`.contender [data-do="run-menu:shipped-tlmre-1"]`)
		v.press(`.contender [data-do="follow-run:shipped-tlmre-1"]`)
		v.until("its answers are shown", `latest("Followed")?.id === "shipped-tlmre-1" && document.querySelector("#followed .verdict")?.textContent.startsWith("After step")`)
		f := newest[session.Followed](v)
		first, last := f.Answers[0], f.Answers[len(f.Answers)-1]
		if len(f.Answers) < 10 || len(last.Text) >= len(first.Text) || last.Change == nil {
			v.Errorf("%d answers, of %d and then %d tokens", len(f.Answers), len(first.Text), len(last.Text))
		}
		v.press(`nav [data-do="page:train"]`)
		v.until("the Train page shows those of its run again", `latest("Followed").id === latest("Run").info.id && document.querySelector("#followed .verdict")`)
	})
	v.check("another tab leaves a run alone", func(v *visitor) {
		v.run(chromedp.Navigate("about:blank"))
		v.open(server.URL + under + onHost + "#page=train&method=tlmre&model=chain-tiny&steps=20000&probe=8&h.problems=2&h.group=2")
		v.press(`#run-buttons [data-do="train"]`)
		v.runs("a step is saved", `latest("Run")?.kept >= 1`)
		other := v.tab()
		other.open(server.URL + under + onHost + "#page=train")
		other.until("it says where the run trains", `document.querySelector(".banners").textContent.includes("trains in another tab")`)
		if eval[bool](other, `!!document.querySelector('[data-do^="resume-run:"]')`) {
			v.Error("the run can be resumed in two tabs")
		}
		v.run(page.BringToFront())
		at := eval[int](v, `latest("Run").info.step`)
		v.runs("the run goes on", fmt.Sprintf(`latest("Run").info.step > %d`, at))
		v.press(`#run-buttons [data-do="train-stop"]`)
	})
	if lines := n.all(); len(lines) > 0 {
		t.Errorf("during the visit:\n%s", strings.Join(lines, "\n"))
	}
}
