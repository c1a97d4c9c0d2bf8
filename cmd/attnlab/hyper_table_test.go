package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"attnlab/rl"
	"attnlab/rl/hyper"
)

var update = flag.Bool("update", false, "write the table of hyper-parameters into docs/hyper-parameters.md")

// TestHyperTable checks that docs/hyper-parameters.md has the table from which flags and controls are made.
// go test ./cmd/attnlab -run TestHyperTable -update writes it.
func TestHyperTable(t *testing.T) {
	const path, begin = "../../docs/hyper-parameters.md", "| flag |"
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, _, found := strings.Cut(string(data), begin)
	if !found {
		t.Fatalf("%s has no table that begins with %q", path, begin)
	}
	want := before + hyperTable()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if string(data) != want {
		t.Errorf("%s does not have the program's table of hyper-parameters; go test ./cmd/attnlab -run TestHyperTable -update writes it", path)
	}
}

// hyperTable writes the rows of all methods in Markdown.
func hyperTable() string {
	var b strings.Builder
	fmt.Fprint(&b, "| flag | symbol | meaning | source | methods | range | paper | lab |\n|---|---|---|---|---|---|---|---|\n")
	for _, p := range rl.Rows(rl.Methods) {
		between := fmt.Sprintf("%g to %g", p.Min, p.Max)
		if len(p.Choices) > 0 {
			between = strings.Join(p.Choices, ", ")
		}
		names := rl.Names(rl.With(rl.Methods, p.Name))
		methods := strings.Join(names, ", ")
		switch len(names) {
		case len(rl.Methods):
			methods = "all"
		case len(rl.Crediting()):
			methods = "all but " + rl.Methods[0].Name
		}
		paper, lab := byMethod(rl.Methods, p.Name, paperValue), byMethod(rl.Methods, p.Name, labValue)
		if lab == paper {
			lab = ""
		}
		fmt.Fprintf(&b, "| `--%s` | %s | %s | %s | %s | %s | %s | %s |\n", p.Name, p.Symbol, p.Meaning, byMethod(rl.Methods, p.Name, func(p hyper.Param) string { return p.Source }), methods, between, paper, lab)
	}
	return b.String()
}
