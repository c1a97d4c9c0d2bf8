package engine

import (
	"slices"
	"testing"

	"attnlab/app/session"
)

// The status names the active part of a training step and how much of it is done.
func TestPartsOfAStep(t *testing.T) {
	s := startWith(t, Library{Store: newShelf()}, able(t), openHost)
	s.must(session.Begin{Settings: short("grpo", 2)})
	s.must(session.Advance{Steps: 2})
	for _, part := range []string{"sampling", "scoring", "computing credit", "updating the weights"} {
		if !slices.Contains(s.parts, part) {
			t.Errorf("no status says %q: %q", part, slices.Compact(s.parts))
		}
	}
}

// To advance a run that is not the active one does nothing: its resume failed.
func TestAdvanceNamesItsRun(t *testing.T) {
	s := startWith(t, Library{Store: newShelf()}, able(t), openHost)
	s.must(session.Begin{Settings: short("grpo", 3)})
	s.must(session.Advance{Steps: 1, Run: "another"})
	if s.run.Info.Step != 0 {
		t.Errorf("it took %d steps", s.run.Info.Step)
	}
	if s.must(session.Advance{Steps: 1, Run: s.run.Info.ID}); s.run.Info.Step != 1 {
		t.Errorf("it took %d steps, want 1", s.run.Info.Step)
	}
}
