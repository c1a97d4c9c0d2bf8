package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"attnlab/app/session"
	"attnlab/model/hf"
	"attnlab/rl"
)

// Store keeps the files of runs from one visit to the next. Its errors are sentences.
type Store interface {
	// List names the runs that are kept, the oldest first.
	List(context.Context) ([]string, error)
	// Load brings the named files of a run, or all where none is named; those that it
	// does not have are left out.
	Load(ctx context.Context, id string, names ...string) (map[string][]byte, error)
	// Save writes files of a run, all or none of them. Its other files stay.
	Save(ctx context.Context, id string, files map[string][]byte) error
	// Delete forgets a run.
	Delete(ctx context.Context, id string) error
}

// saveEvery is how much work a crash may cost.
const saveEvery = 10 * time.Second

// Files of a run beside those of its checkpoint, as "attnlab train" names them;
// baseFolder holds the model that it began from where that is not a shipped one.
const (
	runFile      = "run.json"
	metricsFile  = "metrics.jsonl"
	pretrainFile = "training.jsonl"
	stateFile    = "training.json" // of the checkpoint: with it a run can go on
	baseFolder   = "base/"
)

// runJSON is run.json: what "attnlab train" writes there, and what the lab adds.
type runJSON struct {
	Method     string            `json:"method"`
	Model      string            `json:"model"`
	Task       string            `json:"task"`
	Difficulty string            `json:"difficulty"`
	Teacher    string            `json:"teacher"`
	Seed       uint64            `json:"seed"`
	Probe      int               `json:"probe"`
	FocusHeads string            `json:"focus_heads,omitempty"`
	Reflection string            `json:"reflection,omitempty"`
	Paper      bool              `json:"paper"`
	Hyper      map[string]string `json:"hyper"`

	Steps  int    `json:"steps,omitempty"`
	Name   string `json:"name,omitempty"`
	From   string `json:"from,omitempty"`
	Note   string `json:"note,omitempty"`
	Sample string `json:"sample,omitempty"`
}

// about is run.json of a run.
func (t *training) about() ([]byte, error) {
	s := t.settings
	a := runJSON{Method: s.Method, Model: s.Model, Task: s.Task, Difficulty: s.Difficulty, Teacher: s.Teacher, Seed: s.Seed, Probe: s.Probe,
		FocusHeads: s.FocusHeads, Hyper: map[string]string{}, Steps: s.Steps, Name: t.info.Name, From: t.info.From, Note: t.info.Note, Sample: t.sample}
	if m, err := methodOf(s.Method); err == nil {
		for _, p := range m.Params {
			if v, ok := s.Hyper[p.Name]; ok {
				a.Hyper[p.Name] = valueOf(p, v).String()
			}
		}
	}
	data, err := json.MarshalIndent(a, "", "  ")
	return append(data, '\n'), err
}

// readAbout is its inverse.
func (t *training) readAbout(data []byte) error {
	var a runJSON
	if err := json.Unmarshal(data, &a); err != nil {
		return fmt.Errorf("%s cannot be read: %w", runFile, err)
	}
	m, err := methodOf(a.Method)
	if a.Method != "" && err != nil { // curves from elsewhere may not say
		return fmt.Errorf("%s names the method %.40q, which is not known here", runFile, a.Method)
	}
	if a.Steps < 0 || a.Steps > maxSteps || a.Probe < 0 || a.Probe > maxProblems {
		return fmt.Errorf("%s asks for %d steps and %d probing problems, which is out of range", runFile, a.Steps, a.Probe)
	}
	h := m.Params.Lab()
	if a.Paper {
		h = m.Params.Paper()
	}
	for name, text := range a.Hyper {
		if _, ok := m.Params.Row(name); !ok {
			return fmt.Errorf("%s gives %s the hyper-parameter %.40q, which it does not have", runFile, a.Method, name)
		}
		if err := m.Params.Set(h, name, text); err != nil {
			return err
		}
	}
	t.settings = session.RunSettings{Method: a.Method, Model: a.Model, Task: a.Task, Teacher: a.Teacher, Difficulty: a.Difficulty, Seed: a.Seed,
		Steps: a.Steps, Hyper: changes(a.Method, h), Probe: a.Probe, FocusHeads: a.FocusHeads}
	t.info.Name, t.info.From, t.info.Note, t.sample = a.Name, a.From, a.Note, a.Sample
	return nil
}

// logFile is where a method's log is.
func logFile(method string) string {
	if method == pretrain {
		return pretrainFile
	}
	return metricsFile
}

// copyState copies a run at work to memory.
func (e *Engine) copyState(t *training) error {
	began := time.Now()
	state, err := t.learner.Checkpoint()
	if err != nil {
		return err
	}
	t.state, t.copied = state, time.Now()
	t.copying = t.copied.Sub(began)
	return nil
}

// keep copies a run at work to memory and to storage, if there is one. That the
// storage refuses is said once; the run goes on.
func (e *Engine) keep(t *training) error {
	if err := e.copyState(t); err != nil {
		return err
	}
	e.store(t)
	return nil
}

func (e *Engine) store(t *training) {
	t.saved = time.Now()
	if e.library.Store == nil || t.step() == 0 {
		return
	}
	files, err := t.files(t.kept < 0)
	if err == nil {
		if len(t.log.lines) > 0 {
			files[pageFile(logFile(t.settings.Method), t.log.page)] = t.log.text()
		}
		err = e.library.Store.Save(context.Background(), t.info.ID, files)
	}
	switch {
	case err == nil:
		if t.kept, t.unsaved = t.step(), false; len(t.log.lines) >= pageLines {
			t.log.turn()
		}
	case !t.unsaved:
		t.unsaved = true
		e.fail("Advance", fmt.Errorf("the run could not be kept in this browser (%w); it goes on, and can be exported", err))
	}
}

// files are those of a run as it stands in memory, without its log.
func (t *training) files(withBase bool) (files map[string][]byte, err error) {
	files = map[string][]byte{}
	if t.state != nil {
		if files, err = t.state.Files(); err != nil {
			return nil, err
		}
	}
	if withBase && t.own && t.start != nil {
		base, err := t.start.Files()
		if err != nil {
			return nil, err
		}
		for name, data := range base {
			files[baseFolder+name] = data
		}
	}
	files[runFile], err = t.about()
	return files, err
}

// readRun reads a run from its files: what is known of it, and where the files have it
// the state to go on from. The pages of its log are put together.
func readRun(files map[string][]byte) (t *training, pages int, err error) {
	t = &training{kept: -1}
	log, pages := pagesOf(files, metricsFile)
	method := ""
	if pages == 0 {
		log, pages = pagesOf(files, pretrainFile)
		method = pretrain
	}
	if pages == 0 {
		return nil, 0, errors.New("there is no metrics.jsonl among the files; choose the folder of a run, or a metrics.jsonl alone")
	}
	if t.log, err = readLog(log); err != nil {
		return nil, 0, err
	}
	if about := files[runFile]; about != nil {
		if err := t.readAbout(about); err != nil {
			return nil, 0, err
		}
	} else {
		t.settings = session.RunSettings{Method: method}
		var first struct{ Method string }
		if json.Unmarshal(t.log.lines[0], &first); slices.Contains(rl.Names(rl.Methods), first.Method) {
			t.settings.Method = first.Method
		}
	}
	t.settings.Steps = max(t.settings.Steps, t.step())
	if files["config.json"] == nil || files[runFile] == nil {
		return t, pages, nil
	}
	if t.state, err = hf.LoadFiles(files); err != nil {
		return nil, 0, err
	}
	if t.state.Train == nil {
		t.state = nil
		return t, pages, nil
	}
	t.log = t.log.upTo(t.state.Train.Schedule) // steps after it, of a run that broke off, are taken again
	base := map[string][]byte{}
	for name, data := range files {
		if inner, ok := strings.CutPrefix(name, baseFolder); ok {
			base[inner] = data
		}
	}
	if len(base) > 0 {
		t.own = true
		if t.start, err = hf.LoadFiles(base); err != nil {
			return nil, 0, fmt.Errorf("the run's base: %w", err)
		}
	}
	return t, pages, nil
}
