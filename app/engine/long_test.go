package engine

import (
	"math"
	"testing"

	"attnlab/app/session"
	"attnlab/model"
	"attnlab/model/hf"
	"attnlab/model/hf/tokenizer"
	"attnlab/rl/score"
	"attnlab/rl/task"
)

// deep is a model with random weights of 30 layers of 9 heads, as SmolLM2-135M has, and a small width.
func deep(t testing.TB, kind task.Task) *hf.Checkpoint {
	t.Helper()
	c, err := model.Preset("tiny", len(kind.Vocabulary()))
	if err != nil {
		t.Fatal(err)
	}
	c.Layers, c.Heads, c.KVHeads, c.HeadDim, c.HiddenSize, c.IntermediateSize, c.MaxContext = 30, 9, 3, 8, 72, 16, 700
	words, err := tokenizer.NewWords(kind.Vocabulary())
	if err != nil {
		t.Fatal(err)
	}
	return &hf.Checkpoint{Config: c, Weights: c.Init(1), Tokenizer: words}
}

// A trace of 300 steps of a model with 270 heads is shown, in messages that a screen reads in one piece; what it says about a selected
// head, a selected step and some layers is what package score says.
func TestALongTraceOfADeepModel(t *testing.T) {
	kind := chain(t)
	s := start(t, map[string]map[string][]byte{"chain-tiny": filesOf(t, deep(t, kind))}, openHost, session.NewProblem{Seed: 1})
	s.must(session.NewProblem{Seed: 1})
	prompt := s.trace.Tokens[:s.trace.PromptLength]
	response := []int{}
	for k := range 300 {
		response = append(response, 20+k*7%30, task.Newline)
	}
	response = append(response, task.EndThink, 20, task.Eos)
	s.must(session.ShowTrace{Prompt: prompt, Response: response, Sampling: sampling})
	tr := s.trace
	if tr.Layers != 30 || tr.Heads != 9 || len(tr.Steps) < 299 || len(tr.FCI) != len(tr.Steps) || len(tr.FCIOf) != len(tr.Steps) {
		t.Fatalf("%d layers of %d heads, %d steps, %d with FCI", tr.Layers, tr.Heads, len(tr.Steps), len(tr.FCI))
	}
	for _, m := range []any{tr, s.head} {
		data, err := session.Encode(m)
		if err != nil || len(data) > 520e3 {
			t.Errorf("%s takes %d bytes, %v", session.Kind(m), len(data), err)
		}
	}
	for k := range tr.Steps {
		layer, head := tr.BestHead(k)
		if tr.Scored(k) && (layer < 0 || layer >= 30 || head < 0 || head >= 9) {
			t.Fatalf("the head of step %d is %d, %d", k+1, layer, head)
		}
	}
	const k = 150
	layer, head := tr.BestHead(k)
	s.send(session.Select{Selection: session.Selection{Step: k, Token: -1, Layer: layer, Head: head, Node: -1}})
	s.until(func(m any) bool {
		switch m := m.(type) {
		case session.HeadAttention:
			tr.Take(m)
		case session.StepDetail:
			return tr.TakeDetail(m)
		}
		return false
	})
	if v := tr.FCIIn(layer, head, k); math.Abs(v-tr.FCI[k]) > 1e-4*tr.FCI[k] {
		t.Errorf("FCI of step %d is %v, in its head %v", k+1, tr.FCI[k], v)
	}
	largest := 0.0
	for _, v := range tr.HeadsAt(score.FCI.Name, k) {
		largest = max(largest, *v)
	}
	if math.Abs(largest-tr.FCI[k]) > 1e-4*tr.FCI[k] {
		t.Errorf("the largest FCI over heads is %v, want %v", largest, tr.FCI[k])
	}

	var layered session.LayerScores
	s.send(session.ScoreLayers{From: 10, To: 20})
	s.until(func(m any) bool {
		l, ok := m.(session.LayerScores)
		layered = l
		return ok
	})
	s.rests()
	want := 0.0
	for i, v := range tr.HeadsAt(score.FCI.Name, k) {
		if l := i / 9; l >= 10 && l < 20 {
			want = max(want, *v)
		}
	}
	if layered.Trace != tr.Number || len(layered.Scores) != 3 || layered.Scores[0].Name != score.FCI.Name || math.Abs(*layered.Scores[0].Values[k]-want) > 1e-6 {
		t.Errorf("FCI of layers 10 to 19 is %+v, want %v", layered.Scores, want)
	}
	for _, bad := range []session.ScoreLayers{{From: -1, To: 3}, {From: 4, To: 4}, {From: 0, To: 31}} {
		s.send(bad)
		s.until(func(m any) bool { // an accepted one would never fail
			f, failed := m.(session.Failure)
			return failed && f.Command == session.Kind(bad)
		})
	}
}
