package engine

import (
	"encoding/json"
	"strings"
	"testing"

	"attnlab/app/session"
	"attnlab/gpu"
	"attnlab/gpu/gputest"
	"attnlab/model/speed"
)

// The engine measures both backends on devices of their own and reports rows as they come; what is shown stays.
func TestMeasureSpeed(t *testing.T) {
	gputest.Adapter(t)
	s := start(t, parrots(t), session.Open{Backend: gpu.Host}, session.NewProblem{Seed: 9})
	s.must(all)
	able, trace := s.able, s.trace
	s.send(session.MeasureSpeed{Filter: "^(train|decode)-pico$"})
	running := 0
	s.until(func(m any) bool {
		if v, ok := m.(session.Speeds); ok && v.Running {
			running++
			if v.Of != 2 || len(v.Rows) != 2*v.Done {
				t.Errorf("%d of %d with %d rows", v.Done, v.Of, len(v.Rows))
			}
		}
		status, ok := m.(session.Status)
		return ok && !status.Busy
	})
	v := s.speeds
	if running < 2 || v.Running || len(v.Rows) != 4 || v.Missing != "" || len(s.failures) > 0 {
		t.Fatalf("%d reports, %+v, %v", running, v, s.failures)
	}
	for i, want := range []string{"host", "webgpu", "host", "webgpu"} {
		if r := v.Rows[i]; r.Backend != want || r.MedianMs <= 0 || r.Adapter == "" {
			t.Errorf("row %d is %+v", i, r)
		}
	}
	if s.able.Adapter != able.Adapter || s.trace.Number != trace.Number {
		t.Error("a measurement changed what is shown")
	}
	// The page copies these rows: they are those of "attnlab bench --json".
	data, err := json.Marshal(v.Rows)
	var rows []speed.Row
	if err != nil || json.Unmarshal(data, &rows) != nil || rows[3] != v.Rows[3] {
		t.Errorf("rows as JSON: %s, %v", data, err)
	}
}

// A measurement can be stopped and keeps what it has; a filter that cannot be read is refused.
func TestMeasureSpeedStops(t *testing.T) {
	s := start(t, parrots(t), session.Open{Backend: gpu.Host})
	s.send(session.MeasureSpeed{Filter: "pico", Full: true})
	s.until(func(m any) bool { v, ok := m.(session.Speeds); return ok && v.Done == 1 })
	s.do(session.Cancel{Command: "MeasureSpeed"})
	if s.speeds.Running || len(s.speeds.Rows) == 0 || s.status.Text != "Stopped." {
		t.Errorf("%+v, %+v", s.speeds, s.status)
	}
	n := len(s.failures)
	if s.do(session.MeasureSpeed{Filter: "("}); len(s.failures) != n+1 || !strings.Contains(s.failures[n].Text, "names to measure") {
		t.Errorf("failures %+v", s.failures)
	}
}
