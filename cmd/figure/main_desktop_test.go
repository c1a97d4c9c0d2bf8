//go:build desktop && linux

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"attnlab/app/lab/labtest"
	"attnlab/app/session"
	"attnlab/cmd/dev/xvfb"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
	"github.com/jezek/xgb/xtest"
)

// child marks a process of this test that is the program.
const child = "ATTNLAB_FIGURE_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(child) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// screen is a display of its own.
type screen struct {
	*testing.T
	name string
	x    *xgb.Conn
	root xproto.ScreenInfo
}

func openScreen(t *testing.T) *screen {
	t.Helper()
	if _, err := exec.LookPath("Xvfb"); err != nil {
		t.Skip("Xvfb is not installed: ", err)
	}
	name, end, err := xvfb.Start(1280, 800)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(end)
	xgb.Logger.SetOutput(io.Discard) // it has no file of secrets, and needs none
	s := &screen{T: t, name: name}
	if s.x, err = xgb.NewConnDisplay(s.name); err != nil {
		t.Fatal(err)
	}
	if err := xtest.Init(s.x); err != nil {
		t.Fatal(err)
	}
	s.root = *xproto.Setup(s.x).DefaultScreen(s.x)
	return s
}

// window waits for the window of a width and a height; 0 is any.
func (s *screen) window(width, height uint16) xproto.Window {
	s.Helper()
	var seen []string
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		tree, err := xproto.QueryTree(s.x, s.root.Root).Reply()
		if err != nil {
			s.Fatal(err)
		}
		seen = nil
		for _, w := range tree.Children {
			a, err := xproto.GetWindowAttributes(s.x, w).Reply()
			if err != nil || a.MapState != xproto.MapStateViewable {
				continue
			}
			g, err := xproto.GetGeometry(s.x, xproto.Drawable(w)).Reply()
			if err != nil {
				continue
			}
			seen = append(seen, fmt.Sprintf("%d x %d", g.Width, g.Height))
			if g.Width == width && g.Height == height {
				return w
			}
		}
	}
	s.Fatalf("no window of %d x %d appeared, only %q", width, height, seen)
	return 0
}

// key presses a key by its code on a standard keyboard.
func (s *screen) key(w xproto.Window, code byte) {
	xproto.SetInputFocus(s.x, xproto.InputFocusPointerRoot, w, xproto.TimeCurrentTime)
	xtest.FakeInput(s.x, xproto.KeyPress, code, 0, s.root.Root, 0, 0, 0)
	s.x.Sync()
	time.Sleep(100 * time.Millisecond) // ebiten looks at the keyboard once a frame
	xtest.FakeInput(s.x, xproto.KeyRelease, code, 0, s.root.Root, 0, 0, 0)
	s.x.Sync()
}

const keyF, keyP = 41, 33

// colours counts the different colours of a window.
func (s *screen) colours(w xproto.Window) int {
	g, err := xproto.GetGeometry(s.x, xproto.Drawable(w)).Reply()
	if err != nil {
		s.Fatal(err)
	}
	image, err := xproto.GetImage(s.x, xproto.ImageFormatZPixmap, xproto.Drawable(w), 0, 0, g.Width, g.Height, ^uint32(0)).Reply()
	if err != nil {
		s.Fatal(err)
	}
	seen := map[[3]byte]bool{}
	for i := 0; i+3 < len(image.Data); i += 4 {
		seen[[3]byte(image.Data[i:i+3])] = true
	}
	return len(seen)
}

// The window draws a trace, sends the selection of a key, follows another's selection, fills the screen by f and saves its picture by p.
func TestAFigureInAWindow(t *testing.T) {
	s := openScreen(t)
	folder := t.TempDir()
	command := exec.CommandContext(t.Context(), os.Args[0], "matrix", "--theme", "dark")
	command.Env = append(os.Environ(), child+"=1", "DISPLAY="+s.name)
	command.Dir = folder
	var said bytes.Buffer
	command.Stderr = &said
	in, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		command.Process.Kill()
		command.Wait()
		if t.Failed() {
			t.Logf("%s", said.String())
		}
	})
	sent := make(chan any, 100)
	go func() {
		for r := bufio.NewReader(out); ; {
			line, err := r.ReadBytes('\n')
			if err != nil {
				return
			}
			message, _ := session.Decode(bytes.TrimSuffix(line, []byte("\n")))
			sent <- message
		}
	}()
	next := func(what string, is func(any) bool) {
		t.Helper()
		for end := time.After(time.Minute); ; {
			select {
			case message := <-sent:
				if is(message) {
					return
				}
			case <-end:
				t.Fatalf("the figure never sent %s", what)
			}
		}
	}
	next("Hello", func(m any) bool { _, ok := m.(session.Hello); return ok })
	say := func(message any) {
		data, err := session.Encode(message)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := in.Write(append(data, '\n')); err != nil {
			t.Fatal(err)
		}
	}
	w := s.window(960, 680)
	until := func(what string, is func() bool) {
		t.Helper()
		for end := time.Now().Add(time.Minute); !is(); time.Sleep(50 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("never: %s", what)
			}
		}
	}
	until("the empty figure is drawn", func() bool { return s.colours(w) > 1 })
	empty := s.colours(w)
	say(labtest.Trace())
	until("the trace is drawn", func() bool { return s.colours(w) > empty+3 })
	say(session.Select{Selection: session.Selection{Step: 2, Token: -1, Layer: -1, Head: -1, Node: -1}})
	const keyRight = 114
	s.key(w, keyRight)
	next("a selection", func(m any) bool { _, ok := m.(session.Select); return ok })

	s.key(w, keyF)
	full := s.window(s.root.WidthInPixels, s.root.HeightInPixels)
	until("the figure is drawn on the whole screen", func() bool { return s.colours(full) > empty+3 })
	s.key(full, keyP)
	until("the picture is saved", func() bool {
		found, _ := filepath.Glob(filepath.Join(folder, "attnlab-matrix.png"))
		return len(found) == 1
	})
	s.key(full, keyF)
	s.window(960, 680)
}

func TestArgumentsOfAFigure(t *testing.T) {
	for _, c := range []struct {
		arguments []string
		want      string
	}{
		{nil, "name of a figure"}, {[]string{"--theme"}, "name of a figure"}, {[]string{"nothing"}, "no figure"}, {[]string{"matrix", "--set", "x"}, "OPTION=VALUE"}, {[]string{"matrix", "--wide"}, "not defined"},
	} {
		if err := run(c.arguments, strings.NewReader(""), io.Discard); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want an error with %q", c.arguments, err, c.want)
		}
	}
	if err := receive(strings.NewReader("{}\n"), func(any) {}); err == nil || !strings.Contains(err.Error(), "one version") {
		t.Errorf("a broken message: %v", err)
	}
}

func TestPicturesGetFreeNames(t *testing.T) {
	t.Chdir(t.TempDir())
	save("tree", "svg", []byte("first"))
	save("tree", "svg", []byte("second"))
	for name, want := range map[string]string{"attnlab-tree.svg": "first", "attnlab-tree-2.svg": "second"} {
		if data, err := os.ReadFile(name); err != nil || string(data) != want {
			t.Errorf("%s holds %q, %v; want %q", name, data, err, want)
		}
	}
}
