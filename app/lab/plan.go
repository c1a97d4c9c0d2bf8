package lab

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"attnlab/app/lab/explain"
	"attnlab/app/session"
	"attnlab/rl/hyper"
	"attnlab/rl/runs"
	"attnlab/rl/task"
)

// Plan is the settings of a run in the form of a link to the Train page. It is [session.RunSettings] without the default
// values, and two plans can be compared by ==.
type Plan struct {
	Method     string
	Model      string // to start from, or the preset of pretraining; empty is the current one, or the default preset
	Teacher    string // of pretraining and sft; empty is the task's own
	Difficulty string // empty is the task's own
	Seed       uint64
	Steps      int    // 0 is the method's default
	Probe      int    // problems the base is measured on, 0 is the default
	HeldOut    int    // problems that it is measured on while it trains; 0 is the default, -1 none
	HeldOutGap int    // generated tokens between two of these measurements, 0 is the default
	Rollouts   int    // percent of its problems whose responses are saved; 0 is the default, all of them, -1 none
	Focus      string // heads of attnpo, as "16.2,20.9"; empty for those that it finds
	Beside     string // method of a second run that trains in turn with this one; empty for none
	Hyper      string // what differs from the lab's values, as "name=value name=value" in order of names
}

func startPlan() Plan { return Plan{Method: session.FirstMethod, Seed: 1} }

// write adds what differs from startPlan to a link.
func (p Plan) write(add func(key, value string)) {
	start := startPlan()
	text := func(key, value, from string) {
		if value != from {
			add(key, value)
		}
	}
	text("method", p.Method, start.Method)
	text("model", p.Model, start.Model)
	text("teacher", p.Teacher, start.Teacher)
	text("run-difficulty", p.Difficulty, start.Difficulty)
	text("run-seed", strconv.FormatUint(p.Seed, 10), strconv.FormatUint(start.Seed, 10))
	text("steps", strconv.Itoa(p.Steps), strconv.Itoa(start.Steps))
	text("probe", strconv.Itoa(p.Probe), strconv.Itoa(start.Probe))
	if p.HeldOut != start.HeldOut {
		add("held-out", strconv.Itoa(max(0, p.HeldOut)))
	}
	text("held-out-every", strconv.Itoa(p.HeldOutGap), strconv.Itoa(start.HeldOutGap))
	if p.Rollouts != start.Rollouts {
		add("save-rollouts", strconv.Itoa(max(0, p.Rollouts)))
	}
	text("focus", p.Focus, start.Focus)
	text("beside", p.Beside, start.Beside)
	hyper := p.HyperValues()
	for _, name := range slices.Sorted(maps.Keys(hyper)) {
		add("h."+name, hyper[name])
	}
}

// readPlan is the inverse of write. Which names and values of hyper-parameters the method takes is checked when the engine
// has sent its table.
func readPlan(q *linkReader) Plan {
	p := startPlan()
	p.Method = cmp.Or(q.text("method"), p.Method)
	p.Model, p.Teacher, p.Difficulty = q.text("model"), q.text("teacher"), q.difficulty("run-difficulty")
	p.Beside = q.text("beside")
	q.seed("run-seed", &p.Seed)
	q.whole("steps", &p.Steps, 0, session.MaxSteps)
	q.whole("probe", &p.Probe, 0, session.MaxProblems)
	if q.has("held-out") {
		problems := 0
		q.whole("held-out", &problems, 0, session.MaxProblems)
		p.setHeldOut(problems)
	}
	q.whole("held-out-every", &p.HeldOutGap, 1, session.MaxTokens)
	if q.has("save-rollouts") {
		percent := 100
		q.whole("save-rollouts", &percent, 0, 100)
		p.setRollouts(percent)
	}
	var wrong string
	if p.Focus, wrong = focusHeads(q.text("focus")); wrong != "" {
		q.refuse("focus")
	}
	hyper := map[string]string{}
	for _, key := range q.order {
		name, ok := strings.CutPrefix(key, "h.")
		if !ok {
			continue
		}
		text, ok := plainValue(q.text(key))
		if name == "" || strings.ContainsFunc(name, func(r rune) bool { return r == '=' || unicode.IsSpace(r) }) || !ok {
			q.refuse(key)
			continue
		}
		hyper[name] = text
	}
	p.setHyper(hyper)
	return p
}

// plainValue is a number written as short as it reads back, or the name of a choice; it is false for all other texts.
func plainValue(text string) (string, bool) {
	if v, err := strconv.ParseFloat(text, 64); err == nil {
		return Plain(v), !math.IsNaN(v) && !math.IsInf(v, 0)
	}
	return text, text != "" && !strings.ContainsFunc(text, func(r rune) bool { return r != '-' && (r < 'a' || r > 'z') })
}

// HyperValues are the texts of the values that differ from the lab's.
func (p Plan) HyperValues() map[string]string {
	values := map[string]string{}
	for field := range strings.FieldsSeq(p.Hyper) {
		name, value, _ := strings.Cut(field, "=")
		values[name] = value
	}
	return values
}

// setHeldOut plans measurements on so many problems, or none.
func (p *Plan) setHeldOut(problems int) {
	if p.HeldOut = problems; problems == 0 {
		p.HeldOut = -1
	}
}

// setRollouts plans to save the responses to so many percent of the problems.
func (p *Plan) setRollouts(percent int) {
	switch p.Rollouts = percent; percent {
	case 0:
		p.Rollouts = -1
	case usualRollouts:
		p.Rollouts = 0
	}
}

// usualRollouts are the percent of a run's problems whose responses are saved by default.
const usualRollouts = 100 * runs.DefaultRollouts

// SavedShare are the percent of the planned run's problems whose responses are saved.
func (p Plan) SavedShare() int {
	if p.Rollouts == 0 {
		return usualRollouts
	}
	return max(0, p.Rollouts)
}

func (p *Plan) setHyper(values map[string]string) {
	var fields []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		fields = append(fields, name+"="+values[name])
	}
	p.Hyper = strings.Join(fields, " ")
}

// PlanOf is the plan of a run's settings.
func (s *State) PlanOf(r session.RunSettings) Plan {
	p := Plan{Method: r.Method, Model: r.Model, Teacher: r.Teacher, Difficulty: r.Difficulty, Seed: uint64(r.Seed), Steps: r.Steps, Probe: r.Probe, Focus: r.FocusHeads}
	if p.Steps == s.UsualSteps(p.Method) {
		p.Steps = 0
	}
	if r.HeldOut != nil && *r.HeldOut != s.usualHeldOut(r.Model) {
		p.setHeldOut(*r.HeldOut)
	}
	if r.HeldOutGap != runs.HeldOutGap {
		p.HeldOutGap = int(r.HeldOutGap)
	}
	if r.Rollouts != nil {
		p.setRollouts(int(math.Round(100 * *r.Rollouts)))
	}
	texts := map[string]string{}
	for name, v := range r.Hyper {
		texts[name] = v.String()
	}
	p.setHyper(texts)
	return p
}

// Settings are those of a run by this plan, from the current model if the plan names none.
func (s *State) Settings() session.RunSettings {
	p := s.Plan
	r := session.RunSettings{Method: p.Method, Model: p.Model, Teacher: p.Teacher, Difficulty: p.Difficulty,
		Seed: runs.Seed(p.Seed), Steps: cmp.Or(p.Steps, s.UsualSteps(p.Method)), Probe: p.Probe}
	switch {
	case r.Model != "":
	case r.Method == runs.Pretrain:
		r.Model = presets[0]
	default:
		r.Model = s.Capabilities.Model.Name
	}
	for name, text := range p.HyperValues() {
		row, ok := s.HyperRow(name)
		if !ok {
			continue
		}
		if v, err := row.Parse(text); err == nil && v != row.Lab {
			if r.Hyper == nil {
				r.Hyper = hyper.Values{}
			}
			r.Hyper[name] = v
		}
	}
	if p.Method != runs.Pretrain {
		if p.HeldOut != 0 {
			problems := max(0, p.HeldOut)
			r.HeldOut = &problems
		}
		r.HeldOutGap = int64(p.HeldOutGap)
		if p.Rollouts != 0 {
			share := float64(p.SavedShare()) / 100
			r.Rollouts = &share
		}
	}
	s.textSettings(&r)
	if m, _ := s.Methods.Of(p.Method); m.Heads {
		r.FocusHeads = p.Focus
	}
	return r
}

// PlanTask is the task of the model that the plan starts from; pretraining without a model is of the default task.
func (s *State) PlanTask() task.Kind {
	name := s.Settings().Model
	known := ""
	switch id, isRun := strings.CutPrefix(name, "run:"); {
	case s.Plan.Method == runs.Pretrain:
	case isRun:
		run, _ := s.KeptRunOf(id)
		known = run.Settings.Task
	case name == s.Capabilities.Model.Name:
		known = s.Capabilities.Model.Task
	default: // shipped bases begin with the name of their task
		known, _, _ = strings.Cut(name, "-")
	}
	kind, err := task.Find(known)
	if err != nil {
		return task.Tasks[0]
	}
	return kind
}

// HyperRows are the hyper-parameters that the plan's method has.
func (s *State) HyperRows() hyper.Table {
	m, _ := s.Methods.Of(s.Plan.Method)
	return m.Params
}

// HyperRow is one of them.
func (s *State) HyperRow(name string) (hyper.Param, bool) { return s.HyperRows().Row(name) }

// ValueOf is the text of what the plan gives a row.
func (s *State) ValueOf(row hyper.Param) string {
	return cmp.Or(s.Plan.HyperValues()[row.Name], row.Lab.String())
}

// wrongValue is a sentence about a text that the row does not take; empty for one that it takes.
func wrongValue(row hyper.Param, text string) string {
	_, err := row.Parse(text)
	if err == nil {
		return ""
	}
	_, says, _ := strings.Cut(err.Error(), ": ") // without the package's name
	return explain.UpperFirst(says) + "."
}

// Plain writes a value as short as it reads back.
func Plain(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// Wrong is the errors of the plan, by control. A run can start only if there is none. mistyped holds typed values that
// could not be read.
func (s *State) Wrong() map[string]string {
	wrong := map[string]string{}
	known := s.Methods.Names()
	if len(known) > 0 && !slices.Contains(known, s.Plan.Method) {
		wrong["method"] = fmt.Sprintf("There is no method %q. Choose one of %s.", s.Plan.Method, strings.Join(known, ", "))
	}
	if b := s.Plan.Beside; b != "" && len(known) > 0 && !slices.Contains(known, b) {
		wrong["beside"] = fmt.Sprintf("There is no method %q. Choose one of %s.", b, strings.Join(known, ", "))
	}
	for name, text := range s.Plan.HyperValues() {
		if row, ok := s.HyperRow(name); ok {
			if says := wrongValue(row, text); says != "" {
				wrong[name] = says
			}
		} else if len(known) > 0 {
			wrong[name] = fmt.Sprintf("%s has no hyper-parameter %q; reset it.", s.Plan.Method, name)
		}
	}
	for _, name := range []string{"steps", "run-seed", "probe", "held-out", "held-out-every", "save-rollouts", "focus"} {
		if refused, ok := s.Refused[name]; ok {
			wrong[name] = refused.Why
		}
	}
	for name, text := range s.Mistyped {
		if row, ok := s.HyperRow(name); ok {
			if says := wrongValue(row, text); says != "" {
				wrong[name] = says
			}
		}
	}
	return wrong
}
