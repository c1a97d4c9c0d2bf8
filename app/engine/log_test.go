package engine

import (
	"bytes"
	"math"
	"runtime"
	"slices"
	"testing"

	"attnlab/app/session"
	"attnlab/rl/hyper"
	"attnlab/rl/runs"
)

// A log whose older pages are in the storage is complete for every reader, and the run continues it as without a storage: after a pause, in another engine, and on another device.
func TestPagesOfALog(t *testing.T) {
	defer func(n int) { runs.PageLines = n }(runs.PageLines)
	runs.PageLines = 2
	bases := able(t)
	want := start(t, bases, openHost)
	want.must(session.Begin{Settings: short("attnpo", 8)})
	want.must(session.Advance{})

	store := newShelf()
	first := startWith(t, Library{Store: store}, bases, openHost)
	first.must(session.Begin{Settings: short("attnpo", 8)})
	id := first.run.Info.ID
	for _, steps := range []int{2, 1, 2} {
		first.must(session.Advance{Steps: steps})
	}
	first.must(session.LoseDevice{})
	first.must(session.Advance{Steps: 1})
	if files := names(t, store, id); !slices.Contains(files, "metrics-1.jsonl") || !slices.Contains(files, "metrics-2.jsonl") || slices.Contains(files, "metrics-3.jsonl") {
		t.Fatalf("the storage has the files %q", names(t, store, id))
	}

	first.leave()
	again := startWith(t, Library{Store: store}, bases, openHost)
	again.hasRuns()
	sameMetrics(t, again.runs.Runs[0].Metrics, first.run.Metrics)
	again.must(session.ExportRun{ID: id}) // before it is active
	if n := bytes.Count(again.files.Files[runs.MetricsFile], []byte("\n")); n != 6 {
		t.Errorf("the log has %d lines after 6 steps", n)
	}
	again.must(session.ResumeRun{ID: id})
	again.must(session.Advance{Steps: 1})
	again.must(session.LoseDevice{})
	again.must(session.Advance{})
	sameMetrics(t, again.run.Metrics, want.run.Metrics)
	again.must(session.ExportRun{ID: id})
	if again.files.Files["metrics-1.jsonl"] != nil {
		t.Error("an exported run has the storage's pages")
	}
	log, err := runs.ReadLog(again.files.Files[runs.MetricsFile])
	if err != nil {
		t.Fatal(err)
	}
	sameMetrics(t, log.Shown(), want.run.Metrics)

	if err := store.Save(t.Context(), id, map[string][]byte{"metrics-1.jsonl": nil}); err != nil {
		t.Fatal(err)
	}
	again.refused(session.ExportRun{ID: id}, "metrics-1.jsonl")
	again.refused(session.ExportMetrics{IDs: []string{id}, Name: "all.csv"}, "metrics-1.jsonl")
}

// The memory of a run does not grow with its steps: with all lines and columns in it, each 125 steps took 250 kB. Other tests'
// garbage and the caches of a device move single readings by as much, so the least of four growths is judged.
func TestMemoryOfALongRun(t *testing.T) {
	defer func(n int) { runs.PageLines = n }(runs.PageLines)
	runs.PageLines = 16
	store := newShelf()
	s := startWith(t, Library{Store: store}, able(t), openHost)
	s.until(func(m any) bool { a, ok := m.(session.Capabilities); return ok && a.Untested == 0 }) // what the self-test keeps is no run's
	settings := short("attnpo", session.MaxSteps)
	settings.Hyper["problems"], settings.Hyper["group"], settings.Hyper["max-length"] = hyper.Number(1), hyper.Number(2), hyper.Number(24)
	settings.FocusHeads = "0.0,0.1" // responses as short as these show no key-focus head
	s.must(session.Begin{Settings: settings})
	inUse := func() int { // without what the storage of this test has
		for range 2 { // the second run frees what pools kept through the first
			runtime.GC()
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		n := int(m.HeapAlloc)
		files, err := store.Load(t.Context(), s.run.Info.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, data := range files {
			n -= len(data)
		}
		return n
	}
	s.must(session.Advance{Steps: 250})
	least, before := math.MaxInt, inUse()
	for range 4 {
		s.must(session.Advance{Steps: 50})
		s.must(session.Advance{Steps: 50})
		s.must(session.Advance{Steps: 25})
		now := inUse()
		least, before = min(least, now-before), now
	}
	if least > 125<<10 {
		t.Errorf("each 125 steps took %d kB or more", least>>10)
	}
}
