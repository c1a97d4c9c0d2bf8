// Package score computes scores of the steps of a trace from a forward pass: one number a step, and for a score of attention one
// for each head as well.
//
// [Scores] is the table of them. [StepAttention] is what most of them read: attention pooled over ranges of tokens.
package score

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"attnlab/rl/stat"
)

// StepAttention is post-softmax attention pooled over ranges of tokens: the
// prompt, the steps, the answer, in order.
type StepAttention struct {
	Layers, Heads, Ranges int

	// Mean[l][h][j][k], flat, is what a token of range j pays to a token of
	// range k: the mean over query tokens and over key tokens.
	Mean []float32
}

// At returns Mean[l][h][j][k].
func (s StepAttention) At(l, h, j, k int) float64 {
	return float64(s.Mean[((l*s.Heads+h)*s.Ranges+j)*s.Ranges+k])
}

// PoolAttention makes a StepAttention from whole matrices, [layers][heads][tokens][tokens]
// flat. It is the definition; devices pool without storing whole matrices. It panics where the
// length of attention is another.
func PoolAttention(attention []float32, layers, heads, tokens int, ranges [][2]int) StepAttention {
	if len(attention) != layers*heads*tokens*tokens {
		panic(fmt.Sprintf("score: PoolAttention: %d values for [%d][%d][%d][%d]", len(attention), layers, heads, tokens, tokens))
	}
	s := StepAttention{layers, heads, len(ranges), make([]float32, layers*heads*len(ranges)*len(ranges))}
	for i := range s.Mean {
		head, j, k := i/(s.Ranges*s.Ranges), i/s.Ranges%s.Ranges, i%s.Ranges
		q, key := ranges[j], ranges[k]
		var sum float64
		for m := q[0]; m < q[1]; m++ {
			for n := key[0]; n < key[1]; n++ {
				sum += float64(attention[(head*tokens+m)*tokens+n])
			}
		}
		if n := (q[1] - q[0]) * (key[1] - key[0]); n > 0 {
			s.Mean[i] = float32(sum / float64(n))
		}
	}
	return s
}

// Head names an attention head.
type Head struct {
	Layer int `json:"layer"`
	Head  int `json:"head"`
}

// ParseHeads reads heads as "1.2,0.3", each a layer and a head counted from 0; no text is no heads. The error continues a sentence that begins
// with what the text is of.
func ParseHeads(text string) (heads []Head, err error) {
	if text == "" {
		return nil, nil
	}
	for one := range strings.SplitSeq(text, ",") {
		layer, head, _ := strings.Cut(one, ".")
		l, err := strconv.Atoi(layer)
		h, err2 := strconv.Atoi(head)
		if err != nil || err2 != nil || l < 0 || h < 0 {
			return nil, fmt.Errorf("is %.60q; write layer.head,layer.head, counted from 0", text)
		}
		heads = append(heads, Head{l, h})
	}
	return heads, nil
}

// TopHeads returns the n heads with the highest score[l][h], best first and
// equal ones in order; NaN means that a head has no score.
func TopHeads(score [][]float64, n int) []Head {
	var heads []Head
	for l := range score {
		for h, v := range score[l] {
			if !math.IsNaN(v) {
				heads = append(heads, Head{l, h})
			}
		}
	}
	slices.SortStableFunc(heads, func(a, b Head) int {
		return cmp.Compare(score[b.Layer][b.Head], score[a.Layer][a.Head])
	})
	return heads[:min(n, len(heads))]
}

// meanOverTraces averages f(trace, score[trace][l][h]) over traces, NaN left out.
func meanOverTraces(score [][][][]float64, f func(trace int, y []float64) float64) [][]float64 {
	if len(score) == 0 {
		return nil
	}
	out := make([][]float64, len(score[0]))
	for l := range out {
		out[l] = make([]float64, len(score[0][l]))
		for h := range out[l] {
			values := make([]float64, len(score))
			for i := range score {
				values[i] = f(i, score[i][l][h])
			}
			out[l][h] = stat.Mean(stat.Known(values))
		}
	}
	return out
}

// StepAUC compares step scores, or step credit, with the true labels: the AUC
// of needed (essential or correcting) steps over redundant ones. It panics where the lengths differ.
func StepAUC(score []float64, needed, redundant []bool) float64 {
	if len(needed) != len(score) || len(redundant) != len(score) {
		panic(fmt.Sprintf("score: StepAUC: %d scores, %d needed, %d redundant", len(score), len(needed), len(redundant)))
	}
	var p, n []float64
	for k, v := range score {
		if needed[k] {
			p = append(p, v)
		}
		if redundant[k] {
			n = append(n, v)
		}
	}
	return stat.AUC(p, n)
}
