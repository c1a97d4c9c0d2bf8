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

// The dialog for models lists what is stored and what may be done with each, and asks a hub only where the site names one.
func TestModelDialog(t *testing.T) {
	l, engine := pageReady(t, lab.Start())
	labtest.Sent(t, engine, 1)
	l.Receive(session.Status{Stage: "ready"})
	draws := func(wanted bool, texts ...string) {
		t.Helper()
		html := app.HTMLString(l)
		for _, text := range texts {
			if strings.Contains(html, text) != wanted {
				t.Errorf("%q is there: %v", text, !wanted)
			}
		}
	}
	l.Do("open-model")
	draws(false, "ask-hub", "In this browser")
	l.Receive(session.Models{Number: 1})
	draws(false, "ask-hub")
	draws(true, "No model is stored here.")
	l.Receive(session.Models{Number: 2, Hub: "https://hub.example.org", Used: 300 << 20, Quota: 20 << 30, Models: []session.StoredModel{
		{ID: "a", Name: "mine", Bytes: 2 << 20, Have: 2 << 20, Whole: true}, {ID: "b", Name: "you/n", From: "https://hub.example.org", Bytes: 4 << 20, Have: 1 << 20}}})
	draws(true, "ask-hub", "From hub.example.org", "2 MB", "1 MB of 4 MB, from hub.example.org", "The lab uses 300 MB of the 20 GB", `data-do="stored:a"`, `aria-label="download the rest of you/n"`)
	draws(false, `data-do="drop-model:a"`)
	l.Do("ask-drop-model:a")
	draws(true, `data-do="drop-model:a"`, "This cannot be undone.")
	l.Receive(session.Models{Number: 3, Hub: "https://hub.example.org", Closed: "This browser stores no models."})
	draws(true, "This browser stores no models.")
	draws(false, "ask-hub")

	o := session.Offer{Number: 1, Name: "you/n", From: session.ModelPlace{Kind: session.FromHub, ID: "you/n"}, Download: 5 << 20, Context: 8,
		Contexts: []session.ContextPlan{{Tokens: 8, Needs: []session.StorageNeed{{Storage: "f32"}}}}}
	l.Receive(session.Models{Number: 4, Hub: "https://hub.example.org", Used: 1 << 20, Quota: 8 << 20})
	l.Receive(o)
	draws(true, "Download and open", "5 MB from hub.example.org", "This browser has 7 MB left")
	draws(false, "keep a copy")
	o.From, o.Download = session.ModelPlace{Kind: session.FromFiles, ID: "1"}, 0
	l.Receive(o)
	draws(true, "keep a copy in this browser")
	draws(false, "Download and open")
}
