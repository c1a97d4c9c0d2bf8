//go:build !js

package runs

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// line is a report of a training step.
type line struct {
	Step  int     `json:"step"`
	Value float64 `json:"value"`
}

// steps is a log of some steps, as it lies on disk.
func steps(from, to int) string {
	var text strings.Builder
	for s := from; s <= to; s++ {
		fmt.Fprintf(&text, "{\"step\":%d,\"value\":%d}\n", s, s*s)
	}
	return text.String()
}

// TestPagedIsOneLog saves a log page by page and reads one file, whichever program resumes it.
func TestPagedIsOneLog(t *testing.T) {
	defer func(n int) { PageLines = n }(PageLines)
	PageLines = 4
	ctx, dir := context.Background(), t.TempDir()
	store := Paged{Folder(dir)}
	on := func(what string, want string) {
		t.Helper()
		got, err := os.ReadFile(filepath.Join(dir, "r", MetricsFile))
		if err != nil || string(got) != want {
			t.Fatalf("%s: %v, the log is\n%swant\n%s", what, err, got, want)
		}
		if names, _ := filepath.Glob(filepath.Join(dir, "r", "metrics-*")); len(names) > 0 {
			t.Fatalf("%s: pages lie in the folder: %v", what, names)
		}
	}
	w, err := Create(ctx, store, "r", Run{Settings: Settings{Version: 2, Method: "grpo"}})
	if err != nil {
		t.Fatal(err)
	}
	take := func(w *Writer, from, to int) {
		t.Helper()
		for s := from; s <= to; s++ {
			if err := w.Append(ctx, line{s, float64(s * s)}); err != nil {
				t.Fatal(err)
			}
			if s%3 == 0 || s == to {
				if err := w.Save(ctx, map[string][]byte{StateFile: []byte(fmt.Sprint(s))}); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	take(w, 1, 15)
	on("the engine has trained", steps(1, 15))
	if whole, err := WholeLog(ctx, store, "r", w.Run); err != nil || string(whole) != steps(1, 15) {
		t.Errorf("the whole log is %q, %v", whole, err)
	}
	w.Close()

	// The command line resumes and is killed after two steps that its checkpoint lacks.
	c, err := Open(ctx, Folder(dir), "r")
	if err != nil {
		t.Fatal(err)
	}
	for s := 16; s <= 17; s++ {
		if err := c.Append(ctx, line{s, -1}); err != nil {
			t.Fatal(err)
		}
	}
	c.Close()

	// The engine takes these steps again.
	e, err := Open(ctx, store, "r")
	if err != nil {
		t.Fatal(err)
	}
	e.Log = e.Log.UpTo(15)
	e.Log.Stored()
	take(e, 16, 21)
	on("the engine went on", steps(1, 21))
	if whole, err := WholeLog(ctx, store, "r", e.Run); err != nil || string(whole) != steps(1, 21) {
		t.Errorf("the whole log is %q, %v", whole, err)
	}
	e.Close()
}

// TestPagedJoinsPages opens a folder whose log lies in pages.
func TestPagedJoinsPages(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	if err := (Folder(dir)).Save(ctx, "r", map[string][]byte{MetricsFile: []byte(steps(1, 3)), pageFile(MetricsFile, 1): []byte(steps(4, 6))}); err != nil {
		t.Fatal(err)
	}
	w, err := Open(ctx, Paged{Folder(dir)}, "r")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if w.Log.Rows() != 6 {
		t.Fatalf("%d lines", w.Log.Rows())
	}
	w.Log.Stored()
	if err := w.Append(ctx, line{7, 49}); err != nil {
		t.Fatal(err)
	}
	if err := w.Save(ctx, nil); err != nil {
		t.Fatal(err)
	}
	names, err := Folder(dir).Names(ctx, "r")
	if got, _ := os.ReadFile(filepath.Join(dir, "r", MetricsFile)); err != nil || string(got) != steps(1, 7) || strings.Contains(strings.Join(names, " "), "metrics-") {
		t.Errorf("files %v, the log is\n%s", names, got)
	}
}

// TestPagedStaysInside refuses names that lead out of a run's folder.
func TestPagedStaysInside(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	store := Paged{Folder(filepath.Join(dir, "runs"))}
	for _, name := range []string{"base/../../../evil", "../evil", "/evil", "base/evil", "evil", `base\..\..\evil`, ".lock"} {
		if store.Save(ctx, "r", map[string][]byte{name: []byte("x")}) == nil {
			t.Errorf("a file %q was written", name)
		}
		if _, err := store.Load(ctx, "r", name); err == nil {
			t.Errorf("a file %q was read", name)
		}
	}
	for _, id := range []string{"..", ".", "", "a/b", "../x", "/x", `a\b`} {
		if store.Save(ctx, id, map[string][]byte{RunFile: []byte("{}")}) == nil {
			t.Errorf("a run %q was written", id)
		}
		if store.Delete(ctx, id) == nil {
			t.Errorf("a run %q was deleted", id)
		}
		if _, err := store.Lock(ctx, id); err == nil {
			t.Errorf("a run %q was locked", id)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) > 0 {
		t.Errorf("there is %v", entries)
	}
}
