package decode

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"attnlab/gpu"
	"attnlab/shaders"
)

// SampleRow is [Sample] for large vocabularies: one workgroup takes a row. It draws the same tokens, except where the random number falls
// within a rounding error of the edge between two tokens.
//
//	logits [N,V4], at [N,4] = (slot, position, –, –), token [N],
//	row [N,4] = (tokens left, tokens drawn, sequence, –) →
//	out [N,M] the tokens drawn, stat [N,M,2] = (logp, entropy)
//
// The largest weights that top-k and top-p leave are found bit by bit without sorting, with a sum over the workgroup for each bit.
var SampleRow = sampleRowKernel("sample_row", nil)

// SampleRowSubgroups is SampleRow by subgroups.
var SampleRowSubgroups = sampleRowKernel("sample_row_subgroups", shaders.RowSubgroups)

// SampleRowFor is the one that was found faster on a device.
func SampleRowFor(d *gpu.Device) *gpu.Kernel {
	if d.Subgroups {
		return SampleRowSubgroups
	}
	return SampleRow
}

func sampleRowKernel(name string, swap shaders.Swap) *gpu.Kernel {
	return gpu.New(name, shaders.LoadSwapped("decode/sample_row", nil, swap),
		[]gpu.Binding{gpu.Out("logits"), gpu.OutU("at"), gpu.OutU("token"), gpu.OutU("row"), gpu.OutU("out"), gpu.Out("stat")},
		func(p SampleParams) gpu.Groups { return gpu.Groups1D(int(p.N), 1) },
		sample[float32], sample[float64], countSample)
}

func sampleRowCases(r *rand.Rand, k *gpu.Kernel) []gpu.Case {
	// Vocabularies around what a workgroup of 256 reads at once, four words each, and rows that draw from few tokens of many.
	cases := drawCases(r, k, []int{1, 5, 3}, []int{61, 1023, 1028, 7})
	for i, V := range []int{5000, 50001} {
		p := ways[2+i]
		p.N, p.V, p.M, p.Eos, p.Seed, p.Step = 1, uint32(V), 1, 2, 11, 7
		at, row := []uint32{0, 40, 1, 2}, []uint32{1, 0, 0, 9}
		logits := peaked(r, p, at, row)
		cases = append(cases, gpu.Case{
			Name: fmt.Sprintf("N %d V %d topK %d topP %g temperature %g", p.N, V, p.TopK, p.TopP, p.Temperature), Kernel: k, Params: p,
			Buffers: []any{logits, at, make([]uint32, p.N), row, make([]uint32, p.N), gpu.Normal(r, 2*int(p.N))},
			Tol:     gpu.Tolerance{Abs: 1e-5, Rel: 1e-4},
			Shape:   map[string][]int{"logits": {int(p.N), (V + 3) / 4 * 4}, "at": {1, 4}, "row": {1, 4}, "out": {1, 1}, "stat": {1, 1, 2}},
		})
	}
	return cases
}

// peaked returns logits of a large vocabulary in which six tokens, the first and the last among them, have nearly all probability. It
// chooses the sequences of rows so that every random number falls well inside one of the tokens that are left to draw.
func peaked(r *rand.Rand, p SampleParams, at, row []uint32) []float32 {
	const nudge = 1e-3
	V, V4 := int(p.V), int(p.V+3)/4*4
	var logits []float32
	for n := range int(p.N) {
		l := gpu.Normal(r, V4)
		for i, v := range []int{0, 70, V / 3, V / 2, V - 1000, V - 1} {
			l[v] = 16 + []float32{0.5, 0, 0.9, 0.2, 1.2, 0.7}[i]
		}
		w := make([]float64, V)
		for v := range w {
			w[v] = float64(l[v])
		}
		weights(w, slices.Max(w), p.Temperature)
		for clear := false; !clear; {
			row[4*n+2]++
			u := float64(Uniform(p.Seed, p.Step, row[4*n+2], at[4*n+1]+1))
			clear = draw(p, w, 0, u-nudge) == draw(p, w, 0, u+nudge)
		}
		logits = append(logits, l...)
	}
	return logits
}
