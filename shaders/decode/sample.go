package decode

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"attnlab/gpu"
	"attnlab/gpu/simd"
	"attnlab/shaders"
)

// SampleParams are N rows, V tokens of the vocabulary, the M tokens a row of out can
// hold, the token that ends a row, the run's seed and step (see [Uniform]), and how to
// draw: TopK 0 and TopP 1 are off, Temperature 0 is greedy.
type SampleParams struct {
	N, V, M     uint32
	Eos         uint32
	Seed, Step  uint32
	TopK        uint32
	TopP        float32
	Temperature float32
}

// Sample draws the next token of every active row from its logits and advances the
// row, so that the next decoding step can follow in the same submit.
//
//	logits [N,V4], at [N,4] = (slot, position, –, –), token [N],
//	row [N,4] = (tokens left, tokens drawn, sequence, –) →
//	out [N,M] the tokens drawn, stat [N,M,2] = (logp, entropy)
//
// The order is that of Hugging Face's generate: temperature, then top-k, then top-p
// (the smallest set with at least TopP of the weight that top-k left), then one draw
// by inverse transform in the order of the tokens, with the random number of (Seed,
// Step, sequence, position). Tokens of equal weight stay or go together; greedy
// takes the lowest of equals.
//
// logp and entropy, in nats, are the model's at temperature 1 over the whole
// vocabulary, with or without truncation. The drawn token becomes token[n] at
// position+1. Eos, or no tokens left, finishes the row; a finished row does not
// change. The kernel overwrites the logits of active rows.
//
// One invocation loops over the whole vocabulary, [Loops] times: larger ones take [SampleRow].
var Sample = gpu.New("sample", shaders.Load("decode/sample", nil),
	[]gpu.Binding{gpu.Out("logits"), gpu.OutU("at"), gpu.OutU("token"), gpu.OutU("row"), gpu.OutU("out"), gpu.Out("stat")},
	func(p SampleParams) gpu.Groups { return gpu.Groups1D(int(p.N), 64) },
	sample[float32], sample[float64], countSample)

func sample[X gpu.Float](p SampleParams, a gpu.Args[X]) {
	logits, at, token, row, out, stat := a.F(0), a.U(1), a.U(2), a.U(3), a.U(4), a.F(5)
	V4, M := int(p.V+3)/4*4, int(p.M)
	gpu.Parts(int(p.N), 16*int(p.V), func(from, to int) {
		for n := from; n < to; n++ {
			sampleRow(p, n, logits[n*V4:(n+1)*V4], at, token, row, out[n*M:(n+1)*M], stat[2*n*M:2*(n+1)*M])
		}
	})
}

// sampleRow draws the next token of row n.
func sampleRow[X gpu.Float](p SampleParams, n int, logits []X, at, token, row, out []uint32, stat []X) {
	state := row[4*n : 4*n+4]
	made := int(state[1])
	if state[0] == 0 || made >= int(p.M) {
		return
	}
	l := logits[:p.V]
	best, top := 0, l[0]
	for v, x := range l {
		if x > top {
			best, top = v, x
		}
	}
	sum, moment := softmaxSums(l, top)
	log := X(math.Log(float64(sum)))

	at[4*n+1]++
	chosen, z := best, X(0)
	if p.Temperature > 0 {
		clear(logits[p.V:])
		u := Uniform(p.Seed, p.Step, state[2], at[4*n+1])
		chosen = draw(p, weights(l, top, p.Temperature), best, X(u))
		z = X(p.Temperature) * X(math.Log(float64(l[chosen])))
	}
	copy(stat[2*made:], []X{z - log, log - moment/sum})
	out[made], token[n] = uint32(chosen), uint32(chosen)
	state[0], state[1] = state[0]-1, state[1]+1
	if uint32(chosen) == p.Eos {
		state[0] = 0
	}
}

// softmaxSums returns Σ e^(l-top) and Σ (l-top)·e^(l-top).
func softmaxSums[X gpu.Float](l []X, top X) (sum, moment X) {
	if l, ok := any(l).([]float32); ok {
		_, sum, moment := simd.LogitStat(l, 1)
		return X(sum), X(moment)
	}
	for _, x := range l {
		e := exp(x - top)
		sum += e
		moment += e * (x - top)
	}
	return sum, moment
}

// weights replaces logits by exp((l − top)/temperature).
func weights[X gpu.Float](l []X, top X, temperature float32) []X {
	if w, ok := any(l).([]float32); ok {
		simd.ExpSum(w, 1/temperature, float32(top)/temperature)
	} else {
		for v := range l {
			l[v] = exp((l[v] - top) / X(temperature))
		}
	}
	return l
}

// draw picks a token by its weight with the random number u; it returns best where
// all weights are 0.
func draw[X gpu.Float](p SampleParams, w []X, best int, u X) int {
	var cut X
	if p.TopK > 0 && p.TopK < p.V {
		cut = cutoff(w, 0, int(p.TopK))
	}
	if p.TopP < 1 {
		cut = cutoff(w, X(p.TopP)*kept(w, cut), 1)
	}
	goal, chosen := u*kept(w, cut), best
	var before X // the sum of earlier blocks
	for first := 0; first < len(w); first += block {
		var sum X
		for i, x := range w[first:min(first+block, len(w))] {
			if x > 0 && x >= cut {
				chosen = first + i // the last one is taken if rounding keeps the sum below the goal
				if sum += x; before+sum > goal {
					return chosen
				}
			}
		}
		before += sum
	}
	return chosen
}

// block is how many weights are added up one after another. The sums of blocks are added to each other, so that rounding errors do not
// grow with the vocabulary.
const block = 1024

// kept returns the sum of all weights of at least cut.
func kept[X gpu.Float](w []X, cut X) (sum X) {
	for some := range slices.Chunk(w, block) {
		var part X
		for _, x := range some {
			if x >= cut {
				part += x
			}
		}
		sum += part
	}
	return sum
}

// cutoff returns the largest weight such that it and the weights above it reach at least
// the given sum and number. The kernel finds it without sorting.
func cutoff[X gpu.Float](w []X, least X, count int) X {
	sorted := slices.Sorted(slices.Values(w))
	slices.Reverse(sorted)
	var before X
	for first := 0; first < len(sorted); first += block {
		var sum X
		for i, x := range sorted[first:min(first+block, len(sorted))] {
			if sum += x; before+sum >= least && first+i+1 >= count {
				return x
			}
		}
		before += sum
	}
	return 0
}

// Loops is how often an invocation of [Sample] loops at most: llvmpipe ends it silently after 65,535 loops in all.
func Loops(V int) int { return 3*((V+3)/4) + V + 64*(1+(V+3)/4) } // 30 bits for top-k, 30 for top-p

func exp[X gpu.Float](x X) X { return X(math.Exp(float64(x))) }

// ways to draw, for cases.
var ways = []SampleParams{
	{TopP: 1},                     // greedy
	{TopP: 1, Temperature: 1},     // no truncation
	{TopP: 0.7, Temperature: 1.3}, // nucleus
	{TopK: 5, TopP: 0.9, Temperature: 0.8},
}

func sampleCases(r *rand.Rand) []gpu.Case {
	return drawCases(r, Sample, []int{1, 63, 64, 65, 131}, []int{61, 7, 64, 58})
}

// drawCases are cases of a kernel that draws, with rows of small vocabularies.
func drawCases(r *rand.Rand, k *gpu.Kernel, rows, vocabularies []int) (cases []gpu.Case) {
	for i, N := range rows {
		for j, p := range ways {
			V, M := vocabularies[(i+j)%len(vocabularies)], 3
			p.N, p.V, p.M, p.Eos, p.Seed, p.Step = uint32(N), uint32(V), uint32(M), 2, r.Uint32(), 7
			at, row := make([]uint32, 4*N), make([]uint32, 4*N)
			for n := range N {
				copy(at[4*n:], []uint32{uint32(n), r.Uint32N(256), 1, 2})
				copy(row[4*n:], []uint32{r.Uint32N(3), r.Uint32N(uint32(M) + 1), r.Uint32(), 9})
			}
			cases = append(cases, gpu.Case{
				Name: fmt.Sprintf("N %d V %d topK %d topP %g temperature %g", N, V, p.TopK, p.TopP, p.Temperature), Kernel: k, Params: p,
				Buffers: []any{clearLogits(r, p, at, row), at, make([]uint32, N), row, make([]uint32, N*M), gpu.Normal(r, 2*N*M)},
				Tol:     gpu.Tolerance{Abs: 1e-5, Rel: 1e-4},
				Shape:   map[string][]int{"logits": {N, (V + 3) / 4 * 4}, "at": {N, 4}, "row": {N, 4}, "out": {N, M}, "stat": {N, M, 2}},
			})
		}
	}
	return cases
}

// clearLogits returns logits whose draws no rounding error can change. It draws a row
// again where the random number, or top-p, falls too near an edge.
func clearLogits(r *rand.Rand, p SampleParams, at, row []uint32) []float32 {
	const nudge = 1e-4
	V, V4 := int(p.V), int(p.V+3)/4*4
	logits := make([]float32, int(p.N)*V4)
	for n := range int(p.N) {
		u := float64(Uniform(p.Seed, p.Step, row[4*n+2], at[4*n+1]+1))
		l := logits[n*V4 : (n+1)*V4]
		for again := true; again; {
			copy(l, gpu.Normal(r, V4))
			drawn := map[int]bool{}
			for _, e := range []float64{-nudge, nudge} {
				for _, f := range []float32{-nudge, nudge} {
					w := make([]float64, V)
					for v := range w {
						w[v] = float64(2 * l[v])
					}
					near := p
					near.TopP = min(p.TopP+f, 1)
					if p.Temperature > 0 {
						drawn[draw(near, weights(w, slices.Max(w), p.Temperature), 0, u+e)] = true
					}
				}
			}
			again = len(drawn) > 1
		}
		for v := range l {
			l[v] *= 2
		}
	}
	return logits
}
