package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// unfinished is the folder in --out that holds the files of a project until all of them are written.
const unfinished = "unfinished"

// newFolder returns an error if dir is a file or has files.
func newFolder(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return wrapOut(err)
	case len(entries) > 0:
		return fmt.Errorf("there are files in %s already; give a new folder by --out", dir)
	}
	return nil
}

// writeWhole lets write fill a folder and moves its files to dir, an empty or missing folder. If that fails or is stopped, dir is as it was before.
func writeWhole(dir string, write func(folder string) error) (err error) {
	folder := filepath.Join(dir, unfinished)
	var made []string // folders that are missing, innermost first
	for of := filepath.Clean(dir); ; of = filepath.Dir(of) {
		if _, err := os.Stat(of); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		made = append(made, of)
	}
	var moved []string
	defer func() {
		if err == nil {
			return
		}
		for _, path := range append(moved, folder) {
			os.RemoveAll(path)
		}
		for _, path := range made {
			os.Remove(path)
		}
		err = writeError(dir, err)
	}()
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	if err := write(folder); err != nil {
		return err
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		to := filepath.Join(dir, e.Name())
		if err := os.Rename(filepath.Join(folder, e.Name()), to); err != nil {
			return err
		}
		moved = append(moved, to)
	}
	return os.Remove(folder)
}

// writeError makes one sentence of an error of writing to dir. Other errors, such as one of reading a model, stay as they are.
func writeError(dir string, err error) error {
	if errors.Is(err, context.Canceled) {
		return errors.New("stopped before the project was written")
	}
	if at, ok := errors.AsType[*fs.PathError](err); ok && (at.Op == "mkdir" || strings.HasPrefix(at.Path, filepath.Join(dir, unfinished))) {
		return fmt.Errorf("--out: the project cannot be written to %s: %w; give another folder", dir, at.Err)
	}
	return err
}

// writeFiles writes files by their names with slashes. Scripts of the shell can be run.
func writeFiles(folder string, files map[string][]byte) error {
	for name, data := range files {
		path, mode := filepath.Join(folder, filepath.FromSlash(name)), fs.FileMode(0o644)
		if strings.HasSuffix(name, ".sh") {
			mode = 0o755
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, data, mode); err != nil {
			return err
		}
	}
	return nil
}
