package runs

import (
	"encoding/json"
	"fmt"
	"reflect"

	"attnlab/rl/stat"
)

// Result is result.json: measurements of the base and of the trained model, and in its other keys the last line of the log.
type Result struct {
	Step           int             `json:"step"` // after which the model was measured
	Adapter        string          `json:"adapter"`
	Measured       *Measured       `json:"measured,omitempty"`        // how evaluation and base_evaluation were measured; model is the trained one
	Base           json.RawMessage `json:"base"`                      // the probe of the base, see [Probe]
	After          json.RawMessage `json:"after"`                     // the same problems, answered by the trained model
	FocusHeads     []FocusHead     `json:"focus_heads,omitempty"`     //
	Evaluation     json.RawMessage `json:"evaluation,omitempty"`      // of the trained model, see [Evaluation]
	BaseEvaluation json.RawMessage `json:"base_evaluation,omitempty"` // of the base on the same problems under the same conditions

	rest unknown
}

// FocusHead is a head that attnpo holds on to, with its step ranking accuracy before and after training.
type FocusHead struct {
	Layer  int         `json:"layer"`
	Head   int         `json:"head"`
	Before stat.Number `json:"sra_before"`
	After  stat.Number `json:"sra_after"`
}

// MarshalJSON writes the fields and the other keys.
func (r Result) MarshalJSON() ([]byte, error) {
	type plain Result
	data, err := marshal(plain(r))
	if err != nil {
		return nil, err
	}
	return r.rest.addTo(data)
}

// UnmarshalJSON is the inverse.
func (r *Result) UnmarshalJSON(data []byte) error {
	type plain Result
	var p plain
	if err := json.Unmarshal(data, &p); err != nil {
		return err
	}
	if err := checkVersion(data); err != nil {
		return err
	}
	*r = Result(p)
	r.rest = unknownOf(data, reflect.TypeFor[Result]())
	return nil
}

// AddLine adds the keys of a line of the log, which r has no fields for.
func (r *Result) AddLine(line []byte) {
	r.rest = unknownOf(line, reflect.TypeFor[Result]())
}

// Probe is the part of a probe that a comparison needs.
type Probe struct {
	Problems       int         `json:"problems"`
	Accuracy       stat.Number `json:"accuracy"`
	ThinkTokens    stat.Number `json:"think_tokens"`
	RedundantSteps stat.Number `json:"redundant_steps"`
	EssentialSteps stat.Number `json:"essential_steps"` // correcting ones counted
}

// Evaluation is the part of an evaluation that a comparison needs, by the keys that "attnlab eval --json" prints.
type Evaluation struct {
	Problems     int                    `json:"problems"`
	Accuracy     stat.Number            `json:"accuracy"`
	ThinkTokens  stat.Number            `json:"think_tokens"`
	Reflections  stat.Number            `json:"reflections"`
	Labels       map[string]stat.Number `json:"labels"` // steps a response
	ByDifficulty []struct {
		Difficulty  int         `json:"difficulty"`
		Accuracy    stat.Number `json:"accuracy"`
		ThinkTokens stat.Number `json:"think_tokens"`
		Reflections stat.Number `json:"reflections"`
	} `json:"by_difficulty"`
	Each *Each `json:"each,omitempty"`
}

const (
	redundant  = "redundant"
	essential  = "essential"
	correcting = "correcting"
)

// essentialSteps is the number of needed steps, essential or correcting; NaN where it is unknown.
func (e Evaluation) essentialSteps() stat.Number {
	if e.Labels == nil {
		return stat.Number(nan)
	}
	return e.Labels[essential] + e.Labels[correcting]
}

func (e Evaluation) redundantSteps() stat.Number {
	if e.Labels == nil {
		return stat.Number(nan)
	}
	return e.Labels[redundant]
}

// of is the probe as an evaluation.
func (p Probe) evaluation() Evaluation {
	return Evaluation{Problems: p.Problems, Accuracy: p.Accuracy, ThinkTokens: p.ThinkTokens, Reflections: stat.Number(nan),
		Labels: map[string]stat.Number{redundant: p.RedundantSteps, essential: p.EssentialSteps}}
}

// outcome is what a finished run measured of its model and its base.
type outcome struct {
	Evaluation
	measured Measured
	base     Evaluation
	baseFrom string // "evaluation", "probe" or "first step"
	baseHow  Measured
}

// outcome is the result of a run; missing names what an unfinished one lacks.
func (r Run) outcome() (o outcome, missing string, err error) {
	switch {
	case r.Result == nil && !r.Resumable() && r.Finished():
		return r.outcomeOfLog(), "", nil
	case r.Result == nil && r.Resumable():
		return o, `is not finished; "attnlab train --resume" continues it`, nil
	case r.Result == nil:
		return o, "is not finished, and only its metrics are there", nil
	case !given(r.Result.Evaluation) || !given(r.Result.Base):
		return o, `was not evaluated; "attnlab train --resume" with an --eval above 0 does that`, nil
	case r.Log.Step() != r.Result.Step:
		return o, `has continued since it was measured; "attnlab train --resume" finishes it`, nil
	}
	if o.Evaluation, err = readEvaluation(r.Result.Evaluation, "evaluation"); err != nil {
		return o, "", fmt.Errorf("%s: %w", ResultFile, err)
	}
	probe, err := readProbe(r.Result.Base, "base")
	if err != nil {
		return o, "", fmt.Errorf("%s: %w", ResultFile, err)
	}
	if err := r.Result.check(); err != nil {
		return o, "", fmt.Errorf("%s: %w", ResultFile, err)
	}
	o.measured = r.measured(o.Evaluation.Problems)
	o.base, o.baseFrom, o.baseHow = probe.evaluation(), "probe", o.measured
	o.baseHow.Stream, o.baseHow.Problems = "probe", To(probe.Problems)
	if t, ok := r.temperature(); ok {
		o.baseHow.Temperature = &t
	}
	if given(r.Result.BaseEvaluation) {
		if o.base, err = readEvaluation(r.Result.BaseEvaluation, "base_evaluation"); err != nil {
			return o, "", fmt.Errorf("%s: %w", ResultFile, err)
		}
		o.baseFrom, o.baseHow = "evaluation", o.measured
	}
	o.baseHow.Model, o.baseHow.Tokens, o.baseHow.Updates = o.measured.Base, To(int64(0)), To(0)
	return o, "", nil
}

// measured is how the run's evaluation was measured. Runs before version 2 did not record it: their evaluation sampled at
// temperature 1 from the stream "eval".
func (r Run) measured(problems int) Measured {
	if r.Result.Measured != nil {
		return *r.Result.Measured
	}
	m := r.conditions()
	m.Temperature, m.TopP, m.Stream, m.Problems, m.Adapter = To(1.0), To(1.0), oldEvalStream, To(problems), r.Result.Adapter
	return m
}

// conditions are those that follow from settings and log.
func (r Run) conditions() Measured {
	s := r.Settings
	m := Measured{Task: s.Task, Seed: To(s.Seed), Tokens: To(r.Log.Tokens()), Updates: To(int(r.Log.Last("updates")))}
	m.Teacher, m.Difficulty = s.described()
	if s.Base != nil {
		m.Base = s.Base.Weights
	}
	return m
}

func (r Run) temperature() (float64, bool) { return r.Settings.float("temperature") }

// tail is the number of last steps of a log that are taken as the trained model where nothing else measured it.
const tail = 5

// outcomeOfLog measures a run of which only metrics are left: by the responses of its last [tail] training steps, and its
// base by those of the first step, which the base wrote.
func (r Run) outcomeOfLog() (o outcome) {
	c := r.Log.Columns()
	mean := func(name string, from, to int) stat.Number {
		values := c.Of(name)
		if values == nil {
			return stat.Number(nan)
		}
		return SpreadOf(values[from:to]).Mean
	}
	of := func(from, to int) Evaluation {
		e := Evaluation{Accuracy: mean("accuracy", from, to), ThinkTokens: mean("think_tokens", from, to), Reflections: stat.Number(nan),
			Labels: map[string]stat.Number{redundant: mean("redundant_steps", from, to), essential: mean("essential_steps", from, to)}}
		if total := mean("groups.total", from, to); total == total {
			e.Problems = int(float64(total)*float64(to-from) + 0.5)
		}
		return e
	}
	n := c.Rows()
	o.Evaluation, o.base, o.baseFrom = of(max(0, n-tail), n), of(0, 1), "first step"
	o.measured = r.LogMeasured()
	o.baseHow = o.measured
	o.baseHow.Tokens, o.baseHow.Updates, o.baseHow.Model = To(int64(0)), To(0), o.measured.Base
	if !r.Settings.IsForeign() { // other logs do not say
		o.measured.Problems, o.baseHow.Problems = To(o.Evaluation.Problems), To(o.base.Problems)
	}
	return o
}

// LogMeasured is how the numbers in the run's log are measured, at its end. Runs before version 2 did not record all of it.
func (r Run) LogMeasured() Measured {
	if r.Settings.isUnknown() {
		return Measured{}
	}
	m := r.conditions()
	if r.Settings.Measured != nil {
		tokens, updates := m.Tokens, m.Updates
		m = *r.Settings.Measured
		m.Tokens, m.Updates = tokens, updates
		return m
	}
	m.Stream = "rollout"
	m.Temperature, m.MaxLength = r.sampling()
	return m
}

// sampling is temperature and longest response of training, nil where they are not hyper-parameters of the method.
func (r Run) sampling() (temperature *float64, longest *int) {
	if t, ok := r.temperature(); ok {
		temperature = &t
	}
	if n, ok := r.Settings.float("max-length"); ok {
		longest = To(int(n))
	}
	return temperature, longest
}
