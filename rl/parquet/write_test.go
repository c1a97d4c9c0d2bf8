package parquet

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
)

// table has texts that are empty, long and not ASCII, numbers of both signs, a group, and lists of 0, 1 and 2 groups.
func table() []byte {
	texts := []string{"", "zwölf", strings.Repeat("long ", 100)}
	return Marshal(len(texts), []Field{
		{Name: "text", Text: func(row, _ int) string { return texts[row] }},
		{Name: "number", Number: func(row, _ int) int64 { return int64(1-row) * 1 << 40 }},
		{Name: "turns", Items: func(row int) int { return row }, Group: []Field{
			{Name: "role", Text: func(_, item int) string { return []string{"system", "user"}[item] }},
			{Name: "content", Text: func(row, item int) string { return fmt.Sprintf("%d of %s", item, texts[row]) }},
		}},
		{Name: "about", Group: []Field{{Name: "index", Number: func(row, _ int) int64 { return int64(row) }}}},
	})
}

// seen is the table that pyarrow was seen to read, by testdata/handover.py --parquet.
const seen = "ad807101be09167c6c1d81fc352a3791b535ab243d69bdf81acf6332080c08e8"

func TestMarshal(t *testing.T) {
	if got := fmt.Sprintf("%x", sha256.Sum256(table())); got != seen {
		t.Errorf("the table's bytes have SHA-256 %s; if that is meant, read it with pyarrow as testdata/handover.py does, and write the sum here", got)
	}
}

func TestListInList(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a list inside a list was written")
		}
	}()
	items := func(int) int { return 1 }
	Marshal(1, []Field{{Name: "a", Items: items, Group: []Field{{Name: "b", Items: items, Group: []Field{{Name: "c", Number: func(_, _ int) int64 { return 0 }}}}}}})
}
