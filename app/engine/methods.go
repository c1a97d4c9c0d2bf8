package engine

import (
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
var pretraining = rl.Method{
	Name: pretrain, Title: "Pretraining", Source: "the lab's own", Steps: 1000, Takes: rl.Takes{Demonstrations: true},
	Summary: "From random weights: predict the next token of a teacher's worked solutions until the model reasons by itself.",
	Params: hyper.Table{
		hyper.Param{Name: "rate", Symbol: "η", Meaning: "highest learning rate, after a warm-up of 60 steps", Source: "ours", Min: 1e-5, Max: 0.02, Step: 1e-5}.
			With(rl.DefaultPretrain(0).Rate.Peak, rl.DefaultPretrain(0).Rate.Peak),
		hyper.Param{Name: "tokens", Meaning: "tokens of a step, prompts included", Source: "ours", Min: 512, Max: 16384, Step: 256}.
			With(float64(rl.DefaultPretrain(0).Tokens), float64(rl.DefaultPretrain(0).Tokens)),
	},
}

// knownMethods are all methods that a page can train by.
func knownMethods() []rl.Method { return append(slices.Clone(rl.Methods), pretraining) }

// methodOf is the method of a name; an error without one.
func methodOf(name string) (rl.Method, error) {
	if name == pretrain {
		return pretraining, nil
	}
	return rl.MethodOf(name)
}

// catalogueOf is what a page needs to know of methods.
func catalogueOf(methods []rl.Method) (c session.Methods) {
	for _, m := range methods {
		c.Methods = append(c.Methods, session.Method{Name: m.Name, Title: m.Title, Summary: m.Summary, Source: m.Source, Steps: m.Steps,
			Teacher: m.Takes.Demonstrations, Params: m.Params})
	}
	return c
}

// hyperOf are all hyper-parameters of a run: the lab's with those that its settings change.
func hyperOf(method string, changed hyper.Values) (hyper.Values, error) {
	m, err := methodOf(method)
	if err != nil {
		return nil, err
	}
	return m.Params.Merge(m.Params.Lab(), changed)
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
func textOf(changed hyper.Values) map[string]string {
	text := map[string]string{}
	for name, v := range changed {
		text[name] = v.String()
	}
	return text
}

// changes is the inverse of hyperOf: what differs from the lab's values.
func changes(method string, h hyper.Values) hyper.Values {
	m, err := methodOf(method)
	if err != nil {
		return nil
	}
	return m.Params.Changes(m.Params.Lab(), h)
}
