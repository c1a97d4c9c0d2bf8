package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"attnlab/app/session"
	"attnlab/rl"
	"attnlab/rl/runs"
)

// contrastRuns contrasts a row of runs with every other row, by their whole logs and by the evaluations at their ends.
func (e *Engine) contrastRuns(ctx context.Context, c session.ContrastRuns) error {
	switch {
	case c.Outcome != "" && !slices.Contains(runs.AllOutcomes, c.Outcome):
		return fmt.Errorf("there is no outcome %.40q; choose one of %q", c.Outcome, runs.AllOutcomes)
	case c.Outcome == "" && c.Within != 0:
		return errors.New("a difference that is too small to matter has the unit of one outcome; choose an outcome")
	case !(c.Within >= 0 && c.Within <= session.MaxWithin):
		return fmt.Errorf("the difference that is too small to matter is %g; give a number from 0 to %d", c.Within, session.MaxWithin)
	}
	list, err := e.runsNamed(c.IDs)
	if err != nil {
		return err
	}
	of, err := e.runNamed(c.Row)
	if err != nil {
		return err
	}
	v := session.Contrasts{Asked: c, Of: []string{}, LeftOut: []string{}}
	var whole []runs.Named
	for i, t := range list {
		if e.busy("contrasting runs", i, len(list)); ctx.Err() != nil {
			return ctx.Err()
		}
		v.Of = append(v.Of, t.info.ID)
		switch {
		case t.info.State == session.Damaged:
			v.LeftOut = append(v.LeftOut, t.info.Name+" is damaged")
			continue
		case t.run.Settings.Method == runs.Pretrain:
			v.LeftOut = append(v.LeftOut, t.info.Name+" is of pretraining, which has no responses to compare")
			continue
		case t.run.Result == nil && !t.run.Finished():
			v.LeftOut = append(v.LeftOut, t.info.Name+" is not finished")
			continue
		}
		run := t.run
		text, err := e.wholeLog(ctx, t)
		if err == nil {
			run.Log, err = runs.ReadLog(text)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", t.info.Name, err)
		}
		run.Checkpoint = nil // a finished run without an evaluation is measured by its log
		whole = append(whole, runs.Named{Name: t.info.Name, Run: run})
	}
	if len(whole) == 0 {
		return fmt.Errorf("none of these runs is finished: %s", strings.Join(v.LeftOut, "; "))
	}
	table, err := runs.Compare(whole, rl.Names(rl.Methods), nil, 0)
	if err != nil {
		return err
	}
	v.LeftOut = append(v.LeftOut, table.LeftOut...)
	row := slices.IndexFunc(table.Rows, func(r runs.Row) bool {
		return slices.ContainsFunc(r.Runs, func(n runs.Named) bool { return n.Name == of.info.Name })
	})
	if row < 0 {
		return fmt.Errorf("%s is not in the table of these runs, so no row is contrasted with the others; choose another row", of.info.Name)
	}
	outcomes := runs.Outcomes
	if c.Outcome != "" {
		outcomes = []string{c.Outcome}
	}
	if v.Rows, err = table.PairWith(ctx, table.Rows[row].Method, outcomes, c.Within); err != nil {
		return err
	}
	v.Number, v.Task, v.Notes = e.next(), table.Task, table.Notes
	e.publish(v)
	return nil
}

// runsNamed finds runs by their ids; no ids name every run.
func (e *Engine) runsNamed(ids []string) (list []*training, err error) {
	if len(ids) == 0 {
		return e.runs, nil
	}
	for _, id := range ids {
		t, err := e.runNamed(id)
		if err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, nil
}
