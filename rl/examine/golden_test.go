package examine_test

import (
	"context"
	"encoding/json"
	"io/fs"
	"math"
	"slices"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
	"attnlab/model"
	"attnlab/model/hf"
	"attnlab/rl/examine"
	"attnlab/rl/task"
	"attnlab/testdata"
)

func TestMain(m *testing.M) { gputest.Main(m) }

// goldenTrace is a trace of testdata/scores.json with what transformers and the papers' formulas give for it. R counts the prompt, the steps
// and the answer.
type goldenTrace struct {
	Tokens    []int     `json:"tokens"`
	Prompt    [2]int    `json:"prompt"`
	Steps     [][2]int  `json:"steps"`
	Answer    [2]int    `json:"answer"`
	Delta     int       `json:"delta"`
	LogProbs  []float64 `json:"logprobs"`  // [T]
	Entropy   []float64 `json:"entropy"`   // [T]
	Attention []float64 `json:"attention"` // [L,H,R,R]
	FCI       []float64 `json:"fci"`       // [K]
	FCIHeads  []float64 `json:"fci_heads"` // [L,H,K]
	Focus     []float64 `json:"focus"`     // [L,H,K]
}

func (g goldenTrace) trace() task.Trace {
	t := task.Trace{Tokens: g.Tokens, PromptLength: g.Prompt[1], ThinkStart: g.Prompt[1], ThinkEnd: g.Answer[0], AnswerStart: g.Answer[0], AnswerEnd: g.Answer[1]}
	for _, s := range g.Steps {
		t.Steps = append(t.Steps, task.Step{Start: s[0], End: s[1]})
	}
	return t
}

// Every kind of model gives the scores that testdata/scores.py computes from transformers' attention, on every backend.
func TestGoldenScores(t *testing.T) {
	data, err := fs.ReadFile(testdata.FS, "scores.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden map[string]goldenTrace
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	folders, err := fs.Glob(testdata.FS, "models/*/config.json")
	if err != nil || len(folders) != len(golden) || len(golden) < 7 {
		t.Fatalf("scores for %d of %d models, %v; run testdata/scores.py", len(golden), len(folders), err)
	}
	for name, want := range golden {
		t.Run(name, func(t *testing.T) {
			folder, err := fs.Sub(testdata.FS, "models/"+name)
			if err != nil {
				t.Fatal(err)
			}
			gputest.Each(t, func(t *testing.T, d *gpu.Device) {
				s, err := hf.Open(folder)
				if err != nil {
					t.Fatal(err)
				}
				m, err := model.Open(context.Background(), d, s.Config, s, model.Options{Storage: model.F32, Context: 64})
				if err != nil {
					t.Fatal(err)
				}
				defer m.Release()
				scorer, err := model.NewScorer(m, len(want.Tokens))
				if err != nil {
					t.Fatal(err)
				}
				defer scorer.Release()
				got, err := examine.Look(scorer, want.trace(), want.Delta)
				if err != nil {
					t.Fatal(err)
				}
				near := func(what string, got, want []float64) {
					t.Helper()
					if len(got) != len(want) || len(want) == 0 {
						t.Errorf("%d %s, want %d", len(got), what, len(want))
						return
					}
					worst := 0.0
					for i := range want {
						worst = max(worst, math.Abs(got[i]-want[i]))
					}
					if !(worst <= 1e-4) {
						t.Errorf("%s differ by %.2g", what, worst)
					}
				}
				near("log-probabilities", wide(got.LogProbs), want.LogProbs)
				near("entropies", wide(got.Entropy), want.Entropy)
				near("attention between ranges", wide(got.Attention.Mean), want.Attention)
				near("FCI", got.FCI, want.FCI)
				near("FCI of heads", flatHeads(got.FCIHeads), want.FCIHeads)
				near("focus of heads", flatHeads(got.Focus), want.Focus)
				gputest.Count(d)
			})
		})
	}
}

func wide(x []float32) (y []float64) {
	for _, v := range x {
		y = append(y, float64(v))
	}
	return y
}

// flatHeads lays [L][H][K] out in one slice.
func flatHeads(y [][][]float64) []float64 { return slices.Concat(slices.Concat(y...)...) }
