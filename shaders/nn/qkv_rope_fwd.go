package nn

import (
	"fmt"
	"math"
	"math/rand/v2"

	"attnlab/gpu"
	"attnlab/gpu/simd"
)

// QKV are the sizes of the attention projections: N tokens, D features, H query
// heads, K key/value heads, C features of a head (a multiple of 8).
// Token n's position is word n·Stride+First of pos; Stride 0 stands for 1.
type QKV struct{ N, D, H, K, C, Stride, First uint32 }

// place returns the index in pos of the position of token n.
func (p QKV) place(n int) int { return n*int(max(p.Stride, 1)) + int(p.First) }

// width is the row length of qkv.
func (p QKV) width() int { return int((p.H + 2*p.K) * p.C) }

// angles returns the words of the table of angles that the positions of all tokens span.
func (p QKV) angles(pos []uint32) int {
	last := 0
	for n := range int(p.N) {
		last = max(last, int(pos[p.place(n)]))
	}
	return (last + 1) * int(p.C)
}

// QKVRopeFwd projects to queries, keys and values and rotates queries and keys by
// their positions (RoPE, Su et al. 2021, in Hugging Face's rotate-half form).
//
//	x [N,D], w [(H+2K)·C,D], of any storage, pos [N], rope [T,2,C/2] (see [RopeTable]) → qkv [N,(H+2K)·C]
var QKVRopeFwd = stored(func(t Tile) *gpu.Kernel {
	t.Cols = 8 // four pairs
	return gpu.New(t.name("qkv_rope_fwd"), t.forward("nn/qkv_rope_fwd"),
		[]gpu.Binding{gpu.In("x"), t.Storage.binding("w"), gpu.InU("pos"), gpu.In("rope"), gpu.Out("qkv")},
		func(p QKV) gpu.Groups { return t.groups(int(p.N), p.width()) },
		func(p QKV, a gpu.Args[float32]) { qkvRopeFwd(t.Storage, p, a) },
		func(p QKV, a gpu.Args[float64]) { qkvRopeFwd(t.Storage, p, a) },
		func(p QKV, words func(int) []uint32) gpu.Work {
			product := countMatmul(t.Storage, Matmul{p.N, uint32(p.width()), p.D})
			return product.Plus(gpu.Does(3*int(p.N*(p.H+p.K)*p.C), int(p.N)+p.angles(words(2))))
		})
})

// RopeTable returns cos θ then sin θ for positions 0..T-1 and pairs j: [T,2,C/2],
// θ_j = t·base^(−2j/C).
func RopeTable(T, C int, base float64) []float32 {
	turn := make([]float64, C/2)
	for j := range turn {
		turn[j] = math.Pow(base, -2*float64(j)/float64(C))
	}
	return RopeTableOf(T, turn, 1)
}

// RopeTableOf is RopeTable of pairs that turn by turn[j] a position, with all cosines and
// sines multiplied by factor. It computes in float64, because WGSL's cosine is coarse and
// guaranteed only inside [−π, π].
func RopeTableOf(T int, turn []float64, factor float64) []float32 {
	half := len(turn)
	table := make([]float32, T*2*half)
	for t := range T {
		for j, f := range turn {
			angle := float64(t) * f
			table[2*t*half+j] = float32(factor * math.Cos(angle))
			table[(2*t+1)*half+j] = float32(factor * math.Sin(angle))
		}
	}
	return table
}

func qkvRopeFwd[X gpu.Float](s Storage, p QKV, a gpu.Args[X]) {
	x, pos, rope, qkv := a.F(0), a.U(2), a.F(3), a.F(4)
	if a32, ok := any(a).(gpu.Args[float32]); ok {
		linear(s, Matmul{p.N, uint32(p.width()), p.D}, a32.F(0), a32, 1, a32.F(4), false)
	} else {
		matmulNT(F32, Matmul{p.N, uint32(p.width()), p.D}, gpu.NewArgs[X](x, weights(s, a, 1, 0, p.width(), int(p.D)), qkv))
	}
	turn(p, pos, rope, qkv, 1)
}

// turn rotates the pairs of queries and keys by their angle times sign.
func turn[X gpu.Float](p QKV, pos []uint32, rope, qkv []X, sign X) {
	C, half, width := int(p.C), int(p.C)/2, p.width()
	heads := int(p.H + p.K)
	gpu.Parts(int(p.N), heads*C, func(from, to int) {
		for n := from; n < to; n++ {
			t := int(pos[p.place(n)])
			cosine, sine, row := rope[t*C:][:half], rope[t*C+half:][:half], qkv[n*width:][:heads*C]
			if row, ok := any(row).([]float32); ok && simd.Rotate(row, heads, any(cosine).([]float32), any(sine).([]float32), float32(sign)) {
				continue
			}
			for h := range heads {
				head := row[h*C:][:C]
				for j := range half {
					low, high := head[j], head[j+half]
					head[j] = low*cosine[j] - sign*high*sine[j]
					head[j+half] = high*cosine[j] + sign*low*sine[j]
				}
			}
		}
	})
}

var qkvShapes = []QKV{
	{N: 1, D: 4, H: 1, K: 1, C: 8}, {N: 3, D: 16, H: 2, K: 1, C: 8}, {N: 31, D: 48, H: 3, K: 3, C: 16},
	{N: 32, D: 64, H: 4, K: 4, C: 16}, {N: 33, D: 48, H: 6, K: 2, C: 8, Stride: 4, First: 1}, {N: 67, D: 32, H: 2, K: 2, C: 32},
}

func qkvRopeFwdCases(r *rand.Rand, t Tile) (cases []gpu.Case) {
	for _, p := range qkvShapes {
		cases = append(cases, gpu.Case{
			Name: fmt.Sprint(p), Kernel: QKVRopeFwd(t), Params: p,
			Buffers: []any{gpu.Normal(r, int(p.N*p.D)), gpu.Normal(r, p.width()*int(p.D)), positions(r, p.N*max(p.Stride, 1)),
				RopeTable(256, int(p.C), 10000), gpu.NaNs(int(p.N) * p.width())},
			Shape: map[string][]int{"qkv": {int(p.N), p.width()}},
		})
	}
	return cases
}

func positions(r *rand.Rand, n uint32) []uint32 {
	pos := make([]uint32, n)
	for i := range pos {
		pos[i] = r.Uint32N(256)
	}
	return pos
}
