package attn

import (
	"fmt"
	"math/rand/v2"

	"attnlab/gpu"
)

// packing is the shape of a test: sequences of the given lengths, packed.
type packing struct {
	H, K, C int
	lengths []int
}

func (t packing) String() string {
	return fmt.Sprintf("H %d K %d C %d sequences %v", t.H, t.K, t.C, t.lengths)
}

func (t packing) N() (n int) {
	for _, l := range t.lengths {
		n += l
	}
	return n
}

// width is the words of a row of qkv.
func (t packing) width() int { return (t.H + 2*t.K) * t.C }

func (t packing) shape() Shape { return Shape{uint32(t.N()), uint32(t.H), uint32(t.K)} }

// span is the packing's span; with hide, about half of the tokens have a hidden range
// somewhere before them.
func (t packing) span(r *rand.Rand, hide bool) (span []uint32) {
	start := 0
	for _, l := range t.lengths {
		for n := start; n < start+l; n++ {
			lo, hi := 0, 0
			if hide && r.IntN(2) == 0 {
				lo = start + r.IntN(n+1-start)
				hi = lo + r.IntN(n+2-lo)
			}
			span = append(span, uint32(start), uint32(start+l), uint32(lo), uint32(hi))
		}
		start += l
	}
	return span
}

// cut divides a packing into steps of 0 to 12 tokens; some tokens belong to no step.
func (t packing) cut(r *rand.Rand) (steps, seqs []uint32, words int) {
	start := 0
	for _, l := range t.lengths {
		first := len(steps) / 2
		for at := start; at < start+l || len(steps)/2 == first; {
			end := min(at+r.IntN(13), start+l)
			steps = append(steps, uint32(at), uint32(end))
			at = end + r.IntN(2)
		}
		n := len(steps)/2 - first
		seqs = append(seqs, uint32(first), uint32(n), uint32(words), 0)
		words += t.H * n * n
		start += l
	}
	return steps, seqs, words
}

// passed holds a packing and random operands after the forward pass.
type passed struct {
	qkv    []float32
	span   []uint32
	o, lse []float32
}

func forward(r *rand.Rand, t packing) passed {
	b := passed{gpu.Normal(r, t.N()*t.width()), t.span(r, false), make([]float32, t.N()*t.H*t.C), make([]float32, t.N()*t.H)}
	fwd(t.C, t.shape(), gpu.NewArgs[float32](b.qkv, b.span, b.o, b.lse))
	return b
}
