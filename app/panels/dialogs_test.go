package panels

import (
	"strings"
	"testing"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
	"attnlab/app/lab/labtest"
	"attnlab/app/session"
)

// What runs here has the rates of the race, where there was one, and measures again.
func TestRaceOfBackends(t *testing.T) {
	l, engine := pageReady(t, lab.Start())
	labtest.Sent(t, engine, 1)
	l.Receive(session.Status{Stage: "ready"})
	if l.Do("capabilities"); strings.Contains(app.HTMLString(l), `id="race"`) {
		t.Error("rates without a race")
	}
	c := l.Capabilities
	c.Race = &session.Race{Adapter: "A", Host: session.Rate{Sampling: 12345, Training: 678}, WebGPU: session.Rate{Sampling: 90, Training: 4.5e6}}
	l.Receive(c)
	html := app.HTMLString(l)
	for _, want := range []string{`id="race"`, "12.3 k", "678", "90.0", "4.50 M"} {
		if !strings.Contains(html, want) {
			t.Errorf("no %q", want)
		}
	}
	l.Do("race-again")
	if got := labtest.Sent(t, engine, 1)[0]; got != any(session.RaceAgain{}) {
		t.Errorf("measuring again sends %#v", got)
	}
}
