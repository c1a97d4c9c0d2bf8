package main

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"syscall/js"
	"testing"
	"time"

	"attnlab/rl/runs"
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

	// A transaction that breaks off writes nothing, and returns the reason.
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

// B9: a database that was deleted or closed while the page runs, as by "clear site data", is opened again: the next save works.
func TestShelfOpensAgain(t *testing.T) {
	ctx := t.Context()
	s := &shelf{}
	save := func() {
		t.Helper()
		if err := s.Save(ctx, "grpo-m3", map[string][]byte{"run.json": []byte("1")}); err != nil {
			t.Fatal(err)
		}
	}
	save()
	if err := settle(js.Global().Get("indexedDB").Call("deleteDatabase", shelfName), forever, "success", "error"); err != nil {
		t.Fatalf("the database cannot be deleted while a page uses it: %v", err)
	}
	if ids, err := s.List(ctx); err != nil || len(ids) != 0 {
		t.Fatalf("after it was deleted: %q, %v", ids, err)
	}
	save()
	s.db.Call("close") // as the browser does, without an event
	save()
	files, err := s.Load(ctx, "grpo-m3")
	if err != nil || len(files) != 1 {
		t.Errorf("%d files, %v", len(files), err)
	}

	undo := js.Global().Get("Function").New(`const open = IDBFactory.prototype.open;
		IDBFactory.prototype.open = () => { throw new DOMException("no", "SecurityError"); };
		return () => { IDBFactory.prototype.open = open; };`).Invoke()
	s.db.Call("close")
	err = s.Save(ctx, "grpo-m3", map[string][]byte{"run.json": nil})
	undo.Invoke()
	if err == nil || !strings.Contains(err.Error(), "export a run to save it") {
		t.Errorf("where nothing opens any more: %v", err)
	}
	if err := s.Delete(ctx, "grpo-m3"); err != nil {
		t.Error(err)
	}
}

// B8: two tabs do not write one run.
// A browser that does not answer is an error, not a wait: such as where a page is frozen in the middle of making the database.
func TestShelfDoesNotWaitForever(t *testing.T) {
	defer func(was time.Duration) { openTime = was }(openTime)
	openTime = 200 * time.Millisecond
	const name = "attnlab-test-frozen"
	frozen := true
	request := js.Global().Get("indexedDB").Call("open", name, 1)
	var files js.Value
	var goOn js.Func
	goOn = js.FuncOf(func(js.Value, []js.Value) any {
		if frozen { // another request keeps the transaction open
			files.Call("get", "nothing").Set("onsuccess", goOn)
		}
		return nil
	})
	defer goOn.Release()
	made := js.FuncOf(func(js.Value, []js.Value) any {
		files = request.Get("result").Call("createObjectStore", shelfFiles)
		goOn.Invoke()
		return nil
	})
	defer made.Release()
	request.Set("onupgradeneeded", made)
	s := &shelf{name: name}
	if _, err := s.open(); err == nil || !strings.Contains(err.Error(), "no answer in 200ms") {
		t.Errorf("the error is %v", err)
	}
	frozen = false
	if err := settle(request, forever, "success", "error"); err != nil {
		t.Fatal(err)
	}
	openTime = time.Minute
	if _, err := s.open(); err != nil {
		t.Error(err)
	}
}

func TestShelfLocks(t *testing.T) {
	ctx := t.Context()
	first, second := &shelf{}, &shelf{}
	release, err := first.Lock(ctx, "a")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := second.Lock(ctx, "a"); !errors.Is(err, runs.ErrLocked) {
		t.Errorf("a second tab: %v", err)
	}
	other, err := second.Lock(ctx, "b")
	if err != nil {
		t.Errorf("another run: %v", err)
	}
	other()
	for range 3 {
		release()
		if release, err = second.Lock(ctx, "a"); err != nil {
			t.Fatalf("after it was released: %v", err)
		}
	}
	release()
}

// Files can be removed in the transaction that writes others.
func TestShelfRemovesFiles(t *testing.T) {
	ctx := t.Context()
	s := &shelf{}
	for _, files := range []map[string][]byte{{"a": {1}, "b": {2}}, {"a": nil, "c": {3}}} {
		if err := s.Save(ctx, "grpo-m4", files); err != nil {
			t.Fatal(err)
		}
	}
	names, err := s.Names(ctx, "grpo-m4")
	if err != nil || !slices.Equal(names, []string{"b", "c"}) {
		t.Errorf("files %q, %v", names, err)
	}
	if err := s.Delete(ctx, "grpo-m4"); err != nil {
		t.Error(err)
	}
}

// B10: the question for lasting storage has an answer in a page, and in a Worker by its page.
func TestShelfAsksForLastingStorage(t *testing.T) {
	worker := js.Global().Get("document").IsUndefined()
	undo := js.Global().Get("Function").New("worker", `if (worker) {
			const post = self.postMessage;
			self.postMessage = (data) => data === "persist" && dispatchEvent(new MessageEvent("message", { data: { persist: true } }));
			return () => { self.postMessage = post; };
		}
		const persist = StorageManager.prototype.persist;
		StorageManager.prototype.persist = async () => true;
		return () => { StorageManager.prototype.persist = persist; };`).Invoke(worker)
	defer undo.Invoke()
	if !(&shelf{}).Persist(t.Context()) {
		t.Error("refused")
	}
}
