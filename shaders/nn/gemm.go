package nn

import (
	"sync"

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
		p := simd.PackBy(b.view(), gpu.Rows)
		defer p.Release()
		product(c.view(), a.view(), p, false)
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

// linear computes y = x·wᵀ, or y += x·wᵀ, for binding at of the arguments as the weight w [O,I]. Its panels are remembered until
// something writes the weight, so that decoding packs it once. A weight in another storage than F32 is unpacked some rows at a time
// and not remembered: whoever chose the storage wants less memory.
func linear(s Storage, p Matmul, x []float32, a gpu.Args[float32], at int, y []float32, add bool) {
	N, O, I := int(p.N), int(p.O), int(p.I)
	if s != F32 {
		const rows = 64
		gpu.Rows((O+rows-1)/rows, func(i int) {
			from, to := i*rows, min((i+1)*rows, O)
			values := scratch.Get().(*[]float32)
			defer scratch.Put(values)
			if n := (to - from) * I; cap(*values) < n {
				*values = make([]float32, n)
			} else {
				*values = (*values)[:n]
			}
			unpack(s, *values, a.U(at)[s.Words(from*I):][:s.Words((to-from)*I)])
			panels := simd.Pack(simd.Of(*values, to-from, I, I).T())
			defer panels.Release()
			panels.Mul(simd.Of(y, N, O, up4(O)).Columns(from, to), simd.Of(x, N, I, I), add)
		})
		return
	}
	pack := func() *simd.Panels { return simd.PackBy(simd.Of(a.F(at), O, I, I).T(), gpu.Rows) }
	panels, known := gpu.Memo(a, at, [2]int{O, I}, pack)
	if !known {
		panels = pack()
		defer panels.Release()
	}
	product(simd.Of(y, N, O, up4(O)), simd.Of(x, N, I, I), panels, add)
}

// scratch holds memory for rows of a weight that are unpacked.
var scratch = sync.Pool{New: func() any { return new([]float32) }}

// product computes c = a·b, or c += a·b, on all processors: by rows, or by columns where there are few rows.
func product(c, a simd.View, b *simd.Panels, add bool) {
	const rows = 48
	if a.Rows >= 2*rows {
		gpu.Parts((a.Rows+rows-1)/rows, rows*a.Cols*c.Cols/8, func(from, to int) {
			from, to = from*rows, min(to*rows, a.Rows)
			b.Mul(c.Slice(from, to), a.Slice(from, to), add)
		})
		return
	}
	gpu.Parts(b.Count(), a.Rows*a.Cols*c.Cols/b.Count()/8, func(from, to int) { b.MulPanels(c, a, add, from, to) })
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
