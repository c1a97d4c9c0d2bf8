package site

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// packable is a file and what it is packed to.
type packable struct {
	File
	packed func() []byte // nil where packing gains nothing
}

// Handler serves the files of a site from memory, compressed by gzip for those who take it.
func (s *Site) Handler() http.Handler {
	at := map[string]packable{}
	for _, f := range s.Files {
		one := packable{File: f}
		if slices.Contains([]string{".html", ".js", ".css", ".wasm", ".json", ".jsonl", ".svg", ".webmanifest"}, path.Ext(f.Path)) {
			one.packed = sync.OnceValue(func() []byte { return pack(f.Data) })
		}
		at["/"+f.Path] = one
		if f.Path == "index.html" {
			at["/"] = one
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
		h.Set("Vary", "Accept-Encoding")
		if f.packed != nil && r.Header.Get("Range") == "" && takesGzip(r) {
			data := f.packed()
			h.Set("Content-Encoding", "gzip")
			h.Set("Content-Length", strconv.Itoa(len(data)))
			if r.Method != http.MethodHead {
				_, _ = w.Write(data) // the visitor may have left
			}
			return
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.Data))
	})
}

// takesGzip reports whether the answer to a request may be compressed.
func takesGzip(r *http.Request) bool {
	for coding := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, quality, _ := strings.Cut(strings.ReplaceAll(coding, " ", ""), ";")
		if name == "gzip" || name == "*" {
			return quality != "q=0"
		}
	}
	return false
}

// pack compresses data quickly: a program of 12 MB takes a fraction of a second, and is a third of its size.
func pack(data []byte) []byte {
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
	if err != nil {
		panic(err) // the level is ours
	}
	_, _ = z.Write(data) // writing to a bytes.Buffer cannot fail
	_ = z.Close()
	return packed.Bytes()
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
	".woff2":       "font/woff2",
	".txt":         "text/plain; charset=utf-8",
	".png":         "image/png",
}

func contentType(name string) string {
	if kind, ok := contentTypes[strings.ToLower(path.Ext(name))]; ok {
		return kind
	}
	return "application/octet-stream"
}
