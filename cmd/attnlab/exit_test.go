package main

import (
	"flag"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// fails has a command line for each command that is right and cannot be done here. % is a file, so that nothing can be written below it.
var fails = map[string]string{
	"serve":      "--addr 192.0.2.1:1", // an address of documentation, which no machine has
	"figure":     "tree --session http://127.0.0.1:1/?token=x",
	"build":      "--out %",
	"example":    "--out % --model none",
	"record":     "--prompt x --as x --revision x --licence x --out % --model none",
	"doctor":     "--backend webgpu:none",
	"pretrain":   "--out %",
	"eval":       "--model none",
	"trace":      "--model none",
	"heads":      "--model none",
	"disrupt":    "--model none",
	"importance": "--model none",
	"inside":     "--model none",
	"passk":      "--model none",
	"logits":     "--tokens 1 --model none",
	"credit":     "--method grpo --group none",
	"train":      "--method grpo --out %",
	"merge":      "--out % --model none",
	"handover":   "--to trl --method grpo --out %",
	"tree":       "--model none",
	"reflect":    "--out x --model none",
	"compare":    "--runs none",
	"reproduce":  "relay --out %",
	"rollouts":   "none",
	"bench":      "--filter nothing-is-called-so",
}

// The rule of the exit status holds for every command and every flag: 2 where the command line itself is wrong, 1 where it is right and fails. One
// sentence says why, and nothing is on standard output.
func TestExitStatus(t *testing.T) {
	check := func(want int, says string, args ...string) {
		t.Helper()
		code, stdout, stderr := call("", args...)
		lines := strings.Split(strings.TrimSpace(stderr), "\n")
		if last := lines[len(lines)-1]; code != want || stdout != "" || !strings.HasPrefix(last, "attnlab: ") || !strings.Contains(last, says) {
			t.Errorf("attnlab %q: exit status %d, want %d with %q; stdout %q, stderr %q", args, code, want, says, stdout, stderr)
		}
	}
	root := (&console{options: defaults}).root()
	empty := 0
	for _, c := range commands {
		check(2, "there is no flag --nothing-is-called-so", c.name, "--nothing-is-called-so")
		if c.takes == "" {
			check(2, `"more" is one argument too many`, c.name, "more")
		}
		cc, _, err := root.Find([]string{c.name})
		if err != nil {
			t.Fatal(err)
		}
		every := func(f *pflag.Flag) {
			v, ok := f.Value.(namedValue)
			if !ok {
				return // true or false
			}
			check(2, "--"+f.Name+` cannot be ""`, c.name, "--"+f.Name, "")
			if _, plain := v.holds.(flag.Getter); plain {
				empty++
			}
		}
		cc.LocalFlags().VisitAll(every)
		cc.InheritedFlags().VisitAll(every)

		row, ok := fails[c.name]
		if !ok {
			t.Errorf("no command line of %s fails", c.name)
			continue
		}
		row = strings.ReplaceAll(row, "%", filepath.Join(parrot, "config.json"))
		check(1, "", append([]string{c.name, "--backend", "host"}, strings.Fields(row)...)...)
	}
	if empty < 100 {
		t.Errorf("only %d empty values were tried", empty)
	}
}
