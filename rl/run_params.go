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
	var params runs.Params
	lab, paper := hyper.Lab(method), hyper.Paper(method)
	for _, p := range hyper.Params(method) {
		params = append(params, runs.Param{Name: p.Name, Lab: p.Format(lab[p.Name]), Paper: p.Format(paper[p.Name]), Parse: func(text string) (string, error) {
			v, err := p.Parse(text)
			if err != nil {
				return "", err
			}
			return p.Format(v), nil
		}})
	}
	return params, len(params) > 0
}

// numberParam is a hyper-parameter that takes any number.
func numberParam(name string, usual float64) runs.Param {
	text := strconv.FormatFloat(usual, 'g', -1, 64)
	return runs.Param{Name: name, Lab: text, Paper: text, Parse: func(text string) (string, error) {
		v, err := strconv.ParseFloat(text, 64)
		return strconv.FormatFloat(v, 'g', -1, 64), err
	}}
}

// HyperOf are the hyper-parameters of saved settings, which are complete.
func HyperOf(s runs.Settings) (hyper.Values, error) {
	h := hyper.Lab(s.Method)
	for name := range h {
		if text, ok := s.Values[name]; ok {
			if err := h.Set(name, text); err != nil {
				return nil, err
			}
		}
	}
	return h, nil
}
