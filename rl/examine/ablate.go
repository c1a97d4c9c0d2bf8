package examine

import (
	"context"
	"slices"

	"attnlab/model"
	"attnlab/rl/score"
	"attnlab/rl/stat"
	"attnlab/rl/task"
)

// Ablation says what stands in place of what a head draws from values.
type Ablation string

// The ablations: nothing, or what the head draws on average over all tokens of all traces.
const (
	ByZero Ablation = "zero"
	ByMean Ablation = "mean"
)

// Ablations lists them, the usual one first.
func Ablations() []Ablation { return []Ablation{ByZero, ByMean} }

// mostAnswer is how many tokens an answer may have that a model gives to a trace's thought.
const mostAnswer = 32

// Ablating measures what heads do for the answers of traces: it replaces what they draw at every token, and reads how likely the trace's own answer
// is, and which answer the model gives, greedily, after the same thought.
type Ablating struct {
	inspector *model.Inspector
	kind      task.Task
	problems  []task.Problem
	traces    []task.Trace
	mean      [][]float64 // [L][H·C]
	before    answered
}

// answered is what a model says to the thoughts of traces.
type answered struct {
	logProb []float64 // [traces] of the trace's answer part, in nats
	right   []float64 // [traces] 1 where the answer that the model gives is right, or where nobody knows that the trace's own
}

// NewAblating measures the whole model. Traces without an answer part are left out; capacity of the inspector must hold the longest trace and an
// answer. It returns an error where no trace has an answer.
func NewAblating(ctx context.Context, i *model.Inspector, kind task.Task, problems []task.Problem, traces []task.Trace) (*Ablating, error) {
	a := &Ablating{inspector: i, kind: kind, mean: make([][]float64, i.Layers)}
	for n, t := range traces {
		if t.AnswerEnd > t.AnswerStart && t.AnswerStart > 0 {
			a.problems, a.traces = append(a.problems, problems[n]), append(a.traces, t)
		}
	}
	if len(a.traces) == 0 {
		return nil, noneOf(len(traces), "has an answer")
	}
	width, tokens := i.Heads*i.HeadDim, 0
	for l := range a.mean {
		a.mean[l] = make([]float64, width)
	}
	logProb, err := a.logProbs(ctx, func(l int, x []float32) bool {
		for at, v := range x {
			a.mean[l][at%width] += float64(v)
		}
		if l == 0 {
			tokens += len(x) / width
		}
		return false
	})
	if err != nil {
		return nil, err
	}
	for l := range a.mean {
		for c := range a.mean[l] {
			a.mean[l][c] /= float64(tokens)
		}
	}
	a.before.logProb = logProb
	a.before.right, err = a.answers(ctx, nil)
	return a, err
}

// Traces counts the traces that are measured.
func (a *Ablating) Traces() int { return len(a.traces) }

// Right is the share of right answers of the whole model after the traces' thoughts, with its standard error.
func (a *Ablating) Right() (share, standardError float64) { return stat.MeanError(a.before.right) }

// LogProb is the mean log-probability of the traces' answers under the whole model, with its standard error.
func (a *Ablating) LogProb() (mean, standardError float64) { return stat.MeanError(a.before.logProb) }

// HeadEffect is what the ablation of heads changes: paired over traces, the ablated model less the whole one.
type HeadEffect struct {
	LogProb stat.Difference // of the answer part, nats
	Right   stat.Difference // share of right answers; its interval is [stat.PairedShareDifference]
}

// Without measures the model without some heads.
func (a *Ablating) Without(ctx context.Context, heads []score.Head, by Ablation) (e HeadEffect, err error) {
	C, width := a.inspector.HeadDim, a.inspector.Heads*a.inspector.HeadDim
	hook := func(l int, x []float32) (changed bool) {
		for _, h := range heads {
			if h.Layer != l {
				continue
			}
			changed = true
			for at := h.Head * C; at < len(x); at += width {
				for c := range C {
					x[at+c] = 0
					if by == ByMean {
						x[at+c] = float32(a.mean[l][h.Head*C+c])
					}
				}
			}
		}
		return changed
	}
	logProb, err := a.logProbs(ctx, hook)
	if err != nil {
		return e, err
	}
	right, err := a.answers(ctx, hook)
	if err != nil {
		return e, err
	}
	e = HeadEffect{stat.Paired(logProb, a.before.logProb), stat.Paired(right, a.before.right)}
	if n := len(right); n > 1 {
		e.Right.Interval = stat.PairedShareDifference(stat.Mean(right), stat.Mean(a.before.right), n, e.Right.Error)
	}
	return e, nil
}

// logProbs are the log-probabilities of the answer parts with changed heads.
func (a *Ablating) logProbs(ctx context.Context, heads func(l int, x []float32) bool) ([]float64, error) {
	sums := make([]float64, len(a.traces))
	var sequences [][]int
	for _, t := range a.traces {
		sequences = append(sequences, t.Tokens[:t.AnswerEnd])
	}
	err := a.passes(ctx, sequences, heads, func(n, start int, logits func(positions []int) ([][]float32, error)) error {
		t := a.traces[n]
		var at []int
		for i := t.AnswerStart; i < t.AnswerEnd; i++ {
			at = append(at, start+i-1)
		}
		rows, err := logits(at)
		for i, row := range rows {
			sums[n] += model.LogSoftmax(row)[t.Tokens[t.AnswerStart+i]]
		}
		return err
	})
	return sums, err
}

// answers judges what the model writes greedily after each thought, with changed heads.
func (a *Ablating) answers(ctx context.Context, heads func(l int, x []float32) bool) ([]float64, error) {
	sequences, open := make([][]int, len(a.traces)), make([]int, len(a.traces))
	for n, t := range a.traces {
		sequences[n], open[n] = slices.Clone(t.Tokens[:t.AnswerStart]), n
	}
	for range mostAnswer {
		var left []int
		some := make([][]int, len(open))
		for i, n := range open {
			some[i] = sequences[n]
		}
		err := a.passes(ctx, some, heads, func(i, start int, logits func(positions []int) ([][]float32, error)) error {
			n := open[i]
			rows, err := logits([]int{start + len(sequences[n]) - 1})
			if err != nil {
				return err
			}
			next := slices.Index(rows[0], slices.Max(rows[0]))
			sequences[n] = append(sequences[n], next)
			if !task.Ends(a.kind, next) && len(sequences[n]) < a.inspector.MaxContext {
				left = append(left, n)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if open = left; len(open) == 0 {
			break
		}
	}
	right := make([]float64, len(a.traces))
	for n, t := range a.traces {
		p := a.problems[n]
		if p.Gold == "" {
			p.Gold = t.Answer
		}
		right[n] = stat.Indicator(a.kind.Judge(p, sequences[n][t.PromptLength:]).Correct)
	}
	return right, nil
}

// passes runs sequences with changed heads, as many at once as fit, and calls each with the first packed position of every one, and the logits of the
// pass.
func (a *Ablating) passes(ctx context.Context, sequences [][]int, heads func(l int, x []float32) bool, each func(n, start int, logits func([]int) ([][]float32, error)) error) error {
	for from := 0; from < len(sequences); {
		if err := ctx.Err(); err != nil {
			return err
		}
		to, tokens := from, 0
		for to < len(sequences) && (to == from || tokens+len(sequences[to]) <= a.inspector.Capacity()) {
			tokens += len(sequences[to])
			to++
		}
		b := model.Pack(sequences[from:to]...)
		if err := a.inspector.Run(b, model.Hooks{Heads: heads}); err != nil {
			return err
		}
		for n := from; n < to; n++ {
			if err := each(n, b.Starts[n-from], a.inspector.Logits); err != nil {
				return err
			}
		}
		from = to
	}
	return nil
}
