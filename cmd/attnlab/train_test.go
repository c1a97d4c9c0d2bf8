package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"attnlab/model/hf"
	"attnlab/rl"
	"attnlab/rl/runs"
	"attnlab/rl/score"
)

// shortly are flags of a training run that takes no time.
var shortly = []string{"--model", "", "--problems", "3", "--group", "4", "--probe", "12", "--difficulty", "2", "--eval", "0", "--backend", "host"}

func trainArgs(args ...string) []string {
	short := slices.Clone(shortly)
	short[1] = parrot
	return append(append([]string{"train"}, short...), args...)
}

// metricsOf reads a run's log without the keys that tell the time.
func metricsOf(t *testing.T, dir string) (lines []map[string]any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, runs.MetricsFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		has(t, line, "step", "method", "seed", "accuracy", "reward", "think_tokens", "redundant_steps", "essential_kept", "kl", "entropy",
			"clip_fraction", "gradient_norm", "groups.all_correct", "groups.all_wrong", "groups.valid", "generated_tokens", "trained_tokens", "seconds")
		for _, key := range []string{"seconds", "sampling_seconds", "learning_seconds", "tokens_per_second"} {
			delete(line, key)
		}
		lines = append(lines, line)
	}
	return lines
}

func TestTrainAndResume(t *testing.T) {
	whole, parts := filepath.Join(t.TempDir(), "whole"), filepath.Join(t.TempDir(), "parts")
	for _, args := range [][]string{
		trainArgs("--method", "grpo", "--steps", "3", "--out", whole, "--eval", "10", "--json"),
		trainArgs("--method", "grpo", "--steps", "2", "--out", parts),
		{"train", "--resume", "--steps", "3", "--out", parts, "--eval", "0", "--backend", "host"},
		{"train", "--resume", "--steps", "3", "--out", parts, "--eval", "4", "--backend", "host"}, // nothing left but to evaluate
	} {
		if code, _, stderr := call("", args...); code != 0 {
			t.Fatalf("attnlab %s: exit status %d, %s", strings.Join(args, " "), code, stderr)
		}
	}
	want, got := metricsOf(t, whole), metricsOf(t, parts)
	if len(want) != 3 || mustJSON(t, want) != mustJSON(t, got) {
		t.Errorf("in one go  %s\nin two goes %s", mustJSON(t, want), mustJSON(t, got))
	}
	a, err := hf.Load(whole)
	if err != nil {
		t.Fatal(err)
	}
	b, err := hf.Load(parts)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(a.Weights, b.Weights) || !slices.Equal(a.Train.V, b.Train.V) {
		t.Error("weights or moments of the two differ")
	}
	var followed [2]*runs.Followed // what each answered to one problem
	for i, dir := range []string{whole, parts} {
		data, err := os.ReadFile(filepath.Join(dir, runs.FollowedFile))
		if err != nil {
			t.Fatal(err)
		}
		if followed[i], err = runs.ReadFollowed(data); err != nil {
			t.Fatal(err)
		}
		for _, a := range followed[i].Answers {
			if len(a.Base) != len(a.Response) {
				t.Errorf("%s: the answer of step %d has %d tokens and %d log-probabilities of the base", dir, a.Step, len(a.Response), len(a.Base))
			}
		}
	}
	if n := len(followed[0].Answers); n != 4 || mustJSON(t, followed[0]) != mustJSON(t, followed[1]) {
		t.Errorf("in one go  %s\nin two goes %s", mustJSON(t, followed[0]), mustJSON(t, followed[1]))
	}
	data, err := os.ReadFile(filepath.Join(whole, runs.ResultFile))
	if err != nil {
		t.Fatal(err)
	}
	var result map[string]any
	if err := json.Unmarshal(data, &result); err != nil {
		t.Fatal(err)
	}
	has(t, result, "step", "method", "accuracy", "base.accuracy", "after.redundant_steps", "evaluation.by_difficulty")
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// The losses of --token-loss sum to the loss that the log has of the last step.
func TestTrainWritesTokenLosses(t *testing.T) {
	dir, file := t.TempDir(), filepath.Join(t.TempDir(), "losses.jsonl")
	if code, _, stderr := call("", trainArgs("--method", "grpo", "--kl", "0.1", "--entropy", "0.01", "--flat-groups", "keep", "--learning-rate", "1e-5", "--steps", "2", "--out", filepath.Join(dir, "run"), "--token-loss", file)...); code != 0 {
		t.Fatalf("exit status %d, %s", code, stderr)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	sum, updates := 0.0, 0
	for text := range strings.Lines(string(data)) {
		var l runs.TokenLosses
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		if l.Step != 2 || len(l.Tokens) == 0 || l.Prompt == "" || l.KL != 0.1 {
			t.Errorf("%s", text)
		}
		sum, updates = sum+l.Sum(), len(l.Updates)
	}
	last := metricsOf(t, filepath.Join(dir, "run"))[1]["loss"].(float64)
	if updates == 0 || last == 0 || math.Abs(sum/float64(updates)-last) > 1e-5 {
		t.Errorf("the tokens' losses sum to %g in %d updates, the log has %g", sum, updates, last)
	}
	if code, _, stderr := call("", "train", "--resume", "--steps", "2", "--out", filepath.Join(dir, "run"), "--backend", "host", "--token-loss", file); code != 1 || !strings.Contains(stderr, "no step was taken") {
		t.Errorf("without a step: exit status %d, %s", code, stderr)
	}
	if code, _, stderr := call("", trainArgs("--method", "grpo", "--out", filepath.Join(dir, "other"), "--token-loss", dir)...); code != 1 || !strings.Contains(stderr, "--token-loss") {
		t.Errorf("a folder as file: exit status %d, %s", code, stderr)
	}
}

func TestTrainKeepsTheBudget(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	var result map[string]any
	document(t, &result, "", trainArgs("--method", "tlmre", "--budget", "500", "--out", dir)...)
	lines := metricsOf(t, dir)
	last := lines[len(lines)-1]["generated_tokens"].(float64)
	if last < 500 || len(lines) < 2 || lines[len(lines)-2]["generated_tokens"].(float64) >= 500 || result["generated_tokens"] != last {
		t.Errorf("a budget of 500 tokens, generated %v after %d steps", last, len(lines))
	}
}

func TestTrainInterrupted(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { // Ctrl-C once there is a step to keep
		for ctx.Err() == nil {
			if data, err := os.ReadFile(filepath.Join(dir, runs.MetricsFile)); err == nil && bytes.Contains(data, []byte("\n")) {
				cancel()
			}
			time.Sleep(time.Millisecond)
		}
	}()
	var out, errs bytes.Buffer
	code := run(ctx, trainArgs("--method", "grpo", "--steps", "100000", "--out", dir), strings.NewReader(""), &out, &errs)
	if code != 1 || !strings.Contains(errs.String(), "--resume") {
		t.Fatalf("exit status %d, %s", code, errs.String())
	}
	done := len(metricsOf(t, dir))
	kept, err := hf.Load(dir)
	if err != nil || kept.Train == nil || kept.Train.Schedule != done {
		t.Fatalf("%d steps in the log, the checkpoint holds %+v, %v", done, kept.Train, err)
	}
	if code, _, stderr := call("", "train", "--resume", "--out", dir, "--steps", strconv.Itoa(done), "--eval", "0", "--backend", "host"); code != 0 {
		t.Errorf("resuming: %s", stderr)
	}
}

func TestTrainErrors(t *testing.T) {
	taken := t.TempDir()
	if err := os.WriteFile(filepath.Join(taken, runs.RunFile), []byte(`{"method":"grpo"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	fresh := filepath.Join(t.TempDir(), "run")
	for _, test := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"train", "--method", "grpo"}, 2, "--out"},
		{[]string{"train", "--out", fresh}, 2, "--method"},
		{[]string{"train", "--method", "ppo", "--out", fresh}, 2, "no method"},
		{[]string{"train", "--method", "grpo", "--kappa", "1", "--out", fresh}, 2, "does not take --kappa"},
		{[]string{"train", "--method", "grpo", "--group", "1", "--out", fresh}, 2, "--group cannot be"},
		{[]string{"train", "--method", "grpo", "--steps", "-1", "--out", fresh}, 2, "--steps"},
		{[]string{"train", "--resume", "--out", fresh}, 1, "no run"},
		{[]string{"train", "--method", "grpo", "--out", taken}, 1, "--resume"},
		{trainArgs("--method", "attnpo", "--focus-heads", "9.9", "--out", filepath.Join(taken, "a")), 1, "no head 9 in layer 9"},
		{trainArgs("--method", "attnpo", "--focus-heads", "top", "--out", filepath.Join(taken, "b")), 2, "layer.head"},
		{trainArgs("--method", "rearl", "--cut", "normal", "--out", filepath.Join(taken, "c")), 1, "reflection model"},
		{[]string{"reflect"}, 2, "--out"},
		{[]string{"tree", "--branch", "left"}, 2, "--branch cannot be"},
		{[]string{"tree", "--model", parrot, "--branch", "pivot"}, 2, "task chain knows no pivot"},
		{[]string{"train", "--model", parrot, "--backend", "host", "--eval", "0", "--method", "attnrl", "--branch", "pivot", "--out", filepath.Join(taken, "d")}, 2, "task chain knows no pivot"},
	} {
		code, stdout, stderr := call("", test.args...)
		if code != test.code || !strings.Contains(stderr, test.says) || stdout != "" {
			t.Errorf("attnlab %s: exit status %d, %q, want %d and %q", strings.Join(test.args, " "), code, stderr, test.code, test.says)
		}
	}
}

// Where the task knows the pivot, tree says which branch points lie in it and how many responses are branched there.
func TestTreeAtThePivot(t *testing.T) {
	for branch, want := range map[string]float64{"pivot": 1, "earliest": 0} {
		var d treeDocument
		document(t, &d, "", "tree", "--task", "relay", "--branch", branch, "--seed", "2", "--initial", "4", "--rollouts", "1")
		if d.PivotHit == nil || *d.PivotHit != want || len(d.BranchPoints) < 4 {
			t.Fatalf("%s: pivot_hit %v of %+v", branch, d.PivotHit, d.BranchPoints)
		}
		for _, p := range d.BranchPoints {
			if p.Pivot == nil || *p.Pivot != (want == 1) {
				t.Errorf("%s: %+v", branch, p)
			}
		}
		code, text, _ := call("", "tree", "--task", "relay", "--branch", branch, "--seed", "2", "--initial", "4", "--rollouts", "1", "--backend", "host")
		if line := fmt.Sprintf("\npivot_hit %.3f: ", want); code != 0 || !strings.Contains(text, line) {
			t.Errorf("%s: exit status %d, without %q:\n%s", branch, code, line, text)
		}
	}
	yes, no := true, false
	points := []rl.BranchPoint{{Tree: 0, Pivot: &no}, {Tree: 0, Pivot: &yes}, {Tree: 1, Pivot: &no}, {Tree: 2}}
	if got := pivotHit(points); got == nil || *got != 0.5 {
		t.Errorf("one response of two that have a pivot is branched in it, not %v", got)
	}
	if got := pivotHit(points[3:]); got != nil {
		t.Errorf("no pivot is known, and the share is %v", *got)
	}
}

func TestTree(t *testing.T) {
	for _, branch := range score.BranchNames() {
		if branch == score.PivotBranch.Name { // chain has none
			continue
		}
		var d treeDocument
		document(t, &d, "", "tree", "--model", parrot, "--branch", branch, "--seed", "5")
		if len(d.Nodes) < 10 || d.PivotHit != nil || d.Root.Leaves < 7 || len(d.BranchPoints) == 0 || d.Nodes[0].Parent != -1 {
			t.Fatalf("%s: %+v", branch, d)
		}
		leaves := 0
		for _, n := range d.Nodes[1:] {
			parent := d.Nodes[n.Parent]
			advantage := (n.Value - d.Root.Value + n.Value - parent.Value) / math.Sqrt(float64(n.Leaves))
			if !n.Trained {
				advantage = 0
			}
			if math.Abs(n.Advantage-advantage) > 1e-12 || n.Start != parent.End || n.Text == "" {
				t.Errorf("%s: node %+v below %+v", branch, n, parent)
			}
			if n.Reward != nil {
				leaves++
			}
		}
		if leaves != d.Root.Leaves {
			t.Errorf("%s: %d leaves, the root says %d", branch, leaves, d.Root.Leaves)
		}
		// What tree prints, credit reads.
		var credit map[string]any
		document(t, &credit, mustJSON(t, map[string]any{"tree": map[string]any{"nodes": d.Nodes}}), "credit", "--method", "attnrl", "--group", "-")
		for i, a := range credit["node_advantages"].([]any) {
			if math.Abs(a.(float64)-d.Nodes[i].Advantage) > 1e-12 {
				t.Errorf("%s: credit gives node %d %v, tree %v", branch, i, a, d.Nodes[i].Advantage)
			}
		}
	}
}

func TestReflect(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "reflection")
	var trained, checked map[string]any
	document(t, &trained, "", "reflect", "--preset", "tiny", "--steps", "2", "--tokens", "400", "--problems", "20", "--difficulty", "2", "--out", dir)
	document(t, &checked, "", "reflect", "--check", dir, "--problems", "20", "--difficulty", "2")
	has(t, trained, "traces", "steps", "accuracy", "results", "auc")
	if mustJSON(t, trained) != mustJSON(t, checked) {
		t.Errorf("trained %v, checked %v", trained, checked)
	}
	var result map[string]any
	document(t, &result, "", trainArgs("--method", "rearl", "--cut", "weak", "--reflection", dir, "--steps", "1", "--out", filepath.Join(t.TempDir(), "run"))...)
	has(t, result, "step", "base.density")
	shipped := append(trainArgs("--method", "rearl", "--cut", "normal", "--steps", "1", "--out", filepath.Join(t.TempDir(), "shipped")), "--model", "chain-small-recompute", "--teacher", "recompute")
	document(t, &result, "", shipped...) // that base has a reflection model with it
}
