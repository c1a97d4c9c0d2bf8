package runs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
)

// Writer writes one run to a store; no other process does meanwhile.
type Writer struct {
	Run
	Damaged bool  // the store has a result.json that is not JSON: Open leaves it out, and Finish replaces it
	Lost    error // rollouts of steps before the checkpoint that cannot be read, and under which name Cut has put them aside; nil for none
	store   Store
	id      string
	release func()
	written map[string]bool // names of base and reflection files that the store has
}

// Create begins a run. It takes the lock, and returns an error where the store has a run or files that training would replace.
// It writes the settings at once, so that they are saved even if the run is killed before its first checkpoint.
func Create(ctx context.Context, store Store, id string, r Run) (*Writer, error) {
	w, err := lock(ctx, store, id)
	if err != nil {
		return nil, err
	}
	names, err := store.Names(ctx, id)
	if err == nil && len(names) > 0 {
		err = fmt.Errorf("%w: %s", ErrExists, names[0])
	}
	if err == nil {
		w.Run = r
		err = w.SaveSettings(ctx)
	}
	if err != nil {
		w.Close()
		return nil, err
	}
	return w, nil
}

// ErrExists means that there are files already.
var ErrExists = errors.New("there are files of a run already")

// Open takes the lock of a saved run and reads it. The caller cuts the log to the step of the checkpoint by [Writer.Cut].
func Open(ctx context.Context, store Store, id string) (*Writer, error) {
	w, err := lock(ctx, store, id)
	if err != nil {
		return nil, err
	}
	files, err := store.Load(ctx, id)
	if err == nil {
		if result, ok := files[ResultFile]; ok && !json.Valid(result) {
			w.Damaged = true
			delete(files, ResultFile)
		}
		w.Run, err = Read(files)
	}
	if err != nil {
		w.Close()
		return nil, err
	}
	for name := range w.heavy() {
		w.written[name] = true
	}
	return w, nil
}

// Hold takes the lock of a run that the caller has already, such as one that was imported.
func Hold(ctx context.Context, store Store, id string, r Run) (*Writer, error) {
	w, err := lock(ctx, store, id)
	if err != nil {
		return nil, err
	}
	w.Run = r
	return w, nil
}

func lock(ctx context.Context, store Store, id string) (*Writer, error) {
	release, err := store.Lock(ctx, id)
	if err != nil {
		return nil, err
	}
	return &Writer{store: store, id: id, release: release, written: map[string]bool{}}, nil
}

// Close releases the lock.
func (w *Writer) Close() {
	if w.release != nil {
		w.release()
		w.release = nil
	}
}

// appends reports whether the store adds to the log line by line.
func (w *Writer) appends() bool {
	_, ok := w.store.(Appender)
	return ok
}

// Cut drops the lines of the log and the rollouts after a step: they are of steps after the checkpoint, which are taken again. In a store
// that appends, both become one file each.
func (w *Writer) Cut(ctx context.Context, step int) error {
	before, pages, damage := w.Log.Rows(), w.Log.pages, w.Rollouts.damagedBefore(step)
	w.Log, w.Followed, w.Rollouts = w.Log.UpTo(step), w.Followed.UpTo(step), w.Rollouts.UpTo(step)
	if !w.appends() {
		return nil
	}
	files := map[string][]byte{}
	if w.Log.Rows() != before || pages > 1 || !w.whole(ctx) {
		files[w.Settings.LogFile()] = append([]byte{}, w.Log.Text()...)
		for page := 1; page < pages; page++ {
			files[pageFile(w.Settings.LogFile(), page)] = nil
		}
	}
	if damage != nil {
		whole, err := w.store.Load(ctx, w.id, RolloutsFile)
		if err != nil {
			return err
		}
		aside := fmt.Sprintf("rollouts-damaged-%d.jsonl.gz", w.Rollouts.last())
		files[aside] = whole[RolloutsFile]
		w.Lost = fmt.Errorf("%w; the file is kept as %s", damage, aside)
	}
	if r := &w.Rollouts; r.had > 1 || r.stale < r.had {
		for page := range r.had {
			files[pageFile(RolloutsFile, page)] = nil
		}
		if text := r.text(); len(text) > 0 {
			files[RolloutsFile] = text
		}
	}
	w.Rollouts = Rollouts{}
	if len(files) == 0 {
		return nil
	}
	return w.store.Save(ctx, w.id, files)
}

// whole reports whether the log in the store is the one in memory: it does not end in a line that broke off.
func (w *Writer) whole(ctx context.Context) bool {
	files, err := w.store.Load(ctx, w.id, w.Settings.LogFile())
	return err == nil && string(files[w.Settings.LogFile()]) == string(w.Log.Text())
}

// Append adds a line to the log. It returns an error where the report holds a number that is not finite.
func (w *Writer) Append(ctx context.Context, report any) error {
	line, err := json.Marshal(report)
	if err != nil {
		return err
	}
	if err := w.Log.Add(line); err != nil {
		return err
	}
	if s, ok := w.store.(Appender); ok {
		return s.Append(ctx, w.id, w.Settings.LogFile(), append(line, '\n'))
	}
	return nil
}

// Keep saves the rollouts of a step after its line of the log.
func (w *Writer) Keep(ctx context.Context, of []Rollout) error {
	s, appends := w.store.(Appender)
	if !appends || len(of) == 0 {
		return w.Rollouts.Add(of)
	}
	p, err := packRollouts(of)
	if err != nil {
		return err
	}
	return s.Append(ctx, w.id, RolloutsFile, p.data)
}

// Save writes a checkpoint, with settings, log, result and what else changed, whole or not at all. The files of base and
// reflection model are written once.
func (w *Writer) Save(ctx context.Context, checkpoint map[string][]byte) error {
	w.Checkpoint = checkpoint
	files, err := w.Files()
	if err != nil {
		return err
	}
	heavy := w.heavy()
	for name := range w.written {
		if heavy[name] {
			delete(files, name)
		}
	}
	if !w.appends() && len(w.Log.lines) > 0 {
		files[pageFile(w.Settings.LogFile(), w.Log.page)] = w.Log.Text()
	}
	if !w.appends() {
		maps.Copy(files, w.Rollouts.files())
	}
	if err := w.store.Save(ctx, w.id, files); err != nil {
		return err
	}
	w.Checkpoint = nil // the store has it
	for name := range heavy {
		w.written[name] = true
	}
	if len(w.Log.lines) >= PageLines {
		w.Log.turn()
	}
	w.Rollouts.saved()
	return nil
}

// heavy are the names of files that never change.
func (w *Writer) heavy() map[string]bool {
	names := map[string]bool{}
	if len(w.Problems) > 0 {
		names[ProblemsFile] = true
	}
	for name := range maps.Keys(w.Base) {
		names[BaseFolder+name] = true
	}
	for name := range maps.Keys(w.Reflection) {
		names[ReflectionFolder+name] = true
	}
	return names
}

// SaveSettings writes run.json alone.
func (w *Writer) SaveSettings(ctx context.Context) error {
	data, err := document(w.Settings)
	if err != nil {
		return err
	}
	return w.store.Save(ctx, w.id, map[string][]byte{RunFile: data})
}

// Finish writes result.json.
func (w *Writer) Finish(ctx context.Context, result *Result) error {
	data, err := document(result)
	if err != nil {
		return err
	}
	w.Result = result
	return w.store.Save(ctx, w.id, map[string][]byte{ResultFile: data})
}

// WholeLog is every line of a run in a store.
func WholeLog(ctx context.Context, store Store, id string, r Run) ([]byte, error) {
	if p, ok := store.(Paged); ok {
		return p.wholeLog(ctx, id, r)
	}
	files := map[string][]byte{}
	name := r.Settings.LogFile()
	for page := range r.Log.page {
		got, err := store.Load(ctx, id, pageFile(name, page))
		if err != nil {
			return nil, err
		}
		if got[pageFile(name, page)] == nil {
			return nil, fmt.Errorf("a part of the run's log, %s, is not in the storage any more", pageFile(name, page))
		}
		maps.Copy(files, got)
	}
	text, _ := joinPages(files, name)
	return append(text, r.Log.Text()...), nil
}

// Ship writes settings, log and result of a run, and no checkpoint: what others may compare with.
func Ship(ctx context.Context, store Store, id string, r Run) error {
	r.Checkpoint, r.Base, r.Reflection = nil, nil, nil
	files, err := r.Files()
	if err != nil {
		return err
	}
	files[r.Settings.LogFile()] = r.Log.Text()
	return store.Save(ctx, id, files)
}
