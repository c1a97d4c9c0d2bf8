//go:build js

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"syscall/js"

	"attnlab/model/hf/hub"
)

// vault stores models of others in this browser's own file system (OPFS), a folder each below one named [vaultName]. Files are written through
// synchronous handles, which every browser has in a Worker, lock a file against other tabs, and keep no copy in memory.
type vault struct{}

const vaultName = "attnlab-models"

// errNoVault is the advice where the browser stores no files.
var errNoVault = errors.New("this browser stores no models for this page; open them from their files at each visit")

// root is the folder of all models.
func (vault) root() (js.Value, error) {
	storage := js.Global().Get("navigator").Get("storage")
	if !storage.Truthy() || storage.Get("getDirectory").Type() != js.TypeFunction {
		return js.Undefined(), errNoVault
	}
	root, err := call(storage, "getDirectory")
	if err == nil {
		root, err = call(root, "getDirectoryHandle", vaultName, map[string]any{"create": true})
	}
	if err != nil {
		return js.Undefined(), fmt.Errorf("%w (%w)", errNoVault, err)
	}
	return root, nil
}

// List implements [engine.Models].
func (v vault) List(context.Context) ([]string, error) {
	root, err := v.root()
	if err != nil {
		return nil, err
	}
	return keysOf(root)
}

// keysOf are the names in a folder, sorted.
func keysOf(folder js.Value) (names []string, err error) {
	for keys := folder.Call("keys"); ; {
		next, err := call(keys, "next")
		if err != nil {
			return nil, err
		}
		if next.Get("done").Bool() {
			slices.Sort(names)
			return names, nil
		}
		names = append(names, next.Get("value").String())
	}
}

// Folder implements [engine.Models].
func (v vault) Folder(_ context.Context, id string) (hub.Folder, error) {
	root, err := v.root()
	if err != nil {
		return nil, err
	}
	folder, err := call(root, "getDirectoryHandle", id, map[string]any{"create": true})
	if err != nil {
		return nil, fmt.Errorf("%w (%w)", errNoVault, err)
	}
	return &vaultFolder{folder}, nil
}

// Remove implements [engine.Models].
func (v vault) Remove(_ context.Context, id string) error {
	root, err := v.root()
	if err != nil {
		return err
	}
	if _, err = call(root, "removeEntry", id, map[string]any{"recursive": true}); err != nil && !named(err, "NotFoundError") {
		return inUse("the model", err)
	}
	return nil
}

// Space implements [engine.Models].
func (vault) Space(context.Context) (used, allowed int64) {
	storage := js.Global().Get("navigator").Get("storage")
	if !storage.Truthy() || storage.Get("estimate").Type() != js.TypeFunction {
		return 0, 0
	}
	estimate, err := call(storage, "estimate")
	if err != nil {
		return 0, 0
	}
	number := func(name string) int64 {
		if v := estimate.Get(name); v.Type() == js.TypeNumber {
			return int64(v.Float())
		}
		return 0
	}
	return number("usage"), number("quota")
}

// vaultFolder is the folder of one model.
type vaultFolder struct{ handle js.Value }

// Open implements [fs.FS]. The file is read by ranges.
func (f *vaultFolder) Open(name string) (fs.File, error) {
	failed := func(err error) (fs.File, error) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	if strings.Contains(name, "/") || name == "." {
		return failed(fs.ErrNotExist)
	}
	handle, err := call(f.handle, "getFileHandle", name)
	if err == nil {
		handle, err = call(handle, "getFile")
	}
	switch {
	case named(err, "NotFoundError"):
		return failed(fs.ErrNotExist)
	case err != nil:
		return failed(err)
	}
	return &blob{file: handle, name: name, size: int64(handle.Get("size").Float())}, nil
}

// ReadDir implements [fs.ReadDirFS] for the folder itself.
func (f *vaultFolder) ReadDir(name string) (entries []fs.DirEntry, err error) {
	if name != "." {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	names, err := keysOf(f.handle)
	for _, name := range names {
		if file, err := f.Open(name); err == nil {
			entries = append(entries, fs.FileInfoToDirEntry(file.(*blob)))
		}
	}
	return entries, err
}

// Put implements [hub.Folder].
func (f *vaultFolder) Put(name string, data []byte) error {
	w, err := f.open(name)
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	if err == nil {
		_, err = try(func() js.Value { return w.handle.Call("truncate", len(data)) })
	}
	return errors.Join(err, w.Close())
}

// Append implements [hub.Folder].
func (f *vaultFolder) Append(name string) (io.WriteCloser, error) {
	w, err := f.open(name)
	if err != nil {
		return nil, err
	}
	size, err := try(func() js.Value { return w.handle.Call("getSize") })
	if err != nil {
		return nil, errors.Join(err, w.Close())
	}
	w.at = int64(size.Float())
	return w, nil
}

// Remove implements [hub.Folder].
func (f *vaultFolder) Remove(name string) error {
	if _, err := call(f.handle, "removeEntry", name); err != nil && !named(err, "NotFoundError") {
		return inUse(name, err)
	}
	return nil
}

// open opens a file for writing at its beginning. It makes the file if necessary.
func (f *vaultFolder) open(name string) (*vaultWriter, error) {
	handle, err := call(f.handle, "getFileHandle", name, map[string]any{"create": true})
	if err == nil {
		handle, err = call(handle, "createSyncAccessHandle")
	}
	if err != nil {
		return nil, inUse(name, err)
	}
	return &vaultWriter{handle: handle, name: name}, nil
}

// inUse explains the errors of files that another tab writes.
func inUse(name string, err error) error {
	if named(err, "NoModificationAllowedError") {
		return fmt.Errorf("another tab is writing or reading %s; wait until it has finished, or close it", name)
	}
	return err
}

// vaultWriter writes a file.
type vaultWriter struct {
	handle js.Value
	name   string
	at     int64
	part   js.Value // bytes on JavaScript's side
}

// Write implements [io.Writer].
func (w *vaultWriter) Write(p []byte) (int, error) {
	if !w.part.Truthy() || w.part.Get("length").Int() < len(p) {
		w.part = js.Global().Get("Uint8Array").New(max(len(p), 1<<18))
	}
	js.CopyBytesToJS(w.part, p)
	wrote, err := try(func() js.Value {
		return w.handle.Call("write", w.part.Call("subarray", 0, len(p)), map[string]any{"at": w.at})
	})
	switch {
	case named(err, "QuotaExceededError"):
		return 0, fmt.Errorf("this browser has no room left for this page; delete a stored model or free some space")
	case err != nil:
		return 0, err
	case wrote.Int() < len(p):
		return wrote.Int(), io.ErrShortWrite
	}
	w.at += int64(len(p))
	return len(p), nil
}

// Close implements [io.Closer]: what was written is on the disk then.
func (w *vaultWriter) Close() error {
	_, err := try(func() js.Value {
		w.handle.Call("flush")
		return w.handle.Call("close")
	})
	return err
}

// call calls a method that returns a promise, and waits for it.
func call(object js.Value, method string, args ...any) (js.Value, error) {
	promise, err := try(func() js.Value { return object.Call(method, args...) })
	if err != nil {
		return js.Undefined(), err
	}
	return await(promise)
}

// named reports whether an error is an exception of that name.
func named(err error, name string) bool {
	thrown, is := errors.AsType[*exception](err)
	return is && thrown.name == name
}
