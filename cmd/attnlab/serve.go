package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os/exec"
	"runtime"

	"attnlab/app/site"
)

var serveCommand = command{
	name: "serve",
	does: "builds the lab and serves it",
	about: `
attnlab without a command does this too. The lab runs in your browser; the server only sends files, and only to this
machine unless --addr says otherwise. Browsers offer WebGPU only to pages from this machine or over https.

  attnlab serve --open
  attnlab serve --addr 127.0.0.1:9000
`,
	flags: func(o *options, f *flag.FlagSet) action {
		addr := f.String("addr", "127.0.0.1:8080", "`HOST:PORT` to listen at; port 0 takes a free one")
		open := f.Bool("open", false, "open the lab in your browser")
		return func(ctx context.Context, c *console) error { return c.serve(ctx, *addr, *open) }
	},
}

func (c *console) serve(ctx context.Context, addr string, open bool) error {
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return wrongUsage("--addr is %q, it must be HOST:PORT", addr)
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("listen at %s: %w; choose another --addr, such as 127.0.0.1:0", addr, err)
	}
	defer listener.Close()
	s, err := site.Build(ctx, site.Options{Note: func(text string) { c.note("%s", text) }})
	if err != nil {
		return err
	}
	url := "http://" + listener.Addr().String() + "/"
	c.note("the lab is at %s (Ctrl-C stops the server)", url)
	if open {
		if err := openBrowser(url); err != nil {
			c.note("no browser could be opened: %v", err)
		}
	}
	return s.Serve(ctx, listener)
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
