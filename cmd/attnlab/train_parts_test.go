package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"attnlab/model/hf"
	"attnlab/rl/runs"
)

// overRambler are flags of a short run of adapters over a model that writes free text.
func overRambler(args ...string) []string {
	return append([]string{"train", "--model", rambler(), "--task", "few-shot-chain", "--shots", "1", "--lora", "4", "--storage", "bf16",
		"--problems", "24", "--group", "4", "--max-length", "40", "--probe", "4", "--held-out", "0", "--eval", "0", "--backend", "host"}, args...)
}

// Adapters over a base that is opened in a storage train and resume to the bit. The run's folder has them in PEFT's form and no weights, and
// other commands take them over the base.
func TestTrainAdaptersInParts(t *testing.T) {
	whole, parts := filepath.Join(t.TempDir(), "whole"), filepath.Join(t.TempDir(), "parts")
	for _, args := range [][]string{
		overRambler("--method", "tlmre", "--reward-kl", "0.05", "--lora-on", "all", "--learning-rate", "0.01", "--steps", "3", "--out", whole),
		overRambler("--method", "tlmre", "--reward-kl", "0.05", "--lora-on", "all", "--learning-rate", "0.01", "--steps", "1", "--out", parts),
		{"train", "--resume", "--steps", "3", "--out", parts, "--backend", "host"},
	} {
		if code, _, stderr := call("", args...); code != 0 {
			t.Fatalf("attnlab %s: exit status %d, %s", strings.Join(args, " "), code, stderr)
		}
	}
	if a, b := metricsOf(t, whole), metricsOf(t, parts); len(a) != 3 || mustJSON(t, a) != mustJSON(t, b) {
		t.Errorf("in one go  %s\nin two goes %s", mustJSON(t, a), mustJSON(t, b))
	}
	var adapters [2]*hf.Adapters
	base, err := hf.OpenPath(rambler())
	if err != nil {
		t.Fatal(err)
	}
	defer base.Close()
	for i, dir := range []string{whole, parts} {
		if _, err := os.Stat(filepath.Join(dir, runs.WeightsFile)); err == nil {
			t.Errorf("%s has the base's weights", dir)
		}
		if adapters[i], err = hf.OpenAdapters(base.Config, os.DirFS(filepath.Join(dir, "adapter"))); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(adapters[0].Words, adapters[1].Words) || !adapters[0].All || adapters[0].Rank != 4 {
		t.Errorf("adapters %+v and %+v of the two differ", adapters[0].LoRA, adapters[1].LoRA)
	}
	if B := base.Config.Adapters(adapters[0].LoRA)[0].B; !slices.ContainsFunc(adapters[0].Words[B:][:64], func(v float32) bool { return v != 0 }) {
		t.Error("nothing was trained")
	}
	var settings struct{ Storage string }
	data, err := os.ReadFile(filepath.Join(whole, runs.RunFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &settings); err != nil || settings.Storage != "bf16" {
		t.Errorf("run.json records the storage %q, %v", settings.Storage, err)
	}
	var plain, adapted logitsDocument
	logits := []string{"logits", "--tokens", "5,6,7", "--model", rambler()}
	document(t, &plain, "", logits...)
	document(t, &adapted, "", append(logits, "--adapter", filepath.Join(whole, "adapter"))...)
	if mustJSON(t, plain.Logits) == mustJSON(t, adapted.Logits) {
		t.Error("the adapters change nothing")
	}
	for _, test := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"logits", "--tokens", "5", "--model", whole}, 1, `this folder has adapters of another model`},
		{overRambler("--method", "grpo", "--lora", "0", "--out", filepath.Join(t.TempDir(), "a")), 2, "give --lora a rank"},
		{overRambler("--method", "grpo", "--storage", "q2", "--out", filepath.Join(t.TempDir(), "a")), 2, `no storage "q2"`},
		{overRambler("--method", "grpo", "--lora", "6", "--out", filepath.Join(t.TempDir(), "a")), 2, "lora is 6"},
		{overRambler("--method", "grpo", "--lora-on", "mlp", "--out", filepath.Join(t.TempDir(), "a")), 2, "attention, all"},
		{[]string{"train", "--resume", "--steps", "4", "--out", parts, "--backend", "host", "--storage", "q8"}, 1, "begun with --storage bf16, not q8"},
		{[]string{"train", "--resume", "--steps", "4", "--out", parts, "--backend", "host", "--lora-on", "attention"}, 1, "begun with --lora-on all"},
	} {
		if code, _, stderr := call("", test.args...); code != test.code || !strings.Contains(stderr, test.says) {
			t.Errorf("attnlab %s: exit status %d, %q, want %d and %q", strings.Join(test.args, " "), code, stderr, test.code, test.says)
		}
	}
}

// merge writes the base with the run's adapters as a model that other commands open, with the logits of --adapter, and refuses a folder that
// has one.
func TestMerge(t *testing.T) {
	base, adapters, out := filepath.Join(t.TempDir(), "base"), filepath.Join(t.TempDir(), "adapters"), filepath.Join(t.TempDir(), "out")
	copyFS(t, base, "models/qwen3-bf16")
	copyFS(t, adapters, "lora/qwen3-bf16")
	var merged mergeDocument
	document(t, &merged, "", "merge", "--model", base, "--adapter", adapters, "--out", out)
	if merged.Out != out || merged.Rank != 8 || merged.Parameters == 0 {
		t.Errorf("%+v", merged)
	}
	var want, got logitsDocument
	document(t, &want, "", "logits", "--tokens", "5,6,7", "--model", base, "--adapter", adapters, "--storage", "f32")
	document(t, &got, "", "logits", "--tokens", "5,6,7", "--model", out)
	if mustJSON(t, got.Logits) != mustJSON(t, want.Logits) {
		t.Errorf("merged %v, with --adapter %v", got.Logits[2][:4], want.Logits[2][:4])
	}
	for _, test := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--model", base, "--adapter", adapters, "--out", out}, 1, "already"},
		{[]string{"--model", base, "--adapter", adapters}, 2, "--out is missing"},
		{[]string{"--model", base, "--adapter", base, "--out", filepath.Join(out, "b")}, 1, "adapter_model.safetensors is missing"},
		{[]string{"--model", rambler(), "--adapter", adapters, "--out", filepath.Join(out, "b")}, 1, "--adapter " + adapters},
	} {
		if code, _, stderr := call("", append([]string{"merge"}, test.args...)...); code != test.code || !strings.Contains(stderr, test.says) {
			t.Errorf("attnlab merge %s: exit status %d, %q, want %d and %q", strings.Join(test.args, " "), code, stderr, test.code, test.says)
		}
	}
}

// Own problems are divided by their content, so that a run trains on some and is measured on others; a list without a part is refused, and a
// changed one too.
func TestTrainOwnProblems(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mine.jsonl")
	write := func(n int) {
		var lines strings.Builder
		for i := range n {
			fmt.Fprintf(&lines, `{"prompt":"%c = %d ; %c = ?","answer":"%d"}`+"\n", 'a'+i%26, i%16, 'a'+i%26, 5+i%3)
		}
		if err := os.WriteFile(file, []byte(lines.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(100)
	dir := filepath.Join(t.TempDir(), "run")
	args := []string{"train", "--model", rambler(), "--task", "problems", "--problem-file", file, "--lora", "4", "--storage", "f16", "--max-length", "40",
		"--probe", "4", "--held-out", "4", "--eval", "8", "--backend", "host"}
	for _, method := range []string{"tlmre", "attnpo", "attnrl"} {
		out := dir + method
		with := append(slices.Clone(args), "--method", method, "--steps", "1", "--out", out)
		with = append(with, map[string][]string{"tlmre": {"--group", "4"}, "attnpo": {"--group", "4", "--focus-heads", "0.1"}, "attnrl": {"--problems", "4", "--valid", "40"}}[method]...)
		if code, _, stderr := call("", with...); code != 0 {
			t.Fatalf("attnlab %s: exit status %d, %s", strings.Join(with, " "), code, stderr)
		}
		if len(metricsOf(t, out)) != 1 {
			t.Errorf("%s: not one step", method)
		}
	}
	resume := []string{"train", "--resume", "--out", dir + "tlmre", "--steps", "2", "--backend", "host"}
	if code, _, stderr := call("", resume...); code != 0 {
		t.Errorf("resumed: %s", stderr)
	}
	// A run of the page has its problems in its folder.
	moved := dir + "tlmre"
	data, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(filepath.Join(moved, runs.ProblemsFile), data, 0o644)
	}
	about, err2 := os.ReadFile(filepath.Join(moved, runs.RunFile))
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	about = bytes.Replace(about, []byte(file), []byte(runs.ProblemsFile), 1)
	if err := os.WriteFile(filepath.Join(moved, runs.RunFile), about, 0o644); err != nil {
		t.Fatal(err)
	}
	resume[5] = "3"
	if code, _, stderr := call("", resume...); code != 0 {
		t.Errorf("resumed with the problems of the folder: %s", stderr)
	}
	if err := os.WriteFile(filepath.Join(moved, runs.RunFile), bytes.Replace(about, []byte(runs.ProblemsFile), []byte(file), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	write(99)
	resume[5] = "4"
	for _, test := range []struct {
		args []string
		code int
		says string
	}{
		{resume, 1, "the problems are not those that the run began with"},
		{append(slices.Clone(args), "--method", "sft", "--out", dir), 2, "task problems has none"},
		{[]string{"train", "--model", rambler(), "--task", "text", "--method", "grpo", "--out", dir, "--backend", "host"}, 2, "has no problems to train on"},
	} {
		if code, _, stderr := call("", test.args...); code != test.code || !strings.Contains(stderr, test.says) {
			t.Errorf("attnlab %s: exit status %d, %q, want %d and %q", strings.Join(test.args, " "), code, stderr, test.code, test.says)
		}
	}
	write(2)
	if code, _, stderr := call("", append(slices.Clone(args), "--method", "grpo", "--out", dir)...); code != 1 || !strings.Contains(stderr, "give some fifty problems") {
		t.Errorf("two problems: exit status %d, %s", code, stderr)
	}
}
