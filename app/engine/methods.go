package engine

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"attnlab/app/session"
	"attnlab/rl"
	"attnlab/rl/hyper"
)

// pretrain is the method of supervised training from random weights.
const pretrain = "pretrain"

// pretrainRows are the two choices that pretraining leaves; "attnlab pretrain" has
// flags of these names.
func pretrainRows() []hyper.Param {
	d := rl.DefaultPretrain(0)
	only := []string{pretrain}
	return []hyper.Param{
		{Name: "rate", Symbol: "η", Meaning: "highest learning rate, after a warm-up of 60 steps", Source: "ours",
			Min: 1e-5, Max: 0.02, Step: 1e-5, Default: hyper.PerMethod{"": d.Rate.Peak}, Methods: only},
		{Name: "tokens", Symbol: "", Meaning: "tokens of a step, prompts included", Source: "ours",
			Min: 512, Max: 16384, Step: 256, Default: hyper.PerMethod{"": float64(d.Tokens)}, Methods: only},
	}
}

// rowsOf are the hyper-parameters of a method.
func rowsOf(method string) []hyper.Param {
	if method == pretrain {
		return pretrainRows()
	}
	return hyper.Params(method)
}

// methods is the one table of hyper-parameters, with pretraining's.
func methods() session.Methods {
	m := session.Methods{Methods: append(slices.Clone(hyper.Methods), pretrain)}
	for _, p := range append(slices.Clone(hyper.Table), pretrainRows()...) {
		row := session.HyperRow{Name: p.Name, Symbol: p.Symbol, Meaning: p.Meaning, Source: p.Source, Choices: p.Choices,
			Min: p.Min, Max: p.Max, Step: p.Step, Paper: map[string]float64{}, Lab: map[string]float64{}}
		if n := len(p.Choices); n > 0 {
			row.Max = float64(n - 1)
		}
		for _, method := range p.Methods {
			row.Paper[method] = paperHyper(method)[p.Name]
			row.Lab[method] = labHyper(method)[p.Name]
		}
		m.Rows = append(m.Rows, row)
	}
	return m
}

func paperHyper(method string) hyper.Values {
	if method != pretrain {
		return hyper.Paper(method)
	}
	h := hyper.Values{}
	for _, p := range pretrainRows() {
		h[p.Name] = p.Default[""]
	}
	return h
}

func labHyper(method string) hyper.Values {
	if method != pretrain {
		return hyper.Lab(method)
	}
	return paperHyper(pretrain)
}

// hyperOf are all hyper-parameters of a run: the lab's with those that its settings
// change.
func hyperOf(method string, changed map[string]float64) (hyper.Values, error) {
	h, rows := labHyper(method), rowsOf(method)
	for _, name := range slices.Sorted(maps.Keys(changed)) {
		v := changed[name]
		i := slices.IndexFunc(rows, func(p hyper.Param) bool { return p.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("%s has no hyper-parameter %q", method, name)
		}
		text := strconv.FormatFloat(v, 'g', -1, 64)
		if p := rows[i]; len(p.Choices) > 0 && v == math.Trunc(v) && v >= 0 && v < float64(len(p.Choices)) {
			text = p.Choices[int(v)]
		}
		var err error
		if h[name], err = rows[i].Parse(text); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// changes is the inverse of hyperOf: what differs from the lab's values.
func changes(method string, h hyper.Values) map[string]float64 {
	changed := map[string]float64{}
	for name, v := range labHyper(method) {
		if x, ok := h[name]; ok && x != v {
			changed[name] = x
		}
	}
	if len(changed) == 0 {
		return nil
	}
	return changed
}
