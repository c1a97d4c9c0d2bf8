package main

import (
	"maps"
	"slices"
	"testing"

	"attnlab/model"
	"attnlab/model/hf"
	"attnlab/model/hf/tokenizer"
	"attnlab/rl/runs"
	"attnlab/rl/task"
)

// A7: package hf writes the files of a checkpoint and package runs recognises them; their lists of names are the same.
func TestCheckpointFilesAgree(t *testing.T) {
	if !slices.Equal(hf.CheckpointFiles, runs.CheckpointFiles) {
		t.Errorf("hf has %q, runs %q", hf.CheckpointFiles, runs.CheckpointFiles)
	}
	kind, err := task.New("chain", "", "")
	if err != nil {
		t.Fatal(err)
	}
	words, err := tokenizer.NewWords(kind.Vocabulary())
	if err != nil {
		t.Fatal(err)
	}
	config, err := model.Preset("tiny", len(kind.Vocabulary()))
	if err != nil {
		t.Fatal(err)
	}
	files, err := (&hf.Checkpoint{Config: config, Tokenizer: words, Weights: config.Init(1)}).Files()
	if err != nil {
		t.Fatal(err)
	}
	for name := range files {
		if !slices.Contains(runs.CheckpointFiles, name) {
			t.Errorf("runs does not know %s", name)
		}
	}
	for _, name := range runs.ModelFiles {
		if files[name] == nil {
			t.Errorf("hf writes no %s, only %q", name, slices.Sorted(maps.Keys(files)))
		}
	}
	some := maps.Clone(files)
	maps.DeleteFunc(some, func(name string, _ []byte) bool { return !slices.Contains(runs.ModelFiles, name) })
	if _, err := hf.LoadFiles(some); err != nil {
		t.Errorf("a model of %q alone: %v", runs.ModelFiles, err)
	}
}
