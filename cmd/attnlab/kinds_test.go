package main

import (
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
	"attnlab/testdata"
)

// smallModels writes the models of testdata/models into a folder, with a tokenizer where they have none, and returns their paths.
func smallModels(t *testing.T) (paths []string) {
	t.Helper()
	dir := t.TempDir()
	tokenizer, err := os.ReadFile(filepath.Join(rambler(), "tokenizer.json")) // has fewer tokens than the vocabularies
	if err != nil {
		t.Fatal(err)
	}
	entries, err := fs.ReadDir(testdata.FS, "models")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch {
		case e.IsDir():
			copyFS(t, path, "models/"+e.Name())
			err = os.WriteFile(filepath.Join(path, "tokenizer.json"), tokenizer, 0o644)
		case strings.HasSuffix(path, ".gguf") && e.Name() != "quants.gguf": // which holds blocks and no model
			var data []byte
			if data, err = fs.ReadFile(testdata.FS, "models/"+e.Name()); err == nil {
				err = os.WriteFile(path, data, 0o644)
			}
		default:
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

// eval and trace run on a small model of every supported kind, from a folder and from a GGUF file, on both backends with the same result.
func TestEveryKindOfModel(t *testing.T) {
	paths := smallModels(t)
	if len(paths) != 11 {
		t.Errorf("%d models", len(paths))
	}
	problems := filepath.Join(t.TempDir(), "problems.jsonl")
	if err := os.WriteFile(problems, []byte(`{"prompt":"a = 4 ; b = a + 3 ; b = ?","answer":"7"}`+"\n"+`{"prompt":"c = ?","answer":"5"}`+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			trace := []string{"trace", "--model", path, "--task", "text", "--prompt", "a = 4 ; b = a + 3 ; b = ?", "--greedy", "--max-length", "24", "--delta", "1"}
			eval := []string{"eval", "--model", path, "--task", "problems", "--problem-file", problems, "--max-length", "24", "--temperature", "0"}
			var traces [2]traceDocument
			var evals [2]evaluation
			document(t, &traces[0], "", trace...)
			document(t, &evals[0], "", eval...)
			if got := traces[0]; len(got.Tokens) <= got.PromptLength || got.Storage == "" || got.Prompt == "" || evals[0].Problems != 2 || evals[0].Storage != got.Storage {
				t.Errorf("%+v\n%+v", got, evals[0])
			}
			gputest.Adapter(t)
			documentOn(t, gpu.WebGPU, &traces[1], "", trace...)
			documentOn(t, gpu.WebGPU, &evals[1], "", eval...)
			if len(evals[1].Labels) != len(evals[0].Labels) || evals[1].Problems != 2 || evals[1].Storage != evals[0].Storage {
				t.Errorf("on the adapter %+v", evals[1])
			}
			host, other := traces[0], traces[1]
			for i := range min(len(host.Tokens), len(other.Tokens)) {
				if d := math.Abs(float64(host.LogProbs[i] - other.LogProbs[i])); !(d < 1e-3) {
					t.Fatalf("the log-probability of token %d differs by %g, after %q and %q", i, d, host.Response, other.Response)
				}
				if host.Tokens[i] != other.Tokens[i] { // two tokens that are equally likely
					break
				}
			}
		})
	}
}
