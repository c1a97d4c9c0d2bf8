package parquet

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// written is a file that "testdata/handover.py --completions" wrote by pyarrow.
func written(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// decoded are lines of JSON as values.
func decoded(t *testing.T, lines []byte) (rows []any) {
	t.Helper()
	for line := range bytes.Lines(lines) {
		var row any
		if err := json.Unmarshal(line, &row); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		rows = append(rows, row)
	}
	return rows
}

// Every form in which pyarrow writes the same table is read to the same rows: pages of both versions, dictionaries, row groups, Snappy, gzip.
func TestLinesOfPyarrow(t *testing.T) {
	want := decoded(t, written(t, "rows.jsonl"))
	for _, name := range []string{"snappy", "snappy2", "gzip", "plain"} {
		lines, err := Lines(written(t, name+".parquet"))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := decoded(t, lines)
		if len(got) != len(want) {
			t.Errorf("%s: %d rows, want %d", name, len(got), len(want))
			continue
		}
		for i := range want {
			if !reflect.DeepEqual(got[i], want[i]) {
				t.Errorf("%s, row %d is %v, want %v", name, i, got[i], want[i])
			}
		}
	}
	if _, err := Lines(written(t, "zstd.parquet")); err == nil || !strings.Contains(err.Error(), `compression="snappy"`) {
		t.Errorf("zstd: %v", err)
	}
	names, err := Columns(written(t, "zstd.parquet"))
	if want := []string{"text", "whole", "small", "half", "truth", "lists", "turns", "group"}; err != nil || !reflect.DeepEqual(names, want) {
		t.Errorf("columns %q, %v", names, err)
	}
}

// What this package writes it reads.
func TestLinesOfOwn(t *testing.T) {
	lines, err := Lines(table())
	if err != nil {
		t.Fatal(err)
	}
	rows := decoded(t, lines)
	want := map[string]any{"text": "zwölf", "number": 0.0, "turns": []any{map[string]any{"role": "system", "content": "0 of zwölf"}}, "about": map[string]any{"index": 1.0}}
	if len(rows) != 3 || !reflect.DeepEqual(rows[1], any(want)) {
		t.Errorf("%d rows, the second is %v", len(rows), rows[1])
	}
}

// A file that is cut off or has another byte anywhere gets an error in one clause, or is read; it never panics and takes no memory beyond the limits.
func TestLinesOfDamaged(t *testing.T) {
	for _, name := range []string{"snappy", "gzip", "plain", "completions_00004"} {
		whole := written(t, name+".parquet")
		for n := 4; n < len(whole); n += 7 {
			if _, err := Lines(whole[:n]); err == nil {
				t.Errorf("%s, cut after %d bytes, is read", name, n)
			}
		}
		for at := range whole {
			data := bytes.Clone(whole)
			data[at] ^= []byte{1, 0x80, 0xff, 0x10}[at%4]
			if lines, err := Lines(data); err != nil && (lines != nil || !strings.HasPrefix(err.Error(), "it ") || strings.Contains(err.Error(), "\n")) {
				t.Fatalf("%s, byte %d: %v", name, at, err)
			}
		}
	}
	bomb := bytes.Clone(written(t, "plain.parquet"))
	binary.LittleEndian.PutUint32(bomb[len(bomb)-8:], 1<<31)
	if _, err := Lines(bomb); err == nil || err.Error() != "it is a damaged Parquet file; copy it again" {
		t.Errorf("a footer of 2 GB: %v", err)
	}
}

func FuzzLines(f *testing.F) {
	for _, name := range []string{"snappy", "snappy2", "gzip", "plain", "zstd", "completions_00002", "completions_00004"} {
		f.Add(written(f, name+".parquet"))
	}
	f.Add(table())
	f.Fuzz(func(t *testing.T, data []byte) {
		lines, err := Lines(data)
		if err != nil {
			return
		}
		for line := range bytes.Lines(lines) {
			if !json.Valid(line) {
				t.Fatalf("%q is no JSON", line)
			}
		}
	})
}
