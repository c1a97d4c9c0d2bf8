//go:build !js

package hf

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = string(data)
	}
	return files
}

func TestSaveLoad(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	want := checkpoint(t)
	if err := want.Save(dir); err != nil {
		t.Fatal(err)
	}
	got, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, got, want)
	names := slices.Sorted(maps.Keys(snapshot(t, dir)))
	if all := slices.Sorted(slices.Values(CheckpointFiles)); !slices.Equal(names, all) {
		t.Errorf("the folder has %v, want %v", names, all)
	}

	// A plain model over it takes the old training state away, and nothing else.
	if err := os.WriteFile(filepath.Join(dir, "metrics.jsonl"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	want.Train, want.Tokenizer, want.Weights = nil, nil, want.Config.Init(9)
	if err := want.Save(dir); err != nil {
		t.Fatal(err)
	}
	if got, err = Load(dir); err != nil {
		t.Fatal(err)
	}
	equal(t, got, want)
	names = slices.Sorted(maps.Keys(snapshot(t, dir)))
	if plain := []string{"config.json", "metrics.jsonl", "model.safetensors"}; !slices.Equal(names, plain) {
		t.Errorf("the folder has %v, want %v", names, plain)
	}
}

func TestSaveRefuses(t *testing.T) {
	dir := t.TempDir()
	if err := checkpoint(t).Save(dir); err != nil {
		t.Fatal(err)
	}
	before := snapshot(t, dir)
	for name, edit := range map[string]func(c *Checkpoint){
		"NaN":        func(c *Checkpoint) { c.Weights[3] /= 0 * c.Weights[3] },
		"moments":    func(c *Checkpoint) { c.Train.V[0] = c.Train.V[0] / 0 * 0 },
		"vocabulary": func(c *Checkpoint) { c.Config.VocabSize = c.Tokenizer.Len() - 1 },
		"config":     func(c *Checkpoint) { c.Config.MaxContext = 0 },
		"method":     func(c *Checkpoint) { c.Train.Method = json.RawMessage("{") },
	} {
		c := checkpoint(t)
		edit(c)
		if err := c.Save(dir); err == nil {
			t.Errorf("%s: saved", name)
		}
		if after := snapshot(t, dir); !maps.Equal(after, before) {
			t.Errorf("%s: the failed save changed the folder", name)
		}
	}

	// Something in the way of the last file, so that the first must not be replaced.
	blocked := t.TempDir()
	if err := os.Mkdir(filepath.Join(blocked, "training.json"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := checkpoint(t).Save(blocked); err == nil || !strings.Contains(err.Error(), "in the way") {
		t.Errorf("a folder in the way: %v", err)
	}
	if entries, _ := os.ReadDir(blocked); len(entries) != 1 {
		t.Errorf("a failed save left %v", entries)
	}
}

func TestLoadNamesTheFolder(t *testing.T) {
	if _, err := Load(filepath.Join(t.TempDir(), "nowhere")); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("no folder: %v", err)
	}
}

func TestOpenPath(t *testing.T) {
	dir := t.TempDir()
	_, files := plain(t)
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s, err := OpenPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Weights(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := s.Weights(t.Context(), nil); err == nil {
		t.Error("a closed folder was read")
	}

	other := t.TempDir()
	file := filepath.Join(other, "model.gguf")
	if err := os.WriteFile(file, testFile(t, "llama-q4_1.gguf"), 0o644); err != nil {
		t.Fatal(err)
	}
	if s, err = OpenPath(file); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Weights(t.Context(), nil); err != nil {
		t.Error(err)
	}
	for path, want := range map[string]string{
		other:                           "but there is model.gguf; open that file",
		filepath.Join(dir, configFile):  "not a valid GGUF file",
		filepath.Join(other, "nowhere"): "nowhere",
	} {
		if _, err := OpenPath(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want an error about %q", path, err, want)
		}
	}
}
