package engine

import (
	"context"

	"attnlab/app/session"
	"attnlab/rl/runs"
)

// showRollouts publishes saved rollouts of a run.
func (e *Engine) showRollouts(ctx context.Context, c session.ShowRollouts) error {
	t, err := e.runNamed(c.ID)
	if err != nil {
		return err
	}
	if err := c.Filter.Check(); err != nil {
		return err
	}
	store := e.library.Store
	if t.info.From == "shipped" {
		store = nil
	}
	files, err := runs.RolloutFiles(ctx, store, t.info.ID, t.run)
	if err != nil {
		return err
	}
	view := session.SavedRollouts{Number: e.next(), ID: c.ID, Name: t.info.Name, Filter: c.Filter}
	all, err := runs.ReadRollouts(files)
	switch {
	case err != nil:
		view.Note = sentence(err)
	case len(all) == 0 && t.step() == 0:
		view.Note = "The rollouts appear after the first step."
	case len(all) == 0:
		view.Note = "This run saved no rollouts."
	}
	view.Browsed = runs.Browse(all, c.Filter, c.First, session.RolloutsShown)
	e.publish(view)
	return nil
}
