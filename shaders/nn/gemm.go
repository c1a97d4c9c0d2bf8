package nn

import (
	"runtime"

	"attnlab/gpu"
	"attnlab/gpu/simd"
)

// matrix is a row-major view, transposed where T is set: the operands of gemm.
type matrix[X gpu.Float] struct {
	data       []X
	rows, cols int // as stored
	ld         int
	T          bool
}

// at is element (i,j) of the view.
func (m matrix[X]) at(i, j int) X {
	if m.T {
		i, j = j, i
	}
	return m.data[i*m.ld+j]
}

// view is the same matrix for package simd.
func (m matrix[X]) view() simd.View {
	v := simd.Of(any(m.data).([]float32), m.rows, m.cols, m.ld)
	if m.T {
		return v.T()
	}
	return v
}

// gemm computes c = a·b: by package simd in float32, which makes the host backend
// usable, and by the sum itself in float64, the referee.
func gemm[X gpu.Float](a, b, c matrix[X]) {
	if _, ok := any(a.data).([]float32); ok {
		product(c.view(), a.view(), b.view(), false)
		return
	}
	rows, inner, cols := c.rows, a.cols, c.cols
	if a.T {
		inner = a.rows
	}
	gpu.Rows(rows, func(i int) {
		for j := range cols {
			var sum X
			for k := range inner {
				sum += a.at(i, k) * b.at(k, j)
			}
			c.data[i*c.ld+j] = sum
		}
	})
}

// product computes c = a·b, or c += a·b, on all processors.
func product(c, a, b simd.View, add bool) {
	parts := runtime.GOMAXPROCS(0)
	p := simd.Pack(b)
	defer p.Release()
	each := (a.Rows/(4*parts)/6 + 1) * 6 // four parts a processor, of whole tiles
	gpu.Rows((a.Rows+each-1)/each, func(i int) {
		from, to := i*each, min((i+1)*each, a.Rows)
		p.Mul(c.Slice(from, to), a.Slice(from, to), add)
	})
}

// up4 rounds up to a multiple of 4: the columns of an output with padding.
func up4(n int) int { return (n + 3) / 4 * 4 }

// padZero clears the padding columns of y [N, up4(O)].
func padZero[X gpu.Float](y []X, N, O int) {
	if O%4 == 0 {
		return
	}
	for n := range N {
		clear(y[n*up4(O)+O : (n+1)*up4(O)])
	}
}
