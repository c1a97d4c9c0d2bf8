//go:build linux && visit

package visit

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"attnlab/app/server"
	"attnlab/app/session"
	"attnlab/cmd/desktop/displaytest"
)

// window is the desktop program with its window, and an end of its session, by which the test hears what happens.
type window struct {
	*testing.T
	screen  *displaytest.Display
	command *exec.Cmd
	says    *report
	port    *session.Port
	ended   chan error
}

// report is what a program writes.
type report struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *report) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *report) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// startDesktop starts the program in a home folder, and joins its session.
func startDesktop(t *testing.T, screen *displaytest.Display, program, home string) *window {
	t.Helper()
	w := &window{T: t, screen: screen, says: &report{}, ended: make(chan error, 1)}
	w.command = exec.CommandContext(t.Context(), program, "--in", "window", "--backend", "host")
	w.command.Stderr = w.says
	w.command.Env = append(os.Environ(), "DISPLAY="+screen.Name, "WAYLAND_DISPLAY=", "HOME="+home, "XDG_CONFIG_HOME="+home, "XDG_DATA_HOME="+home, "XDG_CACHE_HOME="+home)
	if err := w.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { w.ended <- w.command.Wait() }()
	for {
		if _, after, ok := strings.Cut(w.says.String(), "the lab is at "); ok && strings.Contains(after, "\n") {
			link, _, _ := strings.Cut(after, "\n")
			var err error
			if w.port, err = server.Join(t.Context(), link); err != nil {
				t.Fatal(err)
			}
			return w
		}
		select {
		case err := <-w.ended:
			if strings.Contains(w.says.String(), "no web view") {
				t.Skip("WebKitGTK is not installed")
			}
			t.Fatalf("the program ended: %v\n%s", err, w.says)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// heard waits for a message of the session for which is holds. Meanwhile it presses keys, where there are any, every second: a page that
// has not loaded yet, or whose engine is busy, takes none.
func heard[M any](w *window, what string, is func(M) bool, keys ...rune) M {
	w.Helper()
	again := time.NewTicker(time.Second)
	defer again.Stop()
	for end := time.After(patience); ; {
		select {
		case <-again.C:
			w.screen.Press(keys...)
		case message := <-w.port.In:
			if f, failed := message.(session.Failure); failed {
				w.Fatalf("%s: %s", f.Command, f.Text)
			}
			if m, ok := message.(M); ok && is(m) {
				return m
			}
		case err := <-w.ended:
			w.Fatalf("%s: the program ended before: %v\n%s", what, err, w.says)
		case <-end:
			w.screen.Save(filepath.Join(shotsFolder(w.T), "desktop-failed.png"))
			w.Fatalf("%s did not happen\n%s", what, w.says)
		}
	}
}

// trains presses Space until a run trains, and waits until it has taken some steps. A page that lags may take the key twice, which pauses the run.
func trains(w *window, steps int) session.Run {
	w.Helper()
	begun := false
	again := time.NewTicker(10 * time.Second)
	defer again.Stop()
	w.screen.Press(' ')
	for end := time.After(patience); ; {
		select {
		case message := <-w.port.In:
			r, is := message.(session.Run)
			switch {
			case is && r.Info.State == "running" && r.Info.Step >= steps:
				return r
			case is && r.Info.State == "paused" && begun:
				w.screen.Press(' ')
			}
			begun = is && r.Info.State == "running" || begun
		case <-again.C:
			if !begun {
				w.screen.Press(' ')
			}
		case <-end:
			w.screen.Save(filepath.Join(shotsFolder(w.T), "desktop-failed.png"))
			w.Fatalf("%d training steps were not taken\n%s", steps, w.says)
		}
	}
}

// shotsFolder is where pictures are saved to be looked at.
func shotsFolder(t *testing.T) string {
	t.Helper()
	folder := filepath.Join("..", "..", "..", "shots")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	return folder
}

// shot saves a picture of the window.
func (w *window) shot(name string) {
	w.Helper()
	time.Sleep(1500 * time.Millisecond) // without a GPU a figure redraws once a second
	w.screen.Save(filepath.Join(shotsFolder(w.T), "desktop-"+name+".png"))
}

// goes presses the key of another page until the window shows one: at least a twentieth of the picture is another.
func (w *window) goes(key rune) {
	w.Helper()
	before := w.screen.Picture().Pix
	for end := time.Now().Add(patience); ; {
		if time.Now().After(end) {
			w.shot("failed")
			w.Fatalf("the window does not show the page of %c", key)
		}
		w.screen.Press(key)
		time.Sleep(time.Second)
		changed, seen := 0, 0
		for i, now := 0, w.screen.Picture().Pix; i < len(now); i += 4 * 7 {
			seen++
			if now[i] != before[i] || now[i+1] != before[i+1] || now[i+2] != before[i+2] {
				changed++
			}
		}
		if 20*changed > seen {
			return
		}
	}
}

// close closes the window as its cross does, and waits until the program has ended.
func (w *window) close() {
	w.Helper()
	w.port.Close()
	w.screen.Close(w.screen.Window("attnlab"))
	if err := <-w.ended; err != nil {
		w.Errorf("the program ended with %v", err)
	}
	for line := range strings.Lines(w.says.String()) {
		if strings.Contains(line, "CRITICAL") || strings.Contains(line, "panic") {
			w.Errorf("the program wrote %s", line)
		}
	}
}

// TestVisitDesktop drives the desktop program under Xvfb by its keys: it generates, grows a tree and trains ten steps of ATTNPO, is closed, is
// started again, and trains on.
func TestVisitDesktop(t *testing.T) {
	_, built := builtSite(t)
	screen := displaytest.Open(t)
	folder, home := t.TempDir(), t.TempDir()
	program := filepath.Join(folder, "attnlab-desktop")
	build := exec.Command("go", "build", "-o", program, "attnlab/cmd/desktop")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := built.Write(filepath.Join(folder, "site")); err != nil { // beside the program, as in a release
		t.Fatal(err)
	}
	began := time.Now()
	w := startDesktop(t, screen, program, home)
	idle := func(s session.Status) bool { return s.Stage == "ready" && !s.Busy }
	heard(w, "the engine is ready", idle)
	screen.Window("attnlab")
	heard(w, "another problem", func(tr session.Trace) bool { return !tr.Complete && len(tr.Tokens) == tr.PromptLength }, 'n')
	heard(w, "the response", func(tr session.Trace) bool { return tr.Complete }, 'g')
	w.shot("trace")
	w.goes('3')
	heard(w, "the tree", func(tree session.Tree) bool { return tree.Done }, 'g')
	heard(w, "the engine is ready", idle)
	w.shot("tree")
	w.goes('4')
	run := trains(w, 10)
	if run.Settings.Method != "attnpo" {
		t.Errorf("the run is of %s", run.Settings.Method)
	}
	w.shot("train")
	w.close()
	if !strings.Contains(w.says.String(), "will be resumed") {
		t.Errorf("the program says %s", w.says)
	}

	w = startDesktop(t, screen, program, home)
	heard(w, "the run is resumed", func(r session.Run) bool {
		return r.Info.ID == run.Info.ID && r.Info.State == "running" && r.Info.Step > run.Info.Step
	})
	screen.Window("attnlab")
	for _, page := range []struct {
		key  rune
		name string
	}{{'5', "compare"}, {'4', "train-again"}, {'6', "learn"}, {'2', "heads"}, {'7', "glossary"}} {
		w.goes(page.key)
		w.shot(page.name)
	}
	w.close()
	t.Logf("the window was driven for %v", time.Since(began).Round(time.Second))
}
