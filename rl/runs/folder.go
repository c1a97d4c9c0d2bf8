package runs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// Folder is a store of runs in the folders below it: a run's id is the name of its folder. Files that are not of a run are
// left alone.
type Folder string

// InFolder is the store and the id of the run in a folder.
func InFolder(dir string) (Folder, string, error) {
	full, err := filepath.Abs(dir)
	if err != nil {
		return "", "", err
	}
	return Folder(filepath.Dir(full)), filepath.Base(full), nil
}

const (
	lockFile  = ".lock"
	temporary = ".tmp" // end of the name of a file that is not complete
)

func (f Folder) path(id string, names ...string) string {
	return filepath.Join(append([]string{string(f), id}, names...)...)
}

// List names the folders with a run.json or a log, the oldest first.
func (f Folder) List(context.Context) ([]string, error) {
	entries, err := os.ReadDir(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	begun := map[string]time.Time{}
	var ids []string
	for _, e := range entries {
		for _, name := range []string{RunFile, MetricsFile, PretrainFile} {
			if info, err := os.Stat(f.path(e.Name(), name)); err == nil {
				begun[e.Name()] = info.ModTime()
				ids = append(ids, e.Name())
				break
			}
		}
	}
	slices.SortStableFunc(ids, func(a, b string) int { return begun[a].Compare(begun[b]) })
	return ids, nil
}

// Names are the names of the run's files; none where the folder does not exist.
func (f Folder) Names(_ context.Context, id string) (names []string, err error) {
	for _, folder := range []string{"", BaseFolder, ReflectionFolder} {
		entries, err := os.ReadDir(f.path(id, filepath.FromSlash(folder)))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if name := folder + e.Name(); known(name) && !e.IsDir() {
				names = append(names, name)
			}
		}
	}
	return names, nil
}

// Load reads files of the run.
func (f Folder) Load(ctx context.Context, id string, names ...string) (map[string][]byte, error) {
	if len(names) == 0 {
		var err error
		if names, err = f.Names(ctx, id); err != nil {
			return nil, err
		}
	}
	files := map[string][]byte{}
	for _, name := range names {
		data, err := os.ReadFile(f.path(id, filepath.FromSlash(name)))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if data == nil {
			data = []byte{}
		}
		files[name] = data
	}
	return files, nil
}

// Save writes every file under another name first, so that a full disk leaves the folder as it was, and then renames them,
// the state before the others.
func (f Folder) Save(_ context.Context, id string, files map[string][]byte) error {
	written := map[string]string{} // name to temporary path
	defer func() {
		for _, path := range written {
			os.Remove(path)
		}
	}()
	var names []string
	for name, data := range files {
		names = append(names, name)
		path := f.path(id, filepath.FromSlash(name))
		if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
			return fmt.Errorf("%s is in the way and is not a file", path)
		}
		if data == nil {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		temporary, err := writeTemporary(path, data)
		if err != nil {
			return err
		}
		written[name] = temporary
	}
	slices.SortFunc(names, saveOrder)
	for _, name := range names {
		path := f.path(id, filepath.FromSlash(name))
		from, ok := written[name]
		if !ok {
			if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			continue
		}
		if err := os.Rename(from, path); err != nil {
			return err
		}
		delete(written, name)
	}
	return nil
}

// writeTemporary writes a file beside path and has the disk keep it.
func writeTemporary(path string, data []byte) (string, error) {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*"+temporary)
	if err != nil {
		return "", err
	}
	_, err = file.Write(data)
	if err = errors.Join(err, file.Chmod(0o644), file.Sync(), file.Close()); err != nil {
		os.Remove(file.Name())
		return "", err
	}
	return file.Name(), nil
}

// Append adds to a file, which it makes if need be.
func (f Folder) Append(_ context.Context, id, name string, data []byte) error {
	file, err := os.OpenFile(f.path(id, name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	return errors.Join(err, file.Close())
}

// Delete removes the run's files, and the folder if nothing else is in it.
func (f Folder) Delete(ctx context.Context, id string) error {
	names, err := f.Names(ctx, id)
	if err != nil {
		return err
	}
	for _, name := range append(names, lockFile) {
		if err := os.Remove(f.path(id, filepath.FromSlash(name))); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	for _, folder := range []string{BaseFolder, ReflectionFolder, ""} {
		_ = os.Remove(f.path(id, filepath.FromSlash(folder))) // fails where the user has other files there
	}
	return nil
}

// Lock locks the file .lock in the run's folder, which it makes if need be. The system drops the lock when the process ends,
// by kill -9 too. Files that a killed save left behind are removed.
func (f Folder) Lock(_ context.Context, id string) (release func(), err error) {
	dir := f.path(id)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	lock := flock.New(filepath.Join(dir, lockFile))
	got, err := lock.TryLock()
	for try := 1; try < lockTries && !got && err == nil; try++ { // Locked holds it for a moment
		time.Sleep(lockPause)
		got, err = lock.TryLock()
	}
	if err != nil {
		return nil, fmt.Errorf("%s cannot be locked: %w", dir, err)
	}
	if !got {
		return nil, ErrLocked
	}
	for _, folder := range []string{"", BaseFolder, ReflectionFolder} {
		left, _ := filepath.Glob(filepath.Join(dir, filepath.FromSlash(folder), "*"+temporary)) // only a bad pattern fails
		for _, path := range left {
			if name, _, _ := strings.Cut(filepath.Base(path), temporary); known(folder + strings.TrimRight(strings.TrimRight(name, "0123456789"), ".")) {
				os.Remove(path)
			}
		}
	}
	return func() { _ = lock.Unlock() }, nil
}

// A lock is asked for a few times, because another process may just look whether it is taken.
const (
	lockTries = 3
	lockPause = 10 * time.Millisecond
)

// Locked looks at the file .lock and makes none.
func (f Folder) Locked(_ context.Context, id string) bool {
	path := f.path(id, lockFile)
	if _, err := os.Stat(path); err != nil {
		return false
	}
	lock := flock.New(path, flock.SetFlag(os.O_RDONLY))
	got, err := lock.TryRLock()
	if got {
		_ = lock.Unlock()
	}
	return !got && err == nil
}
