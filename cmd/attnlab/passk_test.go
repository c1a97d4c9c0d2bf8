package main

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"attnlab/rl/stat"
)

// The document has what it promises, and its numbers agree with those that it lists by problem.
func TestPassk(t *testing.T) {
	var v map[string]any
	dump := filepath.Join(t.TempDir(), "all.jsonl")
	document(t, &v, "", "passk", "--model", parrot, "--problems", "12", "--samples", "5", "--dump", dump)
	has(t, v, "problems", "samples", "pass.k", "pass.value", "pass.low", "pass.high", "by_problem.correct", "by_problem.split.options", "lengths.low", "rewards.n", "reward", "max_length", "storage")
	if data, err := os.ReadFile(dump); err != nil || strings.Count(string(data), "\n") != 60 {
		t.Errorf("%d lines are dumped, error %v", strings.Count(string(data), "\n"), err)
	}
	var d passkDocument
	document(t, &d, "", "passk", "--model", parrot, "--problems", "12", "--samples", "5")
	if len(d.Pass) != 4 || d.Pass[3].K != 5 || len(d.ByProblem) != 12 || len(d.Responses) != 0 || d.Reward != "grpo" {
		t.Fatalf("%+v", d)
	}
	for _, p := range d.Pass {
		mean := 0.0
		for _, b := range d.ByProblem {
			mean += stat.PassAtK(5, b.Correct, p.K) / 12
		}
		if math.Abs(float64(p.Value)-mean) > 1e-12 || p.Low > p.Value || p.High < p.Value {
			t.Errorf("pass@%d is %v [%v, %v], want %v", p.K, p.Value, p.Low, p.High, mean)
		}
	}
	n := 0
	for _, b := range d.Lengths {
		n += b.N
	}
	if n != 60 {
		t.Errorf("the histogram has %d of 60 lengths", n)
	}
}

// One problem's responses are listed, the first of them that of attnlab trace with the same seed.
func TestPasskOfOneProblem(t *testing.T) {
	var trace traceDocument
	document(t, &trace, "", "trace", "--model", "chain-tiny", "--seed", "7")
	var d passkDocument
	document(t, &d, "", "passk", "--model", "chain-tiny", "--seed", "7", "--problems", "1", "--samples", "8", "--max-length", "10000", "--reward", "tlmre")
	if len(d.Responses) != 8 || d.Problems != 1 || len(d.Responses[0].Steps) != len(trace.Steps) {
		t.Fatalf("%d responses, the first has %d steps, the trace %d", len(d.Responses), len(d.Responses[0].Steps), len(trace.Steps))
	}
	right, n := 0, 0
	for i, r := range d.Responses {
		if r.Correct {
			right++
		}
		if r.Correct != (r.Reward > 0) {
			t.Errorf("response %d, right %v, has the reward %v", i, r.Correct, r.Reward)
		}
	}
	split := d.ByProblem[0].Split
	for _, o := range split.Options {
		n += o.N
	}
	if d.ByProblem[0].Correct != right || split.Step >= 0 && n != 8 {
		t.Errorf("%d are right: %+v", right, d.ByProblem[0])
	}
	for args, want := range map[string]string{
		"passk --samples 1": "--samples is 1", "passk --reward attnrl": `--reward is "attnrl"`, "passk --problems 2 --prompt x": "leave --problems out",
		"passk --problems 1000 --samples 1000": "must be at most",
	} {
		if code, _, stderr := call("", strings.Fields(args)...); code != 2 || !strings.Contains(stderr, want) {
			t.Errorf("%s: %d, %s", args, code, stderr)
		}
	}
	if code, _, stderr := call("", "passk", "--model", rambler(), "--task", "text", "--prompt", "a = ?", "--backend", "host"); code != 2 || !strings.Contains(stderr, "no right answers") {
		t.Errorf("%d, %s", code, stderr)
	}
}
