package examine

import (
	"context"
	"errors"
	"fmt"
	"math"

	"attnlab/model"
	"attnlab/rl/task"
)

// Patching is what happens where the residual stream of one trace is put into another of the same problem: for each layer and each range, how much of
// the difference between their answers comes back, and how much likelier the answer of the first becomes. The ranges are prompt, steps, and the answer
// part up to where the answers differ.
type Patching struct {
	Tokens [2]int        // the first tokens in which the answers differ: that of the trace from which states come, and that of the other
	At     [2]int        // their positions
	From   float64       // logit of the first less that of the second, in the trace from which states come
	To     float64       // the same in the other
	Likely [2]float64    // log-probability of the first in both, nats
	Back   [][]float64   // [L][K+2] what share of From − To comes back; NaN where the ranges have different numbers of tokens
	Gained [][]float64   // [L][K+2] how much the log-probability of the first rises in the other, nats; NaN as in Back
	Ranges []model.Range // [K+2] of the trace into which states are put, half open
}

// Patch puts the states of a trace into another, layer by layer and range by range: at the input of layer l, in the tokens of prompt, of each step and of
// the answer part up to where the answers differ. progress, where not nil, is called with the passes so far. It returns an error where both have the
// same answer or one has none.
func Patch(ctx context.Context, i *model.Inspector, from, to task.Trace, progress func(done, of int)) (p Patching, err error) {
	if p.Tokens, p.At, err = parting(from, to); err != nil {
		return p, err
	}
	read := func(position int) (difference, likely float64, err error) {
		rows, err := i.Logits([]int{position})
		if err != nil {
			return 0, 0, err
		}
		return float64(rows[0][p.Tokens[0]] - rows[0][p.Tokens[1]]), model.LogSoftmax(rows[0])[p.Tokens[0]], nil
	}
	var states [][]float32
	if err := i.Run(model.Pack(from.Tokens[:p.At[0]]), model.Hooks{Residual: func(_ int, x []float32) bool { states = append(states, x); return false }}); err != nil {
		return p, err
	}
	if p.From, p.Likely[0], err = read(p.At[0] - 1); err != nil {
		return p, err
	}
	into := to.Tokens[:p.At[1]]
	if err := i.Run(model.Pack(into), model.Hooks{}); err != nil {
		return p, err
	}
	if p.To, p.Likely[1], err = read(p.At[1] - 1); err != nil {
		return p, err
	}
	given := upTo(from, p.At[0])
	p.Ranges = upTo(to, p.At[1])
	for layer := range i.Layers {
		back, gained := make([]float64, len(p.Ranges)), make([]float64, len(p.Ranges))
		for k, r := range p.Ranges {
			if err := ctx.Err(); err != nil {
				return p, err
			}
			if progress != nil {
				progress(layer*len(p.Ranges)+k, i.Layers*len(p.Ranges))
			}
			back[k], gained[k] = math.NaN(), math.NaN()
			source, same := sourceOf(given, p.Ranges, k)
			if !same || r.End == r.Start {
				continue
			}
			err := i.Run(model.Pack(into), model.Hooks{Residual: func(l int, x []float32) bool {
				if l == layer {
					copy(x[r.Start*i.HiddenSize:r.End*i.HiddenSize], states[l][source.Start*i.HiddenSize:source.End*i.HiddenSize])
				}
				return l == layer
			}})
			if err != nil {
				return p, err
			}
			patched, likely, err := read(p.At[1] - 1)
			if err != nil {
				return p, err
			}
			back[k], gained[k] = (patched-p.To)/(p.From-p.To), likely-p.Likely[1]
		}
		p.Back, p.Gained = append(p.Back, back), append(p.Gained, gained)
	}
	return p, nil
}

// mostSeeds is how many responses are sampled to find one with another answer.
const mostSeeds = 16

// OtherAnswer samples responses to the problem of a trace by the sampling seeds after its own, until one gives another answer: what can be patched with it
// where no step is changed by hand. It returns an error where none of mostSeeds does. draw is the sampling by a seed.
func OtherAnswer(ctx context.Context, d *model.Decoder, kind task.Task, p task.Problem, from task.Trace, longest int, seed uint64, draw func(seed uint64) model.Sampling) (other task.Trace, by uint64, err error) {
	if draw(seed).Temperature == 0 {
		return other, 0, errors.New("greedy responses are all the same; change a step, or sample at a temperature above 0")
	}
	for by = seed + 1; by <= seed+mostSeeds; by++ {
		attempts, err := Attempts(ctx, d, kind, []task.Problem{p}, longest, draw(by), nil)
		if err != nil {
			return other, 0, err
		}
		other := attempts[0].Trace
		if _, _, err := parting(from, other); err == nil && other.Answer != "" && other.Answer != from.Answer { // answer parts may differ before the answer
			return other, by, nil
		}
	}
	return other, 0, fmt.Errorf("none of %d other responses gives another answer; change a step, or choose another problem", mostSeeds)
}

// sourceOf is the range whose states are put into range k: the one of the same number, the answer's from the end. same reports whether it has as many
// tokens.
func sourceOf(from, to []model.Range, k int) (r model.Range, same bool) {
	n := k
	if k == len(to)-1 {
		n = len(from) - 1
	} else if k >= len(from)-1 {
		return r, false
	}
	r = from[n]
	return r, r.End-r.Start == to[k].End-to[k].Start
}

// upTo are prompt, steps and answer part of a trace up to a position.
func upTo(t task.Trace, end int) []model.Range {
	of := ranges(t)
	of[len(of)-1].End = end
	return of
}

// parting finds the first tokens in which the answer parts of two traces differ.
func parting(from, to task.Trace) (tokens, at [2]int, err error) {
	a, b := from.Tokens[from.AnswerStart:from.AnswerEnd], to.Tokens[to.AnswerStart:to.AnswerEnd]
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return [2]int{a[i], b[i]}, [2]int{from.AnswerStart + i, to.AnswerStart + i}, nil
		}
	}
	return tokens, at, errSameAnswer
}
