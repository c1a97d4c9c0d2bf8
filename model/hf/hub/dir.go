package hub

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Dir is a folder of the system.
type Dir string

// NewDir makes a folder of the system.
func NewDir(path string) (Dir, error) { return Dir(path), os.MkdirAll(path, 0o755) }

// Open implements [fs.FS].
func (d Dir) Open(name string) (fs.File, error) { return os.DirFS(string(d)).Open(name) }

// Put implements [Folder]: it writes under another name first, so that the file is old or new and nothing between.
func (d Dir) Put(name string, data []byte) error {
	f, err := os.CreateTemp(string(d), name+".*.tmp")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(string(d), name))
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// Append implements [Folder].
func (d Dir) Append(name string) (io.WriteCloser, error) {
	return os.OpenFile(filepath.Join(string(d), name), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
}

// Remove implements [Folder].
func (d Dir) Remove(name string) error {
	if err := os.Remove(filepath.Join(string(d), name)); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}
