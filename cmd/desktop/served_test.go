package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"attnlab/app/session"
	"attnlab/gpu"
)

// follower is a program's own end of a session, with the engine's end.
func follower(t *testing.T, resume string) (s *served, engine *session.Port, said func() string) {
	t.Helper()
	var hub session.Hub
	var mu sync.Mutex
	var lines []string
	s = &served{port: hub.Join(), resume: resume, note: func(format string, values ...any) {
		mu.Lock()
		defer mu.Unlock()
		lines = append(lines, fmt.Sprintf(format, values...))
	}}
	engine = hub.Join()
	t.Cleanup(func() { s.port.Close(); engine.Close() })
	go s.follow()
	return s, engine, func() string { mu.Lock(); defer mu.Unlock(); return strings.Join(lines, "\n") }
}

func send(t *testing.T, engine *session.Port, events ...session.Event) {
	t.Helper()
	for _, e := range events {
		if err := engine.Send(e); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheRunOfTheLastStartIsResumedOnce(t *testing.T) {
	_, engine, said := follower(t, "attnpo-7")
	list := session.Runs{Runs: []session.KeptRun{{Info: session.RunInfo{ID: "grpo-1"}}, {Info: session.RunInfo{ID: "attnpo-7", Name: "attnpo-7", Step: 12}}}}
	send(t, engine, list, list)
	for _, want := range []any{session.ResumeRun{ID: "attnpo-7"}, session.Advance{Run: "attnpo-7"}} {
		select {
		case got := <-engine.In:
			if !reflect.DeepEqual(got, want) {
				t.Errorf("the engine got %#v, want %#v", got, want)
			}
		case <-time.After(time.Minute):
			t.Fatalf("the engine never got %#v", want)
		}
	}
	select {
	case again := <-engine.In:
		t.Errorf("the second list resumes again: %#v", again)
	case <-time.After(200 * time.Millisecond):
	}
	if !strings.Contains(said(), "run attnpo-7 is resumed at step 12") {
		t.Errorf("said %q", said())
	}
}

func TestADeletedRunIsNotResumed(t *testing.T) {
	_, engine, said := follower(t, "attnpo-7")
	send(t, engine, session.Runs{})
	for end := time.Now().Add(time.Minute); !strings.Contains(said(), "not in the folder"); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("said %q", said())
		}
	}
	select {
	case command := <-engine.In:
		t.Errorf("the engine got %#v", command)
	default:
	}
}

func TestTheRunThatTrainsIsKnown(t *testing.T) {
	s, engine, _ := follower(t, "")
	until := func(want string) {
		t.Helper()
		for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
			s.mu.Lock()
			got := s.training
			s.mu.Unlock()
			if got == want {
				return
			}
			if time.Now().After(end) {
				t.Fatalf("the run that trains is %q, want %q", got, want)
			}
		}
	}
	send(t, engine, session.Run{Info: session.RunInfo{ID: "a", State: "running"}})
	until("a")
	send(t, engine, session.Run{Info: session.RunInfo{ID: "a", State: "paused"}})
	until("")
}

func TestTheEngineGetsWhatWasChosen(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"config.json", "model.gguf", "secret.txt"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var c chosen
	if _, err := c.picked(t.Context(), "anything"); err == nil {
		t.Error("something is picked before anything was chosen")
	}
	whole, err := c.choose(folder)
	if err != nil {
		t.Fatal(err)
	}
	file, err := c.choose(filepath.Join(folder, "model.gguf"))
	if err != nil {
		t.Fatal(err)
	}
	names := func(id string) (names []string) {
		files, err := c.picked(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"config.json", "model.gguf", "secret.txt", "../secret.txt"} {
			if data, err := fs.ReadFile(files, name); err == nil && string(data) == name {
				names = append(names, name)
			}
		}
		if listed, err := fs.Glob(files, "*"); err != nil || len(listed) != len(names) {
			t.Errorf("%s lists %q, %v; it has %q", id, listed, err, names)
		}
		return names
	}
	for id, want := range map[string][]string{whole: {"config.json", "model.gguf", "secret.txt"}, file: {"model.gguf"}} {
		if got := names(id); !reflect.DeepEqual(got, want) {
			t.Errorf("%s has %q, want %q", id, got, want)
		}
	}
	for _, id := range []string{"of-a-page", "dialog-99", "dialog-0"} {
		if _, err := c.picked(t.Context(), id); err == nil {
			t.Errorf("%s is picked", id)
		}
	}
	if _, err := c.choose(filepath.Join(folder, "nothing")); err == nil {
		t.Error("a file that does not exist is chosen")
	}
}

func TestTheBackendOfTheLastStart(t *testing.T) {
	var said []string
	d := &desktop{adapters: []gpu.Adapter{{ID: "vulkan:A"}}, note: func(format string, values ...any) { said = append(said, fmt.Sprintf(format, values...)) }}
	for _, c := range []struct{ before, asked, want string }{
		{"", "", "auto"}, {"host", "", "host"}, {"host", "webgpu", "webgpu"}, {"vulkan:A", "", "vulkan:A"}, {"vulkan:B", "", "auto"},
	} {
		d.memory.Backend = c.before
		if got := d.backend(c.asked); got != c.want {
			t.Errorf("remembered %q, asked for %q: %q, want %q", c.before, c.asked, got, c.want)
		}
	}
	if len(said) != 1 || !strings.Contains(said[0], "vulkan:B") {
		t.Errorf("said %q, want one sentence about the adapter that is gone", said)
	}
}
