//go:build !js

package main

import (
	"io/fs"
	"net"
	"strings"
	"testing"
	"time"

	"attnlab/app/session"
	"attnlab/app/site"
	"attnlab/gpu"
	"attnlab/rl/hyper"
	"attnlab/web"
)

// smallSite has what an engine needs of a site: one small base.
func smallSite(t *testing.T) *site.Site {
	t.Helper()
	s := &site.Site{Version: strings.Repeat("0", 20)}
	add := func(name string, data []byte) {
		s.Files = append(s.Files, site.File{Path: s.Folder() + name, Data: data})
	}
	add("models/bases.json", []byte(`["chain-tiny"]`))
	add("runs/runs.json", []byte(`[]`))
	err := fs.WalkDir(web.FS, "models/chain-tiny", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(web.FS, name)
		add(name, data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A run of ATTNPO that trains when the window is closed is saved, and trains on at the next start until it is finished.
func TestARunGoesOnAtTheNextStart(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: trains some steps")
	}
	t.Setenv("HOME", t.TempDir()) // the engine remembers measurements there
	built, folder := smallSite(t), t.TempDir()
	start := func(resume string) (*served, *session.Port) {
		t.Helper()
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		s, err := serve(built, listener, folder, gpu.Host, resume, t.Logf)
		if err != nil {
			t.Fatal(err)
		}
		return s, s.home.Join()
	}
	run := func(port *session.Port, is func(session.Run) bool) session.Run {
		t.Helper()
		for end := time.After(5 * time.Minute); ; {
			select {
			case message := <-port.In:
				if r, ok := message.(session.Run); ok && is(r) {
					return r
				}
				if f, ok := message.(session.Failure); ok {
					t.Fatalf("%s: %s", f.Command, f.Text)
				}
			case <-end:
				t.Fatal("the run does not get there")
			}
		}
	}
	const steps = 20
	s, port := start("")
	for _, c := range []session.Command{
		session.Begin{Settings: session.RunSettings{Method: "attnpo", Model: "chain-tiny", Difficulty: "2", Seed: 3, Steps: steps, Probe: 8,
			Hyper: hyper.Values{"problems": hyper.Number(3), "max-length": hyper.Number(96), "group": hyper.Number(4)}}},
		session.Advance{},
	} {
		if err := port.Send(c); err != nil {
			t.Fatal(err)
		}
	}
	before := run(port, func(r session.Run) bool { return r.Info.Step >= 10 && r.Info.State == "running" })
	id, err := s.close()
	if err != nil || id != before.Info.ID {
		t.Fatalf("closed with the run %q that trains and %v, want %q", id, err, before.Info.ID)
	}

	s, port = start(id)
	after := run(port, func(r session.Run) bool { return r.Info.ID == id && r.Info.State == "running" })
	if after.Info.Step < before.Info.Step {
		t.Errorf("the run is resumed at step %d, and had taken %d", after.Info.Step, before.Info.Step)
	}
	done := run(port, func(r session.Run) bool { return r.Info.ID == id && r.Info.State == "done" })
	found := false
	for _, m := range done.Metrics {
		if m.Name != "step" {
			continue
		}
		found = true
		if len(m.Values) != steps {
			t.Errorf("the run has %d steps, want %d", len(m.Values), steps)
		}
		for i, v := range m.Values {
			if v == nil || *v != float64(i+1) {
				t.Fatalf("line %d of the resumed run is not step %d", i, i+1)
			}
		}
	}
	if !found {
		t.Error("the run has no steps")
	}
	for end := time.Now().Add(time.Minute); s.trains() != "" && time.Now().Before(end); time.Sleep(10 * time.Millisecond) { // its own end of the session hears it too
	}
	if id, err := s.close(); id != "" || err != nil {
		t.Errorf("closed with the run %q that trains, and %v, after it was finished", id, err)
	}
}
