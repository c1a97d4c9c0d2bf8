package lab

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"attnlab/app/session"
	"attnlab/model/speed"
)

// Bench is what the Benchmark page measures and shows.
type Bench struct {
	What     string // one of [BenchWhats]
	Full     bool   // five runs of each row
	Roofline string // backend of the kernels: "host", "webgpu", or empty for the adapter's where there is one
}

// BenchWhats are the parts that can be measured.
var BenchWhats = []string{"all", "models", "kernels"}

// benchFilters are the rows of each part, by the names of "attnlab bench". A page does without the slowest ones.
var benchFilters = map[string]string{
	"models":  `^(train-(tiny|small|base|nano|pico)|decode-(nano|pico|(tiny|small|base)-(8|64)))$`,
	"kernels": `^(kernel|token-kernel|ceiling)-`,
}

func startBench() Bench { return Bench{What: "all"} }

// filter is the regular expression of the rows to measure.
func (b Bench) filter() string {
	if f, ok := benchFilters[b.What]; ok {
		return f
	}
	return benchFilters["models"] + "|" + benchFilters["kernels"]
}

// write adds what differs from startBench to a link.
func (b Bench) write(add func(key, value string)) {
	if b.What != startBench().What {
		add("measure", b.What)
	}
	if b.Full {
		add("runs-each", "5")
	}
	if b.Roofline != "" {
		add("roofline", b.Roofline)
	}
}

// readBench is the inverse of write.
func readBench(q *linkReader) Bench {
	b := startBench()
	q.choose("measure", &b.What, BenchWhats)
	runs := ""
	q.choose("runs-each", &runs, []string{"5"})
	b.Full = runs == "5"
	q.choose("roofline", &b.Roofline, []string{"host", "webgpu"})
	return b
}

// Measuring reports whether speeds are being measured.
func (s *State) Measuring() bool { return s.Speeds.Running && s.Status.Busy }

// RooflineBackend is the backend whose kernels are shown.
func (s *State) RooflineBackend() string { return speed.KernelBackend(s.Speeds.Rows, s.Bench.Roofline) }

// BenchAdapters names what was measured, a line for each backend.
func (s *State) BenchAdapters() (lines []string) {
	for _, backend := range []string{"host", "webgpu"} {
		i := slices.IndexFunc(s.Speeds.Rows, func(r speed.Row) bool { return r.Backend == backend })
		if i >= 0 {
			lines = append(lines, s.Speeds.Rows[i].Adapter+map[string]string{"host": "", "webgpu": " (WebGPU)"}[backend])
		}
	}
	return lines
}

// speedsText is all rows as tables of plain text, below the names of the adapters.
func (s *State) speedsText() string {
	var b strings.Builder
	fmt.Fprintln(&b, strings.Join(s.BenchAdapters(), "\n"))
	if s.Speeds.Missing != "" {
		fmt.Fprintln(&b, s.Speeds.Missing)
	}
	fmt.Fprintln(&b)
	_ = speed.Text(&b, s.Speeds.Rows) // a Builder takes everything
	return b.String()
}

// speedsJSON is all rows as "attnlab bench --json" prints them.
func (s *State) speedsJSON() (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(s.Speeds.Rows)
	return b.String(), err
}

// benchActions are the actions of the Benchmark page.
func benchActions() []Action {
	may := func(state func(l *Lab) bool) func(l *Lab) bool {
		return func(l *Lab) bool { return l.Page == PageBench && state(l) }
	}
	some := may(func(l *Lab) bool { return len(l.Speeds.Rows) > 0 })
	return []Action{
		{"bench", "bench:Space bench:g", "Measure speed, or stop measuring", false, may(func(l *Lab) bool { return l.Measuring() || l.Ready() }), func(l *Lab, _ string) {
			if l.Measuring() {
				l.Send(session.Cancel{Command: "MeasureSpeed"})
				return
			}
			l.Send(session.MeasureSpeed{Filter: l.Bench.filter(), Full: l.Bench.Full})
		}},
		{"bench-text", "bench:c", "Copy the speeds as text", false, some, func(l *Lab, _ string) { l.copy(l.speedsText()) }},
		{"bench-json", "bench:j", "Copy the speeds as JSON", false, some, func(l *Lab, _ string) {
			text, err := l.speedsJSON()
			if err != nil {
				l.Failure = session.Failure{Command: "MeasureSpeed", Text: "The speeds could not be written as JSON: " + session.Message(err) + "."}
				return
			}
			l.copy(text)
		}},
		{"roofline", "bench:b", "Show the kernels of the other backend", true, may(func(l *Lab) bool { return true }), func(l *Lab, a string) {
			if a != "host" && a != "webgpu" {
				a = next([]string{"host", "webgpu"}, l.RooflineBackend())
			}
			l.Bench.Roofline = a
		}},
	}
}

// copy puts a text on the clipboard.
func (l *Lab) copy(text string) { l.screen.Copy(text, l.copied("Copied.", "")) }

// setBench gives a control of the Benchmark page its value; it returns false if the page has no such control.
func (l *Lab) setBench(name, value string) bool {
	switch name {
	case "bench-what":
		if slices.Contains(BenchWhats, value) {
			l.Bench.What = value
		}
	case "bench-full":
		l.Bench.Full = value == "true"
	case "roofline":
		l.Do("roofline:" + value)
	default:
		return false
	}
	return true
}
