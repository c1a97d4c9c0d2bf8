package engine

import (
	"fmt"
	"maps"
	"slices"

	"attnlab/app/session"
	"attnlab/rl"
	"attnlab/rl/hyper"
	"attnlab/rl/runs"
)

// pretrain is the method of supervised training from random weights.
const pretrain = "pretrain"

// pretraining is not a method of package rl, which trains from a base. Its rows are the two hyper-parameters of pretraining; "attnlab
// pretrain" has flags of these names.
var pretraining = rl.Method{Name: pretrain, Title: "Pretraining", Params: hyper.Table{
	hyper.Param{Name: "rate", Symbol: "η", Meaning: "highest learning rate, after a warm-up of 60 steps", Source: "ours", Min: 1e-5, Max: 0.02, Step: 1e-5}.
		With(rl.DefaultPretrain(0).Rate.Peak, rl.DefaultPretrain(0).Rate.Peak),
	hyper.Param{Name: "tokens", Meaning: "tokens of a step, prompts included", Source: "ours", Min: 512, Max: 16384, Step: 256}.
		With(float64(rl.DefaultPretrain(0).Tokens), float64(rl.DefaultPretrain(0).Tokens)),
}}

// knownMethods are all methods that a page can train by.
func knownMethods() []rl.Method { return append(slices.Clone(rl.Methods), pretraining) }

// methodOf is the method of a name; an error without one.
func methodOf(name string) (rl.Method, error) {
	if name == pretrain {
		return pretraining, nil
	}
	return rl.MethodOf(name)
}

// methods is the catalogue of methods and the table of hyper-parameters, with pretraining's.
func methods() session.Methods {
	known := knownMethods()
	m := session.Methods{Methods: rl.Names(known)}
	for _, p := range rl.Rows(known) {
		row := session.HyperRow{Name: p.Name, Symbol: p.Symbol, Meaning: p.Meaning, Source: p.Source, Choices: p.Choices,
			Min: p.Min, Max: p.Max, Step: p.Step, Paper: map[string]float64{}, Lab: map[string]float64{}}
		for _, method := range rl.With(known, p.Name) {
			own, _ := method.Params.Row(p.Name)
			row.Paper[method.Name], row.Lab[method.Name] = plain(own, own.Paper), plain(own, own.Lab)
		}
		m.Rows = append(m.Rows, row)
	}
	return m
}

// plain is a value as the session has it: a choice as its index.
func plain(p hyper.Param, v hyper.Value) float64 {
	h := hyper.Values{p.Name: v}
	if len(p.Choices) > 0 {
		return float64(slices.Index(p.Choices, h.Choice(p.Name)))
	}
	return h.Number(p.Name)
}

// valueOf is the inverse of plain. A value that is no choice stays a number, which the range check refuses.
func valueOf(p hyper.Param, x float64) hyper.Value {
	if i := int(x); float64(i) == x && i >= 0 && i < len(p.Choices) {
		return hyper.Choice(p.Choices[i])
	}
	return hyper.Number(x)
}

// hyperOf are all hyper-parameters of a run: the lab's with those that its settings change.
func hyperOf(method string, changed map[string]float64) (hyper.Values, error) {
	m, err := methodOf(method)
	if err != nil {
		return nil, err
	}
	values := hyper.Values{}
	for _, name := range slices.Sorted(maps.Keys(changed)) {
		p, ok := m.Params.Row(name)
		if !ok {
			return nil, fmt.Errorf("%s has no hyper-parameter %q", method, name)
		}
		values[name] = valueOf(p, changed[name])
	}
	return m.Params.Merge(m.Params.Lab(), values)
}

// completed gives settings their hyper-parameters, those that were not given with the usual values.
func completed(s *runs.Settings, m rl.Method) error {
	params, _ := rl.RunParams(m.Name)
	return s.Complete(params)
}

// valuesOf are the hyper-parameters of complete settings.
func valuesOf(s runs.Settings) (hyper.Values, error) {
	if s.Method != pretrain {
		return rl.HyperOf(s)
	}
	h := pretraining.Params.Lab()
	for name := range h {
		if err := pretraining.Params.Set(h, name, s.Values[name]); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// textOf are changed hyper-parameters as run.json has them.
func textOf(m rl.Method, changed map[string]float64) map[string]string {
	text := map[string]string{}
	for name, x := range changed {
		if p, ok := m.Params.Row(name); ok {
			text[name] = valueOf(p, x).String()
		}
	}
	return text
}

// changes is the inverse of hyperOf: what differs from the lab's values.
func changes(method string, h hyper.Values) map[string]float64 {
	m, err := methodOf(method)
	if err != nil {
		return nil
	}
	var changed map[string]float64
	for name, v := range m.Params.Changes(m.Params.Lab(), h) {
		p, _ := m.Params.Row(name)
		if changed == nil {
			changed = map[string]float64{}
		}
		changed[name] = plain(p, v)
	}
	return changed
}
