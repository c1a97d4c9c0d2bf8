package runs

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// Names of a run's files. The files of the checkpoint, the base and the reflection model are opaque here: package hf reads them.
const (
	RunFile      = "run.json"
	MetricsFile  = "metrics.jsonl"
	PretrainFile = "training.jsonl"
	ResultFile   = "result.json"

	StateFile           = "training.safetensors" // all that a run resumes from
	ConfigFile          = "config.json"
	WeightsFile         = "model.safetensors"
	TokenizerFile       = "tokenizer.json"
	TokenizerConfigFile = "tokenizer_config.json"

	BaseFolder       = "base/"
	ReflectionFolder = "reflection/"

	ProblemsFile = "problems.jsonl" // own problems of a run of the page, lines of JSON
)

// ModelFiles are the files that every model has.
var ModelFiles = []string{ConfigFile, TokenizerFile, WeightsFile}

// CheckpointFiles may be in a run's folder, in its base and in its reflection model. Package hf writes them.
var CheckpointFiles = []string{StateFile, WeightsFile, ConfigFile, TokenizerFile, TokenizerConfigFile, "training.json"}

// BaseFiles are the files of the model that a saved run began from, by their names in that model's folder; none where the run does not carry it.
func BaseFiles(ctx context.Context, store Store, id string) (map[string][]byte, error) {
	var names []string
	for _, name := range CheckpointFiles {
		names = append(names, BaseFolder+name)
	}
	files, err := store.Load(ctx, id, names...)
	if err != nil {
		return nil, err
	}
	base := map[string][]byte{}
	for name, data := range files {
		base[strings.TrimPrefix(name, BaseFolder)] = data
	}
	return base, nil
}

// IsRun reports whether a folder with files of these names holds a run that [Read] can read.
func IsRun(names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		return name == RunFile || name == MetricsFile || name == PretrainFile || name == StateFile
	})
}

// known reports whether a name is of a run's file; other files in the same folder are left alone.
func known(name string) bool {
	for _, folder := range []string{BaseFolder, ReflectionFolder} {
		if inner, ok := strings.CutPrefix(name, folder); ok {
			return slices.Contains(CheckpointFiles, inner)
		}
	}
	return name == RunFile || name == ResultFile || name == FollowedFile || name == ProblemsFile || IsLog(name) || IsRollouts(name) || slices.Contains(CheckpointFiles, name)
}

// Light reports whether a file has settings or measurements of a run, and no weights.
func Light(name string) bool {
	return name == RunFile || name == ResultFile || IsLog(name)
}

// IsLog reports whether a file is a log, or a page of one.
func IsLog(name string) bool { return isPage(name, MetricsFile) || isPage(name, PretrainFile) }

// IsRollouts reports whether a file holds rollouts, or a page of them.
func IsRollouts(name string) bool { return isPage(name, RolloutsFile) }

// Run is a run as it is saved.
type Run struct {
	Settings   Settings
	Log        Log
	Result     *Result           // nil before the end
	Followed   *Followed         // nil where no problem is followed
	Rollouts   Rollouts          // empty where none are saved
	Checkpoint map[string][]byte // its files; empty where nothing is left but metrics
	Base       map[string][]byte // files of the model it began from; empty of a shipped one
	Reflection map[string][]byte // files of the reflection model; empty of a shipped one
	Problems   []byte            // own problems; empty where it has none or they lie elsewhere
}

// ErrNoRun means that the files are not those of a run.
var ErrNoRun = errors.New("there is no metrics.jsonl among the files; choose the folder of a run, or a metrics.jsonl alone")

// Read reads a run from its files by name: those of any version, and a log alone. It does not cut the log to the checkpoint,
// whose step it does not know: [Log.UpTo] does. A checkpoint counts only where it can be resumed from. With a [DamagedLog] it
// returns the run with the lines before the damage too.
func Read(files map[string][]byte) (r Run, err error) {
	about := files[RunFile]
	if about != nil {
		if err := json.Unmarshal(about, &r.Settings); err != nil {
			return r, fmt.Errorf("%s cannot be read: %w", RunFile, err)
		}
	}
	damage := r.readLog(files)
	if !IsRun(slices.Collect(maps.Keys(files))) {
		return r, ErrNoRun
	}
	if about == nil {
		r.Settings.Method, r.Settings.Seed = r.ofLog(files)
		r.Settings.Version = 1
	}
	if data := files[ResultFile]; data != nil {
		r.Result = &Result{}
		if err := json.Unmarshal(data, r.Result); err != nil {
			return r, fmt.Errorf("%s cannot be read: %w", ResultFile, err)
		}
	}
	if data := files[FollowedFile]; data != nil {
		if r.Followed, err = ReadFollowed(data); err != nil {
			return r, err
		}
	}
	if files[StateFile] != nil {
		r.Checkpoint = map[string][]byte{}
		for _, name := range CheckpointFiles {
			if data, ok := files[name]; ok {
				r.Checkpoint[name] = data
			}
		}
	}
	r.Rollouts = readRollouts(files)
	r.Base, r.Reflection = inFolder(files, BaseFolder), inFolder(files, ReflectionFolder)
	r.Problems = files[ProblemsFile]
	return r, damage
}

// readLog returns a [DamagedLog] where the log cannot be read to its end.
func (r *Run) readLog(files map[string][]byte) error {
	names := []string{MetricsFile, PretrainFile}
	if r.Settings.Method != "" {
		names = []string{r.Settings.LogFile()}
	}
	for _, name := range names {
		text, pages := joinPages(files, name)
		if pages == 0 {
			continue
		}
		log, err := ReadLog(text)
		log.pages = pages
		r.Log = log
		return err
	}
	return nil
}

// ofLog are the method and the seed that the first line of a log without run.json names.
func (r *Run) ofLog(files map[string][]byte) (method string, seed Seed) {
	var first map[string]json.RawMessage
	if len(r.Log.lines) > 0 {
		_ = json.Unmarshal(withoutNaN(r.Log.lines[0]), &first) // it was read as an object
	}
	_ = json.Unmarshal(first["method"], &method) // other logs may name none, or write it otherwise
	_ = seed.UnmarshalJSON(first["seed"])        // likewise
	if _, pages := joinPages(files, PretrainFile); pages > 0 && method == "" {
		method = Pretrain
	}
	return method, seed
}

func inFolder(files map[string][]byte, folder string) map[string][]byte {
	inner := map[string][]byte{}
	for name, data := range files {
		if rest, ok := strings.CutPrefix(name, folder); ok {
			inner[rest] = data
		}
	}
	return inner
}

// Resumable reports whether there is a checkpoint to resume from.
func (r Run) Resumable() bool { return r.Checkpoint[StateFile] != nil }

// Finished reports whether the run has taken all its steps.
func (r Run) Finished() bool { return r.Settings.Done(r.Log.Step(), r.Log.Tokens()) }

// Files are the files of the run by name, without its log and rollouts: the inverse of [Read].
func (r Run) Files() (files map[string][]byte, err error) {
	files = map[string][]byte{}
	for name, data := range r.Checkpoint {
		files[name] = data
	}
	for name, data := range r.Base {
		files[BaseFolder+name] = data
	}
	for name, data := range r.Reflection {
		files[ReflectionFolder+name] = data
	}
	if len(r.Problems) > 0 {
		files[ProblemsFile] = r.Problems
	}
	if r.Result != nil {
		if files[ResultFile], err = document(r.Result); err != nil {
			return nil, fmt.Errorf("%s: %w", ResultFile, err)
		}
	}
	if r.Followed != nil {
		if files[FollowedFile], err = json.Marshal(r.Followed); err != nil {
			return nil, fmt.Errorf("%s: %w", FollowedFile, err)
		}
	}
	files[RunFile], err = document(r.Settings)
	return files, err
}

// saveOrder is the order in which a folder's files are replaced: the checkpoint's state first, so that no other file is
// newer than it.
func saveOrder(a, b string) int {
	if (a == StateFile) != (b == StateFile) {
		if a == StateFile {
			return -1
		}
		return 1
	}
	return cmp.Compare(a, b)
}

// FilesIn reads the files of the run in a folder. Other files there are left alone.
func FilesIn(folder fs.FS) (map[string][]byte, error) {
	files := map[string][]byte{}
	err := eachIn(folder, func(name string, _ fs.DirEntry) (err error) {
		files[name], err = fs.ReadFile(folder, name)
		return err
	})
	return files, err
}

// SizeIn is how many bytes [FilesIn] reads.
func SizeIn(folder fs.FS) (bytes int64, err error) {
	err = eachIn(folder, func(_ string, e fs.DirEntry) error {
		info, err := e.Info()
		if err == nil {
			bytes += info.Size()
		}
		return err
	})
	return bytes, err
}

// eachIn calls do with each file of the run in a folder, by its name there, until the first error.
func eachIn(folder fs.FS, do func(name string, e fs.DirEntry) error) error {
	for _, inner := range []string{"", BaseFolder, ReflectionFolder} {
		entries, err := fs.ReadDir(folder, path.Clean(inner))
		if inner != "" && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		for _, e := range entries {
			if name := inner + e.Name(); known(name) && !e.IsDir() {
				if err := do(name, e); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
