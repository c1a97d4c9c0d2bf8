//go:build !js

package hub_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"attnlab/model/hf/hub"
	"attnlab/model/hf/hub/byhttp"
	"attnlab/model/hf/hub/hubtest"
)

// files are those of a model whose weights are random bytes.
func files() map[string][]byte {
	weights := make([]byte, 100_000)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range weights {
		weights[i] = byte(r.Uint32())
	}
	return map[string][]byte{"config.json": []byte(`{"model_type": "llama"}`), "tokenizer.json": []byte("{}"), "model.safetensors": weights, "README.md": []byte("# x"), "pytorch_model.bin": {1}}
}

// at is the client of a hub, which does not wait between attempts.
func at(h *hubtest.Hub) hub.Hub {
	return hub.Hub{Base: h.URL, Get: byhttp.New(), Pause: func(int) time.Duration { return 0 }}
}

var me = hub.Name{Owner: "me", Model: "m", Revision: "main"}

func dir(t *testing.T) hub.Dir {
	d, err := hub.NewDir(t.TempDir() + "/m")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// holds fails unless a folder has the files of the model.
func holds(t *testing.T, d hub.Dir, want map[string][]byte) {
	t.Helper()
	for _, name := range []string{"config.json", "tokenizer.json", "model.safetensors"} {
		if got, err := fs.ReadFile(d, name); err != nil || !bytes.Equal(got, want[name]) {
			t.Errorf("%s has %d bytes, %v; want %d", name, len(got), err, len(want[name]))
		}
	}
	if r := hub.ReadRecord(d); !r.Whole() || r.Name != "me/m" || r.Commit != hubtest.Commit {
		t.Errorf("record %+v", r)
	}
	if _, err := os.Stat(string(d) + "/pytorch_model.bin"); err == nil {
		t.Error("a file that is not needed was loaded")
	}
}

// A model is found by its config, loaded through two dropped lines without a byte twice, and not loaded again.
func TestDownload(t *testing.T) {
	for _, listed := range []bool{true, false} {
		all := files()
		h := hubtest.New(t, "me/m", all)
		h.Drops, h.NoList = 2, !listed
		m, err := at(h).Find(t.Context(), me)
		if err != nil || string(m.Config) != string(all["config.json"]) || m.Commit != hubtest.Commit {
			t.Fatalf("%+v, %v", m, err)
		}
		if asked := h.Requests(); asked[0] != "/me/m/resolve/main/config.json" || slices.ContainsFunc(asked, func(path string) bool { return strings.HasSuffix(path, "/model.safetensors") }) {
			t.Errorf("asked for %q before the model is wanted", asked)
		}
		d := dir(t)
		var last, total int64
		err = at(h).Download(t.Context(), m, d, func(done, of int64) {
			if done < last || of < done {
				t.Errorf("%d of %d bytes after %d", done, of, last)
			}
			last, total = done, of
		})
		if err != nil {
			t.Fatal(err)
		}
		holds(t, d, all)
		if last != total || listed && total != int64(len(all["config.json"])+len(all["tokenizer.json"])+len(all["model.safetensors"])) {
			t.Errorf("at the end %d of %d bytes", last, total)
		}
		var ranges []string
		for _, path := range h.Requests() {
			if _, r, has := strings.Cut(path, " "); has {
				ranges = append(ranges, r)
			}
		}
		if !slices.Equal(ranges, []string{"bytes=50000-", "bytes=75000-"}) {
			t.Errorf("continued by %q", ranges)
		}
		if h.Headers.Get("Authorization") != "" || h.Headers.Get("Cookie") != "" {
			t.Errorf("headers %v", h.Headers)
		}
		n := len(h.Requests())
		if err := at(h).Download(t.Context(), m, d, nil); err != nil || len(h.Requests()) != n {
			t.Errorf("again: %v, %d more requests", err, len(h.Requests())-n)
		}
	}
}

// A download that is stopped continues where it was, unless the file is another one by then.
func TestContinue(t *testing.T) {
	for _, how := range []string{"", "another tag", "no ranges", "another commit"} {
		all := files()
		h := hubtest.New(t, "me/m", all)
		h.Slow = make(chan bool)
		m, err := at(h).Find(t.Context(), me)
		if err != nil {
			t.Fatal(err)
		}
		d := dir(t)
		ctx, cancel := context.WithCancel(t.Context())
		err = at(h).Download(ctx, m, d, func(done, of int64) {
			if done >= 50_000 {
				cancel()
			}
		})
		if !errors.Is(err, context.Canceled) || hub.ReadRecord(d).Whole() {
			t.Fatalf("%v", err)
		}
		close(h.Slow)
		before := len(h.Requests())
		h.Set(func(h *hubtest.Hub) {
			h.Slow = nil
			switch how {
			case "another tag":
				h.Tag = `"second"`
			case "no ranges":
				h.NoRange = true
			}
		})
		if how == "another commit" {
			m.Commit = strings.Repeat("f", 40)
		}
		if err := at(h).Download(t.Context(), m, d, nil); err != nil {
			t.Fatalf("%q: %v", how, err)
		}
		if got, err := fs.ReadFile(d, "model.safetensors"); err != nil || !bytes.Equal(got, all["model.safetensors"]) {
			t.Errorf("%q: %d bytes, %v", how, len(got), err)
		}
		asked := strings.Join(h.Requests()[before:], "\n")
		if continued := strings.Contains(asked, "bytes="); continued != (how != "another commit") {
			t.Errorf("%q: asked for %s", how, asked)
		}
	}
}

// What goes wrong is said in one sentence that names what to do.
func TestRefusals(t *testing.T) {
	for want, change := range map[string]func(h *hubtest.Hub, files map[string][]byte){
		"gated or private":          func(h *hubtest.Hub, _ map[string][]byte) { h.Status = 401 },
		"answered 403":              func(h *hubtest.Hub, _ map[string][]byte) { h.Status = 403 },
		"has no model me/m":         func(h *hubtest.Hub, _ map[string][]byte) { h.Name = "me/other" },
		"asks to wait":              func(h *hubtest.Hub, _ map[string][]byte) { h.Status = 429 },
		"answered 503":              func(h *hubtest.Hub, _ map[string][]byte) { h.Status = 503 },
		"checksum":                  func(h *hubtest.Hub, _ map[string][]byte) { h.Wrong = true },
		"100005 bytes by the hub's": func(h *hubtest.Hub, _ map[string][]byte) { h.Long = 5 },
		"only GGUF files; add the name of one, such as me/m/a.gguf": func(_ *hubtest.Hub, f map[string][]byte) { delete(f, "model.safetensors"); f["a.gguf"] = []byte{1} },
		"has no safetensors, and":                                   func(_ *hubtest.Hub, f map[string][]byte) { delete(f, "model.safetensors") },
		"dropped 6 times":                                           func(h *hubtest.Hub, _ map[string][]byte) { h.Drops, h.Empty = 1000, true },
		"no file model.safetensors": func(h *hubtest.Hub, f map[string][]byte) {
			h.NoList = true
			delete(f, "model.safetensors")
		},
		"not a safetensors file of the same folder": func(h *hubtest.Hub, f map[string][]byte) {
			h.NoList = true
			f["model.safetensors.index.json"] = []byte(`{"weight_map": {"a": "../../x.safetensors"}}`)
		},
	} {
		all := files()
		h := hubtest.New(t, "me/m", all)
		change(h, all)
		d := dir(t)
		m, err := at(h).Find(t.Context(), me)
		if err == nil {
			err = at(h).Download(t.Context(), m, d, nil)
		}
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v, want %q in it", err, want)
		}
		if hub.ReadRecord(d).Whole() {
			t.Errorf("%q, but the model is whole", want)
		}
	}
	gone := at(hubtest.New(t, "me/m", files()))
	gone.Get = func(context.Context, string, int64) (*hub.Answer, error) { return nil, errors.New("no network") }
	if _, err := gone.Find(t.Context(), me); !errors.As(err, new(*hub.UnreachedError)) || !strings.Contains(err.Error(), "cannot be reached") {
		t.Error(err)
	}
}

// Large files may lie on another host; the bytes are checked all the same.
func TestRedirect(t *testing.T) {
	all := files()
	store := hubtest.New(t, "me/m", all)
	h := hubtest.New(t, "me/m", all)
	h.Redirect = store.URL
	store.Drops = 2
	m, err := at(h).Find(t.Context(), me)
	if err != nil {
		t.Fatal(err)
	}
	d := dir(t)
	if err := at(h).Download(t.Context(), m, d, nil); err != nil {
		t.Fatal(err)
	}
	holds(t, d, all)
	if len(store.Requests()) < 5 {
		t.Errorf("the other host was asked for %q", store.Requests())
	}
	h.Redirect = h.URL // for ever
	if _, err := at(h).Find(t.Context(), me); err == nil || !strings.Contains(err.Error(), "without end") {
		t.Error(err)
	}
}

// A shard that is whole is not loaded again when another fails.
func TestShards(t *testing.T) {
	all := files()
	weights := all["model.safetensors"]
	delete(all, "model.safetensors")
	maps.Copy(all, map[string][]byte{"model-00001-of-00002.safetensors": weights[:60_000], "model-00002-of-00002.safetensors": weights[60_000:],
		"model.safetensors.index.json": []byte(`{"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}`)})
	for _, listed := range []bool{true, false} {
		h := hubtest.New(t, "me/m", all)
		h.NoList, h.Drops = !listed, 3
		m, err := at(h).Find(t.Context(), me)
		if err != nil {
			t.Fatal(err)
		}
		d := dir(t)
		if err := at(h).Download(t.Context(), m, d, nil); err != nil {
			t.Fatal(err)
		}
		for i, part := range [][]byte{weights[:60_000], weights[60_000:]} {
			if got, err := fs.ReadFile(d, []string{"model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"}[i]); err != nil || !bytes.Equal(got, part) {
				t.Errorf("shard %d: %d bytes, %v", i, len(got), err)
			}
		}
	}
}

func TestParseName(t *testing.T) {
	for text, want := range map[string]string{"a/b": "a/b", " HuggingFaceTB/SmolLM2-135M ": "HuggingFaceTB/SmolLM2-135M", "a/b@v1.0": "a/b@v1.0", "a/b@refs/pr/3": "a/b@refs/pr/3", "a/b@main": "a/b", "a/b/c-Q4_0.gguf": "a/b/c-Q4_0.gguf", "a/b/c.GGUF@v1": "a/b/c.GGUF@v1"} {
		if n, err := hub.ParseName(text); err != nil || n.String() != want {
			t.Errorf("%q is %v, %v", text, n, err)
		}
	}
	for _, text := range []string{"", "a", "a/", "/b", "a/b/c", "a/b/c/d.gguf", "a/b/..gguf", "a/b/", "a//c.gguf", "../b", "a/..", "a/b@", "a/b@..", "a b/c", "a/b?x", "a/b#c", "https://huggingface.co/a/b"} {
		if n, err := hub.ParseName(text); err == nil {
			t.Errorf("%q is the name %v", text, n)
		}
	}
	for text, want := range map[string]string{"https://huggingface.co/": hub.Default, "http://127.0.0.1:80/x": "http://127.0.0.1:80/x"} {
		if got, err := hub.CheckBase(text); err != nil || got != want {
			t.Errorf("%q is %q, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "huggingface.co", "ftp://x", "https://me:secret@x", "https://x/?a", "https://x; script-src *"} {
		if got, err := hub.CheckBase(text); err == nil {
			t.Errorf("%q is the address %q", text, got)
		}
	}
}

// full is a folder on a full disk.
type full struct{ hub.Dir }

func (f full) Append(string) (io.WriteCloser, error) { return fullFile{}, nil }

type fullFile struct{}

func (fullFile) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }
func (fullFile) Close() error              { return nil }

func TestFullDisk(t *testing.T) {
	h := hubtest.New(t, "me/m", files())
	m, err := at(h).Find(t.Context(), me)
	if err != nil {
		t.Fatal(err)
	}
	if err := at(h).Download(t.Context(), m, full{dir(t)}, nil); err == nil || !strings.Contains(err.Error(), "cannot be stored: no space left") {
		t.Error(err)
	}
}

// A GGUF file is found by its name, read by ranges where it lies, and downloaded.
func TestGGUF(t *testing.T) {
	all := map[string][]byte{"README.md": []byte("# x"), "a.gguf": files()["model.safetensors"], "b.gguf": {1}}
	for _, listed := range []bool{true, false} {
		h := hubtest.New(t, "me/m", all)
		h.NoList = !listed
		m, err := at(h).Find(t.Context(), hub.Name{Owner: "me", Model: "m", File: "a.gguf", Revision: "main"})
		if err != nil {
			t.Fatal(err)
		}
		if len(m.Files) != 1 || m.Files[0].Size != 100_000 || m.Commit != hubtest.Commit || (m.Files[0].SHA256 != "") != listed {
			t.Errorf("%+v", m)
		}
		r := at(h).Remote(t.Context(), m, m.Files[0])
		for off, n := range map[int64]int{0: 16, 70_000: 1000, 99_990: 10} {
			part := make([]byte, n)
			if got, err := r.ReadAt(part, off); got != n || err != nil || !bytes.Equal(part, all["a.gguf"][off:][:n]) {
				t.Errorf("from %d on: %d bytes, %v", off, got, err)
			}
		}
		if got, err := r.ReadAt(make([]byte, 20), 99_990); got != 10 || err != io.EOF {
			t.Errorf("past the end: %d bytes, %v", got, err)
		}
		d := dir(t)
		h.Set(func(h *hubtest.Hub) { h.Drops = 2 })
		if err := at(h).Download(t.Context(), m, d, nil); err != nil {
			t.Fatal(err)
		}
		if got, err := fs.ReadFile(d, "a.gguf"); err != nil || !bytes.Equal(got, all["a.gguf"]) || !hub.ReadRecord(d).Whole() {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		h.Set(func(h *hubtest.Hub) { h.NoRange = true })
		if _, err := at(h).Remote(t.Context(), m, m.Files[0]).ReadAt(make([]byte, 1), 5); err == nil || !strings.Contains(err.Error(), "only as a whole") {
			t.Error(err)
		}
		if _, err := at(h).Find(t.Context(), hub.Name{Owner: "me", Model: "m", File: "c.gguf", Revision: "main"}); err == nil || !strings.Contains(err.Error(), "no file c.gguf of me/m") {
			t.Error(err)
		}
	}
}

// A policy names the hub with everything below its path, and nothing where there is no hub.
func TestHosts(t *testing.T) {
	for base, want := range map[string]string{"": "", "https://hub.example.org/models": "https://hub.example.org/models/", hub.Default: "https://huggingface.co https://*.hf.co"} {
		if got := strings.Join(hub.Hosts(base), " "); got != want {
			t.Errorf("%q: %q, want %q", base, got, want)
		}
	}
}
