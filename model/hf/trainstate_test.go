package hf

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"attnlab/model/hf/safetensors"
)

// version1 are the files that attnlab wrote before the state became one file.
func version1(t *testing.T, c *Checkpoint) map[string][]byte {
	t.Helper()
	plain := *c
	plain.Train = nil
	files, err := plain.Files()
	if err != nil {
		t.Fatal(err)
	}
	moments := append(arrays(c.Config, "m.", c.Train.M), arrays(c.Config, "v.", c.Train.V)...)
	if files[StateFile], err = pack(map[string]string{"format": trainFormat}, moments); err != nil {
		t.Fatal(err)
	}
	if files[trainFile], err = indent(trainJSON{trainFormat, 1, checksum(files[weightsFile]), checksum(files[StateFile]), c.Train}); err != nil {
		t.Fatal(err)
	}
	return files
}

// The state of a run is one file, whatever the other files are: a save that was stopped between two files resumes from one
// save or the other.
func TestStateIsOneFile(t *testing.T) {
	old, next := checkpoint(t), checkpoint(t)
	next.Weights, next.Train.Step, next.Train.Schedule = next.Config.Init(7), 4, 4
	oldFiles, err := old.Files()
	if err != nil {
		t.Fatal(err)
	}
	nextFiles, err := next.Files()
	if err != nil {
		t.Fatal(err)
	}
	for mask := range 1 << len(CheckpointFiles) {
		mixed, want := maps.Clone(oldFiles), old
		for i, name := range CheckpointFiles {
			if mask>>i&1 == 0 {
				continue
			}
			if data, ok := nextFiles[name]; ok {
				mixed[name] = data
			}
			if name == StateFile {
				want = next
			}
		}
		got, err := LoadState(mixed)
		if err != nil {
			t.Fatalf("files %b: %v", mask, err)
		}
		equal(t, got, want)
	}
	mixed := maps.Clone(oldFiles)
	mixed[weightsFile] = nextFiles[weightsFile]
	model, err := LoadFiles(mixed)
	if err != nil || model.Train != nil || model.WeightsSum() != next.WeightsSum() {
		t.Errorf("a model beside another state: %v", err)
	}
	alone, err := LoadState(map[string][]byte{StateFile: oldFiles[StateFile], tokenizerFile: []byte("{")})
	if err != nil || alone.WeightsSum() != old.WeightsSum() || alone.Tokenizer != nil {
		t.Errorf("the state alone: %v", err)
	}
}

func TestStateOfVersion1(t *testing.T) {
	want := checkpoint(t)
	files := version1(t, want)
	got, err := LoadState(files)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, got, want)
	if got, err = LoadFiles(files); err != nil {
		t.Fatal(err)
	}
	equal(t, got, want)
	other := checkpoint(t)
	other.Weights[0]++
	otherFiles := version1(t, other)
	for name, test := range map[string]struct {
		edit func(f map[string][]byte)
		want string
	}{
		"other weights":    {func(f map[string][]byte) { f[weightsFile] = otherFiles[weightsFile] }, "other weights than those in model.safetensors"},
		"other moments":    {func(f map[string][]byte) { f[StateFile][len(f[StateFile])-1] ^= 1 }, "other moments"},
		"no training.json": {func(f map[string][]byte) { delete(f, trainFile) }, "training.json is missing"},
		"no moments":       {func(f map[string][]byte) { delete(f, StateFile) }, "training.safetensors is missing"},
		"null":             {func(f map[string][]byte) { f[trainFile] = []byte("null") }, "version 0"},
		"a later version": {func(f map[string][]byte) {
			f[trainFile] = []byte(strings.Replace(string(f[trainFile]), `"version": 1`, `"version": 9`, 1))
		}, "version 9"},
		"a negative step": {func(f map[string][]byte) {
			f[trainFile] = []byte(strings.Replace(string(f[trainFile]), `"step": 3`, `"step": -3`, 1))
		}, "negative"},
	} {
		files := version1(t, want)
		test.edit(files)
		if c, err := LoadState(files); err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "model can still be used") || c != nil {
			t.Errorf("%s: error %v, want one about %q", name, err, test.want)
		}
		if c, err := LoadFiles(files); err != nil || c.Train != nil {
			t.Errorf("%s: the model: %v, with state %v", name, err, c.Train != nil)
		}
	}
	if _, err := LoadState(map[string][]byte{}); !errors.Is(err, ErrNoState) {
		t.Errorf("no state: %v", err)
	}
}

func TestStateRefuses(t *testing.T) {
	files, err := checkpoint(t).Files()
	if err != nil {
		t.Fatal(err)
	}
	whole, err := safetensors.Read(files[StateFile])
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		key, value, want string
	}{
		"version":  {"version", "3", "version \"3\""},
		"config":   {"config", "{", "config"},
		"training": {"training", "{", "training"},
		"count":    {"training", `{"step":-1}`, "negative"},
	} {
		changed := maps.Clone(whole.Metadata)
		changed[test.key] = test.value
		data, err := pack(changed, whole.Arrays)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := LoadState(map[string][]byte{StateFile: data}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
	if _, err := LoadState(map[string][]byte{StateFile: files[StateFile][:100]}); err == nil {
		t.Error("a file cut short was read")
	}
}
