//go:build !js && visit

package visit

import (
	"fmt"
	"strings"
	"testing"

	"attnlab/app/session"

	"github.com/chromedp/chromedp"
)

// TestVisitLessons follows the eight lessons to their end, with their shorter experiment.
func TestVisitLessons(t *testing.T) {
	t.Parallel()
	dir, _ := builtSite(t)
	n := &notes{}
	v := newVisitor(t, n, true)
	server := plainServer(t, dir, n)
	if !v.check("open", func(v *visitor) {
		v.open(server.URL + under + "#page=learn")
		v.base("chain-tiny")
	}) {
		t.FailNow()
	}
	for lesson := 1; lesson <= 8; lesson++ {
		v.check(fmt.Sprint("lesson ", lesson), func(v *visitor) { follow(v, lesson) })
	}
	v.check("all are listed with their findings", func(v *visitor) {
		v.press(`nav [data-do="page:learn"]`)
		v.until("eight findings are listed", `document.querySelectorAll(".lessons .found").length === 8`)
	})
	v.check("glossary", func(v *visitor) {
		v.press(`[data-do="page:glossary"]`)
		v.until("the words are listed", `document.querySelectorAll("main dt, main h3").length > 30`)
		v.press(`nav [data-do="page:learn"]`)
	})
	v.check("findings are there on the next visit", func(v *visitor) {
		v.run(chromedp.Reload(), chromedp.Evaluate(ear, nil))
		v.until("all are listed that measured something", `document.querySelectorAll(".lessons .before").length === 8`)
	})
	v.check("pictures", func(v *visitor) {
		v.pictures("learn", "glossary")
	})
	for _, line := range n.all() {
		t.Errorf("%s", line)
	}
}

// follow goes through a lesson: what it shows, a prediction, the experiment, and the result.
func follow(v *visitor, lesson int) {
	v.press(`nav [data-do="page:learn"]`)
	v.press(fmt.Sprintf(`.lessons [data-do="lesson:%d.1"]`, lesson))
	predicted, tried, checked := false, false, false
	for step := 1; !checked; step++ {
		v.until("the step is shown", fmt.Sprintf(`document.getElementById("lab").dataset.lesson === "%d.%d" && !document.getElementById("lesson").hidden`, lesson, step))
		// A page is drawn in turns, so what is ringed may come some frames after the step.
		v.until(fmt.Sprintf("what step %d rings is there", step), `((ring) => !ring || document.getElementById(ring))(document.getElementById("lab").dataset.ring)`)
		has := func(selector string) bool {
			return eval[bool](v, fmt.Sprintf(`!!document.querySelector(%q)`, "#lesson "+selector))
		}
		switch {
		case has(`[data-do="lesson-show:0"]`):
			v.press(`#lesson [data-do="lesson-show:0"]`)
			v.runs("it has been shown", ready)
		case has(`[data-set="guess"]`):
			v.press(`#lesson [data-set="guess"][value="2"]`)
			v.until("the prediction is taken", `location.hash.includes("guess=2")`)
			predicted = true
		case has(`[data-do="lesson-try:0"]`):
			v.press(`#lesson [data-do="lesson-try:0"]`)
			// Between two commands of an experiment the engine is idle for a moment, with nothing to stop.
			v.runs("the experiment is done", ready+` && document.querySelector("#lesson .so-far") && !document.querySelector('#lesson [data-do="lesson-stop"]') &&
				((p) => !p || p.value >= p.max)(document.querySelector("#lesson progress"))`)
			v.Logf("%s", v.text("#lesson .so-far"))
			tried = true
		case has(".outcome-of"):
			if numbers := v.text("#lesson .measured"); !strings.Contains(numbers, "±") || !strings.Contains(numbers, "n\u00a0=\u00a0") {
				v.Errorf("measured is %q", numbers)
			}
			says := v.text("#lesson .says")
			if !strings.HasPrefix(says, "You predicted: ") && !strings.HasPrefix(says, "Too close to call") {
				v.Errorf("the lesson finds %q", says)
			}
			v.Logf("%s %s", v.text("#lesson .measured"), says)
			checked = true
		}
		v.press(`#lesson [data-do="lesson-next"]`)
		if step > 9 {
			v.Fatalf("the lesson does not end: predicted %v, tried %v", predicted, tried)
		}
	}
	if !predicted || !tried {
		v.Errorf("predicted %v, tried %v", predicted, tried)
	}
	v.until("the lesson is over", `document.getElementById("lesson").hidden && document.querySelector(".lessons")`)
	if s := newest[session.Status](v); s.Busy {
		v.Errorf("the engine is still busy: %s", s.Stage)
	}
	if failure := v.text(".banner.failed p"); failure != "" {
		v.Errorf("the visitor reads %q", failure)
	}
}
