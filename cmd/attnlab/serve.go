package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"net"
	"os/exec"
	"runtime"

	"attnlab/app/server"
	"attnlab/app/site"
	"attnlab/model/hf/hub"
)

var serveCommand = command{
	name: "serve",
	does: "builds the lab and serves it",
	about: `
attnlab without a command does this too. The lab runs in your browser; the server only sends files, and only to this
machine unless --addr says otherwise. Browsers offer WebGPU only to pages from this machine or over https.

With --engine native this program computes, on this machine's adapters and memory, and the page in the browser shows it.
Open the link that is printed: it has a token, and who has it may use the engine. Runs are saved in --runs, each in a
folder as "attnlab train --out" makes it, so either resumes the other's. See docs/native.md.

  attnlab serve --open
  attnlab serve --addr 127.0.0.1:9000
  attnlab serve --engine native --runs runs --open
`,
	flags: func(o *options, f *flag.FlagSet) action {
		var s serving
		f.StringVar(&s.addr, "addr", "127.0.0.1:8080", "`HOST:PORT` to listen at; port 0 takes a free one")
		f.BoolVar(&s.open, "open", false, "open the lab in your browser")
		f.StringVar(&s.engine, "engine", "browser", "`browser|native`: who computes, the page or this program")
		f.StringVar(&s.runs, "runs", "runs", "`DIR` that the native engine saves runs in")
		f.StringVar(&s.root, "root", "", "`DIR` whose models and runs the native engine's page may open; nothing outside it is reachable")
		f.BoolVar(&s.watch, "watch", false, "print a second link, for people who follow the native engine and change nothing")
		s.hub = hubFlag(f)
		return func(ctx context.Context, c *console) error { return c.serve(ctx, s) }
	},
}

// serving are the flags of the command.
type serving struct {
	addr, engine, runs, root string
	open, watch              bool
	hub                      *string
}

func (c *console) serve(ctx context.Context, s serving) error {
	from, err := pageHub(*s.hub)
	if err != nil {
		return err
	}
	if _, _, err := net.SplitHostPort(s.addr); err != nil {
		return wrongUsage("--addr is %q, it must be HOST:PORT", s.addr)
	}
	native := s.engine == "native"
	switch {
	case s.engine != "native" && s.engine != "browser":
		return wrongUsage("--engine is %q, it must be browser or native", s.engine)
	case !native && (s.watch || s.root != "" || c.given["runs"] != ""):
		return wrongUsage("--runs, --root and --watch are of the native engine; add --engine native")
	}
	listener, err := net.Listen("tcp", s.addr)
	if err != nil {
		return fmt.Errorf("listen at %s: %w; choose another --addr, such as 127.0.0.1:0", s.addr, err)
	}
	defer listener.Close()
	built, err := site.Open(ctx, site.Options{Hub: from, Hosts: hub.Hosts(from), Note: func(text string) { c.note("%s", text) }})
	if err != nil {
		return err
	}
	if _, given := c.given["hub"]; given && built.Hub != from { // it lies beside this program, see site.Open
		return fmt.Errorf("--hub: the pages beside this program were built for %s; run the program from its source for another hub", cmp.Or(built.Hub, noHub))
	}
	if native {
		return c.serveNative(ctx, listener, built, s)
	}
	url := "http://" + listener.Addr().String() + "/"
	c.note("the lab is at %s (Ctrl-C stops the server)", url)
	c.open(s, url)
	return built.Serve(ctx, listener)
}

func (c *console) serveNative(ctx context.Context, listener net.Listener, built *site.Site, s serving) error {
	home, err := server.Start(ctx, server.Options{Site: built, Listener: listener, Runs: s.runs, Root: s.root, Backend: c.backend})
	if err != nil {
		return err
	}
	c.note("the lab with this machine's engine is at %s (Ctrl-C saves the run and stops)", home.Link())
	if s.watch {
		c.note("to watch only: %s", home.WatchLink())
	}
	if at, ok := listener.Addr().(*net.TCPAddr); ok && !at.IP.IsLoopback() {
		c.note("Other machines reach this engine with that link, and the line is not encrypted. Safer: leave --addr away, and on the other machine run \"ssh -L %d:127.0.0.1:%d USER@THIS-MACHINE\"; then open the link there.", at.Port, at.Port)
	}
	c.open(s, home.Link())
	return home.Wait()
}

// open opens an address in a browser where that was asked for.
func (c *console) open(s serving, url string) {
	if !s.open {
		return
	}
	if err := openBrowser(url); err != nil {
		c.note("no browser could be opened: %v", err)
	}
}

func openBrowser(url string) error {
	switch runtime.GOOS {
	case "darwin":
		return exec.Command("open", url).Start()
	case "windows":
		return exec.Command("rundll32", "url.dll,FileProtocolHandler", url).Start()
	}
	return exec.Command("xdg-open", url).Start()
}
