package gpu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// Case is one comparison of a kernel with its twin: parameters and the contents
// of its buffers, []float32 or []uint32, in the kernel's order. Fill buffers that the
// kernel must overwrite with [NaNs], so that a skipped word shows.
type Case struct {
	Name    string // what the case is about: "rows 65", "one token"
	Kernel  *Kernel
	Params  any
	Buffers []any
	Tol     Tolerance
	// Shape decodes a flat index of written buffer i for a failure's message:
	// the sizes of its dimensions, slowest first. Optional.
	Shape map[string][]int
}

// Tolerance allows |got-want| <= Abs + Rel*|want|. Zero values mean 1e-5.
type Tolerance struct{ Abs, Rel float64 }

// Report is the outcome of a Case on a device.
type Report struct {
	MaxError float64       // the largest |got-want|
	Used     float64       // the largest share of the tolerance used; over 1 fails
	Took     time.Duration // dispatch and wait
}

// NaNs returns n words that a kernel must overwrite.
func NaNs(n int) []float32 {
	f := make([]float32, n)
	for i := range f {
		f[i] = float32(math.NaN())
	}
	return f
}

// Normal returns n normal random numbers.
func Normal(r *rand.Rand, n int) []float32 {
	f := make([]float32, n)
	for i := range f {
		f[i] = float32(r.NormFloat64())
	}
	return f
}

// Verify runs the case on d and compares every buffer that the kernel writes
// with the twin in float64. The error names kernel, adapter, buffer, decoded
// index, got, want and the share of the tolerance used.
func (c Case) Verify(d *Device) (Report, error) {
	want := NewArgs[float64]()
	buffers := make([]*Buffer, len(c.Buffers))
	for i, data := range c.Buffers {
		label := c.Kernel.Bindings[i].Name
		switch data := data.(type) {
		case []float32:
			wide := make([]float64, len(data))
			for j, v := range data {
				wide[j] = float64(v)
			}
			want.floats, want.uints = append(want.floats, wide), append(want.uints, nil)
			buffers[i] = d.Floats(label, len(data))
			buffers[i].Write(0, data)
		case []uint32:
			want.floats, want.uints = append(want.floats, nil), append(want.uints, append([]uint32(nil), data...))
			buffers[i] = d.Uints(label, len(data))
			buffers[i].WriteUints(0, data)
		default:
			panic(fmt.Sprintf("gpu: case %s of %s: buffer %s is a %T", c.Name, c.Kernel.Name, label, data))
		}
		defer buffers[i].Release()
	}
	start := time.Now()
	if err := d.Do(c.Kernel, c.Params, buffers...); err != nil {
		return Report{}, err
	}
	if err := d.Wait(); err != nil {
		return Report{}, err
	}
	r := Report{Took: time.Since(start)}
	c.Kernel.Run64(c.Params, want)
	var first error
	for i, b := range c.Kernel.Bindings {
		if !b.Write {
			continue
		}
		if err := c.compare(d, &r, b, buffers[i], want.floats[i], want.uints[i]); err != nil && first == nil {
			first = err
		}
	}
	return r, first
}

func (c Case) compare(d *Device, r *Report, b Binding, got *Buffer, wantF []float64, wantU []uint32) error {
	tol := c.Tol
	if tol == (Tolerance{}) {
		tol = Tolerance{1e-5, 1e-5}
	}
	if b.Kind == U32 {
		words := make([]uint32, got.Len())
		if err := got.ReadUints(0, words); err != nil {
			return err
		}
		if b.Halves {
			return c.compareFloats(d, r, b, halves(words), halves(wantU), Tolerance{1e-4, 1e-3})
		}
		for i := range words {
			if words[i] != wantU[i] {
				r.Used = math.Inf(1)
				return c.mismatch(d, b, i, float64(words[i]), float64(wantU[i]), math.Inf(1))
			}
		}
		return nil
	}
	words := make([]float32, got.Len())
	if err := got.Read(0, words); err != nil {
		return err
	}
	gotF := make([]float64, len(words))
	for i, v := range words {
		gotF[i] = float64(v)
	}
	return c.compareFloats(d, r, b, gotF, wantF, tol)
}

func (c Case) compareFloats(d *Device, r *Report, b Binding, got, want []float64, tol Tolerance) error {
	worst, at := 0.0, -1
	for i, v := range got {
		diff, used := math.Abs(v-want[i]), 0.0
		switch {
		case v == want[i]:
			diff = 0 // equal infinities too
		case math.IsNaN(diff): // also where the twin skipped a word
			diff, used = math.Inf(1), math.Inf(1)
		default:
			used = diff / (tol.Abs + tol.Rel*math.Abs(want[i]))
		}
		r.MaxError = max(r.MaxError, diff)
		if used > worst {
			worst, at = used, i
		}
	}
	r.Used = max(r.Used, worst)
	if worst > 1 {
		return c.mismatch(d, b, at, got[at], want[at], worst)
	}
	return nil
}

// halves decodes words of two half-precision floats.
func halves(words []uint32) []float64 {
	out := make([]float64, 0, 2*len(words))
	for _, w := range words {
		for _, h := range []uint32{w & 0xffff, w >> 16} {
			exponent, fraction := int(h>>10&31), float64(h&0x3ff)
			v := math.Ldexp(fraction, -24)
			switch exponent {
			case 0:
			case 31:
				v = math.NaN() // infinities too: no kernel may write them
			default:
				v = math.Ldexp(1024+fraction, exponent-25)
			}
			if h>>15 == 1 {
				v = -v
			}
			out = append(out, v)
		}
	}
	return out
}

func (c Case) mismatch(d *Device, b Binding, at int, got, want, used float64) error {
	return fmt.Errorf("kernel %s on %s, case %q: %s%v = %g, want %g (%.0f %% of the tolerance)",
		c.Kernel.Name, d.Info, c.Name, b.Name, decode(at, c.Shape[b.Name]), got, want, 100*used)
}

// decode converts a flat index to one index for each dimension.
func decode(at int, shape []int) []int {
	if len(shape) == 0 {
		return []int{at}
	}
	index := make([]int, len(shape))
	for i := len(shape) - 1; i >= 0; i-- {
		index[i] = at % shape[i]
		at /= shape[i]
	}
	return index
}
