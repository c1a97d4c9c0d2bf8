package lab

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"mime"
	"path"
	"slices"
	"strings"
	"time"

	"attnlab/app/session"
	"attnlab/rl/runs"
)

// maxFile bounds what is read from a visitor's disk, in bytes: of one file, and of one archive unpacked.
const maxFile = 256 << 20

// File is a file that a visitor chose. Its name is the path inside the folder, if a folder was chosen.
type File struct {
	Name   string
	Folder string // that was chosen, empty for a file that was chosen itself
	Size   int64
	Value  any                                     // the browser's own, to hand over
	Read   func(then func(data []byte, err error)) // calls then once, at once or later
}

// OpenFiles opens what a visitor chose by one of the inputs for files: open-trace, open-beside, open-problems, open-model, open-gguf,
// open-run or open-run-folder. It reads only the files that are needed, and of a model none: the engine does. What cannot be opened is reported in
// one sentence.
func (l *Lab) OpenFiles(input string, chosen []File) {
	if len(chosen) == 0 {
		return
	}
	command := "ImportRun"
	switch input {
	case "open-model", "open-gguf":
		l.lookAtFiles(chosen)
		return
	case "open-trace", "open-beside":
		command = "ShowTrace"
	case "open-problems":
		command = "NewProblem"
	}
	refuse := func(err error) { l.Failure = session.Failure{Command: command, Text: err.Error()} }
	needed := neededFiles(input, chosen)
	if len(needed) == 0 {
		refuse(errNoRun)
		return
	}
	readFiles(needed, func(files map[string][]byte, err error) {
		if err == nil {
			err = l.openRead(input, files)
		}
		if err != nil {
			refuse(err)
		}
	})
}

// OpenDropped opens what a visitor dropped on the page: a trace, a run or its log, several of these, the folder of a model or its files, or a
// GGUF file.
func (l *Lab) OpenDropped(dropped []File) {
	var names []string
	model := false
	for _, f := range dropped {
		base := path.Base(f.Name)
		if junk(f.Name) {
			continue
		}
		names = append(names, base)
		model = model || base == runs.ConfigFile || isGGUF(base)
	}
	switch {
	case len(names) == 0:
		return
	case !l.Ready():
		l.say("The engine is not ready for files yet. Drop them again in a moment.")
	case len(names) == 1 && strings.EqualFold(path.Ext(names[0]), ".json") && !runs.IsRun(names):
		l.OpenFiles("open-trace", dropped)
	case len(names) == 1 && l.ownProblems(names[0]):
		l.OpenFiles("open-problems", dropped)
	case model && !runs.IsRun(names):
		l.OpenFiles("open-model", dropped)
	default:
		l.OpenFiles("open-run", dropped)
	}
}

// openRead opens files that were read.
func (l *Lab) openRead(input string, files map[string][]byte) error {
	switch input {
	case "open-trace", "open-beside", "open-problems":
		open := map[string]func(name string, data []byte) error{"open-trace": l.openTrace, "open-beside": l.openBeside, "open-problems": l.openProblems}[input]
		for name, data := range files { // there is one
			if imports, _, err := foreignRuns(files); input == "open-trace" && (err != nil || len(imports) > 0) {
				return l.importRun(files)
			}
			return open(name, data)
		}
	}
	return l.importRun(files)
}

// neededFiles are the chosen files that an input needs.
func neededFiles(input string, chosen []File) (needed []File) {
	single := input == "open-trace" || input == "open-beside" || input == "open-problems"
	for _, f := range chosen {
		base := path.Base(f.Name)
		switch {
		case single && len(needed) > 0, junk(f.Name):
		case single, strings.Contains(base, "tfevents"),
			slices.Contains([]string{".json", ".jsonl", ".safetensors", ".zip", ".tar", ".gz", ".tgz", ".csv"}, strings.ToLower(path.Ext(base))),
			input == "open-run" && len(chosen) == 1: // an archive or a log may have any name
			needed = append(needed, f)
		}
	}
	return needed
}

// readFiles reads files one after another, and calls then with all of them by name or with the first error, a sentence.
func readFiles(files []File, then func(read map[string][]byte, err error)) {
	for _, f := range files {
		if f.Size > maxFile {
			then(nil, fmt.Errorf("%s is larger than %d MB, which this page does not read.", f.Name, maxFile>>20))
			return
		}
	}
	read := map[string][]byte{}
	var next func(i int)
	next = func(i int) {
		if i == len(files) {
			then(read, nil)
			return
		}
		files[i].Read(func(data []byte, err error) {
			if err != nil {
				then(nil, fmt.Errorf("%s could not be read: %s. Check that it still exists and choose it again.", files[i].Name, strings.TrimRight(session.Message(err), ".")))
				return
			}
			read[files[i].Name] = data
			next(i + 1)
		})
	}
	next(0)
}

// readTrace reads a trace that the lab saved. The error says in a clause what is wrong.
func readTrace(data []byte) (session.Trace, error) {
	var t session.Trace
	if err := json.Unmarshal(data, &t); err != nil {
		return session.Trace{}, err
	}
	if err := t.Check(); err != nil {
		return session.Trace{}, err
	}
	t.Number = 0 // any snapshot of an engine is newer
	return t, nil
}

// openTrace shows the trace in a file. The current model scores it again.
func (l *Lab) openTrace(name string, data []byte) error {
	t, err := readTrace(data)
	if err != nil {
		return fmt.Errorf("%s holds no trace that can be shown (%s). Open one that the lab's Save button saved.", name, strings.TrimRight(session.Message(err), "."))
	}
	l.Trace = t
	l.select_(session.NoSelection)
	l.View.Example, l.View.Recorded, l.View.Text, l.View.Tokens, l.View.Sampling = false, "", l.PromptText(), AllTokens, t.Sampling
	l.View.Edits = linkedEdits(&t)
	l.View.Wording = session.Wording{Problems: l.View.Wording.Problems}
	if w := t.Wording; w != nil {
		l.View.Wording.System, l.View.Wording.Chat, l.View.Wording.Rule = w.System, w.Chat, w.Rule
	}
	l.Controls.Typed, l.Controls.System, l.Controls.Sampling = l.View.Text, l.View.Wording.System, t.Sampling
	l.Send(t.Show())
	return nil
}

// traceFileName is the name of a trace that is saved.
func traceFileName(t *session.Trace) string {
	return fileName("trace-" + t.Task + "-" + t.Seed.String() + ".json")
}

// takeFiles offers the files of a run as one zip, or the file of metrics alone, if this page requested them.
func (l *Lab) takeFiles(f session.RunFiles) {
	if f.ID != l.exporting {
		return
	}
	l.exporting = ""
	if data, ok := f.Files[f.ID]; ok {
		l.screen.Download(f.Name, mime.TypeByExtension(path.Ext(f.Name)), data)
		return
	}
	data, err := packZip(f.Files)
	if err != nil {
		l.Failure = session.Failure{Command: "ExportRun", Text: "The run's files could not be packed: " + err.Error() + "."}
		return
	}
	l.screen.Download(fileName(f.Name)+".zip", "application/zip", data)
}

// fileName is a name without the characters that file systems refuse.
func fileName(name string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' {
			return r
		}
		return '-'
	}, strings.ReplaceAll(name, ", ", "-")), "-.")
}

var errNoRun = errors.New("There is no metrics.jsonl among these files. Choose the folder or the archive of a run, or its metrics.jsonl alone.")

// importRun hands chosen files to the engine: those of runs, logs alone, or logs of other trainers.
func (l *Lab) importRun(chosen map[string][]byte) error {
	imports, others, err := foreignRuns(chosen)
	if err != nil {
		return err
	}
	ours := logsAlone(others)
	if ours == nil {
		if ours, err = runFiles(others); err != nil && len(imports) == 0 {
			return err
		}
	}
	imports = append(imports, ours...)
	for _, run := range imports {
		l.sendRun(run)
	}
	return nil
}

// sendRun hands a run to the engine. One in a program of its own reads the files by ranges; to that in this browser they are sent.
func (l *Lab) sendRun(run session.ImportRun) {
	if l.Native() {
		var names []string
		var files []any
		for _, name := range slices.Sorted(maps.Keys(run.Files)) {
			names, files = append(names, name), append(files, run.Files[name])
		}
		run.Picked, run.Files = l.handOver(names, files), nil
	}
	l.Send(run)
}

// handOver gives files to the engine by their names, and returns the id by which it asks for them.
func (l *Lab) handOver(names []string, files []any) (id string) {
	l.handed++
	id = fmt.Sprintf("%d-%d", time.Now().UnixNano(), l.handed)
	l.screen.HandOver(id, names, files)
	return id
}

// savedRollouts reports whether a file is gzipped rollouts of a run, or damaged ones that were put aside, and so no archive.
func savedRollouts(name string) bool {
	return strings.HasPrefix(name, "rollouts") && strings.HasSuffix(name, ".jsonl.gz")
}

// runFiles are the runs among chosen files. An archive counts as its content. Every folder of which [runs.IsRun] is true is a run, with
// all that lies below it.
func runFiles(chosen map[string][]byte) ([]session.ImportRun, error) {
	files, name := map[string][]byte{}, ""
	for _, from := range slices.Sorted(maps.Keys(chosen)) {
		if savedRollouts(path.Base(from)) || !isArchive(chosen[from]) && !slices.Contains([]string{".zip", ".tgz", ".tar", ".gz"}, strings.ToLower(path.Ext(from))) {
			files[cleanName(from)] = chosen[from]
			continue
		}
		inside, err := unpack(chosen[from])
		if err != nil {
			return nil, fmt.Errorf("%s %w", from, err)
		}
		name = strings.TrimSuffix(strings.TrimSuffix(path.Base(from), path.Ext(from)), ".tar")
		maps.Copy(files, inside)
	}
	var folders []string
	for _, file := range slices.SortedFunc(maps.Keys(files), func(a, b string) int { return strings.Count(a, "/") - strings.Count(b, "/") }) {
		folder := path.Dir(file)
		if !runs.IsRun([]string{path.Base(file)}) || slices.ContainsFunc(folders, func(f string) bool { return inFolder(f, folder) }) {
			continue
		}
		folders = append(folders, folder)
	}
	slices.Sort(folders)
	var imports []session.ImportRun
	for _, folder := range folders {
		run := session.ImportRun{Name: name, Files: map[string][]byte{}}
		if folder != "." && (name == "" || len(folders) > 1) {
			run.Name = path.Base(folder)
		}
		for file, data := range files {
			if inFolder(folder, path.Dir(file)) {
				run.Files[strings.TrimPrefix(file, folder+"/")] = data
			}
		}
		imports = append(imports, run)
	}
	if len(imports) == 0 {
		return nil, errNoRun
	}
	return imports, nil
}

// inFolder reports whether a folder is another or lies inside it.
func inFolder(outer, folder string) bool {
	return outer == "." || folder == outer || strings.HasPrefix(folder, outer+"/")
}

// logsAlone are logs that were chosen without other files, each as a run of its own. Such a log may have any name.
func logsAlone(chosen map[string][]byte) (imports []session.ImportRun) {
	for _, from := range slices.Sorted(maps.Keys(chosen)) {
		base := path.Base(from)
		name, is := strings.CutSuffix(base, ".jsonl")
		if !is {
			return nil
		}
		if folder := path.Base(path.Dir(from)); folder != "." && folder != "/" {
			name = folder
		}
		if base != runs.PretrainFile {
			base = runs.MetricsFile
		}
		imports = append(imports, session.ImportRun{Name: name, Files: map[string][]byte{base: chosen[from]}})
	}
	return imports
}
