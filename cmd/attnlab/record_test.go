package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"attnlab/app/session"
)

// A recorded trace is what "attnlab trace" computes for the same prompt, and can be read as the page reads it.
func TestRecord(t *testing.T) {
	dir := t.TempDir()
	var wrote struct{ Steps, Tokens, Bytes int }
	flags := []string{"record", "--model", rambler(), "--as", "toy", "--revision", "of a test", "--licence", "none", "--prompt", "a = ?", "--answer", "5", "--step-rule", "line", "--temperature", "1", "--seed", "2", "--out", dir}
	document(t, &wrote, "", flags...)
	data, err := os.ReadFile(filepath.Join(dir, "toy.json"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := session.ReadRecording(data)
	if err != nil {
		t.Fatal(err)
	}
	var want traceDocument
	document(t, &want, "", "trace", "--model", rambler(), "--task", "text", "--prompt", "a = ?", "--seed", "2", "--disrupt", "--step-rule", "line")
	x := r.Trace
	if len(x.Tokens) != wrote.Tokens || len(x.Tokens) != len(want.Tokens) || len(x.Steps) != len(want.Steps) || len(x.Steps) == 0 || x.Gold != "5" {
		t.Fatalf("%d tokens in %d steps, the trace has %d in %d", len(x.Tokens), len(x.Steps), len(want.Tokens), len(want.Steps))
	}
	for k := range x.Steps {
		if d := *r.Losses.Values[k] - want.AnswerLoss[k]; d > 1e-4 || d < -1e-4 {
			t.Errorf("the answer loses %g without step %d, in the trace %g", *r.Losses.Values[k], k+1, want.AnswerLoss[k])
		}
	}
	if from := x.Recorded; from.Revision != "of a test" || from.Adapter == "" || !strings.Contains(from.Command, `--prompt "a = ?"`) || strings.Contains(from.Command, filepath.Dir(rambler())) {
		t.Errorf("it is from %+v", from)
	}
	for i, flag := range []string{"--model", "--as", "--revision", "--licence", "--prompt", "--out"} {
		at := 1
		for flags[at] != flag {
			at++
		}
		without := append(append([]string{}, flags[:at]...), flags[at+2:]...)
		if code, _, errors := call("", without...); code != 2 || !strings.Contains(errors, flag+" is missing") {
			t.Errorf("%d: without %s: %d, %s", i, flag, code, errors)
		}
	}
}
