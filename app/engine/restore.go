package engine

import (
	"cmp"
	"context"

	"attnlab/app/session"
)

// planRestore shows what a link holds, part by part, by the plans of the commands that a visitor would give. After a loss of
// the device it begins with the first part again. Without its model the rest is shown with the current one, and the sentence
// says so.
func (e *Engine) planRestore(c session.Restore) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		missing := ""
		do := func(command session.Command) (string, error) {
			e.readFor(ctx, command)
			return e.plan(command)(ctx)
		}
		if c.Model != "" && c.Model != e.capabilities.Model.Name {
			if _, err := do(session.UseModel{Name: c.Model}); err != nil {
				if lost(err) || ctx.Err() != nil {
					return "", err
				}
				missing = "This link needs the model " + c.Model + ", which is not here (" + session.Message(err) + "). The page shows the link with " + e.capabilities.Model.Name + "."
			}
		}
		if c.Recorded != "" {
			if err := e.showRecorded(ctx, c.Recorded); err != nil {
				return "", err
			}
		}
		if c.Trace != nil {
			if _, err := do(*c.Trace); err != nil {
				return "", err
			}
		}
		if c.Problem != nil {
			_, err := do(*c.Problem)
			if err != nil && missing != "" && !lost(err) && ctx.Err() == nil { // a problem that only the missing model can read
				return missing, nil
			}
			if err != nil {
				return "", err
			}
		}
		if c.Response != nil {
			if err := e.restoreResponse(do, *c.Response, c.Tokens); err != nil {
				return "", err
			}
		}
		if c.Tree == nil {
			return missing, nil
		}
		text, err := e.restoreTree(do, *c.Tree, c.Rounds)
		return cmp.Or(missing, text), err
	}
}

// restoreResponse samples the first tokens of a response again; a negative number is all of it.
func (e *Engine) restoreResponse(do func(session.Command) (string, error), g session.Generate, tokens int) error {
	if g.Restart, g.Unit = true, "token"; tokens < 0 {
		g.Unit, tokens = "all", 1
	}
	for range tokens {
		if _, err := do(g); err != nil {
			return err
		}
		if g.Restart = false; e.reasoning.complete(e.rig.model.MaxContext) {
			break
		}
	}
	return nil
}

// restoreTree grows the first rounds of a tree again; a negative number grows all.
func (e *Engine) restoreTree(do func(session.Command) (string, error), t session.GrowTree, rounds int) (text string, err error) {
	if t.Restart, t.Unit = true, "round"; rounds < 0 {
		t.Unit, rounds = "all", 1
	}
	for range rounds {
		if text, err = do(t); err != nil {
			return "", err
		}
		if t.Restart = false; e.growth.Done() {
			break
		}
	}
	return text, nil
}
