package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"attnlab/rl/hyper"
)

var update = flag.Bool("update", false, "write the table of hyper-parameters into README.md")

// The README's table is the one that flags and controls are made from: go test ./cmd/attnlab -run TestReadmeTable -update writes it.
func TestReadmeTable(t *testing.T) {
	const path, begin, end = "../../README.md", "<summary>Hyper-parameters</summary>\n", "</details>"
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(data), begin)
	old, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("README.md has no %s … %s", strings.TrimSpace(begin), end)
	}
	want := "\n" + hyperTable() + "\n"
	if *update {
		if err := os.WriteFile(path, []byte(before+begin+want+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if old != want {
		t.Error("the README's table of hyper-parameters is not the program's; go test ./cmd/attnlab -run TestReadmeTable -update writes it")
	}
}

// hyperTable is all of rl.Table in Markdown.
func hyperTable() string {
	var b strings.Builder
	fmt.Fprint(&b, "| flag | symbol | meaning | source | methods | range | paper | lab |\n|---|---|---|---|---|---|---|---|\n")
	for _, p := range hyper.Table {
		between := fmt.Sprintf("%g to %g", p.Min, p.Max)
		if len(p.Choices) > 0 {
			between = strings.Join(p.Choices, ", ")
		}
		methods := strings.Join(p.Methods, ", ")
		if slices.Equal(p.Methods, hyper.Methods) {
			methods = "all"
		} else if slices.Equal(p.Methods, hyper.Methods[1:]) {
			methods = "all but " + hyper.Methods[0]
		}
		paper, lab := byMethod(p, hyper.Paper), byMethod(p, hyper.Lab)
		if lab == paper {
			lab = ""
		}
		fmt.Fprintf(&b, "| `--%s` | %s | %s | %s | %s | %s | %s | %s |\n", p.Name, p.Symbol, p.Meaning, p.Source, methods, between, paper, lab)
	}
	return b.String()
}
