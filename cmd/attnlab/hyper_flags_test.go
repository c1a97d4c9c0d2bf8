package main

import (
	"flag"
	"io"
	"strings"
	"testing"

	"attnlab/rl"
	"attnlab/rl/hyper"
)

// A method's own row is a flag with the method in its help, without a line here.
func TestFlagsOfAMethod(t *testing.T) {
	toy := rl.Method{Name: "toy", Params: hyper.Table{
		hyper.Group.With(8, 3),
		hyper.Param{Name: "shape", Meaning: "what is paid for", Source: "a test", Choices: []string{"length", "brevity"}, Max: 1, Step: 1}.Choosing("length", "brevity"),
	}}
	methods := append([]rl.Method{toy}, rl.GRPO)
	f := flag.NewFlagSet("train", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	given := hyperFlags(f, methods, rl.Rows(methods))
	for name, want := range map[string]string{
		"shape": "what is paid for (toy), default brevity", "group": "default 3, for grpo 8", "kl": "(grpo)",
	} {
		if usage := f.Lookup(name).Usage; !strings.Contains(usage, want) {
			t.Errorf("--%s: %q, want %q in it", name, usage, want)
		}
	}
	if err := f.Parse([]string{"--shape", "length", "--group", "4"}); err != nil || given["shape"] != "length" || given["group"] != "4" {
		t.Errorf("%v, %v", given, err)
	}
	if err := f.Parse([]string{"--shape", "weight"}); err == nil || !strings.Contains(err.Error(), "length, brevity") {
		t.Errorf("an unknown choice: %v", err)
	}
}
