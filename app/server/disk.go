package server

import (
	"fmt"
	"io/fs"
	"os"
)

// disk is the folder of --root for the engine. An [os.Root] opens nothing outside it: neither by "..", nor by a link. Only
// folders and plain files are opened, as a pipe would hold up the engine for ever.
type disk struct{ root *os.Root }

// openDisk opens the folder of the options; nil for none.
func openDisk(dir string) (fs.FS, error) {
	if dir == "" {
		return nil, nil
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("the root folder cannot be opened: %w; give another", err)
	}
	return disk{root}, nil
}

// Open implements [fs.FS].
func (d disk) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	info, err := d.root.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() && !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return d.root.Open(name)
}
