//go:build !js

package server

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"attnlab/app/session"
	"attnlab/app/site"
	"attnlab/rl/hyper"
	"attnlab/web"
)

// smallSite is a site with the shipped bases, without programs: pages are not tested here.
func smallSite() (*site.Site, error) {
	s := &site.Site{Version: "test"}
	add := func(path string, data []byte) { s.Files = append(s.Files, site.File{Path: path, Data: data}) }
	names, err := json.Marshal(web.Models())
	if err != nil {
		return nil, err
	}
	add("index.html", []byte("<!doctype html><title>lab</title>"))
	add(s.Folder()+"models/bases.json", names)
	for _, name := range web.Models() {
		for _, file := range []string{"config.json", "tokenizer.json", "model.safetensors"} {
			data, err := web.FS.ReadFile("models/" + name + "/" + file)
			if err != nil {
				return nil, err
			}
			add(s.Folder()+"models/"+name+"/"+file, data)
		}
	}
	return s, nil
}

// start serves a lab on the host backend, at an address of its own.
func start(t testing.TB, change func(*Options)) *Home {
	t.Helper()
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	small, err := smallSite()
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Site: small, Listener: listener, Backend: "host", Runs: t.TempDir()}
	if change != nil {
		change(&o)
	}
	h, err := Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// guest is one who follows the session.
type guest struct {
	testing.TB
	*session.Port
}

func join(t testing.TB, link string) *guest {
	t.Helper()
	port, err := Join(t.Context(), link)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(port.Close)
	return &guest{t, port}
}

func (g *guest) send(c session.Command) {
	g.Helper()
	if err := g.Send(c); err != nil {
		g.Fatal(err)
	}
}

// next waits for an event for which is holds.
func next[E session.Event](g *guest, is func(E) bool) (e E) {
	g.Helper()
	for end := time.After(2 * time.Minute); ; {
		select {
		case message, open := <-g.In:
			if !open {
				g.Fatalf("the session ended before a %T", e)
			}
			if f, failed := message.(session.Failure); failed {
				if _, wanted := any(e).(session.Failure); !wanted {
					g.Fatalf("while waiting for %T: %s", e, f.Text)
				}
			}
			if e, ok := message.(E); ok && is(e) {
				return e
			}
		case <-end:
			g.Fatalf("no %T came", e)
		}
	}
}

// idle is true of an engine that has done everything.
func idle(s session.Status) bool { return s.Stage == "ready" && !s.Busy }

func TestServesTheEngine(t *testing.T) {
	h := start(t, nil)
	a, b := join(t, h.Link()), join(t, h.Link())
	c := next(a, func(c session.Capabilities) bool { return c.Model.Name != "" })
	if c.Backend != "host" || len(c.Bases) != len(web.Models()) {
		t.Fatalf("the engine is %+v", c)
	}
	next(a, idle)
	a.send(session.NewProblem{Seed: 7})
	a.send(session.Generate{Unit: "all", Restart: true, Sampling: session.Sampling{Temperature: 1, TopP: 1, Seed: 7}})
	ofA := next(a, func(t session.Trace) bool { return t.Complete })
	ofB := next(b, func(t session.Trace) bool { return t.Complete })
	if ofA.Number != ofB.Number || len(ofA.Steps) == 0 {
		t.Errorf("one page has trace %d, the other %d", ofA.Number, ofB.Number)
	}
	a.send(session.Select{Selection: session.Selection{Step: 1, Token: -1, Layer: -1, Head: -1, Node: -1}})
	if s := next(b, func(s session.Selection) bool { return s.Step == 1 }); s.Head != -1 {
		t.Errorf("selected is %+v", s)
	}
	late := join(t, h.Link())
	if tr := next(late, func(t session.Trace) bool { return true }); tr.Number != ofA.Number {
		t.Errorf("who comes later sees trace %d", tr.Number)
	}
}

// short is a run of a few small steps.
func short(steps int) session.RunSettings {
	return session.RunSettings{Method: "grpo", Model: "chain-tiny", Difficulty: "2", Seed: 3, Steps: steps, Probe: 8,
		Hyper: hyper.Values{"problems": hyper.Number(3), "max-length": hyper.Number(96), "group": hyper.Number(4)}}
}

// TestSavesRunsLikeTheCommandLine trains some steps, and finds the run as a folder.
func TestSavesRunsLikeTheCommandLine(t *testing.T) {
	h := start(t, nil)
	g := join(t, h.Link())
	next(g, func(c session.Capabilities) bool { return c.Model.Name != "" })
	next(g, idle)
	g.send(session.UseModel{Name: "chain-tiny"})
	g.send(session.Begin{Settings: short(2)})
	g.send(session.Advance{})
	run := next(g, func(r session.Run) bool { return r.Info.State == "done" })
	log, err := os.ReadFile(filepath.Join(h.options.Runs, run.Info.ID, "metrics.jsonl"))
	if err != nil || len(log) == 0 {
		t.Errorf("the log is %d bytes: %v", len(log), err)
	}
	if run.Info.From != session.Machine {
		t.Errorf("the run is from %q", run.Info.From)
	}
}
