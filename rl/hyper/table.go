// Package hyper is the table of hyper-parameters: its rows, their values, and the rules that values must keep. Flags, help texts,
// the controls of the page, saved runs and docs/hyper-parameters.md are generated from it. A method's own rows are in the method's
// file; the rows that several methods share are here. This package does not import the methods.
package hyper

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Param is one row of the table.
type Param struct {
	Name    string   `json:"name"`              // flag, URL key and key of a saved run
	Symbol  string   `json:"symbol"`            // as the papers print it; "" without one
	Meaning string   `json:"meaning"`           // one sentence, with the unit
	Source  string   `json:"source"`            // of the paper's value: paper and section; "unstated" if we know none
	Choices []string `json:"choices,omitempty"` // of a switch; a number has none
	Min     float64  `json:"min"`
	Max     float64  `json:"max"`
	Step    float64  `json:"step"` // of a slider; a whole step admits whole numbers only
	Paper   Value    `json:"paper"`
	Lab     Value    `json:"lab"` // for models of 0.1 to 1 M parameters
}

// With returns the row with a method's own values, the paper's and the lab's.
func (p Param) With(paper, lab float64) Param {
	p.Paper, p.Lab = Number(paper), Number(lab)
	return p
}

// Choosing returns a switch with a method's own choices, the paper's and the lab's.
func (p Param) Choosing(paper, lab string) Param {
	p.Paper, p.Lab = Choice(paper), Choice(lab)
	return p
}

// From returns the row with the source of a method's value.
func (p Param) From(source string) Param {
	p.Source = source
	return p
}

// Parse reads a value of p, a number or the name of a choice, and checks its range.
func (p Param) Parse(text string) (Value, error) {
	if len(p.Choices) > 0 {
		v := Choice(text)
		return v, p.check(v)
	}
	x, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return Value{}, fmt.Errorf("hyper: %s is %q, which is not a number; give one from %g to %g", p.Name, text, p.Min, p.Max)
	}
	return Number(x), p.check(Number(x))
}

// check is the one range check.
func (p Param) check(v Value) error {
	whole := p.Step == math.Trunc(p.Step)
	switch {
	case len(p.Choices) > 0:
		if !slices.Contains(p.Choices, v.choice) {
			return fmt.Errorf("hyper: %s is %q; give one of %s", p.Name, v, strings.Join(p.Choices, ", "))
		}
	case v.choice != "":
		return fmt.Errorf("hyper: %s is %q, which is not a number; give one from %g to %g", p.Name, v.choice, p.Min, p.Max)
	case !(v.number >= p.Min && v.number <= p.Max): // catches NaN too
		return fmt.Errorf("hyper: %s is %g; give a value from %g to %g", p.Name, v.number, p.Min, p.Max)
	case whole && v.number != math.Trunc(v.number):
		return fmt.Errorf("hyper: %s is %g; give a whole number from %g to %g", p.Name, v.number, p.Min, p.Max)
	}
	return nil
}

// Table is the rows of one method, or of all.
type Table []Param

// Row returns the row of a name.
func (t Table) Row(name string) (Param, bool) {
	i := slices.IndexFunc(t, func(p Param) bool { return p.Name == name })
	if i < 0 {
		return Param{}, false
	}
	return t[i], true
}

// Paper returns the values of the method's source.
func (t Table) Paper() Values {
	h := Values{}
	for _, p := range t {
		h[p.Name] = p.Paper
	}
	return h
}

// Lab returns the values for this lab's small models.
func (t Table) Lab() Values {
	h := Values{}
	for _, p := range t {
		h[p.Name] = p.Lab
	}
	return h
}

// Set changes one value of h from its text. A refused value changes nothing.
func (t Table) Set(h Values, name, text string) error {
	p, ok := t.Row(name)
	if !ok {
		return t.unknown(name)
	}
	v, err := p.Parse(text)
	if err == nil {
		h[name] = v
	}
	return err
}

// Merge returns usual with the values of changed in their place. It returns an error if one of these is unknown or out of range.
func (t Table) Merge(usual, changed Values) (Values, error) {
	full := maps.Clone(usual)
	for _, name := range slices.Sorted(maps.Keys(changed)) {
		p, ok := t.Row(name)
		if !ok {
			return nil, t.unknown(name)
		}
		if err := p.check(changed[name]); err != nil {
			return nil, err
		}
		full[name] = changed[name]
	}
	return full, nil
}

// Changes is the inverse of Merge: the values of h that differ from usual; nil where none does.
func (t Table) Changes(usual, h Values) Values {
	var changed Values
	for _, p := range t {
		if v, ok := h[p.Name]; ok && v != usual[p.Name] {
			if changed == nil {
				changed = Values{}
			}
			changed[p.Name] = v
		}
	}
	return changed
}

// Check returns an error unless h has exactly the table's names, each with a value in its range.
func (t Table) Check(h Values) error {
	full, err := t.Merge(h, h)
	for _, p := range t {
		if _, ok := full[p.Name]; err == nil && !ok {
			err = fmt.Errorf("hyper: %s has no value; give one", p.Name)
		}
	}
	return err
}

// Read reads the values of a saved run. Runs saved before version 2 have a switch as the index of its choice, and lack the rows
// that were added later: these get the lab's values, which match what the program did before it had the rows.
func (t Table) Read(data []byte) (Values, error) {
	var saved Values
	if err := json.Unmarshal(data, &saved); err != nil {
		return nil, fmt.Errorf("hyper: the saved hyper-parameters cannot be read: %w", err)
	}
	for name, v := range saved {
		p, ok := t.Row(name)
		if i := int(v.number); ok && v.choice == "" && i >= 0 && i < len(p.Choices) && v.number == float64(i) {
			saved[name] = Choice(p.Choices[i])
		}
	}
	return t.Merge(t.Lab(), saved)
}

func (t Table) unknown(name string) error {
	names := make([]string, len(t))
	for i, p := range t {
		names[i] = p.Name
	}
	slices.Sort(names)
	return fmt.Errorf("hyper: there is no hyper-parameter %q here; choose one of %s", name, strings.Join(names, ", "))
}
