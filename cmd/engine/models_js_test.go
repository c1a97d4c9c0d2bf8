package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"
	"syscall/js"
	"testing"

	"attnlab/model/hf/hub"
)

// emptyVault is a vault in which nothing is stored. Only Workers have what it writes with, so in a page the test is skipped.
func emptyVault(t *testing.T) vault {
	t.Helper()
	if js.Global().Get("FileSystemFileHandle").Get("prototype").Get("createSyncAccessHandle").IsUndefined() {
		t.Skip("no synchronous handles outside of a Worker")
	}
	v := vault{}
	ids, err := v.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		if err := v.Remove(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	return v
}

// What is stored is found again: whole, by ranges, by name; what is removed is gone.
func TestVault(t *testing.T) {
	v := emptyVault(t)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	folder, err := v.Folder(t.Context(), "a1")
	must(err)
	if _, err := folder.Open("config.json"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	must(folder.Put("config.json", []byte("longer than the next")))
	must(folder.Put("config.json", []byte("{}")))
	weights := make([]byte, 1<<20)
	for i := range weights {
		weights[i] = byte(i * i)
	}
	for _, part := range [][]byte{weights[:300_000], weights[300_000:]} {
		w, err := folder.Append("model.safetensors")
		must(err)
		for chunk := range slices.Chunk(part, 1<<18) {
			_, err = w.Write(chunk)
			must(err)
		}
		must(w.Close())
	}

	ids, err := vault{}.List(t.Context())
	must(err)
	if !slices.Equal(ids, []string{"a1"}) {
		t.Fatalf("folders %q", ids)
	}
	folder, err = vault{}.Folder(t.Context(), "a1")
	must(err)
	if got, err := fs.ReadFile(folder, "config.json"); err != nil || string(got) != "{}" {
		t.Errorf("config.json is %q, %v", got, err)
	}
	f, err := folder.Open("model.safetensors")
	must(err)
	part := make([]byte, 1000)
	if n, err := f.(io.ReaderAt).ReadAt(part, 299_500); n != 1000 || err != nil || !bytes.Equal(part, weights[299_500:300_500]) {
		t.Errorf("%d bytes, %v", n, err)
	}
	must(f.Close())
	names, err := fs.Glob(folder, "*.safetensors")
	if err != nil || !slices.Equal(names, []string{"model.safetensors"}) {
		t.Errorf("files %q, %v", names, err)
	}
	if used, allowed := v.Space(t.Context()); used < 1<<20 || allowed < used {
		t.Errorf("%d of %d bytes", used, allowed)
	}
	must(folder.Remove("config.json"))
	must(folder.Remove("config.json"))
	if _, err := folder.Open("config.json"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a removed file: %v", err)
	}
	must(v.Remove(t.Context(), "a1"))
	must(v.Remove(t.Context(), "a1"))
	if ids, err := v.List(t.Context()); err != nil || len(ids) > 0 {
		t.Errorf("after it was removed: %q, %v", ids, err)
	}
}

// A file that is being written, as by another tab, is neither written nor deleted by anyone else.
func TestVaultInUse(t *testing.T) {
	v := emptyVault(t)
	folder, err := v.Folder(t.Context(), "a2")
	if err != nil {
		t.Fatal(err)
	}
	w, err := folder.Append("model.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := folder.Append("model.safetensors"); err == nil || !strings.Contains(err.Error(), "another tab") {
		t.Errorf("a second writer: %v", err)
	}
	if err := v.Remove(t.Context(), "a2"); err == nil || !strings.Contains(err.Error(), "another tab") {
		t.Errorf("deleted while it is written: %v", err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := v.Remove(t.Context(), "a2"); err != nil {
		t.Error(err)
	}
}

// A browser without such a file system says so, and nothing crashes.
func TestNoVault(t *testing.T) {
	undo := js.Global().Get("Function").New(`const get = StorageManager.prototype.getDirectory;
		StorageManager.prototype.getDirectory = async () => { throw new DOMException("no", "SecurityError"); };
		return () => { StorageManager.prototype.getDirectory = get; };`).Invoke()
	defer undo.Invoke()
	if _, err := (vault{}).List(t.Context()); err == nil || !strings.Contains(err.Error(), "this browser stores no models") {
		t.Error(err)
	}
}

// A hub is asked by fetch: status, headers, body and a Range; what cannot be reached is an error, and a stop ends it.
func TestAskHub(t *testing.T) {
	undo := js.Global().Get("Function").New(`const fetch = globalThis.fetch;
		globalThis.fetch = async (address, { headers, signal, credentials }) => {
			if (address.includes("gone")) throw new TypeError("Failed to fetch");
			const body = address.includes("slow") ? new ReadableStream({ start(c) { signal.addEventListener("abort", () => c.error(signal.reason)); } }) : "hello " + (headers.Range ?? "all") + " " + credentials;
			return new Response(body, { status: address.includes("no") ? 404 : 200, headers: { ETag: "x" } });
		};
		return () => { globalThis.fetch = fetch; };`).Invoke()
	defer undo.Invoke()
	read := func(address string, from int64) string {
		t.Helper()
		answer, err := askHub(t.Context(), address, from)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		data, err := io.ReadAll(answer.Body)
		if err != nil || answer.Header("ETag") != "x" || answer.Header("Content-Range") != "" {
			t.Errorf("%s: %v, tag %q", address, err, answer.Header("ETag"))
		}
		return string(data)
	}
	if got := read("https://hub/a", 0); got != "hello all omit" {
		t.Errorf("%q", got)
	}
	if got := read("https://hub/a", 7); got != "hello bytes=7- omit" {
		t.Errorf("%q", got)
	}
	if _, err := askHub(t.Context(), "https://gone", 0); err == nil || !strings.Contains(err.Error(), "Failed to fetch") {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	answer, err := askHub(ctx, "https://slow", 0)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := io.ReadAll(answer.Body); err == nil {
		t.Error("a stopped answer ends without an error")
	}
	var _ hub.Get = askHub
}
