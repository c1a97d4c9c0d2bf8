package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"attnlab/model/hf"
	"attnlab/rl/runs"
)

func TestHandover(t *testing.T) {
	out := filepath.Join(t.TempDir(), "project")
	var d handoverDocument
	document(t, &d, "", "handover", "--to", "trl", "--method", "attnpo", "--model", parrot, "--problems", "4", "--steps", "3", "--focus-heads", "0.1", "--out", out)
	if d.Model != "model" || d.Problems != "chain" || len(d.Files) == 0 {
		t.Errorf("%+v", d)
	}
	for _, name := range d.Files {
		if _, err := os.Stat(filepath.Join(out, name)); err != nil {
			t.Error(err)
		}
	}
	if _, err := hf.Load(filepath.Join(out, "model")); err != nil {
		t.Error(err)
	}
	var s struct {
		Heads [][2]int
		TRL   map[string]any
	}
	data, err := os.ReadFile(filepath.Join(out, "settings.json"))
	if err == nil {
		err = json.Unmarshal(data, &s)
	}
	if err != nil || len(s.Heads) != 1 || s.Heads[0] != [2]int{0, 1} || s.TRL["num_generations"] != 8.0 {
		t.Errorf("settings.json has %+v, %v", s, err)
	}
	lines, err := os.ReadFile(filepath.Join(out, "problems", "train.jsonl"))
	if n := strings.Count(string(lines), "\n"); err != nil || n != 12 {
		t.Errorf("%d problems, want 4 for each of 3 steps; %v", n, err)
	}
}

// A run is handed over with its own settings and the model that it began from; own problems go with a model of the hub by its name.
func TestHandoverOfRunAndHubModel(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	if code, _, stderr := call("", "train", "--method", "tlmre", "--alpha", "0.3", "--seed", "7", "--model", parrot, "--problems", "2", "--group", "2", "--minibatches", "1", "--steps", "1",
		"--probe", "4", "--eval", "0", "--held-out", "0", "--out", dir); code != 0 {
		t.Fatal(stderr)
	}
	var d handoverDocument
	out := filepath.Join(t.TempDir(), "project")
	document(t, &d, "", "handover", "--to", "trl", "--run", dir, "--out", out)
	var s struct {
		Method string
		Seed   int
		Hyper  map[string]any
	}
	data, err := os.ReadFile(filepath.Join(out, "settings.json"))
	if err == nil {
		err = json.Unmarshal(data, &s)
	}
	if err != nil || s.Method != "tlmre" || s.Seed != 7 || s.Hyper["alpha"] != 0.3 {
		t.Errorf("settings.json has %+v, %v", s, err)
	}

	file := filepath.Join(t.TempDir(), "mine.jsonl")
	var own strings.Builder
	for i := range 100 {
		fmt.Fprintf(&own, `{"prompt":"What is %d + 1?","answer":"%d"}`+"\n", i, i+1)
	}
	if err := os.WriteFile(file, []byte(own.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	hub := []string{"handover", "--to", "trl", "--hf-model", "owner/name", "--task", "problems", "--problem-file", file}
	document(t, &d, "", append(hub, "--method", "grpo", "--out", filepath.Join(t.TempDir(), "hub"))...)
	if d.Model != "owner/name" || d.Problems != "problems" {
		t.Errorf("%+v", d)
	}
	missing := filepath.Join(t.TempDir(), "other")
	for _, test := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"handover", "--to", "trl", "--method", "grpo"}, 2, "--out is missing"},
		{[]string{"handover", "--method", "grpo", "--out", missing}, 2, "--to is"},
		{[]string{"handover", "--to", "trl", "--out", missing}, 2, "either --run DIR or --method M"},
		{[]string{"handover", "--to", "trl", "--run", dir, "--alpha", "0.1", "--out", missing}, 2, "has its own --alpha"},
		{[]string{"handover", "--to", "trl", "--run", dir, "--model", parrot, "--out", missing}, 2, "has its own --model"},
		{[]string{"handover", "--to", "trl", "--run", dir, "--system", "Be brief.", "--out", missing}, 2, "has its own --system"},
		{[]string{"handover", "--to", "trl", "--run", dir, "--out", out}, 1, "give a new folder"},
		{[]string{"handover", "--to", "trl", "--method", "grpo", "--alpha", "0.1", "--out", missing}, 2, "does not take --alpha"},
		{[]string{"handover", "--to", "trl", "--method", "treerl", "--model", parrot, "--out", missing}, 2, "cannot be handed over to trl"},
		{[]string{"handover", "--to", "trl", "--method", "attnpo", "--model", parrot, "--focus-heads", "9.0", "--out", missing}, 1, "no head 0 in layer 9"},
		{[]string{"handover", "--to", "trl", "--method", "grpo", "--hf-model", "owner/name", "--out", missing}, 2, "choose task problems"},
		{[]string{"handover", "--to", "trl", "--method", "grpo", "--model", parrot, "--steps", "-1", "--out", missing}, 2, "--steps is -1"},
		{[]string{"handover", "--to", "trl", "--method", "grpo", "--model", parrot, "--steps", "9223372036854775807", "--out", missing}, 2, "it must be at most 15625"},
		{append(hub, "--method", "attnpo", "--out", missing), 2, "name the heads"},
		{[]string{"handover", "--to", "trl", "--method", "grpo", "--task", "problems", "--hf-model", "owner/name", "--out", missing}, 2, "needs --problem-file"},
		{[]string{"handover", "--to", "trl", "--method", "grpo", "--task", "countdown", "--model", parrot, "--out", missing}, 1, "does not have the tokens of task countdown"},
		{[]string{"handover", "--to", "trl", "--method", "grpo", "--task", "nosuch", "--hf-model", "owner/name", "--out", missing}, 2, "unknown task \"nosuch\""},
		{[]string{"handover", "--to", "trl", "--method", "grpo", "--task", "nosuch", "--model", parrot, "--out", missing}, 2, "unknown task \"nosuch\""},
		{[]string{"handover", "--to", "trl", "--method", "grpo", "--focus-heads", "0.1", "--model", parrot, "--out", missing}, 2, "grpo has none"},
		{append(hub, "--method", "attnpo", "--focus-heads=-1.0", "--out", missing), 2, "attnlab: --focus-heads is \"-1.0\""},
	} {
		if code, _, stderr := call("", test.args...); code != test.code || !strings.Contains(stderr, test.says) {
			t.Errorf("attnlab %s: exit status %d, %q, want %d and %q", strings.Join(test.args, " "), code, stderr, test.code, test.says)
		}
		if _, err := os.Stat(missing); err == nil {
			t.Fatalf("attnlab %s left files behind", strings.Join(test.args, " "))
		}
	}
}

// Only an owner and a name at Hugging Face are a model that the project can load itself.
func TestHandoverHubNames(t *testing.T) {
	out := filepath.Join(t.TempDir(), "project")
	for _, name := range []string{"noslash", "../../etc", "a b/c", "hf:Qwen/Qwen3", "Qwen/Qwen3@main", "Qwen/Qwen3/q.gguf", "Qwen/", " Qwen/Qwen3"} {
		code, _, stderr := call("", "handover", "--to", "trl", "--method", "grpo", "--task", "problems", "--hf-model", name, "--out", out)
		if code != 2 || !strings.Contains(stderr, fmt.Sprintf("--hf-model is %q; give owner/name", name)) {
			t.Errorf("%q: exit status %d, %q", name, code, stderr)
		}
	}
}

// A run of a method that this version does not know cannot be handed over.
func TestHandoverUnknownRun(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	writeRun(t, dir, runs.Settings{Method: "later", Seed: 1, Model: "base"}, 0.5, 20, 1)
	code, _, stderr := call("", "handover", "--to", "trl", "--run", dir, "--out", filepath.Join(t.TempDir(), "project"))
	if code != 1 || !strings.Contains(stderr, dir+" cannot be handed over: ") || !strings.Contains(stderr, "later") {
		t.Errorf("exit status %d, %q", code, stderr)
	}
}

// The log of another trainer stands in the table with a note; of an unknown method it is called by its file.
func TestCompareForeign(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	history := `{"log_history": [{"step": 2, "rewards/correct/mean": 0.5, "think_tokens": 70}, {"step": 4, "rewards/correct/mean": 0.75, "think_tokens": 60}]`
	unknown := write("verl.jsonl", "{\"step\":1,\"data\":{\"critic/score/mean\":0.5}}\n")
	known := write("trainer_state.json", history+`, "attnlab": {"method": "tlmre", "task": "chain", "seed": 3, "hyper": {"alpha": 0.3}}}`)
	var v struct {
		Runs []struct {
			Method   string
			Accuracy *float64
			Updates  struct{ Mean *float64 }
		}
		Notes []string
	}
	document(t, &v, "", "compare", "--runs", known, unknown)
	if len(v.Runs) != 2 || v.Runs[1].Method == "" || len(v.Notes) < 2 || !strings.Contains(strings.Join(v.Notes, "; "), "Unknown") {
		t.Fatalf("%+v", v)
	}
	for _, r := range v.Runs {
		if r.Method == unknown && (r.Accuracy != nil || r.Updates.Mean != nil) {
			t.Errorf("numbers that the log does not have: %+v", r)
		}
		if r.Method != unknown && (r.Accuracy == nil || *r.Accuracy != 0.625) {
			t.Errorf("%+v", r)
		}
	}
	other := write("other.jsonl", "{\"step\":1,\"data\":{\"critic/score/mean\":0.25}}\n")
	for _, log := range []string{known, unknown} {
		code, _, stderr := call("", "compare", "--paired", other, "--runs", other, log)
		if code != 1 || !strings.Contains(stderr, "is a log of another trainer") || !strings.Contains(stderr, "nothing pairs them") || strings.Count(stderr, "\n") != 1 {
			t.Errorf("--paired with a log: exit status %d, %q", code, stderr)
		}
	}
	if _, text, _ := call("", "compare", "--runs", unknown); !strings.HasPrefix(text, "Means over seeds ± standard deviation. The base: first step.\n") {
		t.Errorf("a table of what is unknown begins with %.120q", text)
	}
	if _, text, _ := call("", "compare", "--runs", unknown, known); !strings.HasPrefix(text, "Task chain, means") || !strings.Contains(text, "first step, seeds 3.") || strings.Contains(text, "seeds 0") || strings.Contains(text, " 0 problems") {
		t.Errorf("a table of which a row is unknown begins with %.160q", text)
	}
	if _, text, _ := call("", "compare", "--runs", unknown, other); !strings.HasPrefix(text, "Means over seeds ± standard deviation. The base of a: first step. The base of b: first step.\n") {
		t.Errorf("a table of two that are unknown begins with %.160q", text)
	}
	for _, twice := range []string{known, unknown} {
		if code, _, stderr := call("", "compare", "--runs", twice, twice); code != 1 || !strings.Contains(stderr, twice+" and "+twice+" are the same") || strings.Count(stderr, "\n") != 1 {
			t.Errorf("a log twice: exit status %d, %q", code, stderr)
		}
	}
	if code, _, stderr := call("", "compare", "--runs", dir); code != 1 || !strings.HasSuffix(stderr, "give "+known+"\n") {
		t.Errorf("the folder of a log: exit status %d, %q", code, stderr)
	}
	shipped := filepath.Join(dir, "shipped")
	for _, log := range []string{known, unknown} {
		code, _, stderr := call("", "compare", "--runs", log, "--ship", shipped)
		if _, err := os.Stat(shipped); code != 1 || !strings.Contains(stderr, log+" is a log of another trainer") || strings.Count(stderr, "\n") != 1 || err == nil {
			t.Errorf("--ship of a log: exit status %d, %q, folder %v", code, stderr, err)
		}
	}
	for path, says := range map[string]string{write("cut.json", history): "cannot be read", write("trace.json", "{}"): "no log of TRL"} {
		if code, _, stderr := call("", "compare", "--runs", path); code != 1 || !strings.Contains(stderr, says) {
			t.Errorf("exit status %d, %q, want %q", code, stderr, says)
		}
	}
}
