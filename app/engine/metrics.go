package engine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"attnlab/app/session"
)

// metrics are the lines of a run's log as columns, the step first. A column that
// some lines do not have is nil there.
type metrics []session.Metric

// readLog reads metrics.jsonl, or the training.jsonl of pretraining, as one page. A
// last line that broke off is left out.
func readLog(text []byte) (l runLog, err error) {
	for n, line := range bytes.Split(text, []byte("\n")) {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if err := l.write(bytes.Clone(line)); err != nil {
			if last := len(bytes.TrimSpace(bytes.Join(bytes.Split(text, []byte("\n"))[n+1:], nil))) == 0; last && n > 0 {
				break
			}
			return l, fmt.Errorf("line %d of the metrics: %w", n+1, err)
		}
	}
	if len(l.lines) == 0 {
		return l, fmt.Errorf("the metrics have no line; give a metrics.jsonl that \"attnlab train\" wrote")
	}
	return l, nil
}

// add takes in a line. Older snapshots stay as they are.
func (m metrics) add(line []byte) (metrics, error) {
	names, values, err := flatten(line)
	if err != nil {
		return nil, err
	}
	at := slices.Index(names, "step")
	if at < 0 || values[at] == nil {
		return nil, fmt.Errorf("it has no step")
	}
	rows := m.rows()
	if step := *values[at]; rows > 0 && step <= *m[0].Values[rows-1] {
		return nil, fmt.Errorf("step %g comes after step %g", step, *m[0].Values[rows-1])
	}
	m = slices.Clone(m)
	if rows == 0 {
		m = metrics{{Name: "step"}}
	}
	for i, name := range names {
		c := slices.IndexFunc(m, func(c session.Metric) bool { return c.Name == name })
		if c < 0 {
			c = len(m)
			m = append(m, session.Metric{Name: name, Values: make([]*float64, rows)})
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

func (m metrics) rows() int {
	if len(m) == 0 {
		return 0
	}
	return len(m[0].Values)
}

// pick are the columns of some rows. Of all rows they are these.
func (m metrics) pick(rows []int) metrics {
	if len(rows) == m.rows() {
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

// last is the newest value of a column, 0 without one.
func (m metrics) last(name string) float64 {
	for _, c := range m {
		if n := len(c.Values); c.Name == name && n > 0 && c.Values[n-1] != nil {
			return *c.Values[n-1]
		}
	}
	return 0
}

// upTo forgets the lines after a step.
func (m metrics) upTo(step int) metrics {
	rows := 0
	for rows < m.rows() && *m[0].Values[rows] <= float64(step) {
		rows++
	}
	if rows == 0 {
		return nil
	}
	kept := slices.Clone(m)
	for i := range kept {
		kept[i].Values = slices.Clone(kept[i].Values[:rows]) // what follows must not write into older snapshots
	}
	return kept
}

// flatten reads the numbers of a JSON object in order, those of objects in it as
// "outer.inner"; yes is 1. Text and lists are left out, and so is the seed, which is
// no measurement.
func flatten(line []byte) (names []string, values []*float64, err error) {
	d := json.NewDecoder(bytes.NewReader(withGaps(line)))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, nil, fmt.Errorf("it is no JSON object")
	}
	err = flattenObject(d, "", func(name string, value *float64) {
		if name != "seed" && !slices.Contains(names, name) {
			names, values = append(names, name), append(values, value)
		}
	})
	return names, values, err
}

// withGaps writes null for NaN and infinite numbers, as Python writes them: one such value is a gap in a curve. What lies
// inside of texts stays as it is.
func withGaps(line []byte) []byte {
	if !bytes.ContainsAny(line, "NI") {
		return line
	}
	return notFinite.ReplaceAllFunc(line, func(found []byte) []byte {
		if found[0] == '"' {
			return found
		}
		return []byte("null")
	})
}

// notFinite is a text, or a number that JSON does not have.
var notFinite = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|[-+]?(?:NaN|Infinity|Inf)\b`)

func flattenObject(d *json.Decoder, prefix string, add func(name string, value *float64)) error {
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return fmt.Errorf("it is no JSON object")
		}
		name := prefix + fmt.Sprint(key)
		token, err := d.Token()
		if err != nil {
			return fmt.Errorf("it is no JSON object")
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
				err = flattenObject(d, name+".", add)
			} else {
				err = skipList(d)
			}
			if err != nil {
				return err
			}
		}
		if strings.Count(prefix, ".") > 8 {
			return fmt.Errorf("its objects are nested too deep")
		}
	}
	if _, err := d.Token(); err != nil {
		return fmt.Errorf("it is no JSON object")
	}
	return nil
}

func skipList(d *json.Decoder) error {
	for depth := 1; depth > 0; {
		t, err := d.Token()
		if err != nil {
			return fmt.Errorf("it is no JSON object")
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
