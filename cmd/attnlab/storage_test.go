package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"attnlab/gpu"
	"attnlab/model"
	"attnlab/testdata"
)

// Every command that runs a model forward opens it in the storage of --storage, and says in which.
func TestStorages(t *testing.T) {
	small := []string{"--model", "chain-tiny"}
	for name, args := range map[string][]string{
		"eval":       {"--problems", "4"},
		"trace":      {"--seed", "7"},
		"heads":      {"--problems", "20"},
		"disrupt":    {"--problems", "20", "--pick", "random"},
		"importance": {"--problems", "2", "--samples", "2"},
		"passk":      {"--problems", "2", "--samples", "2"},
		"inside":     {"--seed", "7", "--ablate", "0.1", "--problems", "2"},
		"tree":       {"--seed", "3", "--initial", "2", "--points", "1"},
		"logits":     {"--tokens", "1,2,3"},
	} {
		args = append(append([]string{name}, args...), small...)
		for asked, want := range map[string]string{"": "f32", "auto": "f32", "bf16": "bf16", "q8": "q8", "q4": "q4"} {
			var got openedAs
			given := args
			if asked != "" {
				given = append(args, "--storage", asked)
			}
			document(t, &got, "", given...)
			if got.Storage != want || got.Adapter != "" {
				t.Errorf("%s --storage %s: opened as %+v, want %s", name, asked, got, want)
			}
		}
	}
	var answers openedAs
	document(t, &answers, "", append(small, "disrupt", "--problems", "20", "--measure", "answer", "--storage", "f16")...)
	if answers.Storage != "f16" {
		t.Errorf("disrupt --measure answer: opened as %+v", answers)
	}
}

// A small model with adapters of PEFT's form is opened with them merged in, and what would round them away is refused.
func TestAdapters(t *testing.T) {
	base, adapters := filepath.Join(t.TempDir(), "base"), filepath.Join(t.TempDir(), "adapters")
	copyFS(t, base, "golden/llama-gqa")
	copyFS(t, adapters, "lora/all")
	args := []string{"logits", "--tokens", "1,2,3", "--model", base}
	var without, with logitsDocument
	document(t, &without, "", args...)
	document(t, &with, "", append(args, "--adapter", adapters)...)
	if with.Adapter != adapters || with.Storage != "f32" || with.Logits[2][5] == without.Logits[2][5] {
		t.Errorf("with adapters %+v, without %+v", with, without)
	}
	for _, test := range []struct {
		args string
		code int
		says string
	}{
		{"--storage q8 --adapter " + adapters, 2, "adapters cannot be merged into weights in Q8, which would round them away; choose --storage f32, bf16 or f16"},
		{"--adapter " + base, 1, "adapter_model.safetensors is missing"},
		{"--adapter " + filepath.Join(adapters, "none"), 1, "adapter_model.safetensors is missing"},
		{"--storage q2", 2, `there is no storage "q2"; choose auto, f32, bf16, f16, q8 or q4`},
	} {
		code, _, stderr := call("", append(args, append(strings.Fields(test.args), "--backend", "host")...)...)
		if code != test.code || !strings.Contains(stderr, test.says) || strings.Count(strings.TrimSpace(stderr), "\n") > 0 {
			t.Errorf("%s: exit status %d, %q, want %d and %q", test.args, code, stderr, test.code, test.says)
		}
	}
	if code, _, stderr := call("", "logits", "--tokens", "1,2", "--model", "chain-tiny", "--adapter", adapters, "--backend", "host"); code != 1 || !strings.Contains(stderr, "--adapter "+adapters) {
		t.Errorf("adapters of another model: exit status %d, %s", code, stderr)
	}
}

func copyFS(t *testing.T, to, from string) {
	t.Helper()
	files, err := fs.Sub(testdata.FS, from)
	if err == nil {
		err = os.CopyFS(to, files)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// As many sequences are sampled at once as their cache allows. The caches of a preset have what they always had.
func TestDecoderSize(t *testing.T) {
	preset, err := model.Preset("small", 58)
	if err != nil {
		t.Fatal(err)
	}
	real := model.Config{Layers: 30, KVHeads: 3, HeadDim: 64, MaxContext: 2048} // SmolLM2-135M
	binding := gpu.Limits{MaxBufferSize: 1 << 31, MaxStorageBufferBindingSize: 128 << 20}
	for _, test := range []struct {
		c        model.Config
		n, inUse int
		want     model.DecoderSize
	}{
		{preset, 500, 256, model.DecoderSize{Slots: 64, Rows: 2 * 64 * 256, Chunk: 16}},
		{preset, 1, 256, model.DecoderSize{Slots: 1, Rows: 2 * 256, Chunk: 16}},
		{preset, 1, 1, model.DecoderSize{Slots: 1, Rows: 2, Chunk: 16}},
		{real, 100, 600, model.DecoderSize{Slots: 19, Rows: 19 * 2 * 600, Chunk: 16}},
		{real, 100, 2048, model.DecoderSize{Slots: 5, Rows: 5 * 2 * 2048, Chunk: 16}},
		{real, 100, 20000, model.DecoderSize{Slots: 1, Rows: 23301, Chunk: 16}},
		{real, 100, 60000, model.DecoderSize{Slots: 1, Rows: 60000, Chunk: 16}},
	} {
		if got := decoderSize(test.c, binding, test.n, test.inUse); got != test.want {
			t.Errorf("%d sequences of %d tokens: %+v, want %+v", test.n, test.inUse, got, test.want)
		}
	}
}
