package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"attnlab/rl/runs"
)

// Fetch reads a file of the site by its path below the versioned folder. It calls progress with the bytes so far and their total, which
// is 0 while it is unknown. The error for a file that the site lacks wraps [fs.ErrNotExist].
type Fetch func(ctx context.Context, path string, progress func(done, total int)) ([]byte, error)

// FromSite is the library of what a site ships: models/bases.json lists its bases, whose files are in models/NAME/; runs/runs.json
// has the runs that others are compared with, but for what is seldom asked for, which is in runs/NAME/; recorded/NAME.json is a recorded trace.
func FromSite(fetch Fetch) Library {
	s := &shipped{fetch, map[string]string{}}
	return Library{List: s.bases, Fetch: s.base, Runs: s.runs, RunFile: s.runFile, Recorded: s.recorded}
}

type shipped struct {
	fetch Fetch
	parts map[string]string // of runs/runs.json, by NAME/FILE; each is forgotten once it is read
}

func (s *shipped) quietly(ctx context.Context, path string) ([]byte, error) {
	return s.fetch(ctx, path, func(int, int) {})
}

func (s *shipped) bases(ctx context.Context) ([]string, error) {
	data, err := s.quietly(ctx, "models/bases.json")
	if err != nil {
		return nil, err
	}
	var names []string
	if err := json.Unmarshal(data, &names); err != nil {
		return nil, fmt.Errorf("models/bases.json is no list of names: %w", err)
	}
	return names, nil
}

// base fetches the files of a base. progress counts the bytes of the weights, which are nearly all.
func (s *shipped) base(ctx context.Context, name string, progress func(done, total int)) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, file := range runs.ModelFiles {
		report := func(int, int) {}
		if file == runs.WeightsFile {
			report = progress
		}
		data, err := s.fetch(ctx, "models/"+name+"/"+file, report)
		if err != nil {
			return nil, err
		}
		files[file] = data
	}
	return files, nil
}

// runs returns the names of the shipped runs. A site without runs/runs.json has none.
func (s *shipped) runs(ctx context.Context) (names []string, err error) {
	data, err := s.quietly(ctx, "runs/runs.json")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list []struct {
		Name  string            `json:"name"`
		Files map[string]string `json:"files"`
	}
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("runs/runs.json is no list of runs: %w", err)
	}
	for _, run := range list {
		names = append(names, run.Name)
		for file, text := range run.Files {
			s.parts[run.Name+"/"+file] = text
		}
	}
	return names, nil
}

func (s *shipped) runFile(ctx context.Context, run, file string) ([]byte, error) {
	name := run + "/" + file
	if text, has := s.parts[name]; has {
		delete(s.parts, name)
		return []byte(text), nil
	}
	return s.quietly(ctx, "runs/"+name)
}

func (s *shipped) recorded(ctx context.Context, name string) ([]byte, error) {
	return s.quietly(ctx, "recorded/"+name+".json")
}
