package runs

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
)

// Paged is a [Folder] for writers that save a log page by page, as the engine does. On disk the log is one file all the same, so
// that the command line, which appends lines to it, and other programs read and resume the run. It takes only names of a run's
// files, whoever asks.
type Paged struct{ Folder Folder }

func (p Paged) List(ctx context.Context) ([]string, error) { return p.Folder.List(ctx) }

// Names are the names of a run's files, with one for the log.
func (p Paged) Names(ctx context.Context, id string) ([]string, error) {
	if err := checkID(id); err != nil {
		return nil, err
	}
	return p.Folder.Names(ctx, id)
}

// Load reads files of a run. A log that lies there in pages is joined.
func (p Paged) Load(ctx context.Context, id string, names ...string) (map[string][]byte, error) {
	if err := checkNames(id, names...); err != nil {
		return nil, err
	}
	files, err := p.Folder.Load(ctx, id, names...)
	if err != nil {
		return nil, err
	}
	for _, log := range []string{MetricsFile, PretrainFile} {
		text, pages := joinPages(files, log)
		for page := 1; page < pages; page++ {
			delete(files, pageFile(log, page))
		}
		if pages > 0 {
			files[log] = text
		}
	}
	return files, nil
}

// Save writes files of a run. A page of the log takes the place of all lines from its first step on.
func (p Paged) Save(ctx context.Context, id string, files map[string][]byte) error {
	next := map[string][]byte{}
	for name, data := range files {
		if err := checkNames(id, name); err != nil {
			return err
		}
		log := logOf(name)
		switch {
		case log == "" || data == nil:
			next[name] = data
		case name == log:
			next[log] = data
		default:
			before, err := p.before(ctx, id, log, data)
			if err != nil {
				return err
			}
			next[log] = append(before, data...)
			names, err := p.Folder.Names(ctx, id)
			if err != nil {
				return err
			}
			for _, old := range names {
				if logOf(old) == log && old != log { // its lines are in the one file now
					next[old] = nil
				}
			}
		}
	}
	return p.Folder.Save(ctx, id, next)
}

// before are the lines of a stored log that a page does not replace.
func (p Paged) before(ctx context.Context, id, log string, page []byte) ([]byte, error) {
	names, err := p.Folder.Names(ctx, id)
	if err != nil {
		return nil, err
	}
	var pages []string
	for _, name := range names {
		if logOf(name) == log {
			pages = append(pages, name)
		}
	}
	if len(pages) == 0 {
		return nil, fmt.Errorf("%s of the run %s is not in its folder any more", log, id)
	}
	files, err := p.Load(ctx, id, pages...)
	if err != nil {
		return nil, err
	}
	first, _, _ := bytes.Cut(page, []byte("\n"))
	step, ok := stepOf(first)
	if !ok {
		return nil, fmt.Errorf("%s has a line without a step", log)
	}
	text := files[log]
	for end := len(text); end > 0; {
		begin := bytes.LastIndexByte(text[:end-1], '\n') + 1
		if at, ok := stepOf(text[begin:end]); ok && at < step {
			return withEnd(text[:end]), nil
		}
		end = begin // of a step that is taken again, or a line that broke off
	}
	return nil, nil
}

func stepOf(line []byte) (float64, bool) {
	var row struct {
		Step *float64 `json:"step"`
	}
	if json.Unmarshal(bytes.TrimSpace(line), &row) != nil || row.Step == nil {
		return 0, false
	}
	return *row.Step, true
}

// withEnd is text that ends its last line.
func withEnd(text []byte) []byte {
	if n := len(text); n > 0 && text[n-1] != '\n' {
		return append(bytes.Clone(text), '\n')
	}
	return bytes.Clone(text)
}

// wholeLog is every line of a run: those before the newest page are in the folder, the others in memory.
func (p Paged) wholeLog(ctx context.Context, id string, r Run) ([]byte, error) {
	log := r.Settings.LogFile()
	files, err := p.Load(ctx, id, log)
	if err != nil {
		return nil, err
	}
	var before []byte
	rest := files[log]
	for n := 0; n < r.Log.first; {
		line, after, _ := bytes.Cut(rest, []byte("\n"))
		if len(rest) == 0 {
			return nil, fmt.Errorf("%s of the run has %d lines, and %d were saved; was it changed?", log, n, r.Log.first)
		}
		if rest = after; len(bytes.TrimSpace(line)) > 0 {
			before = append(append(before, bytes.TrimSpace(line)...), '\n')
			n++
		}
	}
	return append(before, r.Log.Text()...), nil
}

func (p Paged) Delete(ctx context.Context, id string) error {
	if err := checkID(id); err != nil {
		return err
	}
	return p.Folder.Delete(ctx, id)
}

func (p Paged) Lock(ctx context.Context, id string) (release func(), err error) {
	if err := checkID(id); err != nil {
		return nil, err
	}
	return p.Folder.Lock(ctx, id)
}

func (p Paged) Locked(ctx context.Context, id string) bool {
	return checkID(id) == nil && p.Folder.Locked(ctx, id)
}

// logOf is the log that name is a page of, empty for other files.
func logOf(name string) string {
	for _, log := range []string{MetricsFile, PretrainFile} {
		if isPage(name, log) {
			return log
		}
	}
	return ""
}

func checkNames(id string, names ...string) error {
	for _, name := range names {
		if !known(name) {
			return fmt.Errorf("%.60q is not a file of a run", name)
		}
	}
	return checkID(id)
}

// checkID refuses an id that is not the name of one folder.
func checkID(id string) error {
	if !filepath.IsLocal(id) || strings.ContainsAny(id, `/\`) || id == "." {
		return fmt.Errorf("%.60q is not the name of a run", id)
	}
	return nil
}
