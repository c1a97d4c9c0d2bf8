package figures

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"
	"testing"

	"attnlab/app/figures/draw"
	"attnlab/app/session"
)

// counted is what a figure says of the number and the spread of what it measured, in its caption or on the picture. Every figure has a line: that of one trace or one
// tree has neither, and its table has no column of them either.
var counted = map[string]struct{ n, spread, neither string }{
	"arcs":       {neither: "of one trace"},
	"matrix":     {neither: "of one trace"},
	"heads":      {n: "n = ", spread: "95 %"},
	"multiples":  {neither: "of one trace"},
	"tree":       {neither: "of one tree"},
	"followed":   {neither: "two answers to one problem"},
	"losses":     {n: "pairs each", spread: "± 1 standard error"},
	"importance": {n: "continuations from each place", spread: "95 % intervals"},
	"samples":    {n: "25 responses", spread: "from "},
	"ranks":      {n: "n = ", spread: "95 % interval"},
	"curves":     {n: "n = 2", spread: "band: ± s.d."},
	"scatter":    {n: "n = 2", spread: "one standard deviation"},
	"speeds":     {n: "n = ", spread: "fastest and slowest run"},
	"roofline":   {n: "n = ", spread: "times as long as its fastest"},
}

// Every figure with data has a caption, and a table with a name for each column and a field for each name, of numbers only that exist; where
// numbers are measured, figure or caption says how many there are and how far they spread.
func TestEveryFigureHasCaptionAndTable(t *testing.T) {
	for _, e := range Figures {
		h := newHost(e)
		h.SetStill(true)
		h.Resize(1200, 700)
		if nothing := h.Table(); len(nothing.Rows) != 0 || len(nothing.Columns) == 0 {
			t.Errorf("%s of nothing has the table %+v", e.Name, nothing)
		}
		for _, event := range everything(25) {
			h.Show(event, start)
		}
		h.Show(saved(someRun("a", "attnpo", 1, 26), someRun("b", "attnpo", 2, 26)), start) // two seeds, as far as each other
		h.Set("runs", "a,b", start)
		h.Set("by", "sra", start) // heads by what is measured over many responses
		rows, err := csv.NewReader(bytes.NewReader(h.Table().CSV())).ReadAll()
		if err != nil || len(rows) < 2 {
			t.Errorf("%s has %d lines of CSV (%v)", e.Name, len(rows), err)
			continue
		}
		columns := slices.Clone(rows[0])
		if slices.Sort(columns); len(slices.Compact(columns)) != len(rows[0]) {
			t.Errorf("%s names a column twice: %q", e.Name, rows[0])
		}
		for i, row := range rows {
			if slices.ContainsFunc(row, func(field string) bool { return field == "NaN" || strings.HasSuffix(field, "Inf") }) {
				t.Errorf("%s has the line %d %q", e.Name, i, row)
			}
		}
		text := h.Caption()
		if len(text) < 20 || !strings.HasSuffix(text, ".") {
			t.Errorf("%s has the caption %q", e.Name, text)
		}
		scene, _, _ := h.Scene(start)
		for _, shape := range scene.Shapes {
			if l, ok := shape.(draw.Label); ok {
				text += "\n" + l.Text
			}
		}
		says := counted[e.Name]
		switch spread := slices.ContainsFunc(rows[0], isSpread); {
		case says.neither == "" && (says.n == "" || says.spread == ""):
			t.Errorf("%s is not in counted with what it says of n and spread", e.Name)
		case says.neither != "" && spread:
			t.Errorf("%s is said to have no spread, and its table has one: %q", e.Name, rows[0])
		}
		for _, want := range []string{says.n, says.spread} {
			if !strings.Contains(text, want) {
				t.Errorf("%s does not say %q:\n%s", e.Name, want, text)
			}
		}
		picture := h.Saved(start, "attnlab · https://example.org/lab#page=trace&seed=7")
		var saved strings.Builder
		for _, shape := range picture.Shapes {
			if l, ok := shape.(draw.Label); ok && l.Y > scene.Height {
				saved.WriteString(strings.ReplaceAll(l.Text, " ", ""))
			}
		}
		for _, want := range []string{h.Caption(), "https://example.org/lab#page=trace&seed=7"} {
			if !strings.Contains(saved.String(), strings.ReplaceAll(want, " ", "")) {
				t.Errorf("a saved picture of %s has below it %q, want %q", e.Name, saved.String(), want)
			}
		}
	}
	for name := range counted {
		if !slices.ContainsFunc(Figures, func(e Entry) bool { return e.Name == name }) {
			t.Errorf("there is no figure %s", name)
		}
	}
}

// isSpread reports whether a column of a table is a spread.
func isSpread(column string) bool {
	return strings.HasSuffix(column, "_se") || strings.HasSuffix(column, "_sd") || column == "sd" || column == "se" || strings.HasSuffix(column, "low") || strings.HasSuffix(column, "fastest")
}

// The numbers of a table are those of the snapshot.
func TestTablesHaveTheNumbers(t *testing.T) {
	of := func(name string, events ...any) session.Table {
		h, err := New(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, event := range events {
			h.Show(event, start)
		}
		return h.Table()
	}
	field := func(table session.Table, row int, column string) string {
		i := slices.Index(table.Columns, column)
		if i < 0 || row >= len(table.Rows) {
			t.Fatalf("no column %q or row %d of %d in %q", column, row, len(table.Rows), table.Columns)
		}
		return table.Rows[row][i]
	}
	run := someRun("a", "attnpo", 1, 10)
	curves := of("curves", run)
	if metric, x, value := field(curves, 0, "metric"), field(curves, 0, "step"), field(curves, 0, "value"); x != "1" || value != session.Exact(values(run, metric)[0]) {
		t.Errorf("the curve of %s begins at %s, %s", metric, x, value)
	}
	tr := trace(5, 2, 3, true)
	matrix := of("matrix", tr)
	n := tr.Ranges()
	if len(matrix.Rows) != n*(n+1)/2 || field(matrix, 2, "attention") != session.Exact(float64(tr.Attention[n+1])) || field(matrix, 2, "reader") != "step 1" || field(matrix, 2, "read") != "step 1" {
		t.Errorf("the matrix of %d ranges has %d rows, the third is %q", n, len(matrix.Rows), matrix.Rows[2])
	}
	many := of("multiples", tr)
	if last := len(many.Rows) - 1; len(many.Rows) != 6*n*(n+1)/2 || field(many, last, "attention") != session.Exact(float64(tr.All[len(tr.All)-1])) {
		t.Errorf("of every head there are %d rows, want %d", len(many.Rows), 6*n*(n+1)/2)
	}
	p := probe(2, 3)
	ranks := of("ranks", p)
	for row := range len(ranks.Rows) - 1 {
		if a, b := field(ranks, row, "sra"), field(ranks, row+1, "sra"); field(ranks, row, "rank") == "1" && a == "" || b == "" {
			t.Errorf("a ranked head has no accuracy: %q", ranks.Rows[row])
		}
	}
	tree := branchTree(3, 2, 2)
	if nodes := of("tree", tree); len(nodes.Rows) != len(tree.Nodes) || field(nodes, 1, "parent") != session.Exact(float64(tree.Nodes[1].Parent)) {
		t.Errorf("%d nodes have %d rows", len(tree.Nodes), len(nodes.Rows))
	}
}
