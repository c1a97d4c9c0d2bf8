package main

import (
	"strings"
	"testing"
)

// --edit writes into a response of chain-small, whose answer follows the number of its first step, and says what it replaced.
func TestTraceEdit(t *testing.T) {
	type edited struct {
		Text    []string
		Found   string
		Correct bool
		Steps   []step
		Edits   []editedTrace
	}
	trace := func(edits ...string) (d edited) {
		t.Helper()
		args := []string{"trace", "--backend", "host", "--model", "../../web/models/chain-small", "--seed", "7", "--greedy"}
		for _, e := range edits {
			args = append(args, "--edit", e)
		}
		document(t, &d, "", args...)
		return d
	}
	whole := trace()
	if !whole.Correct || len(whole.Edits) != 0 {
		t.Fatalf("the response is %q, right %v, edits %+v", whole.Text, whole.Correct, whole.Edits)
	}
	first := strings.TrimSpace(whole.Steps[0].Text)
	if d := trace("1=" + first); strings.Join(d.Text, " ") != strings.Join(whole.Text, " ") || d.Edits[0].Found != whole.Found || !d.Edits[0].Correct {
		t.Errorf("with its own first step the response is %q, edits %+v", d.Text, d.Edits)
	}
	wrong := strings.TrimSuffix(first, "6") + "5"
	d := trace("1=" + wrong)
	if d.Correct || d.Found == "" || d.Found == whole.Found || strings.TrimSpace(d.Steps[0].Text) != wrong || d.Steps[0].Label.String() != "wrong" {
		t.Errorf("with the first step %q the answer is %q, right %v, before %q", wrong, d.Found, d.Correct, whole.Found)
	}
	if d := trace("3=", "+1="+first); len(d.Edits) != 2 || strings.TrimSpace(d.Steps[1].Text) != first || !strings.HasPrefix(d.Edits[1].Before, whole.Steps[0].Text+whole.Steps[1].Text+"wait") {
		t.Errorf("two edits lead to %+v, edits %+v", d.Steps, d.Edits)
	}
	for _, c := range []struct{ edit, want string }{
		{"99=x", "there is no step 99"}, {"1=zebra", `"zebra" at position 0 is not a token`}, {"x", "write 3=TEXT"}, {"+2=", "write 3=TEXT"}, {"0=x", "write 3=TEXT"},
		{"1=" + strings.Repeat("o 5 ", 200), "context holds"},
	} {
		if code, _, stderr := call("", "trace", "--backend", "host", "--model", "../../web/models/chain-small", "--seed", "7", "--edit", c.edit); code == 0 || !strings.Contains(stderr, c.want) {
			t.Errorf("--edit %.20q exits with %d and says %s", c.edit, code, stderr)
		}
	}
}
