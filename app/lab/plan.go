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

	"attnlab/app/session"
	"attnlab/rl/runs"
)

// Plan is the settings of a run in the form of a link to the Train page. It is [session.RunSettings] without the default
// values, and two plans can be compared by ==.
type Plan struct {
	Method     string
	Model      string // to start from, or the preset of pretraining; empty is the one on show, or the default preset
	Teacher    string // of pretraining and sft; empty is the task's own
	Difficulty string // empty is the task's own
	Seed       uint64
	Steps      int    // 0 is the method's default
	Probe      int    // problems the base is measured on, 0 is the default
	Hyper      string // what differs from the lab's values, as "name=value name=value" in order of names
}

func startPlan() Plan { return Plan{Method: "attnpo", Seed: 1} }

const (
	Pretrain  = "pretrain"
	MaxSteps  = 100000
	MaxProbes = 4096
)

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
	hyper := p.HyperValues()
	for _, name := range slices.Sorted(maps.Keys(hyper)) {
		add("h."+name, Plain(hyper[name]))
	}
}

// readPlan is the inverse of write. Which names and values of hyper-parameters the method takes is checked when the engine
// has sent its table.
func readPlan(q *linkReader) Plan {
	p := startPlan()
	p.Method = cmp.Or(q.text("method"), p.Method)
	p.Model, p.Teacher, p.Difficulty = q.text("model"), q.text("teacher"), q.text("run-difficulty")
	q.seed("run-seed", &p.Seed)
	q.whole("steps", &p.Steps, 0, MaxSteps)
	q.whole("probe", &p.Probe, 0, MaxProbes)
	hyper := map[string]float64{}
	for _, key := range q.order {
		name, ok := strings.CutPrefix(key, "h.")
		if !ok {
			continue
		}
		v, err := strconv.ParseFloat(q.text(key), 64)
		if name == "" || strings.ContainsFunc(name, func(r rune) bool { return r == '=' || unicode.IsSpace(r) }) || err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			q.refuse(key)
			continue
		}
		hyper[name] = v
	}
	p.setHyper(hyper)
	return p
}

// HyperValues are the values that differ from the lab's.
func (p Plan) HyperValues() map[string]float64 {
	values := map[string]float64{}
	for field := range strings.FieldsSeq(p.Hyper) {
		name, value, _ := strings.Cut(field, "=")
		values[name] = parse(value, 0, func(s string) (float64, error) { return strconv.ParseFloat(s, 64) })
	}
	return values
}

func (p *Plan) setHyper(values map[string]float64) {
	var fields []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		fields = append(fields, name+"="+Plain(values[name]))
	}
	p.Hyper = strings.Join(fields, " ")
}

// PlanOf is the plan of a run's settings.
func PlanOf(s session.RunSettings) Plan {
	p := Plan{Method: s.Method, Model: s.Model, Teacher: s.Teacher, Difficulty: s.Difficulty, Seed: uint64(s.Seed), Steps: s.Steps, Probe: s.Probe}
	if p.Steps == UsualSteps(p.Method) {
		p.Steps = 0
	}
	p.setHyper(s.Hyper)
	return p
}

// Settings are those of a run by this plan, from the model on show where the plan names none.
func (s *State) Settings() session.RunSettings {
	p := s.Plan
	r := session.RunSettings{Method: p.Method, Model: p.Model, Teacher: p.Teacher, Difficulty: p.Difficulty,
		Seed: runs.Seed(p.Seed), Steps: cmp.Or(p.Steps, UsualSteps(p.Method)), Probe: p.Probe}
	switch {
	case r.Model != "":
	case r.Method == Pretrain:
		r.Model = presets[0]
	default:
		r.Model = s.Capabilities.Model.Name
	}
	for name, v := range p.HyperValues() {
		if row, ok := s.HyperRow(name); ok && !row.isLab(p.Method, v) {
			if r.Hyper == nil {
				r.Hyper = map[string]float64{}
			}
			r.Hyper[name] = v
		}
	}
	return r
}

// HyperRow is a row of the table of hyper-parameters.
type HyperRow session.HyperRow

// HyperRows are those that the plan's method has.
func (s *State) HyperRows() []HyperRow {
	var rows []HyperRow
	for _, r := range s.Methods.Rows {
		if HyperRow(r).Of(s.Plan.Method) {
			rows = append(rows, HyperRow(r))
		}
	}
	return rows
}

func (s *State) HyperRow(name string) (HyperRow, bool) {
	for _, r := range s.HyperRows() {
		if r.Name == name {
			return r, true
		}
	}
	return HyperRow{}, false
}

func (r HyperRow) Of(method string) bool {
	_, paper := r.Paper[method]
	_, lab := r.Lab[method]
	return paper || lab
}

// LabValue is the default value of a method.
func (r HyperRow) LabValue(method string) float64 {
	if v, ok := r.Lab[method]; ok {
		return v
	}
	return r.Paper[method]
}

func (r HyperRow) isLab(method string, v float64) bool { return v == r.LabValue(method) }

// Value is what the plan gives the row.
func (r HyperRow) Value(p Plan) float64 {
	if v, ok := p.HyperValues()[r.Name]; ok {
		return v
	}
	return r.LabValue(p.Method)
}

// read reads a typed value; the error is a sentence.
func (r HyperRow) read(text string) (float64, error) {
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, fmt.Errorf("%q is not a number; enter one from %s to %s.", text, Plain(r.Low()), Plain(r.High()))
	}
	return v, r.check(v)
}

// check returns an error, a sentence, for a value that the row does not allow.
func (r HyperRow) check(v float64) error {
	switch {
	case v < r.Low() || v > r.High():
		return fmt.Errorf("%s is out of range; enter a value from %s to %s.", Plain(v), Plain(r.Low()), Plain(r.High()))
	case r.whole() && v != math.Trunc(v):
		return fmt.Errorf("%s is not a whole number; enter one from %s to %s.", Plain(v), Plain(r.Low()), Plain(r.High()))
	}
	return nil
}

func (r HyperRow) whole() bool { return len(r.Choices) > 0 || r.Step == math.Trunc(r.Step) }

func (r HyperRow) Low() float64 {
	if len(r.Choices) > 0 {
		return 0
	}
	return r.Min
}

func (r HyperRow) High() float64 {
	if n := len(r.Choices); n > 0 {
		return float64(n - 1)
	}
	return r.Max
}

// Text writes a value of the row: a number, or the name of a choice.
func (r HyperRow) Text(v float64) string {
	if i := int(v); len(r.Choices) > 0 && i >= 0 && i < len(r.Choices) {
		return r.Choices[i]
	}
	return Plain(v)
}

// Plain writes a value as short as it reads back.
func Plain(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// Wrong is the errors of the plan, by control. A run can start only if there is none. mistyped holds typed values that
// could not be read.
func (s *State) Wrong() map[string]string {
	wrong := map[string]string{}
	if len(s.Methods.Methods) > 0 && !slices.Contains(s.Methods.Methods, s.Plan.Method) {
		wrong["method"] = fmt.Sprintf("There is no method %q. Choose one of %s.", s.Plan.Method, strings.Join(s.Methods.Methods, ", "))
	}
	for name, v := range s.Plan.HyperValues() {
		if row, ok := s.HyperRow(name); ok {
			if err := row.check(v); err != nil {
				wrong[name] = err.Error()
			}
		} else if len(s.Methods.Rows) > 0 {
			wrong[name] = fmt.Sprintf("%s has no hyper-parameter %q; reset it.", s.Plan.Method, name)
		}
	}
	for name, text := range s.Mistyped {
		if row, ok := s.HyperRow(name); ok {
			if _, err := row.read(text); err != nil {
				wrong[name] = err.Error()
			}
		}
	}
	return wrong
}
