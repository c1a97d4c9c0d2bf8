//go:build js

package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"syscall/js"
	"time"
)

// blobs are files of the browser (File objects) by their names, as a folder. They are read by ranges: none is ever whole in memory.
type blobs map[string]js.Value

// pickedFiles are the files that a page has handed over by an id: worker.js receives them.
func pickedFiles(ctx context.Context, id string) (fs.FS, error) {
	list, err := awaitOr(ctx, js.Global().Call("picked", id))
	if err != nil {
		return nil, err
	}
	files := blobs{}
	for i := range list.Length() {
		files[list.Index(i).Get("name").String()] = list.Index(i).Get("file")
	}
	return files, nil
}

// Open implements [fs.FS].
func (b blobs) Open(name string) (fs.File, error) {
	file, ok := b[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &blob{file: file, name: name, size: int64(file.Get("size").Float())}, nil
}

// ReadDir implements [fs.ReadDirFS] for the folder itself.
func (b blobs) ReadDir(name string) (entries []fs.DirEntry, err error) {
	if name != "." {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	for _, name := range slices.Sorted(maps.Keys(b)) {
		entries = append(entries, fs.FileInfoToDirEntry(&blob{name: name, size: int64(b[name].Get("size").Float())}))
	}
	return entries, nil
}

// blob is an open file. Only one goroutine may read it.
type blob struct {
	file   js.Value
	name   string
	size   int64
	at     int64  // of the next Read
	window []byte // a part that was read, because small reads follow each other
	from   int64  // where the window begins
}

// blobWindow is how much is read at least.
const blobWindow = 256 << 10

// ReadAt implements [io.ReaderAt].
func (f *blob) ReadAt(p []byte, off int64) (int, error) {
	n := int(min(int64(len(p)), f.size-off))
	if off < 0 || n <= 0 {
		return 0, io.EOF
	}
	if n < blobWindow {
		if off < f.from || off+int64(n) > f.from+int64(len(f.window)) {
			f.window = slices.Grow(f.window[:0], blobWindow)[:min(blobWindow, f.size-off)]
			f.from = off
			if err := f.read(f.window, off); err != nil {
				f.window = f.window[:0]
				return 0, err
			}
		}
		copy(p[:n], f.window[off-f.from:])
	} else if err := f.read(p[:n], off); err != nil {
		return 0, err
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// read fills p.
func (f *blob) read(p []byte, off int64) error {
	buffer, err := await(f.file.Call("slice", off, off+int64(len(p))).Call("arrayBuffer"))
	if err != nil {
		return fmt.Errorf("%s could not be read (%w); it may have been moved or changed, choose it again", f.name, err)
	}
	if js.CopyBytesToGo(p, js.Global().Get("Uint8Array").New(buffer)) < len(p) {
		return fmt.Errorf("%s is shorter than it was; choose it again", f.name)
	}
	return nil
}

// Read implements [io.Reader].
func (f *blob) Read(p []byte) (int, error) {
	n, err := f.ReadAt(p, f.at)
	if f.at += int64(n); n > 0 {
		err = nil
	}
	return n, err
}

func (f *blob) Close() error               { f.window = nil; return nil }
func (f *blob) Stat() (fs.FileInfo, error) { return f, nil }
func (f *blob) Name() string               { return f.name }
func (f *blob) Size() int64                { return f.size }
func (f *blob) Mode() fs.FileMode          { return 0o444 }
func (f *blob) ModTime() time.Time         { return time.Time{} }
func (f *blob) IsDir() bool                { return false }
func (f *blob) Sys() any                   { return nil }

var _ io.ReaderAt = (*blob)(nil)

// awaitOr is await that ends with ctx.
func awaitOr(ctx context.Context, promise js.Value) (js.Value, error) {
	type outcome struct {
		value js.Value
		err   error
	}
	settled := make(chan outcome, 1)
	go func() {
		value, err := await(promise)
		settled <- outcome{value, err}
	}()
	select {
	case o := <-settled:
		return o.value, o.err
	case <-ctx.Done():
		return js.Undefined(), ctx.Err()
	}
}
