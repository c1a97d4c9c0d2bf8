package figures

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Table is the numbers behind a figure, in full: the names of its columns, and rows of as many fields. An empty field is a number that there is
// not. A figure of nothing has columns and no rows.
type Table struct {
	Columns []string
	Rows    [][]string
}

// newTable has columns, whose names stand in a text with spaces between them.
func newTable(columns string) Table { return Table{Columns: strings.Fields(columns)} }

// add adds a row. A number that is missing, or not finite, becomes an empty field.
func (t *Table) add(fields ...any) {
	row := make([]string, len(fields))
	for i, field := range fields {
		switch x := field.(type) {
		case string:
			row[i] = x
		case float64:
			row[i] = exact(x)
		case *float64:
			if x != nil {
				row[i] = exact(*x)
			}
		default: // whole numbers, seeds, true and false
			row[i] = fmt.Sprint(x)
		}
	}
	if len(row) != len(t.Columns) {
		panic(fmt.Sprintf("figures: a row of %d fields in a table of %d columns", len(row), len(t.Columns)))
	}
	t.Rows = append(t.Rows, row)
}

// exact writes a number as short as it reads back, empty where it is not finite.
func exact(x float64) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return ""
	}
	return strconv.FormatFloat(x, 'g', -1, 64)
}

// CSV is the table as a file: a head and a line a row.
func (t Table) CSV() []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Write(t.Columns)
	w.WriteAll(t.Rows)
	return b.Bytes() // writing to memory does not fail
}
