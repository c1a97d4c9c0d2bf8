package runs

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Param is one hyper-parameter of a method, as settings need it: values as text.
type Param struct {
	Name       string
	Lab, Paper string // the values that a run takes where none is given
	// Parse checks a value and writes it in the one way that equal values have in common: "0.0005" for "5e-4".
	Parse func(text string) (string, error)
}

// Params are the hyper-parameters of a method, in the order of its table.
type Params []Param

func (params Params) index(name string) int {
	return slices.IndexFunc(params, func(p Param) bool { return p.Name == name })
}

// canonical is a value in its one spelling, or as it is where it cannot be read.
func (params Params) canonical(name, text string) string {
	if i := params.index(name); i >= 0 {
		if same, err := params[i].Parse(text); err == nil {
			return same
		}
	}
	return text
}

// Complete gives the settings the hyper-parameters of their method. Values that were not recorded become those that were
// given and else the usual ones. It returns an error for a given value that params do not have or that is out of range.
func (s *Settings) Complete(params Params) error {
	s.params = params
	values := map[string]string{}
	for _, p := range params {
		values[p.Name] = s.usual(p)
	}
	for n, of := range []map[string]string{s.Values, s.Hyper} {
		for _, name := range slices.Sorted(maps.Keys(of)) {
			i := params.index(name)
			if recorded := n == 0; i < 0 && recorded { // by another version of the table
				values[name] = of[name]
				continue
			}
			if i < 0 {
				return fmt.Errorf("%s has no hyper-parameter %.40q; choose one of %s", s.Method, name, strings.Join(params.names(), ", "))
			}
			var err error
			if values[name], err = params[i].Parse(of[name]); err != nil {
				return err
			}
		}
	}
	s.Values = values
	return nil
}

func (params Params) names() (names []string) {
	for _, p := range params {
		names = append(names, p.Name)
	}
	slices.Sort(names)
	return names
}

// usual is what a run with these settings takes where a value is not given.
func (s Settings) usual(p Param) string {
	if s.Paper {
		return p.Paper
	}
	return p.Lab
}

// value is what the run uses for a hyper-parameter; false where its method has none of that name.
func (s Settings) value(name string) (string, bool) {
	if text, ok := s.Values[name]; ok {
		return s.params.canonical(name, text), true
	}
	text, ok := s.Hyper[name]
	return s.params.canonical(name, text), ok
}

// setting is what sets a run apart from others of its method.
type setting struct{ name, value string }

func (s setting) String() string { return s.name + "=" + s.value }

// changes are the hyper-parameters that are not the usual ones, in the order of the table.
func (s Settings) changes(usual func(p Param) string) (changed []setting) {
	for _, p := range s.params {
		if value, _ := s.value(p.Name); value != usual(p) {
			changed = append(changed, setting{p.Name, value})
		}
	}
	if s.params == nil { // of a method that is not known here
		for _, name := range slices.Sorted(maps.Keys(s.Hyper)) {
			changed = append(changed, setting{name, s.Hyper[name]})
		}
	}
	return changed
}
