//go:build !js

package hub_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"attnlab/model/hf/hub"
)

// folderOf are files as a folder.
func folderOf(files map[string][]byte) fstest.MapFS {
	folder := fstest.MapFS{}
	for name, data := range files {
		folder[name] = &fstest.MapFile{Data: data}
	}
	return folder
}

// A model is copied with a record; another of that name takes its place, and what can run code is left out.
func TestKeep(t *testing.T) {
	all, d := files(), dir(t)
	delete(all, "README.md")
	all["old.json"] = []byte("{}")
	var last, total int64
	if err := hub.Keep(t.Context(), "mine", folderOf(all), d, func(done, of int64) { last, total = done, of }); err != nil {
		t.Fatal(err)
	}
	delete(all, "old.json")
	if err := hub.Keep(t.Context(), "mine", folderOf(all), d, nil); err != nil {
		t.Fatal(err)
	}
	r := hub.ReadRecord(d)
	if !r.Whole() || r.Name != "mine" || r.From != "" || r.Have(d) != r.Bytes() || last != total || last != r.Bytes()+2 {
		t.Errorf("%+v, %d of %d bytes", r, last, total)
	}
	names, err := fs.Glob(d, "*")
	if err != nil || strings.Join(names, " ") != "attnlab.json config.json model.safetensors tokenizer.json" {
		t.Errorf("%q, %v", names, err)
	}
	if got, err := fs.ReadFile(d, "model.safetensors"); err != nil || !bytes.Equal(got, all["model.safetensors"]) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// A copy that ends in its middle is not whole.
func TestKeepEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	d := dir(t)
	if err := hub.Keep(ctx, "mine", folderOf(files()), d, func(done, of int64) { cancel() }); !errors.Is(err, context.Canceled) || hub.ReadRecord(d).Whole() {
		t.Errorf("%v, %+v", err, hub.ReadRecord(d))
	}
	if err := hub.Keep(t.Context(), "mine", folderOf(files()), full{dir(t)}, nil); err == nil || !strings.Contains(err.Error(), "cannot be stored: no space left") {
		t.Error(err)
	}
}
