package engine

import (
	"testing"

	"attnlab/app/session"
	"attnlab/model/hf"
	"attnlab/rl"
	"attnlab/rl/hyper"
)

// A run whose cuts are learned takes the reflection model that is shipped with its base, also when it is resumed in another
// visit. Without one it is refused with a sentence that says what to do.
func TestLearnedCuts(t *testing.T) {
	bases := able(t)
	base, err := hf.LoadFiles(bases["chain-tiny"])
	if err != nil {
		t.Fatal(err)
	}
	settings := short("rearl", 2)
	settings.Hyper["cut"] = hyper.Choice("normal")
	s := start(t, bases, openHost)
	s.refused(session.Begin{Settings: settings}, "choose the cut oracle")

	reflection, err := rl.BeginReflection(chain(t), base, 1)
	if err != nil {
		t.Fatal(err)
	}
	bases["chain-tiny/reflection"] = filesOf(t, reflection)
	whole := start(t, bases, openHost)
	whole.must(session.Begin{Settings: settings})
	whole.must(session.Advance{})

	store := newShelf()
	first := startWith(t, Library{Store: store}, bases, openHost)
	first.must(session.Begin{Settings: settings})
	first.must(session.Advance{Steps: 1})
	first.leave()
	again := startWith(t, Library{Store: store}, bases, openHost)
	again.must(session.ResumeRun{ID: first.run.Info.ID})
	again.must(session.LoseDevice{}) // the reflection model moves too
	again.must(session.Advance{})
	sameMetrics(t, again.run.Metrics, whole.run.Metrics)
}
