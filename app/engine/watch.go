package engine

import (
	"context"
	"slices"
	"time"
)

// watchEvery is how often an idle engine looks at the runs that other tabs and programs begin, save, release and delete.
const watchEvery = 2 * time.Second

func (e *Engine) watches() bool { return e.runsRead() && e.library.Store != nil }

// watchRuns lists the runs again if others changed them in the storage. It reads a run again when another engine takes or releases it, and
// as often as that one may save it.
func (e *Engine) watchRuns(ctx context.Context) {
	e.watched = time.Now()
	ids, err := e.library.Store.List(ctx)
	if err != nil {
		return // commands that need the storage report it
	}
	changed := false
	e.runs = slices.DeleteFunc(e.runs, func(t *training) bool {
		deleted := t.savedStep >= 0 && t.writer == nil && t.learner == nil && !slices.Contains(ids, t.info.ID)
		changed = changed || deleted
		return deleted
	})
	for _, id := range ids {
		i := slices.IndexFunc(e.runs, func(t *training) bool { return t.info.ID == id })
		switch {
		case i < 0:
			e.runs, changed = append(e.runs, e.storedRun(ctx, id)), true
		case e.runs[i].learner != nil || e.runs[i].writer != nil:
		case e.due(ctx, e.runs[i]):
			e.runs[i], changed = e.storedRun(ctx, id), true
		}
	}
	if changed {
		e.listRuns()
	}
}

// due reports whether another engine took or released a run, or may have saved it again.
func (e *Engine) due(ctx context.Context, t *training) bool {
	locked := e.library.Store.Locked(ctx, t.info.ID)
	return locked != t.elsewhere || locked && time.Since(t.read) >= saveEvery
}
