package panels

import (
	"strings"
	"testing"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
	"attnlab/app/lab/labtest"
	"attnlab/app/session"
)

// A trace of free text has a prompt box, a menu of step rules, and a menu of labels in each row.
func TestFreeTextPage(t *testing.T) {
	tr := labtest.Trace()
	tr.Task, tr.Typed, tr.Gold, tr.Found, tr.Complete, tr.WellFormed, tr.Correct = "text", true, "", "12", true, true, false
	tr.Prompt, tr.Wording = "<|im_start|>user\nWhat?<|im_end|>\n", &session.Wording{Task: "text", Rule: "line", Chat: "chatml"}
	for k := range tr.Steps {
		tr.Steps[k].Label = "unlabelled"
	}
	tr.Steps[2].Label, tr.Steps[2].ByHand = "", true // a file can say anything
	tr.Steps[1].Label, tr.Steps[1].ByHand = "essential", true
	p := NewPage(lab.Link{}, "#page=trace&seed=2", lab.Example{})
	p.Receive(tr)
	html := app.HTMLString(p.tracePage())
	for _, want := range []string{`id="typed"`, "ChatML", `data-set="step-rule"`, `data-set="label-0"`, `data-set="label-1"`, "as judged", "label-unlabelled", "Your prompt", "answer 12"} {
		if !strings.Contains(html, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	for _, no := range []string{"not correct", "no readable answer", "right answer", `data-set="difficulty"`} {
		if strings.Contains(html, no) {
			t.Errorf("the page says %q where nobody knows the answer", no)
		}
	}
	if n := strings.Count(html, "as judged"); n != 1 {
		t.Errorf("%d labels can be taken back, one was given", n)
	}
}
