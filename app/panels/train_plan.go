package panels

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"attnlab/app/session"
)

// Plan is what a run is to be made of: the settings that a link to the Train page holds. It is [session.RunSettings]
// without what is as usual, and two plans can be compared by ==.
type Plan struct {
	Method     string
	Model      string // to start from, or the preset of pretraining; empty is the one on show, or the usual preset
	Teacher    string // of pretraining and sft; empty is the task's own
	Difficulty string // empty is the task's own
	Seed       uint64
	Steps      int    // 0 is the method's usual number
	Probe      int    // problems the base is measured on, 0 is the usual number
	Hyper      string // what differs from the lab's values, as "name=value name=value" in order of names
}

func startPlan() Plan { return Plan{Method: "attnpo", Seed: 1} }

const (
	pretrain  = "pretrain"
	maxSteps  = 100000
	maxProbes = 4096
)

var presets = []string{"tiny", "small", "base"}

// usualSteps is how many steps a run of method takes where nothing is said.
func usualSteps(method string) int {
	switch method {
	case pretrain:
		return 1000
	case "sft":
		return 200
	}
	return 40
}

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
	hyper := p.hyper()
	for _, name := range slices.Sorted(maps.Keys(hyper)) {
		add("h."+name, plain(hyper[name]))
	}
}

// readPlan is the inverse of write. Which names and values of hyper-parameters the method takes is seen when the engine
// has sent its table.
func readPlan(q url.Values) Plan {
	p := startPlan()
	p.Method = cmp.Or(q.Get("method"), p.Method)
	p.Model, p.Teacher, p.Difficulty = q.Get("model"), q.Get("teacher"), q.Get("run-difficulty")
	p.Seed = parse(q.Get("run-seed"), p.Seed, parseSeed)
	p.Steps = min(max(parse(q.Get("steps"), 0, strconv.Atoi), 0), maxSteps)
	p.Probe = min(max(parse(q.Get("probe"), 0, strconv.Atoi), 0), maxProbes)
	hyper := map[string]float64{}
	for key := range q {
		if name, ok := strings.CutPrefix(key, "h."); ok && name != "" && !strings.ContainsAny(name, " =") {
			if v, err := strconv.ParseFloat(q.Get(key), 64); err == nil && !math.IsNaN(v) && !math.IsInf(v, 0) {
				hyper[name] = v
			}
		}
	}
	p.setHyper(hyper)
	return p
}

// hyper are the values that differ from the lab's.
func (p Plan) hyper() map[string]float64 {
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
		fields = append(fields, name+"="+plain(values[name]))
	}
	p.Hyper = strings.Join(fields, " ")
}

// planOf is the plan of a run's settings.
func planOf(s session.RunSettings) Plan {
	p := Plan{Method: s.Method, Model: s.Model, Teacher: s.Teacher, Difficulty: s.Difficulty, Seed: s.Seed, Steps: s.Steps, Probe: s.Probe}
	if p.Steps == usualSteps(p.Method) {
		p.Steps = 0
	}
	p.setHyper(s.Hyper)
	return p
}

// settings are those of a run by this plan, from the model on show where the plan names none.
func (s *state) settings() session.RunSettings {
	p := s.Plan
	r := session.RunSettings{Method: p.Method, Model: p.Model, Teacher: p.Teacher, Difficulty: p.Difficulty,
		Seed: p.Seed, Steps: cmp.Or(p.Steps, usualSteps(p.Method)), Probe: p.Probe}
	switch {
	case r.Model != "":
	case r.Method == pretrain:
		r.Model = presets[0]
	default:
		r.Model = s.capabilities.Model.Name
	}
	for name, v := range p.hyper() {
		if row, ok := s.hyperRow(name); ok && !row.isLab(p.Method, v) {
			if r.Hyper == nil {
				r.Hyper = map[string]float64{}
			}
			r.Hyper[name] = v
		}
	}
	return r
}

// hyperRow is a row of the table of hyper-parameters.
type hyperRow session.HyperRow

// hyperRows are those that the plan's method has.
func (s *state) hyperRows() []hyperRow {
	var rows []hyperRow
	for _, r := range s.methods.Rows {
		if hyperRow(r).of(s.Plan.Method) {
			rows = append(rows, hyperRow(r))
		}
	}
	return rows
}

func (s *state) hyperRow(name string) (hyperRow, bool) {
	for _, r := range s.hyperRows() {
		if r.Name == name {
			return r, true
		}
	}
	return hyperRow{}, false
}

func (r hyperRow) of(method string) bool {
	_, paper := r.Paper[method]
	_, lab := r.Lab[method]
	return paper || lab
}

// lab is the value that a run of method has where nothing is said.
func (r hyperRow) lab(method string) float64 {
	if v, ok := r.Lab[method]; ok {
		return v
	}
	return r.Paper[method]
}

func (r hyperRow) isLab(method string, v float64) bool { return v == r.lab(method) }

// value is what the plan gives the row.
func (r hyperRow) value(p Plan) float64 {
	if v, ok := p.hyper()[r.Name]; ok {
		return v
	}
	return r.lab(p.Method)
}

// read reads a typed value; the error is a sentence.
func (r hyperRow) read(text string) (float64, error) {
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, fmt.Errorf("%q is no number; give one from %s to %s.", text, plain(r.low()), plain(r.high()))
	}
	return v, r.check(v)
}

// check says what is wrong with a value, as a sentence.
func (r hyperRow) check(v float64) error {
	switch {
	case v < r.low() || v > r.high():
		return fmt.Errorf("%s is out of range; give a value from %s to %s.", plain(v), plain(r.low()), plain(r.high()))
	case r.whole() && v != math.Trunc(v):
		return fmt.Errorf("%s is no whole number; give one from %s to %s.", plain(v), plain(r.low()), plain(r.high()))
	}
	return nil
}

func (r hyperRow) whole() bool { return len(r.Choices) > 0 || r.Step == math.Trunc(r.Step) }

func (r hyperRow) low() float64 {
	if len(r.Choices) > 0 {
		return 0
	}
	return r.Min
}

func (r hyperRow) high() float64 {
	if n := len(r.Choices); n > 0 {
		return float64(n - 1)
	}
	return r.Max
}

// text writes a value of the row: a number, or the name of a choice.
func (r hyperRow) text(v float64) string {
	if i := int(v); len(r.Choices) > 0 && i >= 0 && i < len(r.Choices) {
		return r.Choices[i]
	}
	return plain(v)
}

// plain writes a value as short as it reads back.
func plain(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// wrong says what is wrong with the plan, by control; nothing can start while it says anything. What was typed and could
// not be read is in mistyped.
func (s *state) wrong() map[string]string {
	wrong := map[string]string{}
	if len(s.methods.Methods) > 0 && !slices.Contains(s.methods.Methods, s.Plan.Method) {
		wrong["method"] = fmt.Sprintf("There is no method %q; choose one of %s.", s.Plan.Method, strings.Join(s.methods.Methods, ", "))
	}
	for name, v := range s.Plan.hyper() {
		if row, ok := s.hyperRow(name); ok {
			if err := row.check(v); err != nil {
				wrong[name] = err.Error()
			}
		} else if len(s.methods.Rows) > 0 {
			wrong[name] = fmt.Sprintf("%s has no hyper-parameter %q; reset it.", s.Plan.Method, name)
		}
	}
	for name, text := range s.mistyped {
		if row, ok := s.hyperRow(name); ok {
			if _, err := row.read(text); err != nil {
				wrong[name] = err.Error()
			}
		}
	}
	return wrong
}
