package nn

import "attnlab/gpu"

// Gates and ups are the largest activations that a backward pass reads. A trainer may save them in half precision, rounded to nearest, which
// halves their memory; only the gradients through them change. What is too large becomes the largest number of half precision.
const largestHalf = 65504

// saved is the binding of gates and ups.
func (t Tile) saved(write bool) gpu.Binding {
	if t.Saved == F16 {
		return gpu.Binding{Name: "gu", Kind: gpu.U32, Write: write, Halves: true}
	}
	return gpu.Binding{Name: "gu", Write: write}
}

// savedWords returns the words of n numbers.
func (t Tile) savedWords(n int) int { return t.Saved.Words(n) }

// toSave returns where a twin writes n gates and ups: binding at itself, or in half precision a copy, for keep to round.
func toSave[X gpu.Float](t Tile, a gpu.Args[X], at, n int) []X {
	if t.Saved == F16 {
		return make([]X, n)
	}
	return a.F(at)
}

// keep rounds gates and ups to binding at, in half precision.
func keep[X gpu.Float](t Tile, a gpu.Args[X], at int, gu []X) {
	if t.Saved != F16 {
		return
	}
	words := a.U(at)
	half := func(v X) uint32 {
		x := float32(v)
		switch {
		case x != x:
			return 0x7e00 // NaN
		case x > largestHalf:
			x = largestHalf
		case x < -largestHalf:
			x = -largestHalf
		}
		h, _ := toHalf(x)
		return uint32(h)
	}
	gpu.Parts(len(gu)/2, 8, func(from, to int) {
		for i := from; i < to; i++ {
			words[i] = half(gu[2*i]) | half(gu[2*i+1])<<16
		}
	})
}

// kept returns n gates and ups of binding at.
func kept[X gpu.Float](t Tile, a gpu.Args[X], at, n int) []X {
	if t.Saved != F16 {
		return a.F(at)
	}
	words, gu := a.U(at), make([]X, n)
	gpu.Parts(n/2, 4, func(from, to int) {
		for i := from; i < to; i++ {
			gu[2*i], gu[2*i+1] = X(fromHalf(words[i]&0xffff)), X(fromHalf(words[i]>>16))
		}
	})
	return gu
}

// savedCase returns gates and ups, or room for them, as a buffer of a case.
func (t Tile) savedCase(gu []float32) any {
	if t.Saved != F16 {
		return gu
	}
	words := make([]uint32, len(gu)/2)
	keep(t, gpu.NewArgs[float32](words), 0, gu)
	return words
}
