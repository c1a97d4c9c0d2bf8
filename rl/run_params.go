package rl

import (
	"strconv"

	"attnlab/rl/hyper"
	"attnlab/rl/runs"
)

// RunParams are the hyper-parameters of a method as saved runs have them; false for a method that is not known. Those of
// pretraining are its two flags.
func RunParams(method string) (runs.Params, bool) {
	if method == runs.Pretrain {
		d := DefaultPretrain(0)
		return runs.Params{numberParam("rate", d.Rate.Peak), numberParam("tokens", float64(d.Tokens))}, true
	}
	m, err := MethodOf(method)
	if err != nil {
		return nil, false
	}
	var params runs.Params
	for _, p := range m.Params {
		params = append(params, runs.Param{Name: p.Name, Lab: p.Lab.String(), Paper: p.Paper.String(), Parse: func(text string) (string, error) {
			v, err := p.Parse(text)
			if err != nil {
				return "", err
			}
			return v.String(), nil
		}})
	}
	return params, true
}

// numberParam is a hyper-parameter that takes any number.
func numberParam(name string, usual float64) runs.Param {
	text := strconv.FormatFloat(usual, 'g', -1, 64)
	return runs.Param{Name: name, Lab: text, Paper: text, Parse: func(text string) (string, error) {
		v, err := strconv.ParseFloat(text, 64)
		return strconv.FormatFloat(v, 'g', -1, 64), err
	}}
}

// HyperOf are the hyper-parameters of saved settings, which are complete but for rows that came after the run was saved.
func HyperOf(s runs.Settings) (hyper.Values, error) {
	m, err := MethodOf(s.Method)
	if err != nil {
		return nil, err
	}
	h := m.Params.Lab()
	for name := range h {
		if text, ok := s.Values[name]; ok {
			if err := m.Params.Set(h, name, text); err != nil {
				return nil, err
			}
		}
	}
	return h, nil
}
