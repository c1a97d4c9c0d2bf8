package decode

import (
	"fmt"
	"math/rand/v2"
	"reflect"

	"attnlab/gpu"
	"attnlab/shaders/nn"
)

// tinyModel is a model of random weights for the cases of the fused kernels.
type tinyModel struct {
	Sizes
	layers, T, cached int // cached is the number of rows of the cache
	eps               float32
	weights, rope     []float32
	embed, norm, head uint32 // places in weights, in words of four
	matrices, norms   uint32 // of the first layer
}

// tinyLayer are a layer's places in weights, in words of four.
type tinyLayer struct{ qkv, wo, gateUp, down, norm1, norm2 uint32 }

// tinyModels have grouped and own key heads, and vocabularies with and without padding.
func tinyModels(r *rand.Rand) (models []*tinyModel) {
	for _, z := range []Sizes{
		{D: 32, F: 48, H: 4, K: 2, C: 8, V: 13, R: 4, Lanes: 32},
		{D: 48, F: 80, H: 3, K: 3, C: 16, V: 64, R: 2, Lanes: 64},
		{D: 32, F: 20, H: 1, K: 1, C: 32, V: 58, R: 1, Lanes: 64},
	} {
		m := &tinyModel{Sizes: z, layers: 2, T: 11, eps: 1e-5}
		m.cached = 9 * m.T
		m.rope = nn.RopeTable(m.T+2, z.C, 10000)
		normal := func(rows, cols int, scale, mean float32) uint32 {
			at := len(m.weights) / 4
			for _, v := range gpu.Normal(r, rows*cols) {
				m.weights = append(m.weights, mean+scale*v)
			}
			return uint32(at)
		}
		m.embed = normal(z.V, z.D, 1, 0)
		m.head = m.embed
		m.matrices = uint32(len(m.weights) / 4)
		for range m.layers {
			normal((z.H+2*z.K)*z.C, z.D, 0.2, 0)
			normal(z.D, z.D, 0.2, 0)
			normal(2*z.F, z.D, 0.2, 0)
			normal(z.D, z.F, 0.2, 0)
		}
		m.norms = normal(2*m.layers, z.D, 0.1, 1)
		m.norm = normal(1, z.D, 0.05, 0.5)
		models = append(models, m)
	}
	return models
}

func (m *tinyModel) layer(l int) tinyLayer {
	D, F, width := m.D, m.F, (m.H+2*m.K)*m.C
	place := func(words int) uint32 { return m.matrices + uint32((l*(width*D+D*D+3*F*D)+words)/4) }
	norm := m.norms + uint32(l*2*D/4)
	return tinyLayer{place(0), place(width * D), place(width*D + D*D), place(width*D + D*D + 2*F*D), norm, norm + uint32(D/4)}
}

// base is the words of the cache a layer.
func (m *tinyModel) base() int { return m.cached * 2 * m.K * m.C }

// rows are numbers of rows: one, around a workgroup's, and a prime.
func (m *tinyModel) rows() (N []int) {
	for _, n := range []int{1, m.R - 1, m.R, m.R + 1, 7} {
		if n > 0 {
			N = append(N, n)
		}
	}
	return N
}

func (m *tinyModel) name(N int) string { return fmt.Sprintf("N %d of %+v", N, m.Sizes) }

// how is a way to draw.
func (m *tinyModel) how(r *rand.Rand, i int) SampleParams {
	p := []SampleParams{
		{TopP: 1},
		{TopP: 1, Temperature: 1},
		{TopP: 0.7, Temperature: 1.3},
		{TopK: 5, TopP: 0.9, Temperature: 0.8},
	}[i%4]
	p.M, p.Eos, p.Seed, p.Step = 3, 2, r.Uint32(), 7
	return p
}

// tinyState is the state of N rows in the middle of decoding.
type tinyState struct {
	table, at, row []uint32
	kv             []float32
}

func (m *tinyModel) state(r *rand.Rand, N int) tinyState {
	s := tinyState{kv: gpu.Normal(r, m.layers*m.base())}
	for _, v := range r.Perm(m.cached) {
		s.table = append(s.table, uint32(v))
	}
	for n := range N {
		position := r.Uint32N(uint32(m.T - 3))
		if n == 2 {
			position = uint32(m.T) // past the table
		}
		lo := r.Uint32N(position + 1)
		s.at = append(s.at, uint32(n), position, lo, lo+r.Uint32N(3)*r.Uint32N(uint32(m.T)))
		s.row = append(s.row, r.Uint32N(4), r.Uint32N(3), r.Uint32(), r.Uint32N(uint32(m.V)))
	}
	return s
}

// mostChanges is how often steady changes a buffer. Cases need a few changes.
const mostChanges = 100

// steady changes one buffer of a case until no rounding error can change which tokens are drawn: until the case draws the same ones
// with that buffer slightly changed. rowsM is the shape of out. It panics if mostChanges were not enough.
func (m *tinyModel) steady(r *rand.Rand, rowsM []int, c gpu.Case, buffer int) gpu.Case {
	c.Tol = gpu.Tolerance{Abs: 1e-4, Rel: 1e-4}
	if c.Shape == nil {
		c.Shape = map[string][]int{}
	}
	c.Shape["out"], c.Shape["stat"] = rowsM, append(append([]int{}, rowsM...), 2)
	draws := func(nudge float64) (all [][]uint32) {
		var slices []any
		for i, data := range c.Buffers {
			switch data := data.(type) {
			case []uint32:
				words := append([]uint32{}, data...)
				slices, all = append(slices, words), append(all, words)
			case []float32:
				wide := make([]float64, len(data))
				for j, v := range data {
					if wide[j] = float64(v); i == buffer {
						wide[j] *= 1 + nudge*r.NormFloat64()
					}
				}
				slices = append(slices, wide)
			}
		}
		c.Kernel.Run64(c.Params, gpu.NewArgs[float64](slices...))
		return all
	}
	for range mostChanges {
		want := draws(0)
		once, twice := draws(1e-4), draws(1e-4) // changed differently
		if reflect.DeepEqual(once, want) && reflect.DeepEqual(twice, want) {
			return c
		}
		other := append([]float32{}, c.Buffers[buffer].([]float32)...)
		for i := range other {
			other[i] *= 1 + 0.1*float32(r.NormFloat64())
		}
		c.Buffers[buffer] = other
	}
	panic(fmt.Sprintf("decode: case %q draws other tokens after slight changes of any of %d buffers", c.Name, mostChanges))
}
