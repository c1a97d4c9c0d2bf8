package lab

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"math"
	"strings"

	"attnlab/app/session"
	"attnlab/rl/runs"
)

// A run as a link: its settings and a thinned curve, compressed, as the value of the key "run" of a link to Compare. Whoever opens
// the link gets the run among the imported ones, to compare and to take its settings.

// mostShared bounds the text of a shared run, in bytes: chat and mail programs cut longer links. Of an opened link it bounds
// what is unpacked.
const mostShared, mostUnpacked = 1900, 256 << 10

// sharedColumns are the metrics of a shared run, with the decimals that it keeps of each.
var sharedColumns = []struct {
	name     string
	decimals float64
}{{"accuracy", 3}, {"think_tokens", 1}, {"redundant_steps", 2}, {"generated_tokens", 0}}

// sharedRun is what a link holds. A run's name is as the sender had it.
type sharedRun struct {
	Name     string                `json:"n"`
	Settings runs.Settings         `json:"s"`
	Base     map[string]float64    `json:"b,omitempty"`
	Steps    []int                 `json:"t"`
	Metrics  map[string][]*float64 `json:"m"` // by column, a value for each of Steps
}

// shareRun writes a run as text that fits a link.
func shareRun(r session.KeptRun) (string, error) {
	x := sharedRun{Name: r.Info.Name, Base: map[string]float64{}, Metrics: map[string][]*float64{}}
	s := r.Settings
	x.Settings = runs.Settings{Method: s.Method, Model: s.Model, Task: s.Task, Difficulty: s.Difficulty, Teacher: s.Teacher, Seed: s.Seed, Probe: s.Probe,
		FocusHeads: s.FocusHeads, Steps: s.Steps, Budget: s.Budget, Measured: r.Info.Measured, Hyper: map[string]string{}}
	for name, v := range s.Hyper {
		x.Settings.Hyper[name] = v.String()
	}
	for _, c := range r.Base {
		if len(c.Values) > 0 && c.Values[0] != nil {
			x.Base[c.Name] = rounded(*c.Values[0], 4)
		}
	}
	steps := Column(r.Metrics, "step")
	if len(steps) == 0 {
		return "", errors.New("The run has no step yet, so there is nothing to share.")
	}
	for most := 64; most >= 2; most = most * 3 / 4 {
		x.thin(r.Metrics, steps, most)
		text, err := x.pack()
		if err != nil || len(text) <= mostShared {
			return text, err
		}
	}
	return "", errors.New("The settings of the run are too long for a link. Export it instead.")
}

// thin takes at most so many steps of the metrics: the last ones, which the run is compared by, and others evenly before them.
func (x *sharedRun) thin(metrics []session.Metric, steps []*float64, most int) {
	var rows []int
	last := min(runs.RecentSteps, most, len(steps))
	before := len(steps) - last
	n := min(most-last, before)
	for i := range n + last {
		at := before + i - n
		if i < n {
			at = i * before / n
		}
		if steps[at] != nil {
			rows = append(rows, at)
		}
	}
	x.Steps = nil
	for _, at := range rows {
		x.Steps = append(x.Steps, int(*steps[at]))
	}
	for _, c := range sharedColumns {
		values := Column(metrics, c.name)
		if values == nil {
			continue
		}
		x.Metrics[c.name] = nil
		for _, at := range rows {
			var v *float64
			if at < len(values) && values[at] != nil {
				short := rounded(*values[at], c.decimals)
				v = &short
			}
			x.Metrics[c.name] = append(x.Metrics[c.name], v)
		}
	}
}

func rounded(v, decimals float64) float64 {
	unit := math.Pow(10, decimals)
	return math.Round(v*unit) / unit
}

func (x sharedRun) pack() (string, error) {
	data, err := json.Marshal(x)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	z, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		panic(err) // the level is ours
	}
	_, _ = z.Write(data) // writing to a bytes.Buffer cannot fail
	_ = z.Close()
	return base64.RawURLEncoding.EncodeToString(b.Bytes()), nil
}

// readShared reads what shareRun writes, as a run to import. The error is a clause.
func readShared(text string) (session.ImportRun, error) {
	data, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil {
		return session.ImportRun{}, errors.New("its letters were changed")
	}
	z := flate.NewReader(bytes.NewReader(data))
	if data, err = io.ReadAll(io.LimitReader(z, mostUnpacked)); err != nil {
		return session.ImportRun{}, errors.New("a part of it is missing")
	}
	var x sharedRun
	if err := json.Unmarshal(data, &x); err != nil || len(x.Steps) == 0 {
		return session.ImportRun{}, errors.New("a part of it is missing")
	}
	settings, err := json.Marshal(x.Settings)
	if err != nil {
		return session.ImportRun{}, err
	}
	var log bytes.Buffer
	for i, step := range x.Steps {
		line := map[string]any{"step": step}
		for name, values := range x.Metrics {
			if i < len(values) && values[i] != nil {
				line[name] = *values[i]
			}
		}
		if i == 0 && len(x.Base) > 0 {
			line["base"] = x.Base
		}
		row, err := json.Marshal(line)
		if err != nil {
			return session.ImportRun{}, err
		}
		log.Write(append(row, '\n'))
	}
	return session.ImportRun{Name: x.Name, Files: map[string][]byte{runs.RunFile: settings, runs.MetricsFile: log.Bytes()}}, nil
}

// copyRun puts a link to a run on the clipboard. Whoever opens it sees the run on Compare.
func (l *Lab) copyRun(id string) {
	for _, r := range l.AllRuns() {
		if r.Info.ID != id {
			continue
		}
		text, err := shareRun(r)
		if err != nil {
			l.say(session.Message(err))
			return
		}
		l.screen.CopyLink("page="+PageCompare+"&run="+text, l.copied("Link to the run copied.", "Export the run instead."))
		return
	}
}

// takeShared imports the run of a link once the engine is ready; the address then no longer holds it.
func (l *Lab) takeShared() {
	if l.shared == "" || !l.Opened {
		return
	}
	text := l.shared
	l.shared = ""
	run, err := readShared(text)
	if err != nil {
		l.Failure = session.Failure{Command: "ImportRun", Text: "The run of this link could not be read: " + err.Error() + ". Ask for the link again."}
		return
	}
	l.sendRun(run)
}
