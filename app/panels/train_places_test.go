package panels

import (
	"regexp"
	"slices"
	"testing"

	"attnlab/app/lab/labtest"
	"attnlab/app/session"
)

// doneBy finds what buttons do, in their order.
var doneBy = regexp.MustCompile(`data-do="([^"]*)"`)

// A button of the run has one place in every state of the run: at its end, and at a pause, none takes the place of another.
func TestButtonsOfRunKeepTheirPlaces(t *testing.T) {
	l, _ := pageTrainer(t)
	var before []string
	for _, state := range []string{"new", "running", "paused", "running", "done"} {
		l.Receive(labtest.Run(state))
		if l.Receive(session.Status{Stage: "ready"}); state == "running" {
			l.Receive(session.Status{Stage: "training", Busy: true})
		}
		var now []string
		for _, found := range doneBy.FindAllStringSubmatch(l.panelText("run-buttons"), -1) {
			now = append(now, found[1])
		}
		if before != nil && !slices.Equal(now, before) {
			t.Errorf("%s: the buttons are %q, before %q", state, now, before)
		}
		before = now
	}
	for _, want := range []string{"train", "train-step", "train-stop", "use-run", "export-run", "export-part:trl:r1"} {
		if !slices.Contains(before, want) {
			t.Errorf("the run has no button %s: %q", want, before)
		}
	}
}
