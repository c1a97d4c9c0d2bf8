package main

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"attnlab/rl/rltest"
	"attnlab/rl/task"
)

// rambler is a folder with [rltest.Rambler], in a process's temporary folder.
var rambler = sync.OnceValue(func() string {
	dir, err := os.MkdirTemp(filepath.Dir(parrot), "rambler-*")
	if err == nil {
		err = rltest.Rambler().Save(dir)
	}
	if err != nil {
		panic(err)
	}
	return dir
})

func TestEvalText(t *testing.T) {
	var got evaluation
	document(t, &got, "", "eval", "--model", rambler(), "--task", "few-shot-chain", "--shots", "1", "--problems", "40", "--seed", "1")
	if got.Task != "few-shot-chain" || got.Problems != 40 || got.Labels[task.Malformed] == 0 || got.Labels[task.Unlabelled] != 0 {
		t.Errorf("%+v", got)
	}
	if m := got.Measured; m.Difficulty != "2-4" || m.Wording != "sentence, plain, 1 examples" || m.Teacher != "" {
		t.Errorf("measured %+v", m)
	}

	file := filepath.Join(t.TempDir(), "mine.jsonl")
	lines := `{"prompt":"a = ?","answer":"5","difficulty":1}` + "\n" + `{"prompt":"b = ?","answer":"6","difficulty":2}` + "\n"
	if err := os.WriteFile(file, []byte(lines), 0o644); err != nil {
		t.Fatal(err)
	}
	dump := filepath.Join(t.TempDir(), "dump.jsonl")
	document(t, &got, "", "eval", "--model", rambler(), "--task", "problems", "--problem-file", file, "--dump", dump, "--max-length", "300")
	if got.Problems != 2 || got.Accuracy != 0.5 || len(got.ByDifficulty) != 2 || got.ThinkOverMinimum != 0 || !strings.Contains(got.Measured.Wording, "problems ") {
		t.Errorf("%+v", got)
	}
	if data, err := os.ReadFile(dump); err != nil || strings.Count(string(data), `"prompt":"a = ?\n"`) != 1 {
		t.Errorf("%s, %v", data, err)
	}
	if _, text, _ := call("", "eval", "--model", rambler(), "--task", "problems", "--problem-file", file, "--backend", "host"); strings.Contains(text, "minimum") || !strings.Contains(text, "unlabelled") {
		t.Errorf("eval of problems prints\n%s", text)
	}
}

func TestTraceText(t *testing.T) {
	var got traceDocument
	document(t, &got, "", "trace", "--model", rambler(), "--task", "text", "--prompt", "a = ?", "--disrupt", "--layers", "1", "--step-rule", "line", "--delta", "1", "--seed", "2")
	K := len(got.Steps)
	if K == 0 || len(got.AnswerLoss) != K || got.Prompt != "a = ?\n" || got.Gold != "" || got.Correct || got.Found != "05" || got.Layers == nil || *got.Layers != (task.Range{Min: 1, Max: 1}) {
		t.Fatalf("%+v", got)
	}
	for k, s := range got.Steps {
		if s.Label != task.Unlabelled {
			t.Errorf("step %d is %v", k, s.Label)
		}
		want := 0.0
		for _, head := range got.FCIHeads[1] {
			want = max(want, head[k])
		}
		if fci := float64(got.Scores[0].Steps[k]); math.Abs(fci-want) > 1e-9 {
			t.Errorf("FCI of step %d in layer 1 is %g, want %g", k, fci, want)
		}
	}
	if last := got.Steps[K-1].End; last != got.Think.End || got.Answer.Start != last {
		t.Errorf("steps end at %d, think part %v, answer %v", last, got.Think, got.Answer)
	}
	_, text, _ := call("", "trace", "--model", rambler(), "--task", "text", "--prompt", "a = ?", "--disrupt", "--seed", "2", "--backend", "host")
	if !strings.Contains(text, "nobody knows the right answer") || !strings.Contains(text, "answer loss") || !strings.Contains(text, "Answer: 05") {
		t.Errorf("trace prints\n%s", text)
	}
	document(t, &got, "", "trace", "--model", rambler(), "--task", "few-shot-chain", "--shots", "0", "--prompt", "k = 4 ; b = k + 1 ; b = ?")
	if got.Gold != "5" || got.Difficulty != 1 || !got.Correct {
		t.Errorf("%+v", got)
	}
}

func TestHeadsText(t *testing.T) {
	var got headsDocument
	document(t, &got, "", "heads", "--model", rambler(), "--task", "few-shot-chain", "--shots", "1", "--problems", "150", "--delta", "1", "--layers", "0-1")
	if got.Correct < 2 || len(got.Scores) == 0 || got.Layers == nil || got.HeldOut.Responses+got.HeldOut.Position.Responses > got.Correct {
		t.Errorf("%+v", got)
	}
	var all headsDocument
	document(t, &all, "", "heads", "--model", rambler(), "--task", "few-shot-chain", "--shots", "1", "--problems", "150", "--delta", "1", "--all")
	if all.Correct != got.Correct || all.Taken <= got.Taken || got.Taken != got.Correct || all.Labels[task.Wrong] != got.Labels[task.Wrong] || all.Labels[task.Wrong] == 0 {
		t.Errorf("with wrong responses too: %+v", all)
	}
	var answers answerDocument
	document(t, &answers, "", "disrupt", "--model", rambler(), "--task", "few-shot-chain", "--shots", "1", "--problems", "30", "--delta", "1", "--measure", "answer")
	if len(answers.Groups) != 4 || answers.Groups[0].Problems < 5 || math.Abs(answers.Groups[0].Loss) > 1e-3 {
		t.Errorf("a bigram model's answers: %+v", answers)
	}
	var tree treeDocument
	document(t, &tree, "", "tree", "--model", rambler(), "--task", "few-shot-chain", "--shots", "1", "--seed", "3", "--branch", "random", "--initial", "2", "--points", "1")
	if tree.Root.Leaves < 2 || !strings.HasSuffix(tree.Problem, "= ?\n") {
		t.Errorf("%+v", tree)
	}
}

// What does not make sense is refused in one sentence.
func TestTextRefuses(t *testing.T) {
	mine := filepath.Join(t.TempDir(), "mine.jsonl")
	if err := os.WriteFile(mine, []byte("{\"prompt\":\"a = ?\"}\nx\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	on := " --model " + rambler()
	for _, test := range []struct {
		args string
		code int
		says string
	}{
		{"eval --task text", 2, "task text needs a model that writes text: give its folder by --model"},
		{"eval --task text" + on, 2, "eval: task text has no right answers; use \"attnlab trace\""},
		{"disrupt --task text" + on, 2, "disrupt: task text has no right answers"},
		{"importance --task text" + on, 2, "task text has no problems of its own; give a --prompt"},
		{"tree --task text" + on, 2, "tree: task text has no right answers"},
		{"trace --task text" + on, 2, "task text has no problems of its own; give a --prompt"},
		{"trace --task text --prompt riddle" + on, 1, "--prompt: the prompt cannot be written in the model's tokens"},
		{"trace --task few-shot-chain --prompt riddle" + on, 1, "--prompt: the problem must end with a question"},
		{"heads --task problems --problem-file " + mine + on, 1, "line 1: it has no \"answer\"; line 2: it is not a JSON object"},
		{"heads --task problems" + on, 2, "task problems needs --problem-file FILE"},
		{"eval --task few-shot-chain --problem-file x" + on, 2, "--problem-file is of task problems"},
		{"eval --task problems --problem-file " + mine + "x" + on, 1, "no such file"},
		{"eval --task few-shot-chain --difficulty 9" + on, 2, "within 1-8"},
		{"eval --task few-shot-chain --shots 99" + on, 2, "--shots is 99, it must be at most 32"},
		{"eval --task few-shot-chain --step-rule word" + on, 2, "no step rule"},
		{"eval --task few-shot-chain --chat vicuna" + on, 2, "no chat"},
		{"eval --task few-shot-chain --teacher plain" + on, 2, "has no teachers"},
		{"eval --task text --difficulty 3" + on, 2, "has no --difficulty"},
		{"eval --task few-shot-chain --context 20" + on, 1, "context holds 20"},
		{"heads --layers 7 --task few-shot-chain" + on, 1, "the model has the layers 0 to 1"},
		{"heads --layers a --task few-shot-chain" + on, 2, "neither a number"},
		{"disrupt --measure luck", 2, "accuracy or answer"},
		{"train --task problems --method grpo --out x" + on, 2, "task problems needs --problem-file FILE"},
		{"train --task few-shot-chain --method rearl --cut oracle --out " + filepath.Dir(mine) + "/r" + on, 2, "free text has none"},
		{"pretrain --task text --out x", 2, "does not take task text"},
		{"reflect --task text --out x", 2, "does not take task text"},
		{"eval" + on, 1, "does not have the tokens of task chain"},
	} {
		code, _, stderr := call("", append(strings.Fields(test.args), "--backend", "host")...)
		if code != test.code || !strings.Contains(stderr, test.says) {
			t.Errorf("attnlab %s: exit status %d, %q, want %d and %q", test.args, code, stderr, test.code, test.says)
		}
	}
}

// A run on free text says in its settings how prompts are put, and resumes with that.
func TestTrainText(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	args := []string{"train", "--model", rambler(), "--task", "few-shot-chain", "--method", "grpo", "--shots", "1", "--difficulty", "2", "--problems", "4", "--group", "4", "--max-length", "40",
		"--probe", "8", "--eval", "8", "--held-out", "0", "--step-rule", "line", "--out", dir}
	var got struct {
		Step int `json:"step"`
	}
	document(t, &got, "", append(args, "--steps", "1")...)
	settings, err := os.ReadFile(filepath.Join(dir, "run.json"))
	if err != nil || !strings.Contains(string(settings), `"step_rule": "line"`) || !strings.Contains(string(settings), `"wording": "line, plain, 1 examples"`) {
		t.Errorf("%s, %v", settings, err)
	}
	document(t, &got, "", "train", "--out", dir, "--resume", "--steps", "2")
	if log, err := os.ReadFile(filepath.Join(dir, "metrics.jsonl")); err != nil || strings.Count(string(log), "\n") != 2 {
		t.Errorf("%s, %v", log, err)
	}
	if code, _, stderr := call("", "train", "--out", dir, "--resume", "--steps", "3", "--shots", "4", "--backend", "host"); code != 1 || !strings.Contains(stderr, "was begun with --shots 1, not 4") {
		t.Errorf("exit status %d, %s", code, stderr)
	}
	var file map[string]any
	if err := json.Unmarshal(settings, &file); err != nil {
		t.Fatal(err)
	}
	delete(file, "wording")
	if settings, err = json.Marshal(file); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "run.json"), settings, 0o644); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := call("", "train", "--out", dir, "--resume", "--steps", "3", "--backend", "host"); code != 1 || !strings.Contains(stderr, "run.json: it does not say how prompts are put; restore the file") {
		t.Errorf("without a wording: exit status %d, %s", code, stderr)
	}
	var trained evaluation
	document(t, &trained, "", "eval", "--model", dir, "--task", "few-shot-chain", "--shots", "1", "--problems", "4")
}
