package lab

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"attnlab/app/lab/explain"
	"attnlab/app/session"
	"attnlab/rl/hyper"
	"attnlab/rl/runs"
)

// StartModels are what a run of the plan's method can start from.
func (s *State) StartModels() []string {
	if s.Plan.Method == runs.Pretrain {
		return presets
	}
	models := slices.Clone(s.Capabilities.Bases)
	add := func(name string) {
		if name != "" && !slices.Contains(models, name) {
			models = append(models, name)
		}
	}
	add(s.Capabilities.Model.Name)
	add(s.Settings().Model)
	return models
}

// ModelName is a model in a menu: a run's by the run's name.
func (s *State) ModelName(name string) string {
	if id, ok := strings.CutPrefix(name, "run:"); ok {
		for _, r := range s.Runs.Runs {
			if r.Info.ID == id {
				return fmt.Sprintf("%s, after step %d", r.Info.Name, r.Info.Step)
			}
		}
	}
	return name
}

// PaperAndLab sets the paper's value beside the lab's.
func PaperAndLab(row hyper.Param) string {
	if row.Paper == row.Lab {
		return "The paper and the lab take " + row.Lab.String() + "."
	}
	return "The paper takes " + row.Paper.String() + ", the lab " + row.Lab.String() + "."
}

// Explain is the explanation of a number of the page, such as "fci:3". It returns false if there is nothing to explain.
func (s *State) Explain(what string) (explain.Explanation, bool) {
	if name, ok := strings.CutPrefix(what, "hyper:"); ok {
		return s.explainHyper(name)
	}
	return s.subject().Of(what)
}

// subject is what numbers are explained from.
func (s *State) subject() explain.Subject {
	return explain.Subject{Snapshots: &s.Snapshots, Selection: s.Selection}
}

// explainHyper opens the name of a hyper-parameter.
func (s *State) explainHyper(name string) (explain.Explanation, bool) {
	r, ok := s.HyperRow(name)
	if !ok {
		return explain.Explanation{}, false
	}
	e := explain.Explanation{Title: strings.TrimSpace(r.Name + " " + r.Symbol), Value: s.ValueOf(r), Note: explain.UpperFirst(r.Meaning) + ".", Source: r.Source,
		Terms: []explain.Term{{Name: "the paper", Value: r.Paper.String()}, {Name: "this lab's small models", Value: r.Lab.String()}}}
	if len(r.Choices) > 0 {
		e.Total = "one of " + strings.Join(r.Choices, ", ")
	} else {
		e.Total = "from " + Plain(r.Min) + " to " + Plain(r.Max)
	}
	return e, true
}

// chooseMethod plans another method and keeps the hyper-parameters that both have.
func (l *Lab) chooseMethod(method string) {
	p := &l.Plan
	if (method == runs.Pretrain) != (p.Method == runs.Pretrain) {
		p.Model = "" // sizes are no bases
	}
	if p.Beside == method || method == runs.Pretrain {
		p.Beside = ""
	}
	p.Method, p.Steps, l.Mistyped = method, 0, nil
	delete(l.Refused, "steps")
	values := p.HyperValues()
	maps.DeleteFunc(values, func(name, _ string) bool { _, ok := l.HyperRow(name); return !ok })
	p.setHyper(values)
}

// reset sets one hyper-parameter back.
func (l *Lab) reset(name string) {
	values := l.Plan.HyperValues()
	delete(values, name)
	l.Plan.setHyper(values)
	delete(l.Mistyped, name)
}

// setHyper takes a typed or chosen value of a hyper-parameter. A value that cannot be read stays visible, beside its
// error.
func (l *Lab) setHyper(name, text string) {
	r, ok := l.HyperRow(name)
	if !ok {
		return
	}
	l.reset(name)
	v, err := r.Parse(strings.TrimSpace(text))
	if err != nil {
		if l.Mistyped == nil {
			l.Mistyped = map[string]string{}
		}
		l.Mistyped[name] = text
		return
	}
	if v != r.Lab {
		values := l.Plan.HyperValues()
		values[name] = v.String()
		l.Plan.setHyper(values)
	}
}

// setTrain gives a control of the Train page its value; it returns false if the page has no such control.
func (l *Lab) setTrain(name, value string) bool {
	if name, ok := strings.CutPrefix(name, "h."); ok {
		if !l.Fixed() {
			l.setHyper(name, value)
		}
		return true
	}
	p := &l.Plan
	switch name {
	case "method", "group":
		l.Do(name + ":" + value)
	case "run-model":
		before := l.PlanTask().Name
		if p.Model = value; value == l.Capabilities.Model.Name && p.Method != runs.Pretrain {
			p.Model = ""
		}
		if l.PlanTask().Name != before { // levels and teachers are of a task
			p.Difficulty, p.Teacher = "", ""
		}
	case "beside":
		if !l.Paired() {
			p.Beside = value
		}
	case "teacher":
		p.Teacher = value
	case "run-difficulty":
		p.Difficulty = value
	case "run-seed":
		if n, ok := l.whole(name, value, 0, math.MaxUint64); ok {
			p.Seed = n
		}
	case "steps":
		if n, ok := l.whole(name, value, 1, session.MaxSteps); ok {
			if p.Steps = int(n); p.Steps == l.UsualSteps(p.Method) {
				p.Steps = 0
			}
		}
	case "probe":
		if n, ok := l.whole(name, value, 0, session.MaxProblems); ok {
			p.Probe = int(n)
		}
	case "held-out":
		if n, ok := l.whole(name, value, 0, session.MaxProblems); ok {
			if p.setHeldOut(int(n)); p.HeldOut == l.usualHeldOut(p.Model) {
				p.HeldOut = 0
			}
		}
	case "held-out-every":
		if n, ok := l.whole(name, value, 1, session.MaxTokens); ok {
			if p.HeldOutGap = int(n); p.HeldOutGap == runs.HeldOutGap {
				p.HeldOutGap = 0
			}
		}
	case "save-rollouts":
		if n, ok := l.whole(name, value, 0, 100); ok {
			p.setRollouts(int(n))
		}
	case "focus":
		heads, wrong := focusHeads(value)
		l.Controls.Focus = value
		if wrong != "" {
			l.refuse(name, value, wrong)
			break
		}
		delete(l.Refused, name)
		p.Focus = heads
	case "follow-text":
		l.FollowText = value
	case "answer":
		l.Answer = min(max(parse(value, 1, strconv.Atoi), 1), max(1, len(l.Followed.Answers))) - 1
		l.PlayingAnswers = false
	case "x":
		if slices.Contains(CurvesOver, value) {
			l.Curves.X = value
		}
	case "smooth":
		l.Curves.Smooth = min(max(parse(value, 0, strconv.Atoi), 0), MaxSmooth)
	case "awake":
		l.Awake = value == "true"
		l.keepAwake()
	default:
		return false
	}
	return true
}
