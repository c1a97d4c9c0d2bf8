package examine_test

import (
	"math"
	"testing"

	"attnlab/model"
	"attnlab/rl/examine"
	"attnlab/rl/score"
	"attnlab/rl/stat"
	"attnlab/rl/task"
)

// Every score against its definition on whole attention matrices.
func TestExamine(t *testing.T) {
	const delta = 2
	m, attempts := parrots().Model, parrots().Attempts[:12]
	var traces []task.Trace
	for _, a := range attempts {
		traces = append(traces, a.Trace)
	}
	// One response never ends its think part, one has no step.
	open := traces[0]
	open.Tokens = open.Tokens[:open.ThinkEnd]
	open.AnswerStart, open.AnswerEnd = open.ThinkEnd, open.ThinkEnd
	short := attempts[0].Problem
	empty := parrots().Task.Judge(short, []int{task.EndThink, task.Eos})
	traces = append(traces, open, empty)

	scorer, err := model.NewScorer(m, 256)
	if err != nil {
		t.Fatal(err)
	}
	examined, err := examine.Examine(scorer, traces, delta)
	if err != nil {
		t.Fatal(err)
	}
	longest := 0
	for i, e := range examined {
		K := len(e.Steps)
		longest = max(longest, K)
		if len(e.FCI) != K || len(e.FCIHeads) != m.Layers || len(e.Focus) != m.Layers || len(e.LogProbs) != len(e.Tokens) || len(e.Entropy) != len(e.Tokens) {
			t.Fatalf("trace %d of %d steps: %d FCI, %d log-probs of %d tokens", i, K, len(e.FCI), len(e.LogProbs), len(e.Tokens))
		}
		if i < len(attempts) {
			for k, want := range attempts[i].Rollout.LogProbs {
				if got := e.LogProbs[e.PromptLength+k]; math.Abs(float64(got-want)) > 1e-4 {
					t.Errorf("trace %d: log-prob of response token %d is %g, the sampler's %g", i, k, got, want)
				}
			}
		}
		top := make([]float64, K)
		for l := range m.Layers {
			for h := range m.Heads {
				a, err := m.Attention(e.Tokens, l, h)
				if err != nil {
					t.Fatal(err)
				}
				for k, s := range e.Steps {
					focus := 0.0
					for q := e.AnswerStart; q < e.AnswerEnd; q++ {
						focus += mean(a[q], s.Start, s.End)
					}
					fci := 0.0
					for j := k + delta; j < K && k > 0; j++ {
						fci += meanRows(a, e.Steps[j].Start, e.Steps[j].End, s.Start, s.End)
					}
					if k > 0 && k+delta <= K && e.AnswerEnd > e.AnswerStart {
						fci += meanRows(a, e.AnswerStart, e.AnswerEnd, s.Start, s.End)
					}
					top[k] = max(top[k], fci)
					if got := e.Focus[l][h][k]; math.Abs(got-focus) > 1e-5 {
						t.Errorf("trace %d: focus of L%d·H%d on step %d is %g, want %g", i, l, h, k, got, focus)
					}
					if got := e.FCIHeads[l][h][k]; math.Abs(got-fci) > 1e-5 {
						t.Errorf("trace %d: FCI of L%d·H%d at step %d is %g, want %g", i, l, h, k, got, fci)
					}
				}
			}
		}
		for k, want := range top {
			if math.Abs(e.FCI[k]-want) > 1e-5 {
				t.Errorf("trace %d: FCI of step %d is %g, want %g", i, k, e.FCI[k], want)
			}
		}
		for k, h := range score.Entropy.Of(e.Input()).Steps {
			// so, letter, digit, line end: only letter and digit are open, and whether another step comes.
			want := (math.Log(16) + math.Log(9)) / 4
			if k > 0 {
				want += -(0.7*math.Log(0.7) + 0.3*math.Log(0.3)) / 4
			}
			if i < len(attempts) && math.Abs(h-want) > 1e-3 {
				t.Errorf("trace %d: entropy of step %d is %g, want %g", i, k, h, want)
			}
		}
	}
	if longest < 5 {
		t.Errorf("the longest trace has %d steps, too few to show anything", longest)
	}
}

func mean(row []float32, from, to int) float64 {
	sum := 0.0
	for _, w := range row[from:to] {
		sum += float64(w)
	}
	return sum / float64(to-from)
}

func meanRows(a [][]float32, q0, q1, k0, k1 int) float64 {
	sum := 0.0
	for q := q0; q < q1; q++ {
		sum += mean(a[q], k0, k1)
	}
	return sum / float64(q1-q0)
}

// made is a trace with known scores of two heads: the first orders all four pairs correctly, the second one of them.
func made() examine.Examined {
	labels := []task.Label{task.Essential, task.Redundant, task.Correcting, task.Redundant, task.Wrong}
	e := examine.Examined{Delta: 2, Focus: [][][]float64{{{4, 1, 3, 2, 9}, {1, 1.5, 2, 4, 9}}}, FCIHeads: [][][]float64{{{0, 1, 2, 3, 4}, {0, 0, 0, 0, 5}}}}
	for k, label := range labels {
		e.Steps = append(e.Steps, task.Step{Start: k, End: k + 1, Label: label})
	}
	e.AnswerStart, e.AnswerEnd = 6, 7
	e.Attention = score.StepAttention{Layers: 1, Heads: 2, Ranges: 7, Mean: make([]float32, 2*7*7)}
	// In the first head the answer (range 6) looks at step 1 (range 2) alone.
	e.Attention.Mean[6*7+2] = 0.5
	return e
}

func TestScoreHeads(t *testing.T) {
	one := made()
	two := made()
	two.FCIHeads = [][][]float64{{{1}, {7}}}
	two.Focus = [][][]float64{{{1}, {1}}}
	two.Steps = two.Steps[:1] // no pair
	two.Attention = score.StepAttention{Layers: 1, Heads: 2, Ranges: 3, Mean: make([]float32, 18)}
	s := examine.ScoreHeads([]examine.Examined{one, two})
	if s.Pairs != 4 {
		t.Errorf("%d pairs, want 4", s.Pairs)
	}
	if s.SRA[0][0] != 1 || s.SRA[0][1] != 0.25 {
		t.Errorf("SRA is %v, want 1 and 0.25", s.SRA)
	}
	if s.MeanFCI[0][0] != 11./6 || s.MeanFCI[0][1] != 12./6 {
		t.Errorf("mean FCI is %v, want 11/6 and 2", s.MeanFCI)
	}
	// Steps 1 to 3 have something two ranges later, with the vertical means 0.5/3, 0, 0. The first step has no score. The kurtosis
	// of (a, 0, 0) is 3/2 - 3.
	if got := s.Kurtosis[0][0]; !(math.Abs(got-(1.5-3)) <= 1e-9) {
		t.Errorf("kurtosis is %g, want %g", got, 1.5-3)
	}
	// Receiver scores and the kurtosis of heads share one vertical mean.
	if v := score.Receiver.Of(one.Input()).Heads[0][0]; stat.Kurtosis(v[1:4]) != s.Kurtosis[0][0] {
		t.Errorf("the kurtosis of %v is not %g", v, s.Kurtosis[0][0])
	}
	if !math.IsNaN(s.Kurtosis[0][1]) {
		t.Errorf("kurtosis of equal scores is %g, want none", s.Kurtosis[0][1])
	}
	if heads := score.TopHeads(s.SRA, 1); len(heads) != 1 || heads[0] != (score.Head{}) {
		t.Errorf("the best head is %v, want L0·H0", heads)
	}
}
