package site

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path"
	"strings"
	"time"
)

// Handler serves the files of a site from memory.
func (s *Site) Handler() http.Handler {
	at := map[string]File{}
	for _, f := range s.Files {
		at["/"+f.Path] = f
		if f.Path == "index.html" {
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
		h.Set("Content-Type", contentType(f.Path))
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-cache")
		if f.policy != "" {
			h.Set("Content-Security-Policy", f.policy)
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.Data))
	})
}

// Serve serves a site at a listener until ctx ends, and closes the listener. It returns nil after ctx has ended, else the
// reason why it cannot go on.
func (s *Site) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{Handler: s.Handler(), ReadHeaderTimeout: 10 * time.Second}
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

// contentTypes are the types that the site needs. Some machines have none for wasm or web manifests, so they are not asked.
var contentTypes = map[string]string{
	".html":        "text/html; charset=utf-8",
	".js":          "text/javascript; charset=utf-8",
	".css":         "text/css; charset=utf-8",
	".wasm":        "application/wasm",
	".json":        "application/json",
	".jsonl":       "application/json",
	".webmanifest": "application/manifest+json",
	".svg":         "image/svg+xml",
	".png":         "image/png",
}

func contentType(name string) string {
	if kind, ok := contentTypes[strings.ToLower(path.Ext(name))]; ok {
		return kind
	}
	return "application/octet-stream"
}
