package model

import (
	"fmt"
	"slices"

	"attnlab/gpu"
)

// pass runs one forward pass and one readback.
func (s *Scorer) pass(requests []ScoreRequest) ([]Score, error) {
	tokens, hide := make([][]int, len(requests)), make([]Hide, len(requests))
	for i, r := range requests {
		tokens[i], hide[i] = r.Tokens, r.Hide
	}
	b := PackHiding(tokens, hide)
	if err := s.check(b, s.capacity); err != nil {
		return nil, err
	}
	var steps, seqs []uint32
	words, cuts := 0, make([][]piece, len(requests))
	for i, r := range requests {
		for _, step := range r.Steps {
			if step.Start < 0 || step.End < step.Start || step.End > len(r.Tokens) {
				return nil, fmt.Errorf("model: step [%d,%d) does not lie in the %d tokens of sequence %d", step.Start, step.End, len(r.Tokens), i)
			}
		}
		cuts[i] = cut(r.Steps)
		seqs = append(seqs, uint32(len(steps)/2), uint32(len(cuts[i])), uint32(words), 0)
		for _, p := range cuts[i] {
			steps = append(steps, uint32(b.Starts[i]+p.Start), uint32(b.Starts[i]+p.End))
		}
		words += s.Heads * len(cuts[i]) * len(cuts[i])
	}
	s.reserve(max(len(steps)/2, 1), max(words, 1))
	s.in.write(b, s.VocabSize)
	s.steps.WriteUints(0, steps)
	s.seqs.WriteUints(0, seqs)
	s.targets.WriteUints(0, b.Next(s.VocabSize))
	s.nSeqs, s.words = len(requests), words
	s.look = slices.ContainsFunc(requests, func(r ScoreRequest) bool { return r.Look })
	if err := s.prog.Run(1); err != nil {
		return nil, err
	}
	s.Passes++
	got, err := s.read(b.N(), words)
	if err != nil {
		return nil, err
	}
	scores := make([]Score, len(requests))
	for i, r := range requests {
		scores[i] = s.unpack(r, got, b.Starts[i], int(seqs[4*i+2]), cuts[i])
	}
	return scores, nil
}

// passed is what a pass over N tokens has left on the device.
type passed struct {
	stat     []float32   // [N,4]
	pooled   [][]float32 // [words] for each layer
	ids      []uint32    // [N,TopK]; these three only after a pass that looks
	logps    []float32   // [N,TopK]
	received [][]float32 // [N,H] for each layer
}

// read reads the results of a pass in one readback.
func (s *Scorer) read(N, words int) (got passed, err error) {
	got.stat = make([]float32, 4*N)
	transfers := []gpu.Transfer{s.stat.Into(0, got.stat)}
	each := func(buffers []*gpu.Buffer, n int) (words [][]float32) {
		for _, b := range buffers {
			w := make([]float32, n)
			words, transfers = append(words, w), append(transfers, b.Into(0, w))
		}
		return words
	}
	got.pooled = each(s.pooled, words)
	if s.look {
		got.ids, got.logps = make([]uint32, TopK*N), make([]float32, TopK*N)
		transfers = append(transfers, s.ids.IntoUints(0, got.ids), s.logps.Into(0, got.logps))
		got.received = each(s.received, N*s.Heads)
	}
	return got, s.Device.Read(transfers...)
}

// Next is the token after each, V after the last of a sequence: none.
func (b *Batch) Next(V int) []uint32 {
	next := make([]uint32, b.N())
	copy(next, b.Tokens[1:])
	for _, end := range b.Starts[1:] {
		next[end-1] = uint32(V)
	}
	return next
}

// unpack takes the score of one sequence out of a pass: its first token is packed
// token start, and the attention between its pieces begins at word of each layer's.
func (s *Scorer) unpack(r ScoreRequest, got passed, start, word int, pieces []piece) Score {
	T := len(r.Tokens)
	score := Score{LogProbs: make([]float32, T), Entropy: make([]float32, T)}
	for t := 1; t < T; t++ {
		at := start + t - 1 // the row that predicts token t
		score.LogProbs[t], score.Entropy[t] = got.stat[4*at], got.stat[4*at+1]
	}
	if len(r.Steps) > 0 {
		a := &StepAttention{Layers: s.Layers, Heads: s.Heads, Steps: len(r.Steps), Ranges: r.Steps}
		for _, words := range got.pooled {
			a.Sum = append(a.Sum, join(r.Steps, pieces, words[word:][:s.Heads*len(pieces)*len(pieces)], s.Heads)...)
		}
		score.Attention = a
	}
	if !r.Look {
		return score
	}
	score.Top = make([][]Choice, T)
	for t := 1; t < T; t++ {
		at := TopK * (start + t - 1)
		for i := range min(TopK, s.VocabSize) {
			score.Top[t] = append(score.Top[t], Choice{int(got.ids[at+i]), got.logps[at+i]})
		}
	}
	score.Received = make([]float32, 0, s.Layers*s.Heads*T)
	for _, layer := range got.received {
		for h := range s.Heads {
			for t := range T {
				score.Received = append(score.Received, layer[(start+t)*s.Heads+h])
			}
		}
	}
	return score
}
