package nn

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"

	"attnlab/gpu"
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

// gemm computes c = a·b: by gonum's Sgemm in float32, which makes the host backend
// usable, and by the sum itself in float64, the referee.
func gemm[X gpu.Float](a, b, c matrix[X]) {
	rows, inner, cols := c.rows, a.cols, c.cols
	if a.T {
		inner = a.rows
	}
	if a32, ok := any(a.data).([]float32); ok {
		gonum.Implementation{}.Sgemm(trans(a.T), trans(b.T), rows, cols, inner,
			1, a32, a.ld, any(b.data).([]float32), b.ld, 0, any(c.data).([]float32), c.ld)
		return
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

func trans(t bool) blas.Transpose {
	if t {
		return blas.Trans
	}
	return blas.NoTrans
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
