// Command desktop is the lab in a window of its own.
//
//	go run ./cmd/desktop
//
// It serves the lab to this machine alone and shows it in a window of the system's web view. Where none is installed it takes an app
// window of an installed browser, else the default browser, and says so. It remembers the window's size, the colours and the
// backend. docs/desktop.md says what it needs and what was tried.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"

	"attnlab/app/site"
	"attnlab/cmd/desktop/webview"
)

// Windows of the system live in the first thread.
func init() { runtime.LockOSThread() }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "desktop:", err)
		os.Exit(1)
	}
}

// desktop is the program while it runs. Only the main thread uses it, apart from chosen.
type desktop struct {
	memory  memory
	file    string // of the memory
	address string // of the lab
	icon    []byte
	chosen  chosen
	note    func(format string, values ...any)

	// What it uses of the machine. Tests replace them.
	openView    func(webview.Options) (*webview.App, error)
	browsers    []string
	openDefault func(address string) error
}

func run(ctx context.Context, arguments []string) error {
	flags := flag.NewFlagSet("desktop", flag.ContinueOnError)
	way := flags.String("in", "", "show the lab in a `WAY`: window, app (of a browser) or browser; the first that works if empty")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("there is nothing to do with %q; see desktop -help", flags.Arg(0))
	}
	d := &desktop{openView: webview.Open, browsers: appBrowsers(), openDefault: openDefault,
		note: func(format string, values ...any) { fmt.Fprintf(os.Stderr, format+"\n", values...) }}
	var err error
	if d.file, err = memoryFile(); err != nil {
		return err
	}
	if d.memory, err = recall(d.file); err != nil {
		d.note("%v", err)
	}
	s, err := site.Open(ctx, site.Options{Note: func(text string) { d.note("%s", text) }})
	if err != nil {
		return err
	}
	d.icon, _ = s.File(s.Folder() + "icon.png")
	listener, err := listen(d.memory.Port)
	if err != nil {
		return err
	}
	d.memory.Port = listener.Addr().(*net.TCPAddr).Port
	d.address = "http://" + listener.Addr().String() + "/"
	d.note("the lab is at %s", d.address)
	serving, end := context.WithCancel(context.Background())
	served := make(chan error, 1)
	mux := http.NewServeMux()
	mux.Handle("/", s.Handler())
	mux.Handle(filesPath, &d.chosen)
	go func() { served <- serve(serving, listener, mux) }()
	err = d.show(ctx, *way)
	end()
	d.remember()
	return errors.Join(err, <-served)
}

// listen takes a port of this machine alone: the one of the last start if it is free, because what a page stores belongs to its port.
func listen(port int) (net.Listener, error) {
	if port > 0 {
		if l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port)); err == nil {
			return l, nil
		}
	}
	return net.Listen("tcp", "127.0.0.1:0")
}

// serve answers requests until ctx ends.
func serve(ctx context.Context, l net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// remember saves the memory.
func (d *desktop) remember() {
	if err := d.memory.save(d.file); err != nil {
		d.note("the window's settings could not be saved: %v", err)
	}
}

// leave opens an address outside of the lab in the user's browser.
func (d *desktop) leave(address string) {
	if err := d.openDefault(address); err != nil {
		d.note("%s could not be opened in a browser: %v", address, err)
	}
}
