package hf

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"time"
)

// A model's files come as an [fs.FS] whose files have a size and implement [io.ReaderAt]: a folder of the system (os.DirFS), files in
// memory ([Memory]), files that a page's visitor picked, a server that answers ranges.

// Memory is files by name, as a folder.
type Memory map[string][]byte

// Open implements [fs.FS].
func (m Memory) Open(name string) (fs.File, error) {
	data, ok := m[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return memoryFile{bytes.NewReader(data), name}, nil
}

// ReadDir implements [fs.ReadDirFS] for the folder itself.
func (m Memory) ReadDir(name string) (entries []fs.DirEntry, err error) {
	if name != "." {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	for _, file := range slices.Sorted(maps.Keys(m)) {
		entries = append(entries, fs.FileInfoToDirEntry(memoryFile{bytes.NewReader(m[file]), file}))
	}
	return entries, nil
}

type memoryFile struct {
	*bytes.Reader
	name string
}

func (f memoryFile) Close() error               { return nil }
func (f memoryFile) Stat() (fs.FileInfo, error) { return f, nil }
func (f memoryFile) Name() string               { return path.Base(f.name) }
func (f memoryFile) Mode() fs.FileMode          { return 0o444 }
func (f memoryFile) ModTime() time.Time         { return time.Time{} }
func (f memoryFile) IsDir() bool                { return false }
func (f memoryFile) Sys() any                   { return nil }

// ranged is an open file that is read by ranges.
type ranged struct {
	io.ReaderAt
	io.Closer
	size int64
}

// openRanged opens a file of a folder for reading by ranges.
func openRanged(fsys fs.FS, name string) (ranged, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return ranged{}, fmt.Errorf("hf: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return ranged{}, fmt.Errorf("hf: %w", err)
	}
	r, ok := f.(io.ReaderAt)
	if !ok || info.IsDir() {
		f.Close()
		return ranged{}, fmt.Errorf("hf: %s is not a file that can be read by ranges", name)
	}
	return ranged{r, f, info.Size()}, nil
}

// readSmall reads a whole file of at most limit bytes. A file that is not there gives no data and no error.
func readSmall(fsys fs.FS, name string, limit int64) ([]byte, error) {
	f, err := fsys.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("hf: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("hf: %w", err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("hf: %s has more than the %d MB that are read of such a file", name, limit>>20)
	}
	if data == nil {
		data = []byte{}
	}
	return data, nil
}

// exists reports whether a folder has a file.
func exists(fsys fs.FS, name string) bool {
	_, err := fs.Stat(fsys, name)
	return err == nil
}
