package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"attnlab/gpu"
	"attnlab/rl/rltest"
	"attnlab/rl/task"
)

// parrot is the folder of a model that writes steps at random and always answers 9.
var parrot string

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		os.Exit(runAsCommand())
	}
	dir, err := os.MkdirTemp("", "attnlab")
	if err != nil {
		panic(err)
	}
	parrot = filepath.Join(dir, "parrot")
	task, err := task.New("chain", "", "")
	if err != nil {
		panic(err)
	}
	if err := rltest.Parrot(task).Save(parrot); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// call runs a command line in this process.
func call(stdin string, args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = run(context.Background(), args, strings.NewReader(stdin), &out, &errs)
	return code, out.String(), errs.String()
}

// document runs a command line that must succeed, on the host, and reads the one JSON document it prints into v.
func document(t *testing.T, v any, stdin string, args ...string) {
	t.Helper()
	documentOn(t, gpu.Host, v, stdin, args...)
}

// documentOn is document on a backend.
func documentOn(t *testing.T, backend string, v any, stdin string, args ...string) {
	t.Helper()
	code, stdout, stderr := call(stdin, append(args, "--json", "--backend", backend)...)
	if code != 0 {
		t.Fatalf("attnlab %s: exit status %d, %s", strings.Join(args, " "), code, stderr)
	}
	d := json.NewDecoder(strings.NewReader(stdout))
	if err := d.Decode(v); err != nil {
		t.Fatalf("attnlab %s: %v in %.200s", strings.Join(args, " "), err, stdout)
	}
	if d.More() {
		t.Fatalf("attnlab %s prints more than one document", strings.Join(args, " "))
	}
}

// has fails where a document lacks keys; "a.b" is key b of key a, of the first element where a is a list.
func has(t *testing.T, v any, keys ...string) {
	t.Helper()
	for _, path := range keys {
		at := v
		for key := range strings.SplitSeq(path, ".") {
			if list, ok := at.([]any); ok && len(list) > 0 {
				at = list[0]
			}
			object, ok := at.(map[string]any)
			if !ok {
				t.Errorf("%s: no object above %s in %.100v", path, key, at)
				break
			}
			if at, ok = object[key]; !ok {
				t.Errorf("there is no %s", path)
			}
		}
	}
}

// Wrong usage is exit status 2, what cannot be done 1; either way one sentence on standard error and nothing on standard output.
func TestErrors(t *testing.T) {
	empty := t.TempDir()
	damaged := t.TempDir()
	if err := os.CopyFS(damaged, os.DirFS(parrot)); err != nil {
		t.Fatal(err)
	}
	weights := filepath.Join(damaged, "model.safetensors")
	if err := os.Truncate(weights, 1000); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args string
		code int
		says string
	}{
		{"bogus", 2, `no command "bogus"`},
		{"--json bogus", 2, `no command "bogus"`},
		{"trian", 2, `did you mean "train"?`},
		{"help bogus", 2, `no command "bogus"`},
		{"--bogus eval", 2, "attnlab: there is no flag --bogus; \"attnlab help\" lists"},
		{"eval --bogus", 2, "no flag --bogus"},
		{"eval --problems", 2, "--problems needs a value"},
		{"eval --problems many", 2, `--problems cannot be "many"`},
		{"eval --problems 0", 2, "at least 1"},
		{"eval --problems 1 more", 2, `"more" is one argument too many`},
		{"eval --temperature NaN", 2, "between 0 and 10"},
		{"eval --seed -1", 2, `--seed cannot be "-1"; give a whole decimal number from 0;`},
		{"eval --json=perhaps", 2, `--json cannot be "perhaps"; give true or false`},
		{"eval --problems 99999999999999999999", 2, `give a whole decimal number of at most 18 digits`},
		{"eval --temperature hot", 2, `--temperature cannot be "hot"; give a number`},
		{"train --group -1", 2, `train: --group cannot be "-1"; give a value from 2 to 64;`},
		{"completion nosh", 2, `completion: there is no shell "nosh"; choose one of bash`},
		{"eval --backend cuda", 2, "--backend"},
		{"eval --task riddles", 2, "unknown task"},
		{"eval --difficulty 5-2", 2, "runs backwards"},
		{"eval --difficulty 99", 2, "within 2-8"},
		{"eval --teacher nobody", 2, "unknown teacher"},
		{"--model x credit", 2, "no flag --model"},
		{"--task chain doctor", 2, "no flag --task"},
		{"disrupt --pick best", 2, `disrupt: --pick: there is no rule "best" to choose steps by; give one of other, random, fci`},
		{"train --method attnpo --focus-heads 0.1 --heads 3 --out x --model " + parrot, 2, "--heads is 3 and --focus-heads names 1"},
		{"train --method grpo --out " + weights + " --model " + parrot, 1, weights + " is a file or lies in one; give a folder"},
		{"pretrain --out " + filepath.Join(weights, "x"), 1, "is a file or lies in one; give a folder"},
		{"heads --delta 0", 2, "--delta"},
		{"disrupt --delta 17", 2, "at most 16"},
		{"importance --samples 0", 2, "--samples"},
		{"importance --problems 2 --prompt x", 2, "leave --problems out"},
		{"importance --delta 17", 2, "at most 16"},
		{"importance --prompt nonsense --model " + parrot, 1, "; write a problem such as"},
		{"trace --delta 17", 2, "at most 16"},
		{"logits", 2, "--tokens is missing"},
		{"logits --tokens 1,x", 2, "not a token id"},
		{"bench --filter (", 2, "--filter"},
		{"credit --group -", 2, "--method is missing"},
		{"credit --method sft --group -", 2, `no method "sft"`},
		{"credit --method grpo", 2, "--group is missing"},
		{"credit --method grpo --group - --clip-low 7", 2, "--clip-low"},
		{"pretrain", 2, "--out is missing"},
		{"pretrain --out x --preset huge", 2, `"huge"`},
		{"pretrain --out x --steps 0", 2, "at least 1"},

		{"eval --model " + empty, 1, "config.json is missing"},
		{"eval --model " + damaged, 1, "model.safetensors"},
		{"eval --model " + filepath.Join(empty, "none"), 1, "is no folder and no file"},
		{"eval --task countdown --model " + parrot, 1, "does not have the tokens of task countdown"},
		{"eval --problems 2 --dump " + filepath.Join(empty, "no", "file") + " --model " + parrot, 1, "--dump"},
		{"trace --prompt nonsense --model " + parrot, 1, "; write a problem such as \""},
		{"logits --tokens 1,99 --model " + parrot, 1, "token 99 at place 1"},
		{"logits --tokens 1,4294967297 --model " + parrot, 1, "outside the vocabulary"},
		{"heads --problems 1 --seed 1 --model " + parrot, 1, "none of 1 responses is correct"},
		{"disrupt --problems 1 --seed 1 --model " + parrot, 1, "none of 1 responses is correct"},
		{"credit --method grpo --group " + filepath.Join(empty, "none"), 1, "--group"},
		{"credit --method grpo --group -", 1, "cannot be read as JSON"},
		{"bench --filter nothing-is-called-so", 1, "no row matches"},
		{"pretrain --out " + parrot, 1, "--resume"},
		{"pretrain --resume --out " + empty, 1, "no checkpoint"},
		{"pretrain --resume --out " + parrot, 1, "no training state"},
		{"pretrain --tokens 8 --out " + filepath.Join(empty, "base"), 1, "at least"},
	} {
		args := strings.Fields(test.args)
		if test.code == 1 {
			args = append(args, "--backend", "host")
		}
		code, stdout, stderr := call("not JSON", args...)
		lines := strings.Split(strings.TrimSpace(stderr), "\n")
		last := lines[len(lines)-1]
		if code != test.code || stdout != "" || !strings.HasPrefix(last, "attnlab: ") || !strings.Contains(last, test.says) {
			t.Errorf("attnlab %s: exit status %d, want %d; stdout %q, stderr %q, want %q in it", test.args, code, test.code, stdout, stderr, test.says)
		}
	}
}

func TestHelp(t *testing.T) {
	for _, args := range [][]string{{"help"}, {"-h"}, {"--help"}, {"--json", "help"}} {
		code, stdout, stderr := call("", args...)
		if code != 0 || stderr != "" {
			t.Errorf("%v: exit status %d, stderr %q", args, code, stderr)
		}
		for _, c := range commands {
			if !strings.Contains(stdout, "\n  "+c.name+" ") {
				t.Errorf("%v does not name %s", args, c.name)
			}
		}
	}
	for _, c := range commands {
		_, asked, _ := call("", "help", c.name)
		code, stdout, _ := call("", c.name, "-h")
		if code != 0 || stdout != asked || !strings.Contains(stdout, "Usage:\n  attnlab "+c.name) {
			t.Errorf("help for %s: exit status %d, %q, by -h %q", c.name, code, asked, stdout)
		}
		for _, needed := range []string{"\n  attnlab " + c.name, "--json", "--seed", "--backend"} {
			if !strings.Contains(stdout, needed) {
				t.Errorf("help for %s has no %q", c.name, needed)
			}
		}
	}
}

// Every flag of a whole number takes decimal digits alone, and leading zeros do not make it octal.
func TestWholeNumbersAreDecimal(t *testing.T) {
	root := (&console{options: defaults}).root()
	found := 0
	for _, cc := range root.Commands() {
		cc.Flags().VisitAll(func(f *pflag.Flag) {
			v, ok := f.Value.(namedValue)
			if !ok {
				return
			}
			getter, ok := v.holds.(flag.Getter)
			if !ok {
				return
			}
			switch getter.Get().(type) {
			case int, int64, uint, uint64:
			default:
				return
			}
			found++
			for _, text := range []string{"0x10", "0b11", "0o7", "1_000", "1e3", "", " 1", "-"} {
				if err := f.Value.Set(text); err == nil {
					t.Errorf("%s --%s takes %q as %s", cc.Name(), f.Name, text, f.Value)
				}
			}
			if err := f.Value.Set("010"); err != nil || f.Value.String() != "10" {
				t.Errorf("%s --%s 010 is %s, %v", cc.Name(), f.Name, f.Value, err)
			}
		})
	}
	if found < 15 {
		t.Errorf("only %d flags are of whole numbers", found)
	}
	seed := root.PersistentFlags().Lookup("seed")
	if err := seed.Value.Set("010"); err != nil || seed.Value.String() != "10" {
		t.Errorf("--seed 010 is %s, %v", seed.Value, err)
	}
	if err := seed.Value.Set("18446744073709551615"); err != nil {
		t.Errorf("the largest seed: %v", err)
	}
}

func TestVersion(t *testing.T) {
	if code, stdout, stderr := call("", "--version"); code != 0 || !strings.HasPrefix(stdout, "attnlab version ") || stderr != "" {
		t.Errorf("exit status %d, %q, %q", code, stdout, stderr)
	}
}

// Flags that commands share may stand before the command or after it.
func TestFlagsAnywhere(t *testing.T) {
	var first string
	for i, args := range []string{
		"trace --json --seed 4 --backend host --model " + parrot,
		"--json --seed 4 --backend host --model " + parrot + " trace",
		"--json --seed=4 --backend=host trace --model=" + parrot,
		"--seed 9 --backend host trace --seed 4 --json --model " + parrot,
	} {
		code, stdout, stderr := call("", strings.Fields(args)...)
		if code != 0 {
			t.Fatalf("attnlab %s: %s", args, stderr)
		}
		if i == 0 {
			first = stdout
		} else if stdout != first {
			t.Errorf("attnlab %s prints something else than the first way to say it", args)
		}
	}
}

// Shells complete commands, flags and the values that a flag chooses from.
func TestCompletion(t *testing.T) {
	for args, want := range map[string]string{"tra": "train\n", "eval --backend ": "webgpu\n", "help dis": "disrupt"} {
		code, stdout, _ := call("", append([]string{"__complete"}, strings.Split(args, " ")...)...)
		if code != 0 || !strings.Contains(strings.ReplaceAll(stdout, "\t", "\n"), want) {
			t.Errorf("attnlab %s<tab>: exit status %d, %q, want %q in it", args, code, stdout, want)
		}
	}
	if code, stdout, _ := call("", "completion", "bash"); code != 0 || !strings.Contains(stdout, "complete ") {
		t.Errorf("no completion for bash: exit status %d", code)
	}
}
