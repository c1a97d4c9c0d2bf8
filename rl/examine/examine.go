package examine

import (
	"context"
	"math"

	"attnlab/model"
	"attnlab/rl/score"
	"attnlab/rl/stat"
	"attnlab/rl/task"
)

// Examined is a trace with what one forward pass computes about it. T counts its
// tokens, K its steps, L layers and H heads.
type Examined struct {
	task.Trace
	LogProbs []float32 // [T] of each token given those before it; 0 for the first
	Entropy  []float32 // [T] in nats, of the distribution each token was drawn from; 0 for the first

	// Only [Look] sets these two:
	Top      [][]model.Choice // [T] the likeliest tokens at each place, the likeliest first; none for the first place
	Received []float32        // [T] attention that each token receives from all later ones, mean over heads

	// Attention has the ranges prompt, step 0 … step K-1, answer. The answer
	// part is empty where there is no </think>.
	Attention score.StepAttention
	Delta     int           // Δ of the scores below, in steps
	FCI       []float64     // [K]; the answer counts as one more step that looks back
	FCIHeads  [][][]float64 // [L][H][K]
	Focus     [][][]float64 // [L][H][K] what the answer part pays to a token of each step; 0 without an answer
}

// Examine scores traces, as many in one forward pass as fit the scorer.
func Examine(s *model.Scorer, traces []task.Trace, delta int) ([]Examined, error) {
	return ExamineBy(context.Background(), s, traces, delta, nil)
}

// ExamineBy is Examine that calls progress, if not nil, with how many traces are scored. If ctx ends, it returns the first traces with ctx's error.
func ExamineBy(ctx context.Context, s *model.Scorer, traces []task.Trace, delta int, progress func(done, of int)) ([]Examined, error) {
	requests := make([]model.ScoreRequest, len(traces))
	for i, t := range traces {
		requests[i] = model.ScoreRequest{Tokens: t.Tokens, Steps: ranges(t)}
	}
	scores, err := s.ScoreBy(ctx, requests, progress)
	if err != nil && ctx.Err() == nil {
		return nil, err
	}
	examined := make([]Examined, len(scores))
	for i, score := range scores {
		examined[i] = examinedOf(traces[i], score, delta)
	}
	return examined, err
}

// Look examines one trace in one forward pass, and finds the likeliest tokens and
// the attention that each token receives in the same pass.
func Look(s *model.Scorer, t task.Trace, delta int) (Examined, error) {
	scores, err := s.Score([]model.ScoreRequest{{Tokens: t.Tokens, Steps: ranges(t), Look: true}})
	if err != nil {
		return Examined{}, err
	}
	x := examinedOf(t, scores[0], delta)
	x.Top, x.Received = scores[0].Top, scores[0].MeanReceived()
	return x, nil
}

// examinedOf computes the step scores of a trace from its forward pass.
func examinedOf(t task.Trace, scores model.Score, delta int) Examined {
	x := Examined{Trace: t, LogProbs: scores.LogProbs, Entropy: scores.Entropy, Attention: stepMeans(scores.Attention), Delta: delta}
	fci := score.FCI.Of(x.Input())
	x.FCI, x.FCIHeads, x.Focus = fci.Steps, fci.Heads, score.Focus.Of(x.Input()).Heads
	return x
}

// Input returns what the scores of package score are computed from. Its Received is nil unless e is from [Look].
func (e Examined) Input() score.Input {
	in := score.Input{AnswerTokens: e.AnswerEnd - e.AnswerStart, AnswerStart: e.AnswerStart, Attention: e.Attention, Delta: e.Delta,
		LogProbs: e.LogProbs, Entropy: e.Entropy, Received: e.Received}
	for _, step := range e.Steps {
		in.Steps = append(in.Steps, [2]int{step.Start, step.End})
	}
	return in
}

// ranges returns the prompt, the steps and the answer of a trace.
func ranges(t task.Trace) []model.Range {
	ranges := []model.Range{{Start: 0, End: t.PromptLength}}
	for _, step := range t.Steps {
		ranges = append(ranges, model.Range{Start: step.Start, End: step.End})
	}
	return append(ranges, model.Range{Start: t.AnswerStart, End: t.AnswerEnd})
}

// stepMeans divides a device's sums over key tokens by their number.
func stepMeans(a *model.StepAttention) score.StepAttention {
	s := score.StepAttention{Layers: a.Layers, Heads: a.Heads, Ranges: a.Steps, Mean: make([]float32, 0, len(a.Sum))}
	for l := range a.Layers {
		for h := range a.Heads {
			for j := range a.Steps {
				for k := range a.Steps {
					s.Mean = append(s.Mean, a.Mean(l, h, j, k))
				}
			}
		}
	}
	return s
}

// HeadScores rate the heads over probing traces, [L][H] each; NaN where a head has
// no score.
type HeadScores struct {
	SRA      [][]float64 // step ranking accuracy of the focus scores, see [score.StepRanking]
	Pairs    int         // of a needed and a redundant step that SRA ranks
	Kurtosis [][]float64 // of the vertical scores, mean over traces, see [score.ReceiverScores]
	MeanFCI  [][]float64 // mean over the steps of all traces

	Ranked      int               // traces with a needed and a redundant step, which SRA is the mean over
	SRAInterval [][]stat.Interval // of SRA over those traces, [L][H]: each is of a problem of its own
	Position    float64           // SRA of the place of a step alone, earlier first: what a head has that sees nothing
	PositionIn  stat.Interval
}

// ScoreHeads scores every head on correct traces.
func ScoreHeads(traces []Examined) HeadScores {
	var s HeadScores
	var focus, fci, vertical [][][][]float64
	var needed, redundant [][]bool
	for _, t := range traces {
		isNeeded, isRedundant := kinds(t.Trace)
		s.Pairs += pairs(t.Trace)
		needed, redundant = append(needed, isNeeded), append(redundant, isRedundant)
		focus, fci = append(focus, t.Focus), append(fci, t.FCIHeads)
		vertical = append(vertical, score.Receiver.Of(t.Input()).Heads)
	}
	s.SRA = score.StepRanking(focus, needed, redundant)
	s.rank(focus, needed, redundant)
	s.Kurtosis = score.ReceiverScores(vertical)
	s.MeanFCI = meanOverSteps(fci)
	return s
}

// rank adds the intervals of step ranking accuracy, and that of the place of a step.
func (s *HeadScores) rank(focus [][][][]float64, needed, redundant [][]bool) {
	over := func(of func(i int) []float64) (values []float64) {
		for i := range focus {
			if v := score.StepAUC(of(i), needed[i], redundant[i]); !math.IsNaN(v) {
				values = append(values, v)
			}
		}
		return values
	}
	places := over(func(i int) []float64 {
		place := make([]float64, len(needed[i]))
		for k := range place {
			place[k] = -float64(k)
		}
		return place
	})
	s.Ranked, s.Position, s.PositionIn = len(places), stat.Mean(places), stat.MeanInterval(places)
	for l := range s.SRA {
		s.SRAInterval = append(s.SRAInterval, make([]stat.Interval, len(s.SRA[l])))
		for h := range s.SRA[l] {
			s.SRAInterval[l][h] = stat.MeanInterval(over(func(i int) []float64 { return focus[i][l][h] }))
		}
	}
}

// kinds marks the needed and the redundant steps of a trace, [K].
func kinds(t task.Trace) (needed, redundant []bool) {
	for _, step := range t.Steps {
		needed = append(needed, step.Label == task.Essential || step.Label == task.Correcting)
		redundant = append(redundant, step.Label == task.Redundant)
	}
	return needed, redundant
}

func pairs(t task.Trace) int {
	return (t.Count(task.Essential) + t.Count(task.Correcting)) * t.Count(task.Redundant)
}

// meanOverSteps averages score[trace][l][h][k] over all steps of all traces.
func meanOverSteps(score [][][][]float64) [][]float64 {
	if len(score) == 0 {
		return nil
	}
	mean := make([][]float64, len(score[0]))
	for l := range mean {
		mean[l] = make([]float64, len(score[0][l]))
		for h := range mean[l] {
			var all []float64
			for _, trace := range score {
				all = append(all, trace[l][h]...)
			}
			mean[l][h] = stat.Mean(all)
		}
	}
	return mean
}
