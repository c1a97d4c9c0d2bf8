package runs

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"attnlab/rl/hyper"
)

// canonical is the text of a value in the one spelling that equal values share, "0.0005" for "5e-4"; the text itself if the
// method's table does not take it.
func (s Settings) canonical(name, text string) string {
	if p, ok := s.params.Row(name); ok {
		if v, err := p.Parse(text); err == nil {
			return v.String()
		}
	}
	if x, err := strconv.ParseFloat(text, 64); err == nil && name == "save-rollouts" {
		return strconv.FormatFloat(x, 'g', -1, 64)
	}
	return text
}

// Complete gives the settings the hyper-parameters of their method. Values that were not recorded become those that were
// given and else the usual ones. It returns an error for a given value that the method's table does not have or does not take.
func (s *Settings) Complete(table hyper.Table) error {
	s.params = table
	values := map[string]string{}
	for _, p := range table {
		values[p.Name] = s.usual(p)
	}
	for n, of := range []map[string]string{s.Values, s.Hyper} {
		for _, name := range slices.Sorted(maps.Keys(of)) {
			p, ok := table.Row(name)
			if recorded := n == 0; !ok && recorded { // by another version of the table
				values[name] = of[name]
				continue
			}
			if !ok {
				return fmt.Errorf("%s has no hyper-parameter %.40q; choose one of %s", s.Method, name, strings.Join(slices.Sorted(maps.Keys(table.Lab())), ", "))
			}
			v, err := p.Parse(of[name])
			if err != nil {
				return err
			}
			if recorded, ok := s.Values[name]; ok && s.canonical(name, recorded) != v.String() {
				return fmt.Errorf("its values record %s %s and its hyper-parameters %s", name, recorded, v)
			}
			values[name] = v.String()
		}
	}
	s.Values = values
	return nil
}

// HyperValues reads the recorded hyper-parameters. Rows that were added to the table after the run was saved get the lab's values.
func (s Settings) HyperValues(table hyper.Table) (hyper.Values, error) {
	h := table.Lab()
	for name := range h {
		if text, ok := s.Values[name]; ok {
			if err := table.Set(h, name, text); err != nil {
				return nil, err
			}
		}
	}
	return h, nil
}

// usual is what a run with these settings takes where a value is not given.
func (s Settings) usual(p hyper.Param) string {
	if s.Paper {
		return p.Paper.String()
	}
	return p.Lab.String()
}

// value is what the run uses for a hyper-parameter; false where its method has none of that name.
func (s Settings) value(name string) (string, bool) {
	if text, ok := s.Values[name]; ok {
		return s.canonical(name, text), true
	}
	text, ok := s.Hyper[name]
	return s.canonical(name, text), ok
}

// setting is what sets a run apart from others of its method.
type setting struct{ name, value string }

func (s setting) String() string { return s.name + "=" + s.value }

// changes are the hyper-parameters that are not the usual ones, in the order of the table.
func (s Settings) changes() (changed []setting) {
	for _, p := range s.params {
		if value, _ := s.value(p.Name); value != s.usual(p) {
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
