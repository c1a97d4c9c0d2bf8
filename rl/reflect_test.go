package rl

import (
	"math"
	"slices"
	"testing"

	"attnlab/gpu"
	"attnlab/model"
	"attnlab/model/hf"
	"attnlab/rl/rltest/near"
	"attnlab/rl/task"
)

// The labels are targets and never inputs, one a step, with equal weights.
func TestReflectionPart(t *testing.T) {
	tk, _ := task.New("chain", "", "")
	words := len(tk.Vocabulary())
	shape, err := model.Preset("tiny", len(reflectionVocabulary(tk)))
	if err != nil {
		t.Fatal(err)
	}
	p := DefaultPretrain(1)
	p.Tokens = 1024
	var drawn uint64
	part := reflectionPart(tk, shape, p, &drawn)
	if part.N() > 1024 || drawn == 0 {
		t.Fatalf("%d tokens of %d demonstrations", part.N(), drawn)
	}
	sum, labels, results := 0.0, 0, 0
	for n, w := range part.Weight {
		if w == 0 {
			continue
		}
		sum += float64(w)
		labels++
		last, placeholder := int(part.Tokens[n]), int(part.Tokens[n+1])
		if last != task.Newline || placeholder != words+reflectedSteps+1 {
			t.Fatalf("a label is asked for at token %d, before token %d", last, placeholder)
		}
		if int(part.Targets[n]) == placeholder {
			results++
		}
	}
	if math.Abs(sum-1) > 1e-5 || results == 0 || results == labels {
		t.Errorf("%d labels of weight %g, %d of them Result", labels, sum, results)
	}
}

// A reflection model begins with what the base knows.
func TestBeginReflection(t *testing.T) {
	base := diceBase(t)
	begun, err := BeginReflection(dice{}, base, 9)
	if err != nil {
		t.Fatal(err)
	}
	host := gpu.OpenHost()
	was, err := model.New(host, base.Config, base.Weights)
	if err != nil {
		t.Fatal(err)
	}
	is, err := model.New(host, begun.Config, begun.Weights)
	if err != nil {
		t.Fatal(err)
	}
	tokens := dice{}.Problem(1).Prompt
	want, err := was.Logits(tokens)
	if err != nil {
		t.Fatal(err)
	}
	got, err := is.Logits(tokens)
	if err != nil {
		t.Fatal(err)
	}
	for n := range want {
		near.Want(t, "logits of known words", toFloats(got[n][:len(want[n])]), toFloats(want[n]), 1e-6)
	}
	if n := len(got[0]); n != len(want[0])+reflectedSteps+2 || slices.Max(got[0][len(want[0]):]) == 0 {
		t.Errorf("%d words, the new ones without weights", n)
	}
}

func toFloats(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

// P_k is what the model says after [k], whatever the label is.
func TestReflectorReadsItsModel(t *testing.T) {
	words := len(task.CommonTokens)
	shape := diceShape
	shape.VocabSize, shape.MaxContext = len(reflectionVocabulary(dice{})), 48+2*reflectedSteps
	weights := shape.Init(4)
	for i := range weights {
		weights[i] *= 8
	}
	r, err := NewReflector(gpu.OpenHost(), dice{}, &hf.Checkpoint{Config: shape, Weights: weights})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	g := []Group{{Problem: dice{}.Problem(1)}}
	for _, response := range [][]int{{task.Plus, task.Newline, task.Minus, task.Plus, task.Newline, task.EndThink, task.Eos}, {task.EndThink, task.Eos}, {task.Plus, task.Newline}} {
		g[0].Samples = append(g[0].Samples, Sample{Trace: dice{}.Judge(g[0].Problem, response)})
	}
	p, err := r.resultsOf(g)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range g[0].Samples {
		tokens, at := reflectionInput(s.Trace, words)
		if len(p[i]) != len(s.Steps) || len(at) != len(s.Steps) {
			t.Fatalf("response %d: %d probabilities of %d steps", i, len(p[i]), len(s.Steps))
		}
		logits, err := r.Scorer.Logits(tokens)
		if err != nil {
			t.Fatal(err)
		}
		for k, n := range at {
			sum := 0.0
			for _, l := range logits[n] {
				sum += math.Exp(float64(l))
			}
			want := math.Exp(float64(logits[n][words+reflectedSteps+1])) / sum
			if math.Abs(p[i][k]-want) > 1e-5 {
				t.Errorf("response %d step %d: %g, want %g", i, k, p[i][k], want)
			}
		}
	}
}

func TestLearnedCutsRun(t *testing.T) {
	shape := diceShape
	shape.VocabSize, shape.MaxContext = len(reflectionVocabulary(dice{})), 48+2*reflectedSteps
	host := gpu.OpenHost()
	reflector, err := NewReflector(host, dice{}, &hf.Checkpoint{Config: shape, Weights: shape.Init(4)})
	if err != nil {
		t.Fatal(err)
	}
	defer reflector.Release()
	for _, cut := range []string{"normal", "weak", "strong"} {
		c := diceRun(t, "rearl", map[string]string{"cut": cut})
		c.Reflector = reflector
		r, err := NewRun(host, dice{}, diceBase(t), nil, c)
		if err != nil {
			t.Fatal(err)
		}
		if report := steps(t, r, 1)[0]; report.Calls != 2 || report.Updates == 0 {
			t.Errorf("%s: %s", cut, text(t, report))
		}
		r.Release()
	}
}
