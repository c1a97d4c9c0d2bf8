//go:build !js && visit

package visit

import (
	"fmt"
	"strings"
	"testing"

	"attnlab/app/session"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestVisitTwoRuns trains two runs in turn on SwiftShader, reads their rollouts by the keyboard, loads the page again in the middle, and lets one press
// resume both.
func TestVisitTwoRuns(t *testing.T) {
	t.Parallel()
	dir, _ := builtSite(t)
	n := &notes{}
	v := newVisitor(t, n, true)
	server := plainServer(t, dir, n)
	both := func(step int) string {
		return fmt.Sprintf(`latest("Run")?.info.step === %d && latest("Beside")?.info.step === %d && %s`, step, step, ready)
	}
	v.check("one step of each", func(v *visitor) {
		v.open(server.URL + under + onGPU + strings.Replace(smallRun, "steps=10", "steps=3", 1) + "&method=grpo&beside=tlmre")
		v.until("the run can begin", `document.querySelector('#run-buttons [data-do="train-step"]:not(:disabled)')`)
		v.during("two runs, one step of each", func() {
			v.press(`#run-buttons [data-do="train-step"]`)
			v.runs("both have taken it", both(1))
		})
		if c := newest[session.Capabilities](v); c.Backend != "webgpu" {
			v.Errorf("it runs on %s", c.Backend)
		}
	})
	v.check("rollouts by the keyboard", func(v *visitor) {
		v.until("they are listed", `document.querySelectorAll("#pairs tr.rollout").length === 4`)
		v.during("rollouts of both runs", func() {
			v.run(chromedp.Focus(`#pairs tr.rollout:nth-child(2) button`, chromedp.ByQuery), chromedp.KeyEvent(kb.Enter))
			v.until("the second pair is set side by side", `document.querySelector("#pairs .verdict").textContent.startsWith("Rollouts 2 ") && document.querySelector("#pairs tr.rollout:nth-child(2) [aria-pressed=true]")`)
			v.run(chromedp.Focus(`#pairs [data-do="pair-next"]`, chromedp.ByQuery), chromedp.KeyEvent(kb.Enter))
			v.until("the next problem is shown", `latest("PairedRollouts")?.problem === 1 && document.querySelector("#pairs h2").textContent.includes("problem 2 of 4")`)
		})
		v.run(chromedp.EmulateViewport(390, 844))
		if wide := eval[[]string](v, `[...document.querySelectorAll("#pairs .stacks tbody *")].filter((e) => e.getBoundingClientRect().right > innerWidth).map((e) => e.textContent)`); len(wide) > 0 {
			v.Errorf("on a phone these parts of the table are cut: %q", wide)
		}
		v.run(chromedp.EmulateViewport(1440, 900))
		v.shotsAfter(0, "two-runs-pairs", "#pairs")
	})
	v.check("one press resumes both after a reload", func(v *visitor) {
		v.run(chromedp.Reload(), chromedp.Evaluate(ear, nil))
		v.runs("the engine is ready again", ready)
		v.until("both can be resumed", `document.querySelector('#resume-banner [data-do="resume-both"]:not(:disabled)')`)
		if says := v.text("#resume-banner p"); !strings.Contains(says, "GRPO at step 1 of 3 and TLMRE at step 1 of 3") {
			v.Errorf("the visitor reads %q", says)
		}
		v.shotsAfter(0, "two-runs-resume", "#resume-banner")
		v.press(`#resume-banner [data-do="resume-both"]`)
		v.runs("both are done", both(3))
		if first, second := newest[session.Run](v), newest[session.Beside](v); first.Settings.Method != "grpo" || second.Settings.Method != "tlmre" {
			v.Errorf("%s is first and %s beside it", first.Settings.Method, second.Settings.Method)
		}
	})
	for _, line := range n.all() {
		t.Error(line)
	}
}

// TestVisitContrasts contrasts a row of the shipped runs with every other, by the numbers that the command line prints, and opens the link to that.
func TestVisitContrasts(t *testing.T) {
	t.Parallel()
	dir, _ := builtSite(t)
	n := &notes{}
	v := newVisitor(t, n, false)
	server := plainServer(t, dir, n)
	downloads := v.downloads()
	contrasted := `latest("Contrasts")?.rows?.length === 6 && document.querySelectorAll("#contrasts tbody tr").length === 6 && ` + ready
	v.check("contrast a row", func(v *visitor) {
		v.open(server.URL + under + onHost + "#page=compare")
		v.until("the runs are there", `document.querySelectorAll("#standings tbody tr").length === 7`)
		v.choose(`[data-set="outcome"]`, "redundant_steps")
		v.during("contrasts", func() {
			v.press(`#contrasts [data-do="contrast"]`)
			v.runs("they are there", contrasted)
		})
		if says := v.text("#contrasts tbody tr:nth-child(4)"); !strings.Contains(says, "attnpo focus=position") || !strings.Contains(says, "−0.06") || !strings.Contains(says, "8 seeds") || !strings.Contains(says, "not shown") {
			v.Errorf("the visitor reads %q", says)
		}
		v.until("it is in the link", `location.hash.includes("paired=shipped-attnpo-1&outcome=redundant_steps")`)
		if file := string(v.saved(downloads, `#contrasts [data-do="save-contrasts"]`)); strings.Count(file, "\n") != 7 || !strings.Contains(file, "redundant_steps,attnpo,grpo,-2.6") {
			v.Errorf("the file is %s", file)
		}
		v.shots("contrasts", "#contrasts")
	})
	v.check("a link contrasts the same", func(v *visitor) {
		before := newest[session.Contrasts](v)
		v.run(chromedp.Navigate("about:blank"))
		v.open(server.URL + under + onHost + "#page=compare&paired=shipped-attnpo-1&outcome=redundant_steps")
		v.runs("they are there", contrasted)
		if after := newest[session.Contrasts](v); fmt.Sprint(after.Rows[0].Estimate, after.Rows[5].Holm, after.Asked) != fmt.Sprint(before.Rows[0].Estimate, before.Rows[5].Holm, before.Asked) {
			v.Errorf("the link shows %+v, want %+v", after.Rows, before.Rows)
		}
	})
	for _, line := range n.all() {
		t.Error(line)
	}
}
