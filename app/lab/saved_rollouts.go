package lab

import (
	"strconv"
	"strings"

	"attnlab/app/session"
	"attnlab/rl/runs"
	"attnlab/rl/task"
)

// RolloutQuery is which saved rollouts the page shows; without an ID none.
type RolloutQuery struct {
	ID     string
	Filter runs.RolloutFilter
	First  int
	Steps  string // as it is typed: "10-20"
}

// rolloutActions are the actions of the panel with saved rollouts.
func rolloutActions() []Action {
	shown := func(l *Lab) bool { return l.Browsing.ID != "" }
	return []Action{
		{"rollouts", "", "List the rollouts of every step", false, func(l *Lab) bool { return l.Opened }, func(l *Lab, id string) {
			l.Browsing = RolloutQuery{ID: id}
			l.browse(0)
			l.screen.Reveal("saved-rollouts")
		}},
		{"rollouts-close", "", "", false, nil, func(l *Lab, _ string) { l.Browsing = RolloutQuery{} }},
		{"rollouts-again", "", "List the rollouts of all steps so far", false, shown, func(l *Lab, _ string) { l.browse(0) }},
		{"rollouts-all", "", "", false, shown, func(l *Lab, _ string) {
			l.Browsing = RolloutQuery{ID: l.Browsing.ID}
			l.browse(0)
		}},
		{"rollouts-next", "", "The next rollouts", false, func(l *Lab) bool { v := &l.Rollouts; return shown(l) && v.First+len(v.Rows) < v.Matches },
			func(l *Lab, _ string) { l.browse(l.Rollouts.First + session.RolloutsShown) }},
		{"rollouts-before", "", "The rollouts before", false, func(l *Lab) bool { return shown(l) && l.Rollouts.First > 0 },
			func(l *Lab, _ string) { l.browse(l.Rollouts.First - session.RolloutsShown) }},
		{"rollouts-problem", "", "This problem through training", false, shown, func(l *Lab, row string) {
			if i := parse(row, -1, strconv.Atoi); i >= 0 && i < len(l.Rollouts.Rows) {
				l.Browsing = RolloutQuery{ID: l.Browsing.ID, Filter: runs.RolloutFilter{Problem: l.Rollouts.Rows[i].Prompt}}
				l.browse(0)
			}
		}},
	}
}

// browse asks for the rollouts of the query from number first on.
func (l *Lab) browse(first int) {
	l.Browsing.First = max(0, first)
	l.Send(session.ShowRollouts{ID: l.Browsing.ID, Filter: l.Browsing.Filter, First: l.Browsing.First})
}

// setRollouts takes a field of the filter, and reports whether name is one.
func (l *Lab) setRollouts(name, value string) bool {
	f := &l.Browsing.Filter
	reward := func() *float64 {
		x, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil {
			return nil
		}
		return &x
	}
	switch name {
	case "rollouts-steps":
		l.Browsing.Steps, f.From, f.To = value, 0, 0
		if r, err := task.ParseRange(value); err == nil {
			f.From, f.To = r.Min, r.Max
		}
	case "rollouts-problem":
		f.Problem = strings.TrimSpace(value)
	case "rollouts-outcome":
		f.Outcome = value
	case "rollouts-least":
		f.Least = reward()
	case "rollouts-most":
		f.Most = reward()
	default:
		return false
	}
	if l.Browsing.ID != "" {
		l.browse(0)
	}
	return true
}

// Browses reports whether a run may have saved rollouts.
func Browses(r session.RunInfo, method string) bool {
	return r.From != "shipped" && method != runs.Pretrain && r.State != session.Damaged && r.Step > 0
}
