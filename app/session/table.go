package session

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Table is the numbers of a measurement or behind a figure, in full: the names of its columns, and rows of as many fields. An empty field is a number that there is
// not. A figure of nothing has columns and no rows.
type Table struct {
	Columns []string
	Rows    [][]string
}

// NewTable has columns, whose names stand in a text with spaces between them.
func NewTable(columns string) Table { return Table{Columns: strings.Fields(columns)} }

// Add adds a row. A number that is missing, or not finite, becomes an empty field.
func (t *Table) Add(fields ...any) {
	row := make([]string, len(fields))
	for i, field := range fields {
		switch x := field.(type) {
		case string:
			row[i] = x
		case float64:
			row[i] = Exact(x)
		case *float64:
			if x != nil {
				row[i] = Exact(*x)
			}
		default: // whole numbers, seeds, true and false
			row[i] = fmt.Sprint(x)
		}
	}
	if len(row) != len(t.Columns) {
		panic(fmt.Sprintf("session: a row of %d fields in a table of %d columns", len(row), len(t.Columns)))
	}
	t.Rows = append(t.Rows, row)
}

// Exact writes a number as short as it reads back, empty where it is not finite.
func Exact(x float64) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return ""
	}
	return strconv.FormatFloat(x, 'g', -1, 64)
}

// Lines are the head and the rows.
func (t Table) Lines() [][]string { return append([][]string{t.Columns}, t.Rows...) }

// CSV is the table as a file: a head and a line a row.
func (t Table) CSV() []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Write(t.Columns)
	w.WriteAll(t.Rows)
	return b.Bytes() // writing to memory does not fail
}

// Table is a row a step. A step that was not cut has no numbers.
func (l StepLosses) Table() Table {
	t := NewTable("step label text n accuracy_control accuracy_control_se accuracy_cut accuracy_cut_se loss loss_se fci position")
	for _, s := range l.Steps {
		c, none := s.Cut, math.NaN()
		if c.N <= 0 {
			c.Control, c.ControlSE, c.Disrupted, c.DisruptedSE, c.Loss, c.LossSE = none, none, none, none, none, none
		}
		t.Add(s.Step+1, s.Label, s.Text, c.N, c.Control, c.ControlSE, c.Disrupted, c.DisruptedSE, c.Loss, c.LossSE, s.FCI, s.Position)
	}
	return t
}

// Table is a row a step.
func (v Importances) Table() Table {
	t := NewTable(`step label text kept kept_right differ differ_right importance importance_low importance_high
		resampled resampled_low resampled_high forced forced_low forced_high fci focus position`)
	for _, s := range v.Steps {
		row := []any{s.Step + 1, s.Label, s.Text, s.Kept.N, s.Kept.Right, s.Differs.N, s.Differs.Right}
		for _, e := range []*Effect{s.Importance, s.Resampled, s.Forced} {
			if e == nil {
				row = append(row, "", "", "")
				continue
			}
			row = append(row, e.Value, e.Low, e.High)
		}
		t.Add(append(row, s.FCI, s.Focus, s.Position)...)
	}
	return t
}

// Table is a row a response, in the order of sampling.
func (v Samples) Table() Table {
	t := NewTable("response right well_formed answer tokens think_tokens steps labels reward text")
	for i, r := range v.Responses {
		var labels []string
		for _, s := range r.Steps {
			labels = append(labels, s.Label)
		}
		t.Add(i+1, r.Right, r.WellFormed, r.Answer, r.Tokens, r.Think, len(r.Steps), strings.Join(labels, " "), r.Reward, r.Text)
	}
	return t
}
