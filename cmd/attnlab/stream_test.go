package main

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"attnlab/gpu"
	"attnlab/model"
	"attnlab/model/hf/tokenizer"
	"attnlab/rl"
	"attnlab/rl/examine"
	"attnlab/rl/task"
)

// --stream writes on standard error what the document has as the response, and standard output is unchanged.
func TestStream(t *testing.T) {
	for _, args := range [][]string{
		{"trace", "--seed", "7", "--model", "chain-tiny"},
		{"trace", "--seed", "2", "--model", rambler(), "--task", "text", "--prompt", "a = ?"},
	} {
		args = append(args, "--json", "--backend", "host")
		var d traceDocument
		document(t, &d, "", args...)
		code, quiet, _ := call("", args...)
		code2, stdout, stderr := call("", append(args, "--stream")...)
		if code != 0 || code2 != 0 || stdout != quiet {
			t.Errorf("%v: exit status %d and %d, standard output differs: %v", args, code, code2, stdout != quiet)
		}
		streamed := strings.Join(strings.Fields(stderr), " ")
		if want := strings.Join(strings.Fields(d.Response), " "); want == "" || !strings.HasSuffix(streamed, want) {
			t.Errorf("%v streams %q, want %q at the end", args, stderr, want)
		}
	}
}

// broken has a token that is half of a character.
type broken struct{ tokenizer.Tokenizer }

func (broken) Token(id int) string      { return []string{"na", "\xc3", "\xaf", "ve", "\xe6\x95"}[id] }
func (b broken) Piece(_, id int) string { return b.Token(id) }
func (broken) Special(int) bool         { return false }
func (broken) Start() []int             { return nil }

// A character whose bytes come with two tokens is written once it is whole, and one that never is ends as U+FFFD.
func TestStreamCutsNoCharacter(t *testing.T) {
	var out bytes.Buffer
	c := console{options: options{stream: true}, stderr: &out}
	s := c.newStream(broken{})
	tokens := []int{0, 1, 2, 3, 4}
	for n, want := range []string{"", "na", "na", "naï", "naïve", "naïve"} {
		if s.show(tokens[:n]); out.String() != want {
			t.Errorf("%d tokens are written as %q, want %q", n, out.String(), want)
		}
	}
	if s.end(); out.String() != "naïve\uFFFD\n" {
		t.Errorf("all is written as %q", out.String())
	}
}

// A tree that is stopped between its rounds shows what has grown; one that is stopped before says so.
func TestTreeStops(t *testing.T) {
	var errs bytes.Buffer
	c := &console{options: defaults, stderr: &errs}
	c.model, c.task, c.backend, c.text.rule, c.text.context, c.text.shots = rambler(), "few-shot-chain", gpu.Host, "line", 512, 1
	l, err := c.openLab(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	h := rl.AttnRL.Params.Lab()
	for name, text := range map[string]string{"initial": "16", "points": "2", "rollouts": "2", "branch": "random", "max-length": "60"} {
		if err := rl.AttnRL.Params.Set(h, name, text); err != nil {
			t.Fatal(err)
		}
	}
	problem := task.Problems(l.Task, task.EvalStream, 3, 1)[0]
	grow := func(stopAt func(calls int) bool) (rl.BuiltTree, error) {
		d, _, err := c.decoder(l, treeSequences, l.inUse([]task.Problem{problem}, 60), 1)
		if err != nil {
			t.Fatal(err)
		}
		s, err := model.NewScorer(l.Model, 1024)
		if err != nil {
			t.Fatal(err)
		}
		p := rl.PolicyOf(d, s, l.Task, rl.PolicyConfig{Seed: 3, Temperature: 1, MaxLength: examine.Cap(60, l.MaxContext)})
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		calls, before := 0, 1<<30 // of Generate; tokens of the first request
		d.Watch = func(request int, tokens []int) {
			if request == 0 {
				if len(tokens) <= before {
					calls++
				}
				before = len(tokens)
			}
			if stopAt(calls) {
				stop()
			}
		}
		return c.growTree(ctx, p, rl.NewTreeRule(h), problem)
	}
	whole, err := grow(func(int) bool { return false })
	if err != nil || len(whole.Points) <= treePoints {
		t.Fatalf("%d points, %v, want more than a round", len(whole.Points), err)
	}
	if tree, err := grow(func(int) bool { return true }); err == nil || tree.Tree != nil || err.Error() != "stopped before the first responses were finished" {
		t.Errorf("at once: %v, %v", tree.Tree, err)
	}
	partial, err := grow(func(calls int) bool { return calls > 1 }) // in the first round of branches, or at its end
	if err == nil || partial.Tree == nil || !strings.HasPrefix(err.Error(), "stopped after the branches of ") || len(partial.Points) >= len(whole.Points) {
		t.Errorf("later: %d points of %d, %v", len(partial.Points), len(whole.Points), err)
	}
}
