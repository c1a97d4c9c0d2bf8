package model

import (
	"fmt"

	"attnlab/gpu"
	"attnlab/shaders/decode"
	"attnlab/shaders/loss"
	"attnlab/shaders/nn"
)

// logitWords is how many logits exist at once, at most, where a vocabulary is not enormous: 32 MiB, a quarter of what WebGPU guarantees
// for one binding, and so few that no driver ends a dispatch over them.
const logitWords = 1 << 23

// chunk is a range of the tokens of a batch, whose logits exist at once.
type chunk struct{ first, n int }

// chunksOf cuts N tokens into chunks of so many rows. Parts of buffers begin at multiples of Align words, so rows come by Align.
func chunksOf(N, rows int) (chunks []chunk) {
	rows = max(Align, rows/Align*Align)
	for first := 0; first < N; first += rows {
		chunks = append(chunks, chunk{first, min(rows, N-first)})
	}
	return chunks
}

// chunks cuts N tokens into chunks whose logits take no more than logitWords, or are of Align tokens.
func (c Config) chunks(N int) []chunk { return chunksOf(N, logitWords/up4(c.VocabSize)) }

// chunks are those of the config. Where buffers share a program's own memory they take an eighth of logitWords at most, or are of Align tokens: there a dispatch costs nothing.
func (m *Model) chunks(N int) []chunk {
	if m.Device.Shares() {
		return chunksOf(N, logitWords/8/up4(m.VocabSize))
	}
	return m.Config.chunks(N)
}

// part is the part of a buffer of rows [N,width] that belongs to the chunk.
func (c chunk) part(b *gpu.Buffer, width int) *gpu.Buffer { return b.Part(c.first*width, c.n*width) }

// now is how many tokens of the chunk are in a batch of n.
func (c chunk) now(n int) int { return min(max(n-c.first, 0), c.n) }

// A workgroup takes a row of logits, in place of one invocation, where the vocabulary is larger than this. Below it one invocation is
// faster on software adapters, see docs/speed.md.
const rowVocabulary = 1024

// rowLoss reports whether the kernels of the loss take a row of logits a workgroup: where that is faster, and where one invocation would
// loop longer than llvmpipe lets it.
func (c Config) rowLoss() bool {
	return c.VocabSize > rowVocabulary || loss.Loops(c.VocabSize, c.HiddenSize) > mostLoops
}

// rowSample is rowLoss for the kernel that draws tokens.
func (c Config) rowSample() bool {
	return c.VocabSize > rowVocabulary || decode.Loops(c.VocabSize) > mostLoops
}

// loops returns an error if an invocation would loop too long in a step of up to N tokens: over the vocabulary for the gradient of the
// last norm's output, or over the query tokens of a sequence, for each head that shares a key.
func (c Config) loops(N int) error {
	T := min(N, c.MaxContext)
	switch {
	case c.VocabSize/4 > mostLoops:
		return fmt.Errorf("model: a vocabulary of %d tokens takes more loops an invocation than some adapters allow; training needs at most %d", c.VocabSize, 4*mostLoops)
	case c.Heads/c.KVHeads*T > mostLoops:
		return fmt.Errorf("model: training on sequences of %d tokens with %d query heads a key head takes more loops an invocation than some adapters allow; use parts of at most %d tokens",
			T, c.Heads/c.KVHeads, mostLoops/(c.Heads/c.KVHeads))
	}
	return nil
}

// loss records the loss of a chunk of tokens and the gradient of its logits.
func (t *Trainer) loss(p *gpu.Program, f phase, c chunk) {
	D, V, head := t.HiddenSize, t.VocabSize, t.parts(t.head())
	s := shape{t.Config, nn.TileNamed(t.Device.Products), func() int { return c.now(t.in.n) }}
	h, targets, dlogits := c.part(t.a.h, D), c.part(t.targets, 1), t.g.dlogits
	weight, stat := c.part(t.weight, 1), c.part(t.stat, 4)
	if f.policy {
		weight, stat = c.part(t.policyTerms, 4), c.part(t.stat, 8)
	}
	policy := func() loss.PolicyParams { return t.policyParams(s.n()) }
	byRow := t.rowLoss() || len(head) > 1 || head[0].storage != F32
	if byRow {
		t.logits(p, s, h, dlogits)
	}
	switch {
	case f.policy && byRow:
		p.Add(loss.PolicyRowFor(t.Device), func() any { return policy().OfRows() }, targets, weight, dlogits, stat)
	case f.policy:
		p.Add(loss.Policy, func() any { return policy() }, h, head[0].words, targets, weight, dlogits, stat)
	case byRow:
		p.Add(loss.XentRowFor(t.Device), func() any { return loss.XentRowParams{N: uint32(s.n()), V: uint32(V), Scale: 1} }, targets, weight, dlogits, stat)
	default:
		p.Add(loss.Xent, func() any { return loss.XentParams{N: uint32(s.n()), D: uint32(D), V: uint32(V), Scale: 1} },
			h, head[0].words, targets, weight, dlogits, stat)
	}
}

// policyParams are the parameters of the policy loss of n tokens.
func (t *Trainer) policyParams(n int) loss.PolicyParams {
	l := t.Policy
	scale := float32(1)
	if l.Temperature > 0 {
		scale = 1 / l.Temperature
	}
	return loss.PolicyParams{N: uint32(n), D: uint32(t.HiddenSize), V: uint32(t.VocabSize), Scale: scale,
		Lo: l.Low, Hi: l.High, Dual: l.Dual, Beta: l.KL, Ent: l.Entropy}
}
