package lab

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"attnlab/app/lab/labtest"
	"attnlab/app/session"
	"attnlab/model/speed"
)

// The page measures what was chosen, stops, and copies what it has.
func TestBenchmark(t *testing.T) {
	l, engine := idle(t)
	screen := l.screen.(*labtest.Screen)
	if l.Do("bench"); l.Page != PageTrace {
		t.Fatal("the action left the page")
	}
	l.Do("bench-page")
	l.Set("bench-what", "kernels")
	l.Set("bench-full", "true")
	if !strings.Contains(screen.Hash, "page=bench&measure=kernels&runs-each=5") {
		t.Errorf("the address is %q", screen.Hash)
	}
	if a, _ := FindAction("bench-json"); a.Allowed(l) {
		t.Error("nothing can be copied")
	}
	l.Do("bench")
	sent := labtest.Sent(t, engine, 1)[0]
	if m, ok := sent.(session.MeasureSpeed); !ok || !m.Full || m.Filter != benchFilters["kernels"] {
		t.Errorf("measuring sends %#v", sent)
	}
	row := speed.Timed([]float64{1, 2, 3})
	row.Name, row.Backend, row.Adapter, row.TokensPerSecond = "train-tiny", "host", "A <b>", 1000
	l.Receive(session.Status{Stage: "measuring speed", Busy: true, Done: 1, Total: 2})
	l.Receive(session.Speeds{Number: 1, Running: true, Done: 1, Of: 2, Part: "kernels", Rows: []speed.Row{row}})
	if !l.Measuring() {
		t.Fatal("it measures")
	}
	l.Do("bench")
	if got := labtest.Sent(t, engine, 1)[0]; got != any(session.Cancel{Command: "MeasureSpeed"}) {
		t.Errorf("stopping sends %#v", got)
	}
	l.Receive(session.Speeds{Number: 2, Rows: []speed.Row{row}, Missing: "WebGPU is not measured: none."})
	l.Receive(session.Status{Stage: "ready"})
	if l.Do("bench-text"); !strings.Contains(screen.Copied, "A <b>\n") || !strings.Contains(screen.Copied, "train-tiny") || !strings.Contains(screen.Copied, "not measured") {
		t.Errorf("the text is %q", screen.Copied)
	}
	l.Do("bench-json")
	var rows []speed.Row
	if err := json.Unmarshal([]byte(screen.Copied), &rows); err != nil || len(rows) != 1 || rows[0] != row || !strings.Contains(screen.Copied, `"median_ms":2`) || !strings.Contains(screen.Copied, "A <b>") {
		t.Errorf("the JSON is %q, %v", screen.Copied, err)
	}
	screen.NoClipboard = true
	if l.Do("bench-json"); !strings.Contains(l.Notice, "did not allow") {
		t.Errorf("without a clipboard: %q", l.Notice)
	}
}

// The kernels shown are those of the adapter where there are some, until the visitor chooses.
func TestRooflineBackend(t *testing.T) {
	l, _ := idle(t)
	l.Do("bench-page")
	if got := l.RooflineBackend(); got != "host" {
		t.Errorf("without kernels: %s", got)
	}
	l.Receive(session.Speeds{Number: 1, Rows: []speed.Row{{Name: "kernel-a", Backend: "webgpu"}}})
	if got := l.RooflineBackend(); got != "webgpu" {
		t.Errorf("with kernels of an adapter: %s", got)
	}
	if l.Do("roofline"); l.RooflineBackend() != "host" {
		t.Errorf("after a change: %s", l.RooflineBackend())
	}
	l.Set("roofline", "webgpu")
	if l.RooflineBackend() != "webgpu" || !strings.Contains(l.View.String(), "roofline=webgpu") {
		t.Errorf("after a choice: %s, %s", l.RooflineBackend(), l.View)
	}
}

// What can be measured can be read as a regular expression and is what its name says.
func TestBenchFilters(t *testing.T) {
	for _, what := range BenchWhats {
		f := regexp.MustCompile(Bench{What: what}.filter())
		for name, models := range map[string]bool{"train-base": true, "decode-small-64": true, "decode-nano": true, "kernel-fill": false, "ceiling-copy": false} {
			if want := what == "all" || models == (what == "models"); f.MatchString(name) != want {
				t.Errorf("%s matches %s: %v", what, name, !want)
			}
		}
		if f.MatchString("decode-base-256") || f.MatchString("decode-base-1") {
			t.Errorf("%s measures the slowest rows too", what)
		}
	}
}
