package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"attnlab/app/figures"
	"attnlab/app/server"
	"attnlab/app/session"
	"attnlab/app/site"
)

var figureCommand = command{
	name:  "figure",
	does:  "shows one figure of a lab in a window",
	takes: "NAME",
	about: `
NAME is one of ` + figureNames() + `.
--session is the link that "attnlab serve --engine native" or the desktop program prints; a link for watching does too. The window follows
that session: what is selected there is selected here and back. f or F11 fills the screen, Escape leaves it, p saves the picture in the
current folder. The window is a program of its own, attnlab-figure, which is built from source where it does not lie beside this one; that
needs a C compiler and, on Linux, the headers of X.

  attnlab figure tree --session 'http://127.0.0.1:8080/?engine=native&token=...' --fullscreen
  attnlab figure curves --session LINK --set metrics=accuracy
`,
	flags: func(o *options, f *flag.FlagSet) action {
		var w figureWindow
		f.StringVar(&w.session, "session", "", "the `LINK` of a lab")
		f.StringVar(&w.theme, "theme", "light", "`light|dark`: colours")
		f.BoolVar(&w.full, "fullscreen", false, "fill the screen")
		f.Func("set", "set an `OPTION=VALUE` of the figure, as in the address of its window; may be repeated", func(s string) error { w.options = append(w.options, s); return nil })
		return func(ctx context.Context, c *console) error { return c.figure(ctx, w) }
	},
}

// figureWindow are the flags of the command.
type figureWindow struct {
	session, theme string
	full           bool
	options        []string
}

func figureNames() string {
	var names []string
	for _, f := range figures.Figures {
		names = append(names, f.Name)
	}
	return strings.Join(names, ", ")
}

func (c *console) figure(ctx context.Context, w figureWindow) error {
	known := func(f figures.Entry) bool { return len(c.args) > 0 && f.Name == c.args[0] }
	switch {
	case len(c.args) != 1 || !slices.ContainsFunc(figures.Figures, known):
		return wrongUsage("give the name of one figure: %s", figureNames())
	case w.session == "":
		return wrongUsage(`--session is missing: give the link that "attnlab serve --engine native" prints`)
	case w.theme != "light" && w.theme != "dark":
		return wrongUsage("--theme is %q, it must be light or dark", w.theme)
	}
	arguments := []string{c.args[0], "--theme", w.theme}
	if w.full {
		arguments = append(arguments, "--fullscreen")
	}
	for _, option := range w.options {
		if !strings.Contains(option, "=") {
			return wrongUsage("--set is %q, it must be OPTION=VALUE", option)
		}
		arguments = append(arguments, "--set", option)
	}
	ctx, end := context.WithCancel(ctx)
	defer end()
	port, err := server.Join(ctx, w.session)
	if err != nil {
		return err
	}
	defer port.Close()
	program, err := figureProgram(ctx, c)
	if err != nil {
		return err
	}
	if err := connectFigure(exec.CommandContext(ctx, program, arguments...), port); err != nil && ctx.Err() == nil {
		return err
	}
	return nil
}

// figureProgram is the program of the window: beside this one, else built from source.
func figureProgram(ctx context.Context, c *console) (path string, err error) {
	if self, err := os.Executable(); err == nil {
		path = filepath.Join(filepath.Dir(self), "attnlab-figure")
		if runtime.GOOS == "windows" {
			path += ".exe"
		}
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	path, err = site.Program(ctx, "figure", "desktop", func(text string) { c.note("%s", text) })
	if err != nil {
		return "", fmt.Errorf("the program of the window cannot be had: %w", err)
	}
	return path, nil
}

// connectFigure runs the program of a window as an end of a session, until the window is closed or the session ends.
func connectFigure(window *exec.Cmd, port *session.Port) error {
	in, err := window.StdinPipe()
	if err != nil {
		return err
	}
	out, err := window.StdoutPipe()
	if err != nil {
		return err
	}
	window.Stderr = os.Stderr
	if err := window.Start(); err != nil {
		return fmt.Errorf("start the window: %w", err)
	}
	go func() {
		defer in.Close()
		for message := range port.In {
			if _, is := message.(error); is {
				continue // the lab has reported it
			}
			data, err := session.Encode(message)
			if err == nil {
				_, err = in.Write(append(data, '\n'))
			}
			if err != nil {
				return // the window is closed
			}
		}
	}()
	for r := bufio.NewReader(out); ; {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("read what the window says: %w", err)
		}
		if message, err := session.Decode(bytes.TrimSuffix(line, []byte("\n"))); err == nil {
			_ = port.Send(message) // a line that is down is opened again
		}
	}
	if err := window.Wait(); err != nil {
		return fmt.Errorf("the window ended: %w; it needs a display", err)
	}
	return nil
}
