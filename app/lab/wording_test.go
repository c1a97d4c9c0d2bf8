package lab

import (
	"fmt"
	"strings"
	"testing"

	"attnlab/app/lab/labtest"
	"attnlab/app/session"
)

// asked is the problem that the last command asks for.
func asked(t *testing.T, engine *session.Port) (session.Restore, session.NewProblem) {
	t.Helper()
	c := command[session.Restore](t, engine)
	if c.Problem == nil || c.Problem.Wording == nil {
		t.Fatalf("the command is %+v", c)
	}
	return c, *c.Problem
}

// answerWith has the engine show the problem that was asked for.
func answerWith(l *Lab, number uint64, p session.NewProblem, prompt string) {
	shown := freeTrace(number, p.Wording.Task, prompt, p.Text != "")
	w := *p.Wording
	if w.Chat == "" {
		w.Chat = "chatml"
	}
	shown.Wording, shown.Seed = &w, 1
	l.Receive(shown)
	l.Receive(session.Status{Stage: "ready"})
}

// Examples, markers and system text change how the problem is put, stay for the next one, and are in the link.
func TestWordingOfDrawnProblems(t *testing.T) {
	l, engine := ofFolder(t)
	l.Set("shots", "2")
	if _, p := asked(t, engine); p.Text != "" || p.Seed != 1 || p.Wording.Task != "few-shot-chain" || p.Wording.Shots != 2 {
		t.Fatalf("%+v %+v", p, p.Wording)
	}
	l.Receive(session.Status{Stage: "ready"})
	l.Set("shots", "99")
	if l.Refused["shots"].Why == "" || l.View.Wording.Shots != 2 {
		t.Errorf("99 examples: %+v, %+v", l.Refused, l.View.Wording)
	}
	l.Set("chat", "plain")
	_, p := asked(t, engine)
	if p.Wording.Chat != "plain" || p.Wording.Shots != 2 {
		t.Errorf("%+v", p.Wording)
	}
	answerWith(l, 9, p, "k = 4 ; k = ?\n")
	l.Set("system", "Think & answer.")
	if !l.Edited() {
		t.Error("a changed system text asks for another response")
	}
	l.Do("generate")
	c, p := asked(t, engine)
	if p.Wording.System != "Think & answer." || p.Seed != 1 || p.Text != "" || c.Tokens != AllTokens {
		t.Errorf("%+v %+v", c, p.Wording)
	}
	l.Receive(session.Status{Stage: "ready"})
	v, unread := ParseLink(l.View.String())
	if unread != "" || v.Wording != l.View.Wording || v.Wording.System != "Think & answer." || v.Wording.Shots != 2 || v.Wording.Chat != "plain" {
		t.Errorf("%s\nreads back as %+v, %s", l.View, v.Wording, unread)
	}
	l.Do("undo")
	if _, p := asked(t, engine); p.Wording.System != "" || p.Wording.Chat != "plain" {
		t.Errorf("undone: %+v", p.Wording)
	}
	l.Receive(session.Status{Stage: "ready"})
	l.Do("undo")
	if _, p := asked(t, engine); p.Wording.Chat != "" || p.Wording.Shots != 2 {
		t.Errorf("undone twice: %+v", p.Wording)
	}
}

// A prompt whose last question is a chain stays few-shot chain when its examples are edited; else it is free text.
func TestEditedExamples(t *testing.T) {
	l, engine := ofFolder(t)
	prompt := "<|im_start|>user\na = 2 ; a = ?<|im_end|>\n<|im_start|>assistant\na = 2\nAnswer: 2<|im_end|>\n<|im_start|>user\n%s<|im_end|>\n<|im_start|>assistant\n"
	l.Set("typed", fmt.Sprintf(prompt, "k = 4 ; k = ?"))
	if !l.Whole() {
		t.Error("the prompt has markers")
	}
	l.Do("generate")
	if _, p := asked(t, engine); p.Wording.Task != "few-shot-chain" || !strings.Contains(p.Text, "Answer: 2") {
		t.Errorf("%+v %+v", p, p.Wording)
	}
	l.Receive(session.Status{Stage: "ready"})
	l.Set("typed", fmt.Sprintf(prompt, "Why?"))
	l.Do("generate")
	if _, p := asked(t, engine); p.Wording.Task != "text" || p.Wording.Shots != 0 {
		t.Errorf("%+v %+v", p, p.Wording)
	}
}

// Free text begins with an empty box; few-shot chain draws a problem.
func TestKindOfPrompt(t *testing.T) {
	l, engine := ofFolder(t)
	l.Set("kind", "text")
	if l.Kind() != "text" || l.Controls.Typed != "" {
		t.Errorf("%s, box %q", l.Kind(), l.Controls.Typed)
	}
	l.Receive(freeTrace(8, "few-shot-chain", "<user>k = 4 ; k = ?<end>", false)) // again, as after a loss of the device
	if l.Kind() != "text" || l.Controls.Typed != "" {
		t.Errorf("%s, box %q, though nothing was asked for", l.Kind(), l.Controls.Typed)
	}
	l.Do("generate")
	sentence(t, l.Failure.Text)
	l.Set("kind", "problems")
	if l.Kind() != "problems" {
		t.Errorf("%s", l.Kind())
	}
	l.Set("kind", "few-shot-chain")
	if _, p := asked(t, engine); p.Wording.Task != "few-shot-chain" || l.Kind() != "few-shot-chain" {
		t.Errorf("%+v, %s", p.Wording, l.Kind())
	}
}

// A file of own problems is opened or dropped, its problems are numbered, and a short file is in the link.
func TestOwnProblems(t *testing.T) {
	l, engine := ofFolder(t)
	file := `{"prompt":"What is 2+3?","answer":5}` + "\n\n" + `{"prompt":"<b>7 & 1</b>","answer":"8"}` + "\n"
	l.OpenDropped(chosen(map[string][]byte{"mine.jsonl": []byte(file)}))
	_, p := asked(t, engine)
	if p.Seed != 1 || p.Wording.Task != "problems" || strings.Count(p.Wording.Problems, "\n") != 1 || l.OwnProblems() != 2 {
		t.Fatalf("%+v %+v", p, p.Wording)
	}
	answerWith(l, 9, p, "What is 2+3?\n")
	l.Do("problem")
	if _, p := asked(t, engine); p.Seed != 2 || p.Wording.Task != "problems" {
		t.Errorf("%+v", p)
	}
	l.Receive(session.Status{Stage: "ready"})
	for name, change := range programs {
		v, unread := ParseLink(change(l.View.String()))
		if unread != "" || v.Wording != l.View.Wording || v.Seed != 2 {
			t.Errorf("%s: %s\nreads back as %+v, %s", name, l.View, v.Wording, unread)
		}
	}
	l.Do("problem") // the first follows on the last
	if _, p := asked(t, engine); p.Seed != 1 {
		t.Errorf("%+v", p)
	}
	l.Receive(session.Status{Stage: "ready"})

	// A damaged file changes nothing, and one sentence says which lines are wrong.
	before := l.View
	l.OpenFiles("open-problems", chosen(map[string][]byte{"bad.jsonl": []byte(`{"prompt":"a"}` + "\n[1]\n")}))
	if sentence(t, l.Failure.Text); l.View != before || !strings.Contains(l.Failure.Text, "line 1") || !strings.Contains(l.Failure.Text, "line 2") {
		t.Errorf("%q, %+v", l.Failure.Text, l.View.Wording)
	}

	// Of a long file the link has the problem that is shown.
	var lines []string
	for n := range 200 {
		lines = append(lines, fmt.Sprintf(`{"prompt": "What is %d + 1?", "answer": "%d"}`, n, n+1))
	}
	l.OpenFiles("open-problems", chosen(map[string][]byte{"long.jsonl": []byte(strings.Join(lines, "\n"))}))
	asked(t, engine)
	l.Receive(session.Status{Stage: "ready"})
	l.Set("seed", "7")
	v, unread := ParseLink(l.View.String())
	if unread != "" || v.Wording.Problems != lines[6] {
		t.Errorf("the link has %q, %s", v.Wording.Problems, unread)
	}
	if _, unread := ParseLink("page=trace&seed=1&own=%7B%22prompt%22:1%7D"); !strings.Contains(unread, "own") {
		t.Errorf("a damaged problem in a link: %q", unread)
	}
}

// Without a model of free text a file of problems is refused, and a dropped log is one of a run.
func TestOwnProblemsWithoutModel(t *testing.T) {
	l, engine := ready(t, Start())
	l.Receive(session.Status{Stage: "ready"})
	l.OpenFiles("open-problems", chosen(map[string][]byte{"mine.jsonl": []byte(`{"prompt":"a","answer":"b"}`)}))
	sentence(t, l.Failure.Text)
	l.OpenDropped(chosen(map[string][]byte{"run.jsonl": []byte("{}")}))
	command[session.ImportRun](t, engine)
}

// A link to a model that the visitor has shows its problem once that model is opened.
func TestLinkWaitsForTheModel(t *testing.T) {
	v := Start()
	v.Example, v.Model, v.Seed, v.Tokens, v.Wording = false, "m", 7, AllTokens, session.Wording{Task: "few-shot-chain", Shots: 2}
	l, engine := ready(t, v)
	if c, p := asked(t, engine); c.Model != "m" || p.Wording.Shots != 2 {
		t.Fatalf("%+v %+v", c, p)
	}
	l.Receive(session.Status{Stage: "ready", Text: "This link needs the model m."})
	l.OpenFiles("open-model", chosen(map[string][]byte{"m/config.json": {1}, "m/tokenizer.json": {2}, "m/model.safetensors": {3}}))
	l.Receive(offered("m"))
	l.Receive(session.Status{Stage: "ready"})
	l.Do("offer-open")
	l.Receive(session.Capabilities{Model: session.ModelInfo{Name: "m", Task: "few-shot-chain"}, Bases: []string{"small"}})
	first := freeTrace(8, "few-shot-chain", "<user>k = 4 ; k = ?<end>", false) // the engine draws the problem of the same seed, without a response
	first.Seed, first.Complete, first.Tokens, first.Steps, first.StepScores = 7, false, first.Tokens[:first.PromptLength], nil, nil
	l.Receive(first)
	if c, p := asked(t, engine); p.Seed != 7 || p.Wording.Shots != 2 || c.Tokens != AllTokens || c.Response == nil {
		t.Errorf("%+v %+v %+v", c, p, p.Wording)
	}
}

// Undo of another rule of steps cuts them as before.
func TestUndoStepRule(t *testing.T) {
	l, engine := ofFolder(t)
	l.Do("colour")
	l.Set("step-rule", "line")
	labtest.Sent(t, engine, 1)
	l.Do("undo")
	if c := command[session.CutSteps](t, engine); c.Rule != "sentence" {
		t.Errorf("%+v", c)
	}
}

// Another model takes nothing of how problems were put for one of free text, and its link has none of it.
func TestWordingStaysWithItsModel(t *testing.T) {
	l, engine := ofFolder(t)
	l.Set("shots", "2")
	asked(t, engine)
	l.Receive(session.Status{Stage: "ready"})
	l.Do("base:small")
	command[session.UseModel](t, engine)
	l.Receive(session.Capabilities{Model: session.ModelInfo{Name: "small", Task: "chain"}, Bases: []string{"small"}})
	other := labtest.Trace()
	other.Number = 20
	l.Receive(other)
	l.Receive(session.Status{Stage: "ready"})
	if link := l.View.String(); strings.Contains(link, "shots") || l.View.Wording.Shots != 0 {
		t.Errorf("%s", link)
	}
}
