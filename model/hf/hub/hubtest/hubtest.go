// Package hubtest is a hub for tests: it serves one model, and can drop the line, lie about lengths and checksums, redirect, and refuse.
package hubtest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// Commit is what every revision stands for.
const Commit = "0123456789abcdef0123456789abcdef01234567"

// Hub serves the files of one model. Its fields may change between requests, by [Hub.Set].
type Hub struct {
	URL  string
	Name string // owner/name

	server   *httptest.Server
	mu       sync.Mutex
	files    map[string][]byte
	Drops    int           // so many answers for weights still end in their middle
	Pause    time.Duration // before the line is dropped: a browser forgets what came and was not read yet
	Empty    bool          // dropped answers bring nothing
	Status   int           // of every answer, if it is not 0
	NoList   bool          // there is no list of files
	NoRange  bool          // the whole file comes, whatever is asked for
	Wrong    bool          // the list has wrong checksums
	Long     int           // bytes that the list adds to the size of weights
	Tag      string        // ETag of all files
	Redirect string        // address in whose place every file is asked for
	Asked    []string      // paths and ranges of all requests
	Headers  http.Header   // of the last request
	Slow     chan bool     // weights wait for it after their first half, if it is not nil
}

// New starts a hub that serves a model until the test ends. It answers pages of any origin.
func New(t testing.TB, name string, files map[string][]byte) *Hub {
	h := &Hub{Name: name, files: files, Tag: `"first"`}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	h.URL, h.server = server.URL, server
	return h
}

// Close ends the hub before the test ends.
func (h *Hub) Close() { h.server.Close() }

// Set changes the hub.
func (h *Hub) Set(change func(h *Hub)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change(h)
}

// Requests are the paths and ranges of all requests so far.
func (h *Hub) Requests() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string(nil), h.Asked...)
}

// ServeHTTP implements [http.Handler].
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.Asked = append(h.Asked, strings.TrimSpace(r.URL.Path+" "+r.Header.Get("Range")))
	h.Headers = r.Header.Clone()
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Access-Control-Expose-Headers", "ETag, X-Linked-Etag, X-Repo-Commit, Content-Range, Accept-Ranges")
	if r.Method == http.MethodOptions { // a browser asks whether it may ask by Range
		w.Header().Set("Access-Control-Allow-Headers", "Range")
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if h.Status != 0 {
		http.Error(w, "no", h.Status)
		return
	}
	w.Header().Set("X-Repo-Commit", Commit)
	if strings.HasPrefix(r.URL.Path, "/api/models/"+h.Name+"/tree/") && !h.NoList {
		h.list(w)
		return
	}
	rest, ok := strings.CutPrefix(r.URL.Path, "/"+h.Name+"/resolve/")
	_, file, _ := strings.Cut(rest, "/")
	data, has := h.files[file]
	if !ok || !has {
		http.NotFound(w, r)
		return
	}
	if h.Redirect != "" {
		http.Redirect(w, r, h.Redirect+r.URL.Path, http.StatusFound)
		return
	}
	h.file(w, r, file, data)
}

func isWeights(name string) bool {
	return strings.HasSuffix(name, ".safetensors") || strings.HasSuffix(name, ".gguf")
}

func (h *Hub) list(w http.ResponseWriter) {
	var rows []map[string]any
	for name, data := range h.files {
		row := map[string]any{"type": "file", "path": name, "size": len(data), "oid": "1"}
		if isWeights(name) {
			sum := sha256.Sum256(data)
			if h.Wrong {
				sum[0]++
			}
			row["lfs"] = map[string]any{"oid": hex.EncodeToString(sum[:]), "size": len(data) + h.Long}
		}
		rows = append(rows, row)
	}
	_ = json.NewEncoder(w).Encode(rows)
}

// file answers for a file. A dropped answer promises all of it and ends after a part.
func (h *Hub) file(w http.ResponseWriter, r *http.Request, name string, data []byte) {
	if h.NoRange {
		r.Header.Del("Range")
	}
	w.Header().Set("ETag", h.Tag)
	if !isWeights(name) || h.Drops == 0 && h.Slow == nil {
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
		return
	}
	from := 0
	if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from); err == nil && from < len(data) {
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(data)-1, len(data)))
	}
	w.Header().Set("Content-Length", fmt.Sprint(len(data)-from))
	if from > 0 {
		w.WriteHeader(http.StatusPartialContent)
	}
	half := from + (len(data)-from+1)/2
	if h.Empty && h.Drops > 0 {
		half = from
	}
	_, _ = w.Write(data[from:half])
	_ = http.NewResponseController(w).Flush()
	if h.Drops > 0 {
		h.Drops--
		time.Sleep(h.Pause)
		panic(http.ErrAbortHandler) // the line is dropped
	}
	slow := h.Slow
	h.mu.Unlock()
	select {
	case <-slow:
	case <-r.Context().Done():
	}
	h.mu.Lock()
	_, _ = w.Write(data[half:])
}
