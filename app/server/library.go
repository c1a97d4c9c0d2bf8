package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"attnlab/app/engine"
	"attnlab/app/session"
	"attnlab/rl/runs"
)

// library is what the engine reads and where it saves: the shipped part from the site in memory, runs in the folder of the options, and
// measurements of this machine in the user's cache, beside those of the command line.
func (h *Home) library() engine.Library {
	s := h.options.Site
	l := engine.FromSite(func(_ context.Context, path string, progress func(done, total int)) ([]byte, error) {
		data, ok := s.File(s.Folder() + path)
		if !ok {
			return nil, fmt.Errorf("%s is not in the site (%w); this build lacks a part", path, fs.ErrNotExist)
		}
		progress(len(data), len(data))
		return data, nil
	})
	l.Place, l.Picked, l.Root = session.Machine, h.picked, h.disk
	if h.options.Runs != "" {
		l.Store = runs.Paged{Folder: runs.Folder(h.options.Runs)}
	}
	if dir, err := os.UserCacheDir(); err == nil {
		l.Memory = cache(filepath.Join(dir, "attnlab"))
	}
	return l
}

// cache is a folder of small documents that all programs of the lab on this machine share.
type cache string

func (c cache) Load(_ context.Context, _ string, names ...string) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(string(c), name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		files[name] = data
	}
	return files, nil
}

func (c cache) Save(_ context.Context, _ string, files map[string][]byte) error {
	if err := os.MkdirAll(string(c), 0o755); err != nil {
		return err
	}
	for name, data := range files {
		next, err := os.CreateTemp(string(c), "new-*")
		if err != nil {
			return err
		}
		_, err = next.Write(data)
		if err = errors.Join(err, next.Close()); err == nil {
			err = os.Rename(next.Name(), filepath.Join(string(c), name)) // another program reads all of it or the old one
		}
		if err != nil {
			os.Remove(next.Name())
			return err
		}
	}
	return nil
}
