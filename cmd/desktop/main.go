// Command desktop is the lab in a window of its own, with an engine in this program.
//
//	go run ./cmd/desktop
//
// It serves the lab to this machine alone and shows it in a window of the system's web view. Where none is installed it takes an app
// window of an installed browser, else the default browser, and says so. It remembers the window's size, the colours and the
// backend; a run that trains is saved at the end and resumed at the next start. docs/desktop.md says what it needs and what was tried.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"

	"attnlab/app/site"
	"attnlab/cmd/desktop/webview"
	"attnlab/gpu"
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

// desktop is the program while it runs. Only the main thread uses it, apart from served.
type desktop struct {
	memory   memory
	file     string // of the memory
	served   *served
	address  string // of the lab
	icon     []byte
	adapters []gpu.Adapter
	note     func(format string, values ...any)

	// What it uses of the machine. Tests replace them.
	openView    func(webview.Options) (*webview.App, error)
	browsers    []string
	openDefault func(address string) error
}

func run(ctx context.Context, arguments []string) error {
	flags := flag.NewFlagSet("desktop", flag.ContinueOnError)
	way := flags.String("in", "", "show the lab in a `WAY`: window, app (of a browser) or browser; the first that works if empty")
	runs := flags.String("runs", "", "the `FOLDER` that runs are saved in; attnlab/runs in your home folder if empty")
	backend := flags.String("backend", "", "compute on a `BACKEND`: auto, webgpu, host, or an adapter that \"attnlab doctor\" lists; that of the last start if empty")
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
	if *runs == "" {
		if *runs, err = runsFolder(); err != nil {
			return err
		}
	}
	d.adapters = gpu.Adapters()
	d.memory.Backend = d.backend(*backend)
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
	if d.served, err = serve(s, listener, *runs, d.memory.Backend, d.memory.Run, d.note); err != nil {
		return err
	}
	d.address = d.served.link(listener)
	d.note("the lab is at %s", d.address)
	d.note("runs are saved in %s", *runs)
	shown := d.show(ctx, *way)
	d.memory.Run, err = d.served.close()
	if d.memory.Run != "" {
		d.note("the run is saved and will be resumed at the next start")
	}
	d.remember()
	return errors.Join(shown, err)
}

// backend is what to compute on: what is asked for, else what was chosen before, if it is still there.
func (d *desktop) backend(asked string) string {
	if asked == "" {
		asked = d.memory.Backend
	}
	switch {
	case asked == "":
		return gpu.Auto
	case !gpu.IsAdapter(asked):
		return asked
	}
	for _, a := range d.adapters {
		if a.ID == asked {
			return asked
		}
	}
	d.note("the adapter %s is not in this machine any more; the lab chooses", asked)
	return gpu.Auto
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
