package main

import (
	"path/filepath"
	"strings"
	"testing"

	"attnlab/rl/runs"
)

// How activations are saved is recorded with a run, its last digits depend on it, and it cannot change when the run is resumed.
func TestActivations(t *testing.T) {
	var weights []string
	for _, storage := range []string{"f32", "f16"} {
		dir := filepath.Join(t.TempDir(), storage)
		args := []string{"pretrain", "--preset", "tiny", "--tokens", "256", "--backend", "host", "--out", dir}
		if code, _, stderr := call("", append(args, "--steps", "1", "--activations", storage)...); code != 0 {
			t.Fatal(stderr)
		}
		other := map[string]string{"f32": "f16", "f16": "f32"}[storage]
		if code, _, stderr := call("", append(args, "--resume", "--steps", "2", "--activations", other)...); code == 0 || !strings.Contains(stderr, "activations") {
			t.Errorf("resumed with %s: %d, %s", other, code, stderr)
		}
		if code, _, stderr := call("", append(args, "--resume", "--steps", "2")...); code != 0 {
			t.Fatal(stderr)
		}
		files := readFolder(t, dir)
		if text := string(files[runs.RunFile]); !strings.Contains(text, `"activations": "`+storage+`"`) {
			t.Errorf("with %s run.json is %s", storage, text)
		}
		weights = append(weights, string(files["model.safetensors"]))
	}
	if weights[0] == weights[1] || weights[0] == "" {
		t.Error("both give the same weights")
	}
	args := strings.Fields("train --method grpo --steps 1 --backend host --activations f16")
	if code, _, stderr := call("", append(args, "--lora", "4", "--out", filepath.Join(t.TempDir(), "run"))...); code == 0 || !strings.Contains(stderr, "lora 0") {
		t.Errorf("adapters: %d, %s", code, stderr)
	}
	if code, _, stderr := call("", "pretrain", "--activations", "q8", "--out", t.TempDir()); code == 0 || !strings.Contains(stderr, "f32, f16") {
		t.Errorf("q8: %d, %s", code, stderr)
	}
}
