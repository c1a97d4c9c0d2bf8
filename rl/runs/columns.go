package runs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Column is one number of a log over the steps, named as in metrics.jsonl: "kl", "groups.valid".
type Column struct {
	Name   string     `json:"name"`
	Values []*float64 `json:"values"` // one a line; nil where a line has none
}

// rounded is a copy with six digits of every number; whole numbers keep all theirs.
func (c Column) rounded() Column {
	values, numbers := make([]*float64, len(c.Values)), make([]float64, len(c.Values))
	for i, x := range c.Values {
		if x != nil {
			numbers[i] = SixDigits(*x)
			values[i] = &numbers[i]
		}
	}
	return Column{Name: c.Name, Values: values}
}

// SixDigits is the number of six digits that is next to x; whole numbers keep all theirs.
func SixDigits(x float64) float64 {
	if x == math.Trunc(x) {
		return x
	}
	digits := 5 - int(math.Floor(math.Log10(math.Abs(x))))
	if digits > 300 {
		return x
	}
	if scale := math.Pow10(max(digits, 0)); scale > 1 {
		return math.Round(x*scale) / scale
	}
	return math.Round(x)
}

// Columns are the numbers of lines, the step first. They share no memory that a later [Columns.add] writes.
type Columns []Column

// add appends a line. Older values of m do not change.
func (m Columns) add(line []byte) (Columns, error) {
	names, values, err := numbers(line)
	if err != nil {
		return nil, err
	}
	at := slices.Index(names, "step")
	if at < 0 || values[at] == nil {
		return nil, errors.New("it has no step")
	}
	rows := m.Rows()
	if step := *values[at]; rows > 0 && step <= *m[0].Values[rows-1] {
		return nil, fmt.Errorf("step %g comes after step %g", step, *m[0].Values[rows-1])
	}
	m = slices.Clone(m)
	if rows == 0 {
		m = Columns{{Name: "step"}}
	}
	for i, name := range names {
		c := m.index(name)
		if c < 0 {
			c = len(m)
			m = append(m, Column{Name: name, Values: make([]*float64, rows)})
		}
		m[c].Values = append(m[c].Values, values[i])
	}
	for i := range m {
		if len(m[i].Values) == rows {
			m[i].Values = append(m[i].Values, nil)
		}
	}
	return m, nil
}

func (m Columns) index(name string) int {
	return slices.IndexFunc(m, func(c Column) bool { return c.Name == name })
}

// Rows is the number of lines.
func (m Columns) Rows() int {
	if len(m) == 0 {
		return 0
	}
	return len(m[0].Values)
}

// Of are the values of a column, NaN where a line has none; nil without such a column.
func (m Columns) Of(name string) []float64 {
	i := m.index(name)
	if i < 0 {
		return nil
	}
	values := make([]float64, len(m[i].Values))
	for row, v := range m[i].Values {
		values[row] = math.NaN()
		if v != nil {
			values[row] = *v
		}
	}
	return values
}

// Last is the newest value of a column, 0 without one.
func (m Columns) Last(name string) float64 {
	if i := m.index(name); i >= 0 {
		if n := len(m[i].Values); n > 0 && m[i].Values[n-1] != nil {
			return *m[i].Values[n-1]
		}
	}
	return 0
}

// pick are the columns of some rows. Of all rows they are these.
func (m Columns) pick(rows []int) Columns {
	if len(rows) == m.Rows() {
		return m
	}
	picked := slices.Clone(m)
	for c := range picked {
		picked[c].Values = make([]*float64, len(rows))
		for i, row := range rows {
			picked[c].Values[i] = m[c].Values[row]
		}
	}
	return picked
}

// upTo leaves out the lines after a step.
func (m Columns) upTo(step int) Columns {
	rows := 0
	for rows < m.Rows() && *m[0].Values[rows] <= float64(step) {
		rows++
	}
	if rows == 0 {
		return nil
	}
	cut := slices.Clone(m)
	for i := range cut {
		cut[i].Values = slices.Clone(cut[i].Values[:rows]) // what follows must not write into older snapshots
	}
	return cut
}

// Numbers reads the numbers of a JSON object as one row, the first being step where the object has one.
func Numbers(object []byte) Columns {
	names, values, err := numbers(object)
	if err != nil {
		return nil
	}
	m := Columns{}
	for i, name := range names {
		m = append(m, Column{Name: name, Values: values[i : i+1]})
	}
	return m
}

// numbers reads the numbers of a JSON object in order, those of objects in it as "outer.inner"; true is 1. null, NaN and
// Infinity are nil. Text and lists are left out, and so is the seed, which is no measurement.
func numbers(line []byte) (names []string, values []*float64, err error) {
	d := json.NewDecoder(bytes.NewReader(withoutNaN(line)))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, nil, errNoObject
	}
	err = flatten(d, "", func(name string, value *float64) {
		if name != "seed" && !slices.Contains(names, name) {
			names, values = append(names, name), append(values, value)
		}
	})
	if err == nil && d.More() {
		err = errors.New("something follows its JSON object")
	}
	return names, values, err
}

var errNoObject = errors.New("it is not a JSON object")

// withoutNaN puts null in place of the words by which Python writes numbers that JSON does not have.
func withoutNaN(line []byte) []byte {
	if !bytes.Contains(line, []byte("NaN")) && !bytes.Contains(line, []byte("Infinity")) {
		return line
	}
	var out []byte
	quoted := false
	for i := 0; i < len(line); i++ {
		if quoted {
			if out = append(out, line[i]); line[i] == '\\' && i+1 < len(line) {
				i++
				out = append(out, line[i])
			} else if line[i] == '"' {
				quoted = false
			}
			continue
		}
		word := ""
		for _, w := range []string{"NaN", "-Infinity", "Infinity"} {
			if word == "" && bytes.HasPrefix(line[i:], []byte(w)) {
				word = w
			}
		}
		if word != "" {
			out = append(out, "null"...)
			i += len(word) - 1
			continue
		}
		quoted = line[i] == '"'
		out = append(out, line[i])
	}
	return out
}

const maxDepth = 8 // of objects in objects

func flatten(d *json.Decoder, prefix string, add func(name string, value *float64)) error {
	if strings.Count(prefix, ".") > maxDepth {
		return errors.New("its objects are nested too deep")
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return errNoObject
		}
		name := prefix + fmt.Sprint(key)
		token, err := d.Token()
		if err != nil {
			return errNoObject
		}
		switch v := token.(type) {
		case float64:
			add(name, &v)
		case bool:
			var x float64
			if v {
				x = 1
			}
			add(name, &x)
		case nil:
			add(name, nil)
		case json.Delim:
			if v == '{' {
				err = flatten(d, name+".", add)
			} else {
				err = skipList(d)
			}
			if err != nil {
				return err
			}
		}
	}
	if _, err := d.Token(); err != nil {
		return errNoObject
	}
	return nil
}

func skipList(d *json.Decoder) error {
	for depth := 1; depth > 0; {
		t, err := d.Token()
		if err != nil {
			return errNoObject
		}
		switch t {
		case json.Delim('['), json.Delim('{'):
			depth++
		case json.Delim(']'), json.Delim('}'):
			depth--
		}
	}
	return nil
}
