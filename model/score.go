package model

import (
	"fmt"

	"attnlab/gpu"
	"attnlab/shaders/attn"
	"attnlab/shaders/loss"
)

// Range is a half-open range of tokens of a sequence.
type Range struct{ Start, End int }

// StepAttention is the attention of a sequence pooled by its steps, for every
// layer and head: mean over the query tokens of step j, sum over the key tokens of
// step k. The mean over both is that divided by the tokens of step k.
type StepAttention struct {
	Layers, Heads, Steps int
	Ranges               []Range   // of the steps
	Sum                  []float32 // [Layers, Heads, Steps, Steps]; 0 where k > j
}

// At is the mean over query tokens of step j of the sum over key tokens of step k.
func (a *StepAttention) At(l, h, j, k int) float32 {
	return a.Sum[((l*a.Heads+h)*a.Steps+j)*a.Steps+k]
}

// Mean is the mean over the query tokens of step j and the key tokens of step k:
// the attention density α of AttnRL (section 2.1).
func (a *StepAttention) Mean(l, h, j, k int) float32 {
	n := a.Ranges[k].End - a.Ranges[k].Start
	if n == 0 {
		return 0
	}
	return a.At(l, h, j, k) / float32(n)
}

// Score is what a forward pass says of a sequence.
type Score struct {
	LogProbs  []float32 // [T] of each token given those before it; 0 for the first
	Entropy   []float32 // [T] of the distribution each token was drawn from; 0 for the first
	Attention *StepAttention
}

// ScoreRequest is a sequence to score.
type ScoreRequest struct {
	Tokens []int
	Steps  []Range // in order; none skips attention
	Hide   Hide
}

// Scorer runs forward passes over whole sequences: log-probabilities, entropies
// and step-pooled attention of every layer and head in one pass. Its memory grows
// with steps², never with tokens².
type Scorer struct {
	*Model
	Temperature float32 // logits are divided by it; 0 means 1

	capacity int
	in       *inputs
	a        *acts
	targets  *gpu.Buffer // [N]
	weight   *gpu.Buffer // [N], zeros
	logits   *gpu.Buffer // [N, V↑4], scratch
	stat     *gpu.Buffer // [N,4]
	steps    *gpu.Buffer // [S,2]
	seqs     *gpu.Buffer // [sequences,4]
	pooled   []*gpu.Buffer
	words    int // of pooled in use
	nSeqs    int
	prog     *gpu.Program
}

// NewScorer makes room for passes of up to capacity tokens.
func NewScorer(m *Model, capacity int) (*Scorer, error) {
	d := m.Device
	s := &Scorer{Model: m, capacity: capacity, in: m.newInputs(capacity), a: m.newActs(capacity, false),
		targets: d.Uints("targets", capacity), weight: d.Floats("weight", capacity),
		logits: d.Floats("logits", capacity*up4(m.VocabSize)), stat: d.Floats("stat", 4*capacity),
		seqs: d.Uints("seqs", 4*capacity)}
	s.makeRoom(1<<12, 1<<12)
	return s, d.Err()
}

// makeRoom allocates for steps ranges and words of pooled attention a layer, and
// records the program, which binds them. Room doubles, so that passes of growing
// size record it seldom.
func (s *Scorer) makeRoom(steps, words int) {
	if s.steps != nil {
		haveSteps, haveWords := s.steps.Len()/2, s.pooled[0].Len()
		if steps <= haveSteps && words <= haveWords {
			return
		}
		steps, words = grown(haveSteps, steps), grown(haveWords, words)
	}
	s.releaseRoom()
	d := s.Device
	s.steps = d.Uints("steps", 2*steps)
	for range s.Layers {
		s.pooled = append(s.pooled, d.Floats("pooled", words))
	}
	p := d.NewProgram("score")
	s.prog = p
	s.forward(p, s.in, s.a, func(l int, a layerActs) {
		p.Add(attn.StepPool(s.HeadDim), func() any {
			return attn.StepPoolShape{Seqs: uint32(s.nSeqs), H: uint32(s.Heads), K: uint32(s.KVHeads), Pairs: uint32(s.words)}
		}, a.qkv, s.in.span, a.lse, s.steps, s.seqs, s.pooled[l])
	})
	p.Add(loss.Xent, func() any {
		return loss.XentParams{N: uint32(s.in.n), D: uint32(s.HiddenSize), V: uint32(s.VocabSize), Scale: s.scale()}
	}, s.a.h, s.Model.weight(s.head()), s.targets, s.weight, s.logits, s.stat)
}

// grown is room for at least want, doubled from have.
func grown(have, want int) int {
	for have < want {
		have *= 2
	}
	return have
}

func (s *Scorer) scale() float32 {
	if s.Temperature == 0 {
		return 1
	}
	return 1 / s.Temperature
}

func (s *Scorer) releaseRoom() {
	if s.steps == nil {
		return
	}
	s.prog.Release()
	s.steps.Release()
	for _, b := range s.pooled {
		b.Release()
	}
	s.pooled = nil
}

// Score scores sequences, as many in a pass as there is room for.
func (s *Scorer) Score(requests []ScoreRequest) ([]Score, error) {
	scores := make([]Score, 0, len(requests))
	for from := 0; from < len(requests); {
		to, n := from, 0
		for to < len(requests) && (to == from || n+len(requests[to].Tokens) <= s.capacity) {
			n += len(requests[to].Tokens)
			to++
		}
		some, err := s.pass(requests[from:to])
		if err != nil {
			return nil, fmt.Errorf("sequences %d to %d: %w", from, to-1, err)
		}
		scores = append(scores, some...)
		from = to
	}
	return scores, nil
}

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
	words := 0
	for i, r := range requests {
		seqs = append(seqs, uint32(len(steps)/2), uint32(len(r.Steps)), uint32(words), 0)
		for _, step := range r.Steps {
			if step.Start < 0 || step.End < step.Start || step.End > len(r.Tokens) {
				return nil, fmt.Errorf("model: step [%d,%d) does not lie in the %d tokens of sequence %d", step.Start, step.End, len(r.Tokens), i)
			}
			steps = append(steps, uint32(b.Starts[i]+step.Start), uint32(b.Starts[i]+step.End))
		}
		words += s.Heads * len(r.Steps) * len(r.Steps)
	}
	s.makeRoom(max(len(steps)/2, 1), max(words, 1))
	s.in.write(b, s.VocabSize)
	s.steps.WriteUints(0, steps)
	s.seqs.WriteUints(0, seqs)
	s.targets.WriteUints(0, b.Next(s.VocabSize))
	s.nSeqs, s.words = len(requests), words
	if err := s.prog.Run(1); err != nil {
		return nil, err
	}
	stat, pooled := make([]float32, 4*b.N()), make([][]float32, s.Layers)
	results := []gpu.Transfer{s.stat.Into(0, stat)}
	for l := range pooled {
		pooled[l] = make([]float32, words)
		results = append(results, s.pooled[l].Into(0, pooled[l]))
	}
	if err := s.Device.Read(results...); err != nil {
		return nil, err
	}
	scores := make([]Score, len(requests))
	for i, r := range requests {
		scores[i] = s.unpack(r, stat[4*b.Starts[i]:], pooled, int(seqs[4*i+2]))
	}
	return scores, nil
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

func (s *Scorer) unpack(r ScoreRequest, stat []float32, pooled [][]float32, at int) Score {
	T, K := len(r.Tokens), len(r.Steps)
	score := Score{LogProbs: make([]float32, T), Entropy: make([]float32, T)}
	for t := 1; t < T; t++ {
		score.LogProbs[t], score.Entropy[t] = stat[4*(t-1)], stat[4*(t-1)+1]
	}
	if K > 0 {
		a := &StepAttention{Layers: s.Layers, Heads: s.Heads, Steps: K, Ranges: r.Steps}
		for _, words := range pooled {
			a.Sum = append(a.Sum, words[at:at+s.Heads*K*K]...)
		}
		score.Attention = a
	}
	return score
}

// Release frees the scorer's buffers, not the model.
func (s *Scorer) Release() {
	s.releaseRoom()
	s.in.release()
	s.a.release()
	for _, b := range []*gpu.Buffer{s.targets, s.weight, s.logits, s.stat, s.seqs} {
		b.Release()
	}
}
