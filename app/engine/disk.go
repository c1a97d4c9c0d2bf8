package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"attnlab/app/session"
	"attnlab/rl/runs"
)

// maxListed is how many entries of a folder are listed.
const maxListed = 500

var errNoDisk = errors.New("no folder of this machine is offered here; start attnlab serve with --root DIR")

// browse lists a folder below the root, whose path is "".
func (e *Engine) browse(c session.Browse) error {
	if e.library.Root == nil {
		return errNoDisk
	}
	list := session.Listing{Number: e.next(), Path: c.Path, Entries: []session.Entry{}}
	entries, err := fs.ReadDir(e.library.Root, cmp.Or(c.Path, "."))
	if err != nil {
		return atRoot(c.Path, err)
	}
	for _, entry := range entries {
		if len(list.Entries) == maxListed {
			list.More = len(entries) - maxListed
			break
		}
		if one, ok := e.entry(path.Join(c.Path, entry.Name())); ok {
			list.Entries = append(list.Entries, one)
		}
	}
	slices.SortStableFunc(list.Entries, func(a, b session.Entry) int { return strings.Compare(a.Name, b.Name) })
	e.publish(list)
	return nil
}

// entry says what lies at a path; false where that is nothing to open.
func (e *Engine) entry(at string) (one session.Entry, ok bool) {
	one.Name = path.Base(at)
	info, err := fs.Stat(e.library.Root, at)
	if err != nil || strings.HasPrefix(one.Name, ".") { // it leads outside the root, or may not be read
		return one, false
	}
	if !info.IsDir() {
		one.Model, one.Bytes = strings.EqualFold(path.Ext(one.Name), ".gguf") && info.Mode().IsRegular(), info.Size()
		return one, one.Model
	}
	one.Folder = true
	inside, err := fs.ReadDir(e.library.Root, at)
	if err != nil {
		return one, false
	}
	var names []string
	for _, f := range inside {
		names = append(names, f.Name())
	}
	one.Run = runs.IsRun(names)
	one.Model = slices.Contains(names, runs.ConfigFile) && slices.ContainsFunc(names, func(name string) bool {
		return strings.HasSuffix(name, ".safetensors") && name != runs.StateFile || name == "pytorch_model.bin"
	})
	return one, true
}

// onDisk are the files of a model below the root: those of a folder, or one GGUF file alone.
func (e *Engine) onDisk(at string) (fs.FS, error) {
	if e.library.Root == nil {
		return nil, errNoDisk
	}
	info, err := fs.Stat(e.library.Root, at)
	if err != nil {
		return nil, atRoot(at, err)
	}
	if info.IsDir() {
		return fs.Sub(e.library.Root, at)
	}
	folder, err := fs.Sub(e.library.Root, path.Dir(at))
	return single{folder, path.Base(at)}, err
}

// single is one file of a folder.
type single struct {
	fs.FS
	name string
}

func (s single) Open(name string) (fs.File, error) {
	if name != s.name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return s.FS.Open(name)
}

// ReadDir implements [fs.ReadDirFS] for the folder itself.
func (s single) ReadDir(name string) ([]fs.DirEntry, error) {
	info, err := fs.Stat(s.FS, s.name)
	if err != nil || name != "." {
		return nil, cmp.Or(err, error(&fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}))
	}
	return []fs.DirEntry{fs.FileInfoToDirEntry(info)}, nil
}

// openRun adds a run below the root to the list, by a copy of its files.
func (e *Engine) openRun(ctx context.Context, c session.OpenRun) (string, error) {
	if e.library.Root == nil {
		return "", errNoDisk
	}
	folder, err := fs.Sub(e.library.Root, c.Path)
	if err != nil {
		return "", atRoot(c.Path, err)
	}
	files, err := runs.FilesIn(folder)
	if err != nil {
		return "", atRoot(c.Path, err)
	}
	return e.importRun(ctx, session.ImportRun{Name: path.Base(c.Path), Files: files})
}

// maxPicked bounds the files of a run that a page holds, in bytes.
const maxPicked = 1 << 30

// pickedRun reads the files of a run that a page holds, by ranges.
func (e *Engine) pickedRun(ctx context.Context, id string) (map[string][]byte, error) {
	if e.library.Picked == nil {
		return nil, errors.New("this engine gets no files from the page; import the run on the page of its own browser")
	}
	e.busy("reading the run", 0, 0)
	folder, err := e.library.Picked(ctx, id)
	if err != nil {
		return nil, err
	}
	total, err := runs.SizeIn(folder)
	if err != nil {
		return nil, err
	}
	if total > maxPicked {
		return nil, fmt.Errorf("the run has %d MB, and at most %d MB are read; put it below the folder of --root", total>>20, maxPicked>>20)
	}
	done := 0
	return runs.FilesIn(reported{folder, func(n int) error {
		done += n
		e.busy("reading the run", done, int(total))
		return ctx.Err()
	}})
}

// reported is a folder that reports how many bytes each read gets. An error of the report ends the read.
type reported struct {
	fs.FS
	read func(n int) error
}

// Open implements [fs.FS].
func (c reported) Open(name string) (fs.File, error) {
	f, err := c.FS.Open(name)
	return reportedFile{f, c.read}, err
}

// ReadDir implements [fs.ReadDirFS].
func (c reported) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(c.FS, name) }

type reportedFile struct {
	fs.File
	read func(n int) error
}

// Read implements [io.Reader].
func (f reportedFile) Read(p []byte) (int, error) {
	n, err := f.File.Read(p)
	if stopped := f.read(n); stopped != nil {
		return n, stopped
	}
	return n, err
}

// atRoot says what is wrong with a path, and no more of the machine than its own name.
func atRoot(at string, err error) error {
	if at = cmp.Or(at, "the folder"); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%.200s is not there any more", at)
	}
	return fmt.Errorf("%.200s cannot be opened: only what lies in the folder of --root can", at)
}
