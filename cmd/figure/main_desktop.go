//go:build desktop && !js

// Command figure is, natively, one figure in a window of its own:
//
//	figure NAME [--theme light|dark] [--fullscreen] [--set OPTION=VALUE]...
//
// It is an end of a session: it reads the session's messages from standard input, one a line, and writes commands to standard output in the
// same form. "attnlab figure" starts it and connects both to a lab. It is a program of its own because ebiten ends a program
// that has no display before main runs. f or F11 fills the screen, Escape leaves it, p saves the picture in the current folder.
package main

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"attnlab/app/figures"
	"attnlab/app/figures/window"
	"attnlab/app/session"
)

func main() {
	err := run(os.Args[1:], os.Stdin, os.Stdout)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "figure:", err)
		os.Exit(1)
	}
}

// run shows the figure that the arguments name until its window is closed.
func run(arguments []string, in io.Reader, out io.Writer) error {
	flags := flag.NewFlagSet("figure", flag.ContinueOnError)
	theme := flags.String("theme", "light", "`light|dark`")
	full := flags.Bool("fullscreen", false, "fill the screen")
	var options []string
	flags.Func("set", "set an `OPTION=VALUE` of the figure; may be repeated", func(s string) error { options = append(options, s); return nil })
	if len(arguments) == 0 || strings.HasPrefix(arguments[0], "-") {
		return errors.New("give the name of a figure first")
	}
	if err := flags.Parse(arguments[1:]); err != nil {
		return err
	}
	figure, err := figures.New(arguments[0])
	if err != nil {
		return err
	}
	figure.SetDark(*theme == "dark")
	for _, option := range options {
		name, value, ok := strings.Cut(option, "=")
		if !ok {
			return fmt.Errorf("--set is %q, it must be OPTION=VALUE", option)
		}
		figure.Set(name, value, time.Now())
	}
	sender := &lines{out: out}
	game := window.New(figure, sender.send, func(kind string, data []byte) { save(arguments[0], kind, data) }, func(string) {}, func() string { return "attnlab · " + arguments[0] })
	go func() {
		if err := receive(in, game.Show); err != nil {
			fmt.Fprintln(os.Stderr, "figure:", err)
		}
	}()
	sender.send(session.Hello{})
	return game.Open(figure.Title+" · attnlab", *full)
}

// lines writes commands, one a line.
type lines struct {
	mu  sync.Mutex
	out io.Writer
}

func (l *lines) send(c session.Command) {
	data, err := session.Encode(c)
	if err != nil {
		panic(err) // commands of figures always encode
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = l.out.Write(append(data, '\n')) // who does not read does not want to know
}

// receive shows messages until the input ends.
func receive(in io.Reader, show func(message any)) error {
	for r := bufio.NewReader(in); ; {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("the session cannot be read any more: %w", err)
		}
		message, err := session.Decode(bytes.TrimSuffix(line, []byte("\n")))
		if err != nil {
			return fmt.Errorf("the session sent a message that cannot be read (%w); use attnlab and figure of one version", err)
		}
		show(message)
	}
}

// save writes a picture into the current folder, under a name that is free.
func save(name, kind string, data []byte) {
	for i := 1; ; i++ {
		path := fmt.Sprintf("attnlab-%s.%s", name, kind)
		if i > 1 {
			path = fmt.Sprintf("attnlab-%s-%d.%s", name, i, kind)
		}
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if errors.Is(err, os.ErrExist) {
			continue
		}
		if err == nil {
			_, err = file.Write(data)
			err = errors.Join(err, file.Close())
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "figure: the picture could not be saved:", err)
		} else {
			fmt.Fprintln(os.Stderr, "saved", path)
		}
		return
	}
}
