package main

import (
	"bytes"
	"slices"
	"strings"
	"syscall/js"
	"testing"
)

// What one visit saves the next one finds, in the browser's own storage.
func TestShelf(t *testing.T) {
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	weights := make([]byte, 1<<20)
	for i := range weights {
		weights[i] = byte(i * i)
	}
	first := &shelf{}
	ids, err := first.List(ctx)
	must(err)
	for _, id := range ids { // of a run before that failed
		must(first.Delete(ctx, id))
	}
	must(first.Save(ctx, "grpo-m2", map[string][]byte{"run.json": []byte("{}"), "base/config.json": []byte("base"), "model.safetensors": weights}))
	must(first.Save(ctx, "attnpo-m1", map[string][]byte{"run.json": []byte("1")}))
	must(first.Save(ctx, "grpo-m2", map[string][]byte{"run.json": []byte("2"), "metrics.jsonl": {}}))

	second := &shelf{}
	ids, err = second.List(ctx)
	must(err)
	if !slices.Equal(ids, []string{"attnpo-m1", "grpo-m2"}) {
		t.Errorf("runs %q", ids)
	}
	files, err := second.Load(ctx, "grpo-m2")
	must(err)
	if len(files) != 4 || string(files["run.json"]) != "2" || string(files["base/config.json"]) != "base" || !bytes.Equal(files["model.safetensors"], weights) {
		t.Errorf("%d files, run.json is %q", len(files), files["run.json"])
	}
	files, err = second.Load(ctx, "grpo-m2", "run.json", "nothing.json")
	must(err)
	if len(files) != 1 || string(files["run.json"]) != "2" {
		t.Errorf("two names brought %d files", len(files))
	}
	must(second.Delete(ctx, "grpo-m2"))
	files, err = first.Load(ctx, "grpo-m2")
	must(err)
	if ids, err = first.List(ctx); err != nil || len(files) != 0 || !slices.Equal(ids, []string{"attnpo-m1"}) {
		t.Errorf("after one was deleted: %d files, runs %q, %v", len(files), ids, err)
	}
	must(first.Delete(ctx, "attnpo-m1"))

	// A transaction that breaks off writes nothing, and says why.
	err = first.transact("readwrite", func(store js.Value) {
		store.Call("put", "x", []any{"half", "a"})
		store.Call("put", "x", map[string]any{}) // no key
	})
	if err == nil || !strings.Contains(err.Error(), "DataError") {
		t.Errorf("a bad key: %v", err)
	}
	if ids, err = first.List(ctx); err != nil || len(ids) != 0 {
		t.Errorf("half a transaction left %q, %v", ids, err)
	}
}
