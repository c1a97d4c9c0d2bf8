package task_test

import (
	"slices"
	"strings"
	"testing"

	"attnlab/rl/task"
)

// edited is a response to a problem of chain, with three steps, and what its edits need.
func edited(t *testing.T) (task.Task, task.Trace, func(text string) []int) {
	t.Helper()
	kind, err := task.New("chain", "", "")
	if err != nil {
		t.Fatal(err)
	}
	p, err := kind.Parse("k 8 ; o 4 ; b &k + &o ; ? b")
	if err != nil {
		t.Fatal(err)
	}
	tokens := func(text string) []int {
		ids, err := task.Tokens(kind, text)
		if err != nil {
			t.Fatal(err)
		}
		return ids
	}
	return kind, kind.Judge(p, tokens("k 8\no 4\nb 2\n</think> # 2 <eos>")), tokens
}

func TestEditStep(t *testing.T) {
	kind, trace, tokens := edited(t)
	at := trace.Steps[1].Start
	e, err := task.EditStep(kind, trace, at, " o 5 ")
	if err != nil || e.At != at || !slices.Equal(e.Tokens, tokens("o 5\n")) {
		t.Fatalf("the edit is %+v (error %v)", e, err)
	}
	response, err := e.Apply(kind, trace, 200)
	if err != nil || !slices.Equal(response, tokens("k 8\no 5\n")) {
		t.Errorf("it leaves %q (error %v)", task.Text(kind, response), err)
	}
	response[0] = 0
	if trace.Tokens[trace.PromptLength] == 0 {
		t.Error("the response shares its memory with the trace")
	}
	if _, err := task.EditStep(kind, trace, at, "o 5 apples"); err == nil || !strings.Contains(err.Error(), "apples") {
		t.Errorf("a word that is no token: error %v", err)
	}
}

func TestEditApplyRefuses(t *testing.T) {
	kind, trace, tokens := edited(t)
	n, first := len(trace.Tokens), trace.PromptLength
	for _, c := range []struct {
		edit    task.Edit
		context int
		want    string
	}{
		{task.Edit{At: first - 1}, 200, "not one of the response"},
		{task.Edit{At: n + 1}, 200, "not one of the response"},
		{task.Edit{At: n, Tokens: tokens("k")}, 200, "has ended"},
		{task.Edit{At: first, Tokens: []int{1 << 20}}, 200, "not a token"},
		{task.Edit{At: first, Tokens: []int{-1}}, 200, "not a token"},
		{task.Edit{At: first, Tokens: tokens("<eos> k")}, 200, "ends a response"},
		{task.Edit{At: first, Tokens: tokens("k 8 k 8")}, first + 3, "context holds"},
	} {
		if response, err := c.edit.Apply(kind, trace, c.context); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v in %d tokens gives %v, error %v, want %q", c.edit, c.context, response, err, c.want)
		}
	}
	if response, err := (task.Edit{At: first, Tokens: tokens("# 2 <eos>")}).Apply(kind, trace, 200); err != nil || len(response) != 3 {
		t.Errorf("an edit that ends the response gives %v, error %v", response, err)
	}
}

// What follows a deleted step begins in its place, with as many tokens as differ from it.
func TestEditOut(t *testing.T) {
	kind, trace, tokens := edited(t)
	for k, want := range []string{"o", "b", "</think>"} {
		s := trace.Steps[k]
		if e, err := task.EditOut(trace, s.Start, s.End); err != nil || e.At != s.Start || !slices.Equal(e.Tokens, tokens(want)) {
			t.Errorf("without step %d stands %q (error %v), want %q", k+1, task.Text(kind, e.Tokens), err, want)
		}
	}
	p := task.Problem{Prompt: trace.Tokens[:trace.PromptLength]}
	twice := kind.Judge(p, tokens("k 8\nk 4\nb 2\n"))
	if e, err := task.EditOut(twice, twice.Steps[0].Start, twice.Steps[0].End); err != nil || !slices.Equal(e.Tokens, tokens("k 4")) {
		t.Errorf("two steps that begin alike: %q (error %v)", task.Text(kind, e.Tokens), err)
	}
	if e, err := task.EditOut(twice, twice.Steps[2].Start, twice.Steps[2].End); err == nil || !strings.Contains(err.Error(), "generate more") {
		t.Errorf("nothing follows the last step: %+v, error %v", e, err)
	}
	if e, err := task.EditOut(trace, 0, 2); err == nil {
		t.Errorf("the prompt was edited: %+v", e)
	}
}
