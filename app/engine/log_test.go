package engine

import (
	"bytes"
	"fmt"
	"reflect"
	"runtime"
	"testing"

	"attnlab/app/session"
)

// A long run is shown by a bounded number of steps: the newest all, the others evenly, the first among them; the same
// whether all pages are in memory or the newest only.
func TestShownMetrics(t *testing.T) {
	var m, whole runLog
	for step := 1; step <= 3000; step++ {
		line := fmt.Appendf(nil, `{"step":%d,"loss":%d}`, step, 2*step)
		if err := m.write(line); err != nil {
			t.Fatal(err)
		}
		if err := whole.write(line); err != nil {
			t.Fatal(err)
		}
		shown := m.shown()
		if !reflect.DeepEqual(shown, whole.shown()) {
			t.Fatalf("after %d steps %d rows are shown with the newest page in memory, %d with all", step, len(shown[0].Values), len(whole.shown()[0].Values))
		}
		if step%350 == 0 {
			m.turn()
		}
		steps, loss := shown[0].Values, shown[1].Values
		n := len(steps)
		if n > session.NewestSteps+session.OlderSteps || n < min(step, session.NewestSteps+session.OlderSteps/2) || len(loss) != n {
			t.Fatalf("%d steps are shown by %d rows", step, n)
		}
		if *steps[0] != 1 || *steps[n-1] != float64(step) || *loss[n-1] != float64(2*step) {
			t.Fatalf("%d steps are shown from %g to %g, with a loss of %g", step, *steps[0], *steps[n-1], *loss[n-1])
		}
		for i := 1; i < n; i++ {
			if gap := *steps[i] - *steps[i-1]; gap < 1 || i > n-session.NewestSteps && gap != 1 {
				t.Fatalf("of %d steps row %d is step %g and row %d step %g", step, i-1, *steps[i-1], i, *steps[i])
			}
		}
	}
	if m.rows() != 3000 || m.page != 8 || len(m.lines) != 200 || m.metrics.rows() > 200+session.NewestSteps+session.OlderSteps {
		t.Errorf("%d rows, %d lines and %d columns' rows on page %d", m.rows(), len(m.lines), m.metrics.rows(), m.page)
	}
	back := m.upTo(2990)
	if back.rows() != 2990 || back.last("step") != 2990 || m.last("step") != 3000 {
		t.Errorf("up to step 2990 it has %d rows", back.rows())
	}
	if back = m.upTo(2800); back.rows() != 2800 || back.last("loss") != 5600 {
		t.Errorf("up to the end of the page before it has %d rows, the last step %g", back.rows(), back.last("step"))
	}
}

// A log that is in the storage but for its newest page is whole wherever it is asked for, and the run goes on with it as
// without a storage: after a pause, in another engine, and on another device.
func TestPagesOfALog(t *testing.T) {
	defer func(n int) { pageLines = n }(pageLines)
	pageLines = 2
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
	if len(store.runs[id]["metrics-1.jsonl"]) == 0 || len(store.runs[id]["metrics-2.jsonl"]) == 0 || store.runs[id]["metrics-3.jsonl"] != nil {
		t.Fatalf("the storage has the files %q", store.names(id))
	}

	again := startWith(t, Library{Store: store}, bases, openHost)
	sameMetrics(t, again.runs.Runs[0].Metrics, first.run.Metrics)
	again.must(session.ExportRun{ID: id}) // before it is at work
	if n := bytes.Count(again.files.Files[metricsFile], []byte("\n")); n != 6 {
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
	log, err := readLog(again.files.Files[metricsFile])
	if err != nil {
		t.Fatal(err)
	}
	sameMetrics(t, log.metrics, want.run.Metrics)

	delete(store.runs[id], "metrics-1.jsonl")
	again.refused(session.ExportRun{ID: id}, "metrics-1.jsonl")
	again.refused(session.ExportMetrics{IDs: []string{id}, Name: "all.csv"}, "metrics-1.jsonl")
}

// The memory of a run does not grow with its steps: with all lines and columns in it, 500 steps took 1 MB.
func TestMemoryOfALongRun(t *testing.T) {
	defer func(n int) { pageLines = n }(pageLines)
	pageLines = 16
	store := newShelf()
	s := startWith(t, Library{Store: store}, able(t), openHost)
	settings := short("attnpo", maxSteps)
	settings.Hyper["problems"], settings.Hyper["group"], settings.Hyper["max-length"] = 1, 2, 24
	settings.FocusHeads = "0.0,0.1" // responses as short as these show no key-focus head
	s.must(session.Begin{Settings: settings})
	inUse := func() int { // without what the storage of this test has
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		n := int(m.HeapAlloc)
		for _, data := range store.runs[s.run.Info.ID] {
			n -= len(data)
		}
		return n
	}
	s.must(session.Advance{Steps: 250})
	before := inUse()
	for range 10 {
		s.must(session.Advance{Steps: 50})
	}
	if grown := inUse() - before; grown > 400<<10 {
		t.Errorf("500 steps took %d kB", grown>>10)
	}
}
