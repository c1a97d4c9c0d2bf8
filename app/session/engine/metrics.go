package engine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"attnlab/app/session"
)

// metrics are the lines of a run's log as columns, the step first. A column that
// some lines do not have is nil there.
type metrics []session.Metric

// readMetrics reads metrics.jsonl, or the training.jsonl of pretraining. A last line
// that broke off is left out.
func readMetrics(log []byte) (m metrics, lines [][]byte, err error) {
	for n, line := range bytes.Split(log, []byte("\n")) {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		next, err := m.add(line)
		if err != nil {
			if last := len(bytes.TrimSpace(bytes.Join(bytes.Split(log, []byte("\n"))[n+1:], nil))) == 0; last && n > 0 {
				break
			}
			return nil, nil, fmt.Errorf("line %d of the metrics: %w", n+1, err)
		}
		m, lines = next, append(lines, append(bytes.Clone(line), '\n'))
	}
	if len(lines) == 0 {
		return nil, nil, fmt.Errorf("the metrics have no line; give a metrics.jsonl that \"attnlab train\" wrote")
	}
	return m, lines, nil
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

// shown are the columns for a snapshot: of all rows, or of a long run's as [session.NewestSteps] tells.
func (m metrics) shown() []session.Metric {
	rows, every := m.rows(), 1
	older := max(0, rows-session.NewestSteps)
	for older > every*session.OlderSteps {
		every *= 2
	}
	columns := append([]session.Metric{}, m...)
	if every == 1 {
		return columns
	}
	for c := range columns {
		all := columns[c].Values
		values := make([]*float64, 0, session.OlderSteps+session.NewestSteps)
		for row := 0; row < older; row += every {
			values = append(values, all[row])
		}
		columns[c].Values = append(values, all[older:]...)
	}
	return columns
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
	d := json.NewDecoder(bytes.NewReader(line))
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
