package engine

import (
	"slices"

	"attnlab/app/session"
	"attnlab/rl"
	"attnlab/rl/hyper"
	"attnlab/rl/runs"
)

// pretraining is supervised training from random weights. It is not among rl.Methods, which train from a base.
var pretraining = rl.Method{
	Name: runs.Pretrain, Title: "Pretraining", Source: "the lab's own", Steps: 1000, Takes: rl.Takes{Demonstrations: true},
	Summary: "From random weights: predict the next token of a teacher's worked solutions until the model reasons by itself.",
	Params:  rl.PretrainParams,
}

// knownMethods are all methods that a page can train by.
func knownMethods() []rl.Method { return append(slices.Clone(rl.Methods), pretraining) }

// methodOf is the method of a name; an error without one.
func methodOf(name string) (rl.Method, error) {
	if name == runs.Pretrain {
		return pretraining, nil
	}
	return rl.MethodOf(name)
}

// catalogueOf is what a page needs to know of methods.
func catalogueOf(methods []rl.Method) (c session.Methods) {
	for _, m := range methods {
		c.Methods = append(c.Methods, session.Method{Name: m.Name, Title: m.Title, Summary: m.Summary, Source: m.Source, Steps: m.Steps,
			Teacher: m.Takes.Demonstrations, Heads: m.Takes.Heads, Params: m.Params})
	}
	c.Trainers = trainers()
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

// valuesOf are the hyper-parameters of complete settings.
func valuesOf(s runs.Settings) (hyper.Values, error) {
	m, err := methodOf(s.Method)
	if err != nil {
		return nil, err
	}
	return s.HyperValues(m.Params)
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
