package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"attnlab/model/hf/hub/hubtest"
)

// parrotFiles are the files of the folder parrot.
func parrotFiles(t *testing.T) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	entries, err := os.ReadDir(parrot)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if files[e.Name()], err = os.ReadFile(filepath.Join(parrot, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// A model is downloaded by its name through dropped lines, used from the cache afterwards, and without the hub too.
func TestModelOfHub(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	t.Setenv("LocalAppData", t.TempDir())
	h := hubtest.New(t, "me/parrot", parrotFiles(t))
	h.Drops = 2
	logits := func(more ...string) logitsDocument {
		t.Helper()
		var d logitsDocument
		document(t, &d, "", append([]string{"logits", "--tokens", "1,2,3", "--model", "hf:me/parrot", "--hub", h.URL}, more...)...)
		return d
	}
	var want logitsDocument
	document(t, &want, "", "logits", "--tokens", "1,2,3", "--model", parrot)
	same := func(d logitsDocument) {
		t.Helper()
		for i, row := range want.Logits {
			for j, v := range row {
				if d.Logits[i][j] != v {
					t.Fatalf("logit %d of token %d is %v, want %v", j, i, d.Logits[i][j], v)
				}
			}
		}
	}
	same(logits())
	weights := 0
	for _, path := range h.Requests() {
		if strings.Contains(path, "model.safetensors") {
			weights++
		}
	}
	if weights != 3 {
		t.Errorf("%d requests for the weights: %q", weights, h.Requests())
	}
	n := len(h.Requests())
	same(logits())
	for _, path := range h.Requests()[n:] {
		if strings.Contains(path, "safetensors") {
			t.Errorf("the second time %s is asked for", path)
		}
	}
	h.Set(func(h *hubtest.Hub) { h.Status = 401 })
	code, _, stderr := call("", "logits", "--tokens", "1", "--model", "hf:me/parrot", "--hub", h.URL)
	if code != 1 || !strings.Contains(stderr, "gated or private") || strings.Count(stderr, "\n") != 1 {
		t.Errorf("%d, %q", code, stderr)
	}
	away := "http://127.0.0.1:1" // nothing listens there
	if code, _, stderr := call("", "logits", "--tokens", "1", "--model", "hf:me/parrot", "--hub", away); code != 1 || !strings.Contains(stderr, "cannot be reached") {
		t.Errorf("%d, %q", code, stderr)
	}
	for _, args := range [][]string{{"--model", "hf:parrot"}, {"--model", "hf:me/parrot", "--hub", "nowhere"}, {"--model", parrot, "--hub", h.URL}} {
		if code, _, stderr := call("", append([]string{"logits", "--tokens", "1"}, args...)...); code != 2 {
			t.Errorf("%q: %d, %q", args, code, stderr)
		}
	}
}

// Where the hub cannot be reached, what was downloaded before is used, and it is said.
func TestModelOfHubWithoutNetwork(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	t.Setenv("HOME", cache)
	t.Setenv("LocalAppData", cache)
	files := parrotFiles(t)
	h := hubtest.New(t, "me/parrot", files)
	args := []string{"logits", "--tokens", "1", "--backend", "host", "--model", "hf:me/parrot", "--hub", h.URL}
	if code, _, stderr := call("", args...); code != 0 {
		t.Fatal(stderr)
	}
	h.Close()
	code, _, stderr := call("", args...)
	if code != 0 || !strings.Contains(stderr, "what was downloaded before") {
		t.Errorf("%d, %q", code, stderr)
	}
}

// The hub of the pages is an address, or none.
func TestHubOfPages(t *testing.T) {
	for _, args := range [][]string{{"build", "--out", t.TempDir(), "--hub", "nowhere"}, {"serve", "--addr", "127.0.0.1:0", "--hub", "ftp://x"}} {
		if code, _, stderr := call("", args...); code != 2 || !strings.Contains(stderr, "is no address of a hub") {
			t.Errorf("%q: %d, %q", args, code, stderr)
		}
	}
	for given, want := range map[string]string{"none": "", "https://hub.example.org/": "https://hub.example.org"} {
		if got, err := pageHub(given); err != nil || got != want {
			t.Errorf("%q is %q, %v", given, got, err)
		}
	}
}
