package lab

import (
	"cmp"
	"math"
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
}

// What the fields of the filter say where they leave nothing out.
const (
	AllSteps   = "all"
	AnyRollout = "any"
)

// StepsText is the text of the field for steps: "all", "4" or "2-5".
func (q RolloutQuery) StepsText() string {
	if q.Filter.To == 0 {
		return AllSteps
	}
	return task.Range{Min: q.Filter.From, Max: q.Filter.To}.String()
}

// ProblemText is the text of the field for the problem.
func (q RolloutQuery) ProblemText() string { return cmp.Or(q.Filter.Problem, AnyRollout) }

// RewardText is the text of a field for a bound of rewards.
func RewardText(bound *float64) string {
	if bound == nil {
		return AnyRollout
	}
	return strconv.FormatFloat(*bound, 'g', -1, 64)
}

// rolloutActions are the actions of the panel with saved rollouts.
func rolloutActions() []Action {
	shown := func(l *Lab) bool { return l.Browsing.ID != "" }
	return []Action{
		{"rollouts", "", "List the rollouts of every step", false, func(l *Lab) bool { return l.Opened }, func(l *Lab, id string) {
			l.query(RolloutQuery{ID: id})
			l.screen.Reveal("saved-rollouts")
		}},
		{"rollouts-close", "", "", false, nil, func(l *Lab, _ string) { l.Browsing = RolloutQuery{} }},
		{"rollouts-again", "", "List the rollouts of all steps so far", false, shown, func(l *Lab, _ string) { l.browse(0) }},
		{"rollouts-all", "", "", false, shown, func(l *Lab, _ string) { l.query(RolloutQuery{ID: l.Browsing.ID}) }},
		{"rollouts-next", "", "The next rollouts", false, func(l *Lab) bool { v := &l.Rollouts; return shown(l) && v.First+len(v.Rows) < v.Matches },
			func(l *Lab, _ string) { l.browse(l.Rollouts.First + session.RolloutsShown) }},
		{"rollouts-before", "", "The rollouts before", false, func(l *Lab) bool { return shown(l) && l.Rollouts.First > 0 },
			func(l *Lab, _ string) { l.browse(l.Rollouts.First - session.RolloutsShown) }},
		{"rollouts-problem", "", "This problem through training", false, shown, func(l *Lab, row string) {
			if i := parse(row, -1, strconv.Atoi); i >= 0 && i < len(l.Rollouts.Rows) {
				l.query(RolloutQuery{ID: l.Browsing.ID, Filter: runs.RolloutFilter{Problem: l.Rollouts.Rows[i].Prompt}})
			}
		}},
	}
}

// browse asks for the rollouts of the query from number first on.
func (l *Lab) browse(first int) {
	l.Browsing.First = max(0, first)
	l.Send(session.ShowRollouts{ID: l.Browsing.ID, Filter: l.Browsing.Filter, First: l.Browsing.First})
}

// query asks for the rollouts of another query. What was refused in the fields of the one before is gone.
func (l *Lab) query(q RolloutQuery) {
	for _, name := range []string{"rollouts-steps", "rollouts-least", "rollouts-most"} {
		delete(l.Refused, name)
	}
	l.Browsing = q
	l.browse(0)
}

// setRollouts takes a field of the filter, and reports whether name is one. It refuses what is no range of steps and no number.
func (l *Lab) setRollouts(name, value string) bool {
	f, text, wrong := &l.Browsing.Filter, strings.TrimSpace(value), ""
	everything := AnyRollout
	if name == "rollouts-steps" {
		everything = AllSteps
	}
	if text == everything {
		text = ""
	}
	reward := func(bound **float64) {
		x, err := strconv.ParseFloat(text, 64)
		switch {
		case text == "":
			*bound = nil
		case err != nil || math.IsNaN(x) || math.IsInf(x, 0):
			wrong = "Write any, or a number such as 0.5."
		default:
			*bound = &x
		}
	}
	switch name {
	case "rollouts-steps":
		r, err := task.ParseRange(text)
		switch {
		case text == "":
			f.From, f.To = 0, 0
		case err != nil || r.Min < 1:
			wrong = "Write all, a step such as 4, or steps such as 2-5."
		default:
			f.From, f.To = r.Min, r.Max
		}
	case "rollouts-problem":
		f.Problem = text
	case "rollouts-outcome":
		f.Outcome = value
	case "rollouts-least":
		reward(&f.Least)
	case "rollouts-most":
		reward(&f.Most)
	default:
		return false
	}
	if wrong != "" {
		l.refuse(name, value, wrong)
		return true
	}
	delete(l.Refused, name)
	if l.Browsing.ID != "" {
		l.browse(0)
	}
	return true
}

// Browses reports whether a run may have saved rollouts.
func Browses(r session.RunInfo, method string) bool {
	return r.From != "shipped" && method != runs.Pretrain && r.State != session.Damaged && r.Step > 0
}
