package panels

import (
	"os"
	"strings"
	"testing"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
	"attnlab/app/session"
)

// Every page says what to open where a recorded trace cannot go on, and the Trace page what the trace shows and what not.
func TestRecordedPages(t *testing.T) {
	for _, name := range session.Recordings {
		data, err := os.ReadFile("../../web/recorded/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		r, err := session.ReadRecording(data)
		if err != nil {
			t.Fatal(err)
		}
		p := NewPage(lab.Link{}, "#page=trace&step=5&head=20.2&recorded="+name, lab.Example{})
		if html := app.HTMLString(p.tracePage()); !strings.Contains(html, "The trace is loading") {
			t.Error("the page does not say that the trace is loading")
		}
		r.Trace.Number = 3
		p.Receive(r.Trace)
		r.Losses.Trace = 3
		p.Receive(r.Losses)
		from := r.Trace.Recorded
		trace := app.HTMLString(p.tracePage())
		for _, want := range []string{"Open " + from.Model + " to sample", from.Licence, app.HTMLString(app.Code().Text(from.Command)), "rank correlation with the place", "not which were needed", "answer-losses", "The answer is wrong"} {
			if !strings.Contains(trace, want) {
				t.Errorf("the page has no %q", want)
			}
		}
		for _, no := range []string{`id="sampling"`, `id="cut-all"`, "NaN", `data-do="regenerate"`} {
			if strings.Contains(trace, no) {
				t.Errorf("the page has %q, which needs the model", no)
			}
		}
		for page, html := range map[string]string{"heads": app.HTMLString(p.headsPage()), "tree": app.HTMLString(p.treePage())} {
			if !strings.Contains(html, "Open "+from.Model+" to ") {
				t.Errorf("the page %s does not say what to open", page)
			}
		}
	}
	first := app.HTMLString(NewPage(lab.Link{}, "", lab.Example{}).introduction())
	if !strings.Contains(first, "#page=trace&amp;recorded="+session.Recordings[0]) && !strings.Contains(first, "#page=trace&recorded="+session.Recordings[0]) {
		t.Errorf("the worked example has no link to a real model's trace: %s", first)
	}
}
