//go:build !js

package hf

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A model of every kind with adapters merged in is written as its checkpoint would be, and opens again with the same values.
func TestExport(t *testing.T) {
	for _, name := range adaptedKinds {
		s, _, _ := openGolden(t, name)
		folder := os.DirFS("../../testdata/lora/" + name)
		adapters, err := OpenAdapters(s.Config, folder)
		if err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join(t.TempDir(), "merged")
		over := adapters.Over(s.Config, s)
		var last, of int64
		if err := Export(context.Background(), dir, s.Config, s.Tokenizer, over, func(done, all int64) { last, of = done, all }); err != nil {
			t.Fatal(err)
		}
		if last != of || of != 4*int64(s.Config.Count()) {
			t.Errorf("%s: progress ends at %d of %d", name, last, of)
		}
		got, err := Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		weights, err := s.Weights(context.Background(), nil)
		if err != nil {
			t.Fatal(err)
		}
		want := adapters.merged(s.Config, weights)
		nearly(t, name, got.Weights, want, 1e-6)
		if slices.Equal(got.Weights, weights) {
			t.Errorf("%s: the adapters changed nothing", name)
		}
		files, err := got.Files()
		if err != nil {
			t.Fatal(err)
		}
		for file, data := range files {
			if written, err := os.ReadFile(filepath.Join(dir, file)); err != nil || !slices.Equal(written, data) {
				t.Errorf("%s: %s is not what a checkpoint writes, %v", name, file, err)
			}
		}
		if err := Export(context.Background(), dir, s.Config, nil, over, nil); err == nil || !strings.Contains(err.Error(), "already") {
			t.Errorf("%s: over a model: %v", name, err)
		}
	}
}

// What is stopped, or fails, leaves no model.
func TestExportLeavesNothing(t *testing.T) {
	s, _, _ := openGolden(t, "qwen3-bf16")
	dir := t.TempDir()
	ctx, stop := context.WithCancel(context.Background())
	err := Export(ctx, dir, s.Config, nil, s, func(done, of int64) { stop() })
	if left, _ := os.ReadDir(dir); !errors.Is(err, context.Canceled) || len(left) > 0 {
		t.Errorf("%v, and there are %v", err, left)
	}
}
