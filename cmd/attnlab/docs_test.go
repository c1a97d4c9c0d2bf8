package main

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"attnlab/rl"
)

var (
	inline   = regexp.MustCompile("`(?:go run \\./cmd/)?attnlab ([a-z][^`\n#]*)")
	fenced   = regexp.MustCompile(`(?m)^(?:go run \./cmd/)?attnlab ([a-z][^\n#]*)`)
	flagWord = regexp.MustCompile(`--([a-z][a-z-]*)`)
	rowWord  = regexp.MustCompile("`([a-z]+) (--[^`]*)`")
)

// badCommands returns one sentence for each command in text that the program does not have, and for each flag that its command does
// not take. A row of a table may give a method with flags of train: `attnpo --focus-heads 0.0,0.2`.
func badCommands(text string) (bad []string) {
	check := func(name, rest string) {
		i := slices.IndexFunc(commands, func(c command) bool { return c.name == name })
		if i < 0 {
			bad = append(bad, "there is no command attnlab "+name)
			return
		}
		cmd := commands[i]
		o := defaults
		f := flag.NewFlagSet(name, flag.ContinueOnError)
		o.every(f)
		cmd.flags(&o, f)
		for _, m := range flagWord.FindAllStringSubmatch(rest, -1) {
			if f.Lookup(m[1]) == nil {
				bad = append(bad, "attnlab "+name+" has no flag --"+m[1])
			}
		}
	}
	commands := inline.FindAllStringSubmatch(text, -1)
	for i, block := range strings.Split(text, "```") {
		if i%2 == 1 { // between fences
			commands = append(commands, fenced.FindAllStringSubmatch(block, -1)...)
		}
	}
	for _, m := range commands {
		name, rest, _ := strings.Cut(strings.TrimSpace(m[1]), " ")
		if name != "help" {
			check(name, rest)
		}
	}
	for _, m := range rowWord.FindAllStringSubmatch(text, -1) {
		for _, method := range rl.Names(rl.Methods) {
			if m[1] == method {
				check("train", m[2])
			}
		}
	}
	return bad
}

// TestDocsCommands checks every command line that a page shows.
func TestDocsCommands(t *testing.T) {
	paths, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no pages in docs: %v", err)
	}
	for _, path := range append(paths, "../../README.md", "../../CONTRIBUTING.md") {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, sentence := range badCommands(string(text)) {
			t.Errorf("%s: %s", filepath.Base(path), sentence)
		}
	}
}

func TestBadCommands(t *testing.T) {
	for _, c := range []struct {
		text string
		bad  int
	}{
		{"run\n```\nattnlab eval --problems 10 --json > x.json\n```\nand `attnlab train --method attnpo --clip-high 0.3`", 0},
		{"attnlab is a lab", 0},
		{"```\nattnlab is\n```", 1},
		{"`attnlab evaluate`", 1},
		{"`attnlab eval --no-such-flag 1`", 1},
		{"| `attnpo --focus-heads 0.0,0.2` | `tlmre --no-such-flag` |", 1},
	} {
		if got := badCommands(c.text); len(got) != c.bad {
			t.Errorf("%q gives %q, want %d sentences", c.text, got, c.bad)
		}
	}
}
