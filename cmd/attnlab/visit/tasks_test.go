//go:build !js && visit

package visit

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/tracing"
	"github.com/chromedp/chromedp"
)

// A tasks records what the main thread of the page does, its frames with it: they share the thread. Chromium measures each task twice: by the clock,
// which is what a visitor waits, and in processor time of the thread. On a machine with other work the clock says little. Processor time grows less,
// as cores share caches: a yardstick, a loop that runs before each part of a visit, says by how much, as the median of its times over the shortest.
type tasks struct {
	v      *visitor
	events []traced
	over   chan struct{}
}

// traced is an event of Chromium's trace. Times are in microseconds.
type traced struct {
	Name string
	Cat  string
	Ph   string
	Pid  int
	Tid  int
	Ts   float64
	Dur  float64
	Tdur float64 // processor time of the thread
	Args json.RawMessage
}

// A task is one of the main thread, times in milliseconds.
type task struct {
	of    string  // the mark before it
	calm  float64 // processor time, divided by what other work makes of a yardstick
	cpu   float64
	wall  float64
	doing string // what takes most of it
}

func (t task) String() string {
	return fmt.Sprintf("%s: %.0f (%.0f by the clock, %s)", t.of, t.cpu, t.wall, t.doing)
}

// opening begins the names of marks.
const opening = "visit: "

// records begins a record, which end ends.
func (v *visitor) records() *tasks {
	v.Helper()
	r := &tasks{v: v, over: make(chan struct{})}
	chromedp.ListenTarget(v.ctx, func(event any) {
		switch e := event.(type) {
		case *tracing.EventDataCollected:
			for _, data := range e.Value {
				var one traced
				if json.Unmarshal(data, &one) == nil {
					r.events = append(r.events, one)
				}
			}
		case *tracing.EventTracingComplete:
			close(r.over)
		}
	})
	v.run(tracing.Start().WithTransferMode(tracing.TransferModeReportEvents).WithTraceConfig(&tracing.TraceConfig{
		RecordMode: tracing.RecordModeRecordAsMuchAsPossible, IncludedCategories: []string{"toplevel", "devtools.timeline", "blink.user_timing"}}))
	return r
}

// mark names what the page is asked for next. Its task is a yardstick.
func (r *tasks) mark(name string) {
	r.v.Helper()
	eval[float64](r.v, fmt.Sprintf(`(() => { let x = 1; for (let i = 0; i < 1e7; i++) x = Math.imul(x, 31) + i | 0; performance.mark(%q); return x; })()`, opening+name))
}

// end returns the tasks since the first mark, in their order, and by how much other work slowed them.
func (r *tasks) end() (all []task, slower float64) {
	r.v.Helper()
	r.v.run(tracing.End())
	<-r.over
	slices.SortStableFunc(r.events, func(a, b traced) int { return cmp.Compare(a.Ts, b.Ts) })
	if path := os.Getenv("ATTNLAB_TASKS"); path != "" { // to look at it
		data, err := json.Marshal(r.events)
		if err == nil {
			err = os.WriteFile(path, data, 0o644)
		}
		if err != nil {
			r.v.Error(err)
		}
	}
	marked := func(e traced) bool { return e.Cat == "blink.user_timing" && strings.HasPrefix(e.Name, opening) }
	first := slices.IndexFunc(r.events, marked)
	if first < 0 {
		r.v.Fatal("Chromium's trace has no mark of the visit")
	}
	var sticks []float64
	of, end := "", 0.0 // of the last task
	for _, e := range r.events {
		last := len(all) - 1
		switch {
		case e.Pid != r.events[first].Pid || e.Tid != r.events[first].Tid:
		case marked(e):
			of, sticks, all = strings.TrimPrefix(e.Name, opening), append(sticks, all[last].cpu), all[:last]
		case e.Ph == "X" && e.Name == "ThreadControllerImpl::RunTask" && e.Ts >= end:
			all = append(all, task{of: of, cpu: e.Tdur / 1000, wall: e.Dur / 1000})
			end = e.Ts + e.Dur
		case e.Ph == "X" && last >= 0 && all[last].doing == "" && e.Cat == "devtools.timeline" && e.Tdur > 500*all[last].cpu:
			all[last].doing = e.Name
		}
	}
	slices.Sort(sticks)
	slower = sticks[len(sticks)/2] / sticks[0]
	all = slices.DeleteFunc(all, func(t task) bool { return t.of == "" })
	for i := range all {
		all[i].calm = all[i].cpu / slower
	}
	return all, slower
}
