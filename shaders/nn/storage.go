package nn

import (
	"fmt"
	"math"
	"math/rand/v2"

	"attnlab/gpu"
	"attnlab/gpu/simd"
	"attnlab/shaders"
)

// Storage is how the values of a weight lie on the device. Products and the embedding are built for every storage.
type Storage uint8

const (
	F32  Storage = iota // a word a value: exact, and the only one that can be trained
	BF16                // two a word: the upper half of a float32; exact for what was published in it
	F16                 // two a word: 1024 times the value in half precision, so that no value of a file is denormal
	Q8                  // blocks of 32 columns: a float32 scale, 32 signed bytes; keeps the values of llama.cpp's Q8_0
	Q4                  // blocks of 32 columns: scale and minimum in half precision (times 1024), 32 half bytes; keeps those of Q4_0 and Q4_1
)

// Storages are all, the largest first.
var Storages = []Storage{F32, BF16, F16, Q8, Q4}

// String returns the storage's name: "f32", "bf16", "f16", "q8", "q4".
func (s Storage) String() string { return [...]string{"f32", "bf16", "f16", "q8", "q4"}[s] }

// StorageNamed is the inverse of String.
func StorageNamed(name string) (Storage, error) {
	for _, s := range Storages {
		if s.String() == name {
			return s, nil
		}
	}
	return F32, fmt.Errorf("nn: there is no storage %q; choose f32, bf16, f16, q8 or q4", name)
}

// blockColumns is how many columns share a scale in Q8 and Q4.
const blockColumns = 32

// block returns the columns and the words of a block.
func (s Storage) block() (columns, words int) {
	switch s {
	case F32:
		return 1, 1
	case BF16, F16:
		return 2, 1
	case Q8:
		return blockColumns, 9
	}
	return blockColumns, 5
}

// Fits reports whether rows of this many columns can be stored so.
func (s Storage) Fits(columns int) bool {
	of, _ := s.block()
	return columns%max(of, 4) == 0
}

// Words returns the words that n values take, n a multiple of a row that fits.
func (s Storage) Words(n int) int {
	of, words := s.block()
	return n / of * words
}

// values is the inverse of Words.
func (s Storage) values(words int) int {
	of, each := s.block()
	return words / each * of
}

// Kind is the type of the words on the device.
func (s Storage) Kind() gpu.Kind {
	if s == F32 {
		return gpu.F32
	}
	return gpu.U32
}

// name is the name of a kernel that is built for the storage.
func (s Storage) name(stem string) string {
	if s == F32 {
		return stem
	}
	return stem + "_" + s.String()
}

// swap names the import that reads weights in this storage.
func (s Storage) swap() shaders.Swap {
	return map[Storage]shaders.Swap{
		F32: {}, BF16: {"shared/weights": "shared/weights_bf16"}, F16: {"shared/weights": "shared/weights_f16"},
		Q8: {"shared/weights": "shared/weights_q8"}, Q4: {"shared/weights": "shared/weights_q4"},
	}[s]
}

// binding is the binding of a weight in this storage.
func (s Storage) binding(name string) gpu.Binding { return gpu.Binding{Name: name, Kind: s.Kind()} }

// halfScale keeps the smallest half-precision numbers of files out of the denormal range, which adapters may flush to zero.
const halfScale = 1024

// Pack writes the values of whole rows to words, Words(len(values)) of them. It returns an error if a value is too large.
func (s Storage) Pack(words []uint32, values []float32) error {
	columns, size := s.block()
	for b := range len(values) / columns {
		to, from := words[b*size:][:size], values[b*columns:][:columns]
		fits := true
		switch s {
		case F32:
			to[0] = math.Float32bits(from[0])
		case BF16:
			to[0] = uint32(toBF16(from[0])) | uint32(toBF16(from[1]))<<16
			fits = isBF16(to[0]) && isBF16(to[0]>>16)
		case F16:
			to[0], fits = halves(from[0], from[1])
		case Q8:
			fits = packQ8(to, from)
		case Q4:
			fits = packQ4(to, from)
		}
		if !fits {
			return fmt.Errorf("nn: the values %d to %d do not fit the storage %s; choose another one", b*columns, (b+1)*columns-1, s)
		}
	}
	return nil
}

// toBF16 rounds to nearest, ties to even.
func toBF16(x float32) uint16 {
	u := math.Float32bits(x)
	return uint16((u + 0x7fff + u>>16&1) >> 16)
}

// isBF16 reports whether the lower half of u is a finite number.
func isBF16(u uint32) bool { return u&0x7f80 != 0x7f80 }

// halves packs two values, 1024 times each.
func halves(a, b float32) (word uint32, fits bool) {
	low, okLow := toHalf(a * halfScale)
	high, okHigh := toHalf(b * halfScale)
	return uint32(low) | uint32(high)<<16, okLow && okHigh
}

// toHalf rounds to half precision, to nearest, ties to even, and denormal numbers to zero. ok is false beyond its range.
func toHalf(x float32) (h uint16, ok bool) {
	u := math.Float32bits(x)
	sign, u := uint16(u>>16&0x8000), u&0x7fffffff
	u = (u + 0xfff + u>>13&1) >> 13 // sign, exponent and ten bits of the fraction
	switch {
	case u >= 143<<10: // 2^16 and more, infinities, NaNs
		return 0, false
	case u < 113<<10: // below 2^-14
		return sign, true
	}
	return sign | uint16(u-112<<10), true
}

// fromHalf widens a finite half-precision number.
func fromHalf(h uint32) float32 {
	sign := h & 0x8000 << 16
	if h&0x7c00 == 0 { // denormal
		return math.Float32frombits(sign | math.Float32bits(float32(h&0x3ff)*0x1p-24))
	}
	return math.Float32frombits(sign | (h&0x7fff+112<<10)<<13)
}

func packQ8(to []uint32, from []float32) bool {
	top := float32(0)
	for _, v := range from {
		top = max(top, float32(math.Abs(float64(v))))
	}
	scale := top / 127
	clear(to)
	to[0] = math.Float32bits(scale)
	for i, v := range from {
		if scale > 0 {
			to[1+i/4] |= uint32(uint8(int8(math.Round(float64(v/scale))))) << (i % 4 * 8)
		}
	}
	return !math.IsInf(float64(top), 0) && top == top
}

func packQ4(to []uint32, from []float32) (fits bool) {
	low, high := from[0], from[0]
	for _, v := range from {
		low, high = min(low, v), max(high, v)
	}
	clear(to)
	to[0], fits = halves((high-low)/float32(stepsOf(from, low, high)), low)
	scale, least := fromHalf(to[0]&0xffff)/halfScale, fromHalf(to[0]>>16)/halfScale
	for i, v := range from {
		if scale > 0 {
			q := min(max(math.Round(float64((v-least)/scale)), 0), 15)
			to[1+i%16/4] |= uint32(q) << (i%4*8 + i/16*4)
		}
	}
	return fits
}

// stepsOf returns in how many equal steps, at most 15, values from low to high lie: values that were quantised before need not reach both
// ends of their scale. Where they lie in no such steps it returns 15.
func stepsOf(values []float32, low, high float32) int {
	for n := 15; n > 1; n-- {
		step, on := (high-low)/float32(n), true
		for i := 0; on && i < len(values); i++ {
			q := float64((values[i] - low) / step)
			on = math.Abs(q-math.Round(q)) < 1e-3
		}
		if on {
			return n
		}
	}
	return 15
}

// Unpack writes the values of words, as kernels read them, to dst, which is as long as they are.
func (s Storage) Unpack(dst []float32, words []uint32) { unpack(s, dst, words) }

// unpack writes the values of words to dst, which is as long as they are.
func unpack[X gpu.Float](s Storage, dst []X, words []uint32) {
	if narrow, ok := any(dst).([]float32); ok { // by vectors, as far as there are some
		taken := s.widen(narrow, words)
		dst, words = dst[s.values(taken):], words[taken:]
	}
	switch s {
	case F32:
		for i, w := range words {
			dst[i] = X(math.Float32frombits(w))
		}
	case BF16:
		for i, w := range words {
			two := dst[2*i:][:2]
			two[0], two[1] = X(math.Float32frombits(w<<16)), X(math.Float32frombits(w&0xffff0000))
		}
	case F16:
		for i, w := range words {
			two := dst[2*i:][:2]
			two[0], two[1] = X(fromHalf(w&0xffff)/halfScale), X(fromHalf(w>>16)/halfScale)
		}
	case Q8:
		for b := 0; b < len(words); b += 9 {
			scale := X(math.Float32frombits(words[b]))
			for i, w := range words[b+1:][:8] {
				four := dst[b/9*blockColumns+4*i:][:4]
				four[0], four[1], four[2], four[3] = scale*X(int8(w)), scale*X(int8(w>>8)), scale*X(int8(w>>16)), scale*X(int8(w>>24))
			}
		}
	case Q4:
		for b := 0; b < len(words); b += 5 {
			scale, least := X(fromHalf(words[b]&0xffff)/halfScale), X(fromHalf(words[b]>>16)/halfScale)
			to := dst[b/5*blockColumns:][:blockColumns]
			for i, w := range words[b+1:][:4] {
				for j := range 4 {
					to[4*i+j] = scale*X(w>>(8*j)&15) + least
					to[16+4*i+j] = scale*X(w>>(8*j+4)&15) + least
				}
			}
		}
	}
}

// widen is the part of unpack that package simd does: it returns how many words it has taken.
func (s Storage) widen(dst []float32, words []uint32) (taken int) {
	switch s {
	case BF16:
		return simd.WidenBF16(dst, words)
	case F16:
		return simd.WidenF16(dst, words, 1/float32(halfScale))
	case Q8:
		return simd.WidenQ8(dst, words)
	case Q4:
		return simd.WidenQ4(dst, words, 1/float32(halfScale))
	}
	return 0
}

// weights returns rows of I columns of binding at, from row from on: the buffer itself in F32, else a copy.
func weights[X gpu.Float](s Storage, a gpu.Args[X], at, from, rows, I int) []X {
	if s == F32 {
		return a.F(at)[from*I:][:rows*I]
	}
	values := make([]X, rows*I)
	unpack(s, values, a.U(at)[s.Words(from*I):][:s.Words(rows*I)])
	return values
}

// packed returns rows of normal random values in the storage, as a buffer of a case.
func (s Storage) packed(r *rand.Rand, n int, scale float32) any {
	values := gpu.Normal(r, n)
	for i := range values {
		values[i] *= scale
	}
	if s == F32 {
		return values
	}
	words := make([]uint32, s.Words(n))
	if err := s.Pack(words, values); err != nil {
		panic(err)
	}
	return words
}

// storedCases are cases of all products with weights in the tile's storage.
func storedCases(r *rand.Rand, t Tile) (cases []gpu.Case) {
	tol := gpu.Tolerance{Abs: 5e-5, Rel: 5e-5}
	for _, p := range []Matmul{{1, 9, 32}, {13, 33, 96}, {67, 70, 64}} {
		N, O, I := int(p.N), int(p.O), int(p.I)
		x, w := gpu.Normal(r, N*I), t.Storage.packed(r, O*I, 1)
		cases = append(cases,
			gpu.Case{Name: fmt.Sprint(p), Kernel: MatmulNT(t), Params: p, Tol: tol,
				Buffers: []any{x, w, gpu.NaNs(N * up4(O))}, Shape: map[string][]int{"y": {N, up4(O)}}},
			gpu.Case{Name: fmt.Sprint(p), Kernel: MatmulNTAdd(t), Params: p, Tol: tol,
				Buffers: []any{x, w, gpu.Normal(r, N*up4(O)), gpu.NaNs(N * up4(O))}, Shape: map[string][]int{"y": {N, up4(O)}}})
	}
	for _, p := range []QKV{{N: 1, D: 32, H: 1, K: 1, C: 8}, {N: 33, D: 64, H: 6, K: 2, C: 16, Stride: 4, First: 1}} {
		cases = append(cases, gpu.Case{Name: fmt.Sprint(p), Kernel: QKVRopeFwd(t), Params: p, Tol: tol,
			Buffers: []any{gpu.Normal(r, int(p.N*p.D)), t.Storage.packed(r, p.width()*int(p.D), 1), positions(r, p.N*max(p.Stride, 1)),
				RopeTable(256, int(p.C), 10000), gpu.NaNs(int(p.N) * p.width())},
			Shape: map[string][]int{"qkv": {int(p.N), p.width()}}})
	}
	for _, p := range []GateUp{{1, 32, 4}, {33, 64, 36}} {
		N, D, F := int(p.N), int(p.D), int(p.F)
		cases = append(cases, gpu.Case{Name: fmt.Sprint(p), Kernel: GateUpFwd(t), Params: p, Tol: tol,
			Buffers: []any{gpu.Normal(r, N*D), t.Storage.packed(r, 2*F*D, .125), gpu.NaNs(2 * N * F), gpu.NaNs(N * F)},
			Shape:   map[string][]int{"gu": {N, 2 * F}, "s": {N, F}}})
	}
	return cases
}

// storedEmbedCases are cases of the embedding in every storage but F32.
func storedEmbedCases(r *rand.Rand) (cases []gpu.Case) {
	for _, s := range Storages[1:] {
		p := Embed{N: 65, D: 96, V: 40, First: 7}
		token := make([]uint32, p.N)
		for i := range token {
			token[i] = r.Uint32N(p.First + p.V + 1)
		}
		cases = append(cases, gpu.Case{Name: fmt.Sprint(p), Kernel: EmbedFwdOf(s), Params: p,
			Buffers: []any{token, s.packed(r, int(p.V*p.D), 1), gpu.NaNs(int(p.N * p.D))}, Shape: map[string][]int{"x": {int(p.N), int(p.D)}}})
	}
	return cases
}
