package panels

import (
	"regexp"
	"strings"
	"testing"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/session"
)

// ofTheTab matches what a page says of an engine in the browser.
var ofTheTab = regexp.MustCompile(`(?i)in (this|another) tab|tab is hidden|in this browser|browser (allows|slowed)|your own machine|on your machine:`)

// Where the engine runs in a program of its own, no page says that it runs in the browser, and the first one names its machine.
func TestPagesSayWhereTheEngineRuns(t *testing.T) {
	said := map[string]bool{}
	drawPages(t, func(name string, p *Page) {
		link, line := p.Link, p.Connection
		for _, found := range ofTheTab.FindAllString(app.HTMLString(p), -1) {
			said[found] = true
		}
		p.Link.Native, p.Connection = true, session.Connection{State: "open", Machine: "lab1"}
		if found := ofTheTab.FindAllString(app.HTMLString(p), -1); found != nil {
			t.Errorf("%s says %q", name, found)
		}
		p.Link, p.Connection = link, line
	})
	for _, want := range []string{"in this tab", "tab is hidden", "in this browser", "your own machine"} {
		if !said[want] {
			t.Errorf("no page of an engine in the browser says %q, only %v", want, said)
		}
	}
	p, _ := pageReady(t, viewOf("example"))
	for place, want := range map[bool]string{false: "A small transformer reasons in this tab.", true: "A small transformer reasons on the machine lab1."} {
		p.Link.Native, p.Connection = place, session.Connection{Machine: "lab1"}
		if html := app.HTMLString(p.introduction()); !strings.Contains(html, want) {
			t.Errorf("the introduction does not say %q: %s", want, html)
		}
	}
}
