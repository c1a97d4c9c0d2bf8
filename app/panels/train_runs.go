package panels

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"path"
	"slices"
	"strings"

	"attnlab/app/session"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// resumable are the kept runs that can be gone on with, the newest first, without the one at work.
func (s *state) resumable() (runs []session.KeptRun) {
	for _, r := range s.runs.Runs { // as the engine lists them
		if r.Info.ID != s.run.Info.ID && slices.Contains([]string{"new", "running", "paused"}, r.Info.State) {
			runs = append(runs, r)
		}
	}
	return runs
}

// runBanner offers, after a reload, to go on with the run that was at work.
func (l *Lab) runBanner() app.UI {
	kept := l.resumable()
	show := l.Page == pageTrain && l.opened && l.run.Info.ID == "" && len(kept) > 0
	return app.If(show, func() app.UI {
		r := kept[0]
		return app.Div().Class("banner").ID("resume-banner").Body(
			app.P().Text(fmt.Sprintf("A run of %s was at step %d of %d.", methodName(r.Settings.Method), r.Info.Step, r.Settings.Steps)),
			l.button("resume-run:"+r.Info.ID, "", app.Text("Resume")),
		)
	})
}

// runsPanel lists the runs that are kept here, and takes in others.
func (l *Lab) runsPanel() app.UI {
	var kept []session.KeptRun
	for _, r := range l.runs.Runs {
		if r.Info.From != "shipped" && r.Info.ID != l.run.Info.ID {
			kept = append(kept, r)
		}
	}
	return app.Div().Class("panel").ID("kept-runs").Body(
		app.H2().Text("Other runs here"),
		app.If(len(kept) == 0, func() app.UI {
			return app.P().Class("hint").Text("There is none. Runs stay in this browser until you delete them.")
		}),
		app.Ul().Class("kept").Body(app.Range(kept).Slice(func(i int) app.UI { return l.keptRun(kept[i]) })),
		app.Div().Class("buttons").Body(
			l.button("open-run", "quiet", app.Text("Import a run")),
			l.button("open-run-folder", "quiet", app.Text("from a folder")),
		),
	)
}

func (l *Lab) keptRun(r session.KeptRun) app.UI {
	i := r.Info
	of := fmt.Sprintf("step %d of %d, %s, %s", i.Step, r.Settings.Steps, i.State, i.From)
	if i.State == session.MetricsOnly {
		of = plural(i.Step, "step") + ", metrics only"
	}
	return app.Li().Body(
		app.Span().Text(i.Name),
		app.Span().Class("hint").Text(of),
		app.If(l.dropping == i.ID, func() app.UI {
			return app.Span().Class("buttons").Body(
				app.Span().Class("hint bad").Text("It cannot be had back."),
				l.button("drop-run:"+i.ID, "quiet", app.Text("Delete it")),
				l.button("ask-drop", "quiet", app.Text("Keep it")))
		}),
		app.Span().Class("buttons").Body(
			app.If(i.State == "new" || i.State == "paused" || i.State == "running", func() app.UI { return l.button("resume-run:"+i.ID, "quiet", app.Text("Resume")) }),
			app.If(i.State != session.MetricsOnly && i.State != "new", func() app.UI { return l.button("use-run:"+i.ID, "quiet", app.Text("Use on Trace")) }),
			l.button("export-run:"+i.ID, "quiet", app.Text("Export")),
			l.button("ask-drop:"+i.ID, "quiet", app.Text("Delete")).Aria("label", "delete "+i.Name),
		),
	)
}

// takeFiles offers the files of a run as one zip, or the one file of metrics, where this page asked for them.
func (l *Lab) takeFiles(f session.RunFiles) {
	if f.ID != l.exporting {
		return
	}
	l.exporting = ""
	if data, ok := f.Files[f.ID]; ok {
		l.screen.download(f.Name, mime.TypeByExtension(path.Ext(f.Name)), data)
		return
	}
	data, err := zipOf(f.Files)
	if err != nil {
		l.failure = session.Failure{Command: "ExportRun", Text: "The run's files could not be packed: " + err.Error() + "."}
		return
	}
	l.screen.download(fileName(f.Name)+".zip", "application/zip", data)
}

// fileName is a name without what file systems do not take.
func fileName(name string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' {
			return r
		}
		return '-'
	}, strings.ReplaceAll(name, ", ", "-")), "-.")
}

// zipOf packs files, in order of their names. Weights do not get smaller, so nothing is compressed.
func zipOf(files map[string][]byte) ([]byte, error) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err != nil {
			return nil, err
		}
		if _, err := f.Write(files[name]); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return b.Bytes(), err
}

// runFiles are the files of a run as they were chosen, with those of a zip in its place, and the run's name. A folder
// that holds all of them is left out of their names.
func runFiles(chosen map[string][]byte) (name string, files map[string][]byte, err error) {
	files = map[string][]byte{}
	for _, from := range slices.Sorted(maps.Keys(chosen)) {
		if !strings.HasSuffix(strings.ToLower(from), ".zip") {
			files[from] = chosen[from]
			continue
		}
		name = strings.TrimSuffix(path.Base(from), path.Ext(from))
		inside, err := unzip(chosen[from])
		if err != nil {
			return "", nil, fmt.Errorf("%s %s", from, err)
		}
		maps.Copy(files, inside)
	}
	for {
		top, _, found := "", "", false
		for file := range files {
			t, _, ok := strings.Cut(file, "/")
			if !ok || top != "" && t != top {
				top, found = "", false
				break
			}
			top, found = t, true
		}
		if !found {
			break
		}
		inner := map[string][]byte{}
		for file, data := range files {
			inner[strings.TrimPrefix(file, top+"/")] = data
		}
		files = inner
		if name == "" {
			name = top
		}
	}
	if files["metrics.jsonl"] == nil && files["training.jsonl"] == nil {
		return "", nil, errors.New("There is no metrics.jsonl among these files; choose the folder or the zip of a run, or its metrics.jsonl alone.")
	}
	return name, files, nil
}

// logsAlone are chosen logs that nothing else was chosen with, each as a run of its own: there a log may have any name.
func logsAlone(chosen map[string][]byte) (runs []session.ImportRun) {
	for _, from := range slices.Sorted(maps.Keys(chosen)) {
		base := path.Base(from)
		name, is := strings.CutSuffix(base, ".jsonl")
		if !is {
			return nil
		}
		if folder := path.Base(path.Dir(from)); folder != "." && folder != "/" {
			name = folder
		}
		if base != "training.jsonl" {
			base = "metrics.jsonl"
		}
		runs = append(runs, session.ImportRun{Name: name, Files: map[string][]byte{base: chosen[from]}})
	}
	return runs
}

// unzip reads a zip of at most maxFile bytes in all.
func unzip(data []byte) (map[string][]byte, error) {
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, errors.New("is no zip file that can be read; choose one that this page exported.")
	}
	files, left := map[string][]byte{}, int64(maxFile)
	for _, f := range r.File {
		if f.FileInfo().IsDir() {
			continue
		}
		in, err := f.Open()
		if err != nil {
			return nil, fmt.Errorf("has a file %s that cannot be read: %s.", f.Name, err)
		}
		body, err := io.ReadAll(io.LimitReader(in, left+1))
		in.Close()
		if err != nil {
			return nil, fmt.Errorf("is damaged at %s: %s.", f.Name, err)
		}
		if left -= int64(len(body)); left < 0 {
			return nil, fmt.Errorf("unpacks to more than %d MB, which this page does not read.", maxFile>>20)
		}
		files[f.Name] = body
	}
	return files, nil
}

// importRun hands chosen files to the engine: those of a run, or logs alone.
func (l *Lab) importRun(chosen map[string][]byte) error {
	runs := logsAlone(chosen)
	if runs == nil {
		name, files, err := runFiles(chosen)
		if err != nil {
			return err
		}
		runs = []session.ImportRun{{Name: name, Files: files}}
	}
	for _, run := range runs {
		l.send(run)
	}
	return nil
}
