package model

import (
	"context"
	"fmt"

	"attnlab/gpu"
	"attnlab/shaders/attn"
	"attnlab/shaders/loss"
	"attnlab/shaders/nn"
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

// TopK is how many of the likeliest tokens a pass finds at each place.
const TopK = 8

// Choice is a token that could stand at a place, and its log-probability there.
type Choice struct {
	Token   int
	LogProb float32
}

// Score is the result of a forward pass over a sequence of T tokens.
type Score struct {
	LogProbs  []float32 // [T] of each token given those before it; 0 for the first
	Entropy   []float32 // [T] in nats, of the distribution each token was drawn from; 0 for the first
	Attention *StepAttention

	// Of a request with Look:
	Top      [][]Choice // [T] the likeliest tokens at each place, the likeliest first; none for the first place
	Received []float32  // [Layers, Heads, T] attention that each token receives from all later ones
}

// MeanReceived is the attention that each token receives, the mean over all
// heads, [T].
func (s *Score) MeanReceived() []float32 {
	T := len(s.LogProbs)
	mean, heads := make([]float32, T), len(s.Received)/max(T, 1)
	for i, r := range s.Received {
		mean[i%T] += r / float32(heads)
	}
	return mean
}

// ScoreRequest is a sequence to score.
type ScoreRequest struct {
	Tokens []int
	Steps  []Range // in order; without steps there is no step attention
	Hide   Hide
	Look   bool // also find the likeliest tokens and the attention that each token receives
}

// Scorer runs forward passes over whole sequences. One pass computes
// log-probabilities, entropies, step-pooled attention of every layer and head and,
// where asked for, the likeliest tokens and the attention each token receives. All
// of them are reduced on the device: neither logits [T,V] nor attention
// [L,H,T,T] is read back, and attention [T,T] is never stored.
type Scorer struct {
	*Model
	Temperature float32 // logits are divided by it; 0 means 1
	Passes      int64   // forward passes run so far

	capacity int
	in       *inputs
	a        *acts
	targets  *gpu.Buffer // [N]
	logits   *gpu.Buffer // [rows, V↑4], of some of the tokens at a time
	chunks   []chunk
	stat     *gpu.Buffer   // [N,4]
	ids      *gpu.Buffer   // [N,TopK]
	logps    *gpu.Buffer   // [N,TopK]
	received []*gpu.Buffer // [N,H] for each layer
	steps    *gpu.Buffer   // [S,2]
	seqs     *gpu.Buffer   // [sequences,4]
	pooled   []*gpu.Buffer
	prog     *gpu.Program

	// Of the pass that runs:
	nSeqs int
	words int  // of pooled in use
	look  bool // one of the requests wants more than its score
}

// NewScorer allocates a scorer for passes of up to capacity tokens.
func NewScorer(m *Model, capacity int) (*Scorer, error) {
	return newScorerBy(m, capacity, m.chunks(capacity))
}

// newScorerBy is NewScorer with given chunks of logits.
func newScorerBy(m *Model, capacity int, chunks []chunk) (*Scorer, error) {
	d := m.Device
	s := &Scorer{Model: m, capacity: capacity, in: m.newInputs(capacity), a: m.newActs(capacity, keepNothing),
		targets: d.Uints("targets", capacity), logits: d.Floats("logits", chunks[0].n*up4(m.VocabSize)), chunks: chunks,
		stat: d.Floats("stat", 4*capacity), ids: d.Uints("ids", TopK*capacity), logps: d.Floats("logps", TopK*capacity),
		seqs: d.Uints("seqs", 4*capacity)}
	for range m.Layers {
		s.received = append(s.received, d.Floats("received", capacity*m.Heads))
	}
	s.reserve(1<<12, 1<<12)
	return s, d.Err()
}

// reserve allocates for a number of step ranges, and of words of pooled attention
// in each layer, and records the program, which binds both. Capacity doubles, so
// that passes of growing size record it seldom.
func (s *Scorer) reserve(steps, words int) {
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
	s.prog = d.NewProgram("score")
	s.record(s.prog)
}

// record records the forward pass with what is computed from each layer's
// attention, and then the statistics of the logits, some rows at a time.
func (s *Scorer) record(p *gpu.Program) {
	s.forward(p, s.in, s.a, func(l int, a layerActs) {
		p.Add(attn.StepPool(s.HeadDim), func() any {
			return attn.StepPoolShape{Seqs: uint32(s.nSeqs), H: uint32(s.Heads), K: uint32(s.KVHeads), Pairs: uint32(s.words)}
		}, a.qkv, s.in.span, a.lse, s.steps, s.seqs, s.pooled[l])
		p.Add(attn.Received(s.HeadDim), func() any {
			return attn.Shape{N: s.looked(s.in.n), H: uint32(s.Heads), K: uint32(s.KVHeads)}
		}, a.qkv, s.in.span, a.lse, s.received[l])
	})
	D, V := s.HiddenSize, s.VocabSize
	for _, c := range s.chunks {
		now := func() int { return c.now(s.in.n) }
		stat := c.part(s.stat, 4)
		s.Model.logits(p, shape{s.Config, nn.Wide, now}, c.part(s.a.h, D), s.logits)
		p.Add(loss.LogitStat, func() any {
			return loss.LogitStatParams{N: uint32(now()), V: uint32(V), Scale: s.scale()}
		}, s.logits, c.part(s.targets, 1), stat)
		p.Add(loss.TopK, func() any {
			return loss.TopKParams{N: s.looked(now()), V: uint32(V), K: TopK, Scale: s.scale()}
		}, s.logits, stat, c.part(s.ids, TopK), c.part(s.logps, TopK))
	}
}

// looked is n in a pass that looks, else 0: a dispatch of nothing is left out.
func (s *Scorer) looked(n int) uint32 {
	if s.look {
		return uint32(n)
	}
	return 0
}

// grown is the capacity for at least want, doubled from have.
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

// Score scores sequences, as many in one pass as fit the capacity. It returns an
// error if a sequence does not fit, holds unknown tokens, or has steps outside it.
func (s *Scorer) Score(requests []ScoreRequest) ([]Score, error) {
	return s.ScoreBy(context.Background(), requests, nil)
}

// ScoreBy is Score that calls progress, if not nil, after each pass with how many sequences are scored, and that ctx stops between passes: then
// it returns the scores so far and ctx's error.
func (s *Scorer) ScoreBy(ctx context.Context, requests []ScoreRequest, progress func(done, of int)) ([]Score, error) {
	scores := make([]Score, 0, len(requests))
	for from := 0; from < len(requests); {
		if err := ctx.Err(); err != nil {
			return scores, err
		}
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
		if from = to; progress != nil {
			progress(from, len(requests))
		}
	}
	return scores, nil
}

// Release frees the scorer's buffers, not the model.
func (s *Scorer) Release() {
	s.releaseRoom()
	s.in.release()
	s.a.release()
	for _, b := range append([]*gpu.Buffer{s.targets, s.logits, s.stat, s.ids, s.logps, s.seqs}, s.received...) {
		b.Release()
	}
}

// LogProbs returns the log-probabilities, at temperature 1, of the tokens of responses to one prompt, a slice a response.
func (s *Scorer) LogProbs(prompt []int, responses ...[]int) (of [][]float32, err error) {
	var requests []ScoreRequest
	for _, r := range responses {
		requests = append(requests, ScoreRequest{Tokens: append(append([]int{}, prompt...), r...)})
	}
	scores, err := s.Score(requests)
	if err != nil {
		return nil, err
	}
	for _, score := range scores {
		of = append(of, score.LogProbs[len(prompt):])
	}
	return of, nil
}
