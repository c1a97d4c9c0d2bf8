package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"path"
	"runtime"
	"strings"
	"time"
)

var serveCommand = command{
	name: "serve",
	does: "builds what is stale and serves the lab",
	about: `
This is what attnlab does without a command. The lab runs in your browser; the server only hands out files, to this
machine alone unless --addr says otherwise. Browsers offer WebGPU only to pages from this machine or over https.

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
	files, err := c.site(ctx, "")
	if err != nil {
		return err
	}
	url := "http://" + listener.Addr().String() + "/"
	c.note("the lab is at %s (Ctrl-C ends it)", url)
	if open {
		if err := openBrowser(url); err != nil {
			c.note("no browser could be opened: %v", err)
		}
	}
	server := &http.Server{Handler: siteHandler(files), ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() {
		grace, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if server.Shutdown(grace) != nil {
			server.Close()
		}
	})
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// siteHandler serves the files of a site from memory.
func siteHandler(files []siteFile) http.Handler {
	at := map[string]siteFile{}
	for _, f := range files {
		at["/"+f.path] = f
		if f.path == "index.html" {
			at["/"] = f
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, ok := at[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Type", contentType(f.path))
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-cache")
		if strings.HasSuffix(f.path, ".html") {
			h.Set("Content-Security-Policy", policy)
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.data))
	})
}

// contentType does not ask the machine: some have no types for wasm or web manifests.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".wasm":
		return "application/wasm"
	case ".json", ".jsonl":
		return "application/json"
	case ".webmanifest":
		return "application/manifest+json"
	case ".svg":
		return "image/svg+xml"
	case ".png":
		return "image/png"
	}
	return "application/octet-stream"
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
