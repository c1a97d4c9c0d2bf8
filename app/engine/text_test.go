package engine

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"attnlab/app/session"
	"attnlab/rl/examine"
	"attnlab/rl/rltest"
	"attnlab/rl/score"
	freetext "attnlab/rl/task/text"
)

// writer is a screen of an engine with [rltest.Rambler], a model of free text in words.
func writer(t *testing.T) *screen {
	t.Helper()
	return start(t, map[string]map[string][]byte{"rambler": filesOf(t, rltest.Rambler())}, openHost, session.UseModel{Name: "rambler"}, session.NewProblem{Seed: 1})
}

// A model without a task of its own opens as free text: problems are drawn and typed, traces cut by any rule, labels given by hand and saved.
func TestFreeText(t *testing.T) {
	s := writer(t)
	if s.able.Model.Task != freetext.FewShotChain.Name || s.trace.Wording == nil || s.trace.Gold == "" || !strings.HasSuffix(s.trace.Prompt, "= ?\n") {
		t.Fatalf("model %+v, trace %+v", s.able.Model, s.trace)
	}
	s.must(session.NewProblem{Text: "a = ?", Wording: &session.Wording{Task: freetext.FreeText.Name, Rule: "line"}})
	if s.trace.Gold != "" || s.trace.Wording.Rule != "line" || s.trace.Wording.Chat != "plain" || s.trace.Prompt != "a = ?\n" {
		t.Fatalf("%+v", s.trace)
	}
	for range 20 { // a seed with three steps
		s.must(session.Generate{Unit: "all", Restart: true, Sampling: session.Sampling{Temperature: 1, Seed: s.trace.Sampling.Seed + 1}})
		if len(s.trace.Steps) >= 3 {
			break
		}
	}
	whole := slices.Clone(s.trace.Tokens)
	steps := s.trace.Steps
	if len(steps) < 3 || !s.trace.Complete || s.trace.Found != "05" || steps[0].Label != "unlabelled" || strings.ContainsAny(steps[0].Text, "\n") {
		t.Fatalf("%+v", s.trace)
	}
	// The same response, one step at a time.
	s.must(session.Generate{Unit: "step", Restart: true, Sampling: s.trace.Sampling})
	if got := len(s.trace.Tokens); got != steps[0].End || s.trace.Complete {
		t.Errorf("the first step ends at %d, want %d", got, steps[0].End)
	}
	for range 20 {
		if !s.trace.Complete {
			s.must(session.Generate{Unit: "step", Sampling: s.trace.Sampling})
		}
	}
	if !slices.Equal(s.trace.Tokens, whole) {
		t.Errorf("step by step %v, at once %v", s.trace.Tokens, whole)
	}

	// A bigram model's answer does not depend on any step.
	s.must(session.DisruptAnswer{})
	if l := s.answers; l.Trace != s.trace.Number || len(l.Values) != len(steps) || l.Values[0] == nil || math.Abs(*l.Values[0]) > 1e-4 {
		t.Errorf("answer losses %+v of trace %d", l, s.trace.Number)
	}

	s.must(session.LabelSteps{Labels: []session.StepLabel{{Step: 1, Label: "essential"}}})
	if v := s.trace.Steps[1]; v.Label != "essential" || !v.ByHand || s.trace.Steps[0].ByHand {
		t.Errorf("%+v", s.trace.Steps)
	}
	// The label goes with the file, whatever reads it.
	file, err := json.Marshal(s.trace)
	if err != nil {
		t.Fatal(err)
	}
	var saved session.Trace
	if err := json.Unmarshal(file, &saved); err != nil || saved.Check() != nil {
		t.Fatal(err, saved.Check())
	}
	s.must(session.NewProblem{Text: "b = ?"})
	s.must(saved.Show())
	if v := s.trace.Steps[1]; v.Label != "essential" || !v.ByHand || s.trace.Prompt != "a = ?\n" || !slices.Equal(s.trace.Tokens, whole) || s.trace.Wording.Rule != "line" {
		t.Errorf("from a file: %+v", s.trace)
	}
	s.must(session.CutSteps{Rule: "paragraph"})
	if len(s.trace.Steps) != 0 || s.trace.Wording.Rule != "paragraph" {
		t.Errorf("by paragraph: %+v", s.trace.Steps)
	}
	s.must(session.CutSteps{Rule: "line"})
	if v := s.trace.Steps[1]; v.Label != "essential" || !v.ByHand {
		t.Errorf("by line again: %+v", s.trace.Steps)
	}
	s.must(session.LabelSteps{Labels: []session.StepLabel{{Step: 1}}})
	if v := s.trace.Steps[1]; v.Label != "unlabelled" || v.ByHand {
		t.Errorf("taken back: %+v", v)
	}
	s.refused(session.LabelSteps{Labels: []session.StepLabel{{Step: 99, Label: "wrong"}}}, "no step 100")
	s.refused(session.LabelSteps{Labels: []session.StepLabel{{Step: 0, Label: "odd"}}}, "unknown label")
	s.refused(session.CutSteps{Rule: "word"}, "no step rule")
	s.refused(session.FindHeads{Problems: 4}, "nobody knows right answers")
	s.refused(session.DisruptSteps{Samples: 2}, "nobody knows the right answer")
	s.must(session.ResampleSteps{Samples: 8})
	agree := 0
	for _, v := range s.again.Steps {
		agree += v.Before.Right
	}
	if !s.again.Agree || agree != 8*len(s.again.Steps) /* this model always answers the same */ || len(s.again.Steps) != len(s.trace.Steps) {
		t.Errorf("%d continuations give the answer of the trace: %+v", agree, s.again)
	}
	s.refused(session.GrowTree{Unit: "all", Rule: session.TreeRule{Branch: "fci"}}, "nobody knows the right answer")
	s.refused(session.Begin{Settings: session.RunSettings{Method: "grpo", Steps: 5, Wording: &session.Wording{Task: freetext.FreeText.Name}}}, "no problems to train on")
}

// A saved trace of few-shot chain is shown again, examples and all, though nothing marks them.
func TestSavedChain(t *testing.T) {
	s := writer(t)
	s.must(session.Generate{Unit: "all", Restart: true, Sampling: session.Sampling{Temperature: 1, Seed: 3}})
	saved := s.trace
	s.must(session.NewProblem{Seed: 2})
	s.must(saved.Show())
	if s.trace.Gold != saved.Gold || !slices.Equal(s.trace.Tokens, saved.Tokens) || s.trace.Steps[0] != saved.Steps[0] {
		t.Errorf("shown again as %+v", s.trace)
	}
}

// A model that no task takes is refused with the reason.
func TestModelWithoutATask(t *testing.T) {
	endless := rltest.Rambler()
	endless.Config.EosID = -1
	s := start(t, map[string]map[string][]byte{"rambler": filesOf(t, rltest.Rambler()), "endless": filesOf(t, endless)}, openHost, session.UseModel{Name: "rambler"})
	s.refused(session.UseModel{Name: "endless"}, "the model has no token that ends a text (eos_token_id)")
}

// A trace from a file is shown, and judged, with line ends in its problem.
func TestChainOfAFile(t *testing.T) {
	s := writer(t)
	prompt, err := rltest.Rambler().Tokenizer.Encode("k = 4 ;\n b = k + 3 ; b = ?")
	if err != nil {
		t.Fatal(err)
	}
	s.must(session.ShowTrace{Prompt: prompt, Sampling: s.trace.Sampling, Wording: &session.Wording{Task: freetext.FewShotChain.Name}})
	if s.trace.Gold != "7" || !slices.Equal(s.trace.Tokens, prompt) {
		t.Errorf("%+v", s.trace)
	}
}

// What a half cannot tell is null, and the place of a step has no head.
func TestHeldOutHeads(t *testing.T) {
	heads, position := heldOutHeads(examine.Chosen{
		Heads: []examine.ChosenHead{{Head: score.Head{Layer: 1, Head: 2}, First: 0.9, JudgedRank: examine.JudgedRank{SRA: 0.6, StandardError: math.NaN(), Responses: 1},
			OverPosition: -0.1, OverPositionError: math.NaN()}},
		Position: examine.JudgedRank{SRA: 0.7, StandardError: 0.05, Responses: 1},
	})
	text, err := json.Marshal([]any{heads, position})
	want := `[[{"layer":1,"head":2,"chosen_sra":0.9,"sra":0.6,"standard_error":null,"over_position":-0.1,"over_position_se":null,"responses":1}],` +
		`{"layer":0,"head":0,"chosen_sra":null,"sra":0.7,"standard_error":0.05,"over_position":null,"over_position_se":null,"responses":1}]`
	if err != nil || string(text) != want {
		t.Errorf("%s, %v\nwant %s", text, err, want)
	}
}

// Problems of a visitor's own are numbered; the trace says how the shown one is put, without the others, and can be shown again from that.
func TestOwnProblemsOfAVisitor(t *testing.T) {
	s := writer(t)
	own := &session.Wording{Task: freetext.Problems.Name, Problems: `{"prompt": "a = ?", "answer": "5"}` + "\n" + `{"prompt": "b = ?", "answer": "6"}`}
	for seed, want := range map[uint64]string{1: "a = ?\n", 2: "b = ?\n", 3: "a = ?\n"} {
		s.must(session.NewProblem{Seed: seed, Wording: own})
		if s.trace.Prompt != want || strings.Count(s.trace.Wording.Problems, "prompt") != 1 {
			t.Errorf("problem %d: %q, %q", seed, s.trace.Prompt, s.trace.Wording.Problems)
		}
	}
	s.must(session.NewProblem{Seed: 1, Wording: own})
	s.must(session.Generate{Unit: "all", Restart: true, Sampling: session.Sampling{Temperature: 1, Seed: 3}})
	saved := s.trace
	if saved.Gold != "5" || !saved.Correct { // it always answers 5
		t.Errorf("%+v", saved)
	}
	s.must(session.NewProblem{Seed: 1, Wording: &session.Wording{Task: freetext.FewShotChain.Name, Shots: 1}})
	if s.trace.Wording.Problems != "" || strings.Count(s.trace.Prompt, "Answer:") != 1 {
		t.Errorf("%+v, %q", s.trace.Wording, s.trace.Prompt)
	}
	s.must(saved.Show())
	if s.trace.Gold != "5" || !s.trace.Correct || s.trace.Wording.Task != freetext.Problems.Name {
		t.Errorf("from a file: %+v", s.trace)
	}
	s.must(session.NewProblem{Text: "c = ?", Wording: own}) // none of them
	if s.trace.Gold != "" || s.trace.Wording.Task != freetext.FreeText.Name || s.trace.Wording.Problems != "" {
		t.Errorf("%+v", s.trace.Wording)
	}
	long := &session.Wording{Task: freetext.Problems.Name, Problems: `{"prompt": "` + strings.Repeat("a ", 600) + `", "answer": "5"}`}
	s.refused(session.NewProblem{Seed: 1, Wording: long}, "context holds 512")
	s.refused(session.NewProblem{Seed: 1, Wording: &session.Wording{Task: freetext.Problems.Name, Problems: "{}"}}, `no "prompt"`)
	s.must(session.NewProblem{Seed: 1, Difficulty: "1", Wording: &session.Wording{Task: freetext.FewShotChain.Name}})
	if s.trace.Difficulty != 1 {
		t.Errorf("difficulty %d", s.trace.Difficulty)
	}
	s.refused(session.NewProblem{Seed: 1, Difficulty: "99", Wording: &session.Wording{Task: freetext.FewShotChain.Name}}, "must lie within")
}

// Labels are given together, or if one is wrong not at all.
func TestLabelsTogether(t *testing.T) {
	s := writer(t)
	for seed := uint32(1); len(s.trace.Steps) < 2; seed++ {
		s.must(session.Generate{Unit: "all", Restart: true, Sampling: session.Sampling{Temperature: 1, Seed: seed}})
	}
	s.must(session.LabelSteps{Labels: []session.StepLabel{{Step: 0, Label: "wrong"}, {Step: 1, Label: "correcting"}}})
	if s.trace.Steps[0].Label != "wrong" || s.trace.Steps[1].Label != "correcting" || !s.trace.Steps[1].ByHand {
		t.Errorf("%+v", s.trace.Steps)
	}
	s.refused(session.LabelSteps{Labels: []session.StepLabel{{Step: 0}, {Step: 1, Label: "odd"}}}, "unknown label")
	if s.trace.Steps[0].Label != "wrong" || !s.trace.Steps[0].ByHand {
		t.Errorf("after a refusal %+v", s.trace.Steps)
	}
}
