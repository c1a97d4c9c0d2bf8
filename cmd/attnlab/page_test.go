package main

import (
	"context"
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"attnlab/app/engine"
	"attnlab/app/session"
	"attnlab/gpu"
	"attnlab/model/hf"
	"attnlab/rl"
	"attnlab/rl/hyper"
	"attnlab/rl/runs"
	"attnlab/web"
)

// page is the lab of a visitor, on the host, with what it received last.
type page struct {
	*testing.T
	port  *session.Port
	run   session.Run
	list  session.Runs
	files session.RunFiles
	trace session.Trace
	cut   session.Ablations
	back  session.Patched
	pairs session.Contrasts
}

// visitPage opens the lab's engine with a storage, and with what more adds to its library.
func visitPage(t *testing.T, store runs.Store, more ...func(*engine.Library)) *page {
	t.Helper()
	hub := &session.Hub{}
	ctx, cancel := context.WithCancel(context.Background())
	p := &page{T: t, port: hub.Join()}
	port, done := hub.Join(), make(chan struct{})
	library := engine.Library{Store: store,
		List: func(context.Context) ([]string, error) { return web.Models(), nil },
		Fetch: func(_ context.Context, name string, _ func(done, total int)) (map[string][]byte, error) {
			folder, err := fs.Sub(web.FS, "models/"+name)
			if err != nil {
				return nil, err
			}
			files := map[string][]byte{}
			for _, file := range runs.ModelFiles {
				if files[file], err = fs.ReadFile(folder, file); err != nil {
					return nil, err
				}
			}
			return files, nil
		}}
	for _, add := range more {
		add(&library)
	}
	go func() {
		defer close(done)
		engine.Run(ctx, port, library)
	}()
	t.Cleanup(func() { cancel(); <-done })
	p.do(session.Open{Backend: gpu.Host})
	return p
}

// do sends a command, which must not fail, and waits until the engine is idle.
func (p *page) do(c session.Command) {
	p.Helper()
	if err := p.port.Send(c); err != nil {
		p.Fatal(err)
	}
	late := time.After(time.Minute)
	for {
		select {
		case message := <-p.port.In:
			switch m := message.(type) {
			case session.Run:
				p.run = m
			case session.Runs:
				p.list = m
			case session.RunFiles:
				p.files = m
			case session.Trace:
				p.trace = m
			case session.Ablations:
				p.cut = m
			case session.Patched:
				p.back = m
			case session.Contrasts:
				p.pairs = m
			case session.Failure:
				p.Fatalf("%s: %s", session.Kind(c), m.Text)
			case session.Status:
				if !m.Busy {
					return
				}
			}
		case <-late:
			p.Fatalf("%s does not end", session.Kind(c))
		}
	}
}

func writeFolder(t *testing.T, dir string, files map[string][]byte) {
	t.Helper()
	for name, data := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func readFolder(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	store, id, err := runs.InFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	files, err := store.Load(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// keysOf are the keys of a JSON object, each with its value as text.
func keysOf(t *testing.T, data []byte) map[string]string {
	t.Helper()
	var raw map[string]any
	if err := json.Unmarshal(data, &raw); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	keys := map[string]string{}
	for key, value := range raw {
		keys[key] = mustJSON(t, value)
	}
	return keys
}

// B6, B7: a run of the page that began from a run goes to the command line with its base, is finished there with the same bits as on the
// page, and returns to the page with every field that it had.
func TestPageToCommandLineAndBack(t *testing.T) {
	p := visitPage(t, &runs.Memory{})
	n := hyper.Number
	given := hyper.Values{"problems": n(3), "group": n(4), "max-length": n(96), "kl": n(0.1)}
	settings := session.RunSettings{Method: "grpo", Model: "chain-tiny", Difficulty: "2", Seed: 1<<63 + 3, Steps: 1, Hyper: given, Probe: 40}
	p.do(session.Begin{Settings: settings})
	p.do(session.Advance{})
	settings.Model, settings.Steps = "run:"+p.run.Info.ID, 4
	p.do(session.Begin{Settings: settings})
	p.do(session.Advance{Steps: 2})
	p.do(session.ExportRun{ID: p.run.Info.ID})
	export := maps.Clone(p.files.Files)
	p.do(session.Advance{})
	p.do(session.ExportRun{ID: p.run.Info.ID})
	want := p.files.Files

	// Keys of other versions, and everything that a page says and the command line does not need.
	var doc map[string]any
	if err := json.Unmarshal(export[runs.RunFile], &doc); err != nil {
		t.Fatal(err)
	}
	doc["note"], doc["sample"], doc["colour"] = "a note", "a sample", map[string]any{"a": []any{1.0}}
	var err error
	if export[runs.RunFile], err = json.Marshal(doc); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "exported")
	writeFolder(t, dir, export)
	if code, _, stderr := call("", "train", "--resume", "--out", dir, "--eval", "10", "--backend", "host"); code != 0 {
		t.Fatalf("the command line: %d, %s", code, stderr)
	}
	files := readFolder(t, dir)
	a, err := hf.LoadState(want)
	if err != nil {
		t.Fatal(err)
	}
	b, err := hf.LoadState(files)
	if err != nil {
		t.Fatal(err)
	}
	if a.WeightsSum() != b.WeightsSum() || !slices.Equal(a.Train.V, b.Train.V) {
		t.Error("the command line comes to other weights than the page")
	}
	before, after := keysOf(t, export[runs.RunFile]), keysOf(t, files[runs.RunFile])
	for key, value := range before {
		if key != "measured" && after[key] != value {
			t.Errorf("run.json: %s was %s and is %s", key, value, after[key])
		}
	}
	lines := func(files map[string][]byte) (text []string) {
		for line := range strings.Lines(string(files[runs.MetricsFile])) {
			text = append(text, timeless(t, line))
		}
		return text
	}
	if !slices.Equal(lines(want), lines(files)) {
		t.Errorf("the log of the command line\n%s\nof the page\n%s", lines(files), lines(want))
	}

	if a, b := string(want[runs.RolloutsFile]), string(files[runs.RolloutsFile]); a == "" || a != b {
		t.Errorf("the command line saves %d bytes of rollouts, the page %d, and they differ", len(b), len(a))
	}

	again := visitPage(t, &runs.Memory{})
	again.do(session.ImportRun{Name: "back", Files: files})
	r := again.list.Runs[0]
	if r.Info.State != "done" || r.Info.Step != 4 || r.Settings.Seed != 1<<63+3 || r.Settings.Probe != 40 || len(r.Settings.Hyper) != len(given) {
		t.Errorf("back on the page: %+v, %+v", r.Info, r.Settings)
	}
	again.do(session.ExportRun{ID: r.Info.ID})
	for name, data := range files {
		if name != runs.RunFile && name != runs.ResultFile && string(again.files.Files[name]) != string(data) {
			t.Errorf("%s is another after the way back", name)
		}
	}
	for _, name := range []string{runs.RunFile, runs.ResultFile} {
		before, after := keysOf(t, files[name]), keysOf(t, again.files.Files[name])
		if name == runs.RunFile {
			before["name"], before["from"] = `"back"`, `"imported"`
		}
		for key, value := range before {
			if after[key] != value {
				t.Errorf("%s: %s was %s and is %s", name, key, value, after[key])
			}
		}
	}
	// Pretraining too.
	p.do(session.Begin{Settings: session.RunSettings{Method: "pretrain", Model: "tiny", Difficulty: "2", Seed: 2, Steps: 30, Hyper: hyper.Values{"tokens": n(512)}}})
	p.do(session.Advance{Steps: 10})
	p.do(session.ExportRun{ID: p.run.Info.ID})
	dir = filepath.Join(t.TempDir(), "pretrained")
	writeFolder(t, dir, p.files.Files)
	p.do(session.Advance{})
	p.do(session.ExportRun{ID: p.run.Info.ID})
	want = p.files.Files
	for _, args := range []string{"train --resume", "pretrain --resume --rate 0.001", "pretrain --resume --preset small"} {
		if code, _, stderr := call("", append(strings.Fields(args), "--out", dir, "--backend", "host")...); code == 0 || stderr == "" {
			t.Errorf("%s: %d, %s", args, code, stderr)
		}
	}
	if code, _, stderr := call("", "pretrain", "--resume", "--out", dir, "--backend", "host"); code != 0 {
		t.Fatalf("pretraining on the command line: %d, %s", code, stderr)
	}
	files = readFolder(t, dir)
	if a, err = hf.LoadState(want); err != nil {
		t.Fatal(err)
	}
	if b, err = hf.LoadState(files); err != nil || a.WeightsSum() != b.WeightsSum() {
		t.Errorf("pretraining comes to other weights: %v", err)
	}
	if n, m := strings.Count(string(files[runs.PretrainFile]), "\n"), strings.Count(string(want[runs.PretrainFile]), "\n"); n != m || n != 3 {
		t.Errorf("its log has %d lines, on the page %d", n, m)
	}
}

// A run that "attnlab pretrain" starts can be resumed on the page and the other way round, at both ends of every range.
func TestPretrainingHasOneTable(t *testing.T) {
	for _, row := range rl.PretrainParams {
		ends := row.Choices
		if len(ends) == 0 {
			ends = []string{hyper.Number(row.Min).String(), hyper.Number(row.Max).String()}
		}
		for _, text := range ends {
			s := runs.Settings{Method: runs.Pretrain, Hyper: map[string]string{row.Name: text}}
			if err := s.Complete(rl.PretrainParams); err != nil {
				t.Errorf("--%s %s: %v", row.Name, text, err)
			}
		}
	}
	dir := filepath.Join(t.TempDir(), "run")
	if code, _, stderr := call("", "pretrain", "--preset", "tiny", "--tokens", "300", "--rate", "0.05", "--steps", "20", "--backend", "host", "--out", dir); code != 0 {
		t.Fatal(stderr)
	}
	if code, _, stderr := call("", "pretrain", "--resume", "--steps", "21", "--backend", "host", "--out", dir); code != 0 {
		t.Fatal(stderr)
	}
	data, err := os.ReadFile(filepath.Join(dir, runs.RunFile))
	if err != nil {
		t.Fatal(err)
	}
	longer := strings.Replace(string(data), `"steps": 21`, `"steps": 23`, 1)
	if longer == string(data) {
		t.Fatalf("no number of steps in %s", data)
	}
	files := readFolder(t, dir)
	files[runs.RunFile] = []byte(longer)
	p := visitPage(t, &runs.Memory{})
	p.do(session.ImportRun{Name: "fast", Files: files})
	p.do(session.ResumeRun{ID: p.list.Runs[0].Info.ID})
	p.do(session.Advance{})
	if p.run.Info.Step != 23 || p.run.Settings.Hyper["rate"] != hyper.Number(0.05) || p.run.Settings.Hyper["tokens"] != hyper.Number(300) {
		t.Errorf("resumed on the page: %+v, %+v", p.run.Info, p.run.Settings)
	}
}

// Folders that earlier versions saved are resumed by both commands.
func TestFoldersOfVersion1(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pretrained")
	args := []string{"pretrain", "--preset", "tiny", "--tokens", "256", "--seed", "3", "--backend", "host", "--out", dir}
	if code, _, stderr := call("", append(slices.Clone(args), "--steps", "20")...); code != 0 {
		t.Fatal(stderr)
	}
	if err := os.Remove(filepath.Join(dir, runs.RunFile)); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := call("", "pretrain", "--resume", "--out", dir, "--steps", "40", "--seed", "9", "--backend", "host"); code != 1 || !strings.Contains(stderr, "--seed") {
		t.Errorf("another seed: %d, %s", code, stderr)
	}
	if code, _, stderr := call("", append(slices.Clone(args), "--resume", "--steps", "40")...); code != 0 {
		t.Fatalf("resumed: %s", stderr)
	}
	r, err := runs.Read(readFolder(t, dir))
	if err != nil || r.Log.Rows() != 2 || r.Settings.Seed != 3 || r.Settings.Steps != 40 {
		t.Errorf("%d lines, %+v, %v", r.Log.Rows(), r.Settings, err)
	}

	run := filepath.Join(t.TempDir(), "run")
	if code, _, stderr := call("", trainArgs("--method", "grpo", "--steps", "1", "--seed", "7", "--held-out", "0", "--out", run)...); code != 0 {
		t.Fatal(stderr)
	}
	var doc map[string]any
	if err := json.Unmarshal(readFolder(t, run)[runs.RunFile], &doc); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"version", "values", "base", "measured"} {
		delete(doc, key)
	}
	writeFolder(t, run, map[string][]byte{runs.RunFile: []byte(mustJSON(t, doc))})
	if code, _, stderr := call("", "train", "--resume", "--steps", "2", "--out", run, "--eval", "0", "--backend", "host"); code != 0 {
		t.Fatalf("resumed: %s", stderr)
	}
	if r, err = runs.Read(readFolder(t, run)); err != nil || r.Log.Rows() != 2 || r.Settings.Base == nil || r.Settings.Values["problems"] != "3" {
		t.Errorf("%d lines, %+v, %v", r.Log.Rows(), r.Settings, err)
	}
}
