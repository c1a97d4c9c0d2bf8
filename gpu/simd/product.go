package simd

import "sync"

const (
	tileRows = 6   // rows of a product that are held in registers
	tileCols = 16  // and its columns: two registers of eight
	depth    = 256 // rows of B that are packed together, so that a panel stays in the first cache
)

// Panels is a matrix B [K, N] copied into panels of tileCols columns: the order in which a product reads it.
//
//	data[block][panel][k][column]: block of depth rows, panel of tileCols columns, zeros beyond N
type Panels struct {
	data []float32
	k, n int
}

var pool = sync.Pool{New: func() any { return &Panels{} }}

// Pack copies B into panels. [Panels.Release] gives their memory back.
func Pack(b View) *Panels {
	p := pool.Get().(*Panels)
	p.k, p.n = b.Rows, b.Cols
	size := p.k * p.count() * tileCols
	if cap(p.data) < size {
		p.data = make([]float32, size)
	}
	p.data = p.data[:size]
	at := 0
	for k0 := 0; k0 < p.k; k0 += depth {
		rows := min(depth, p.k-k0)
		for j := 0; j < p.n; j += tileCols {
			cols := min(tileCols, p.n-j)
			packPanel(p.data[at:at+rows*tileCols], b, k0, j, rows, cols)
			at += rows * tileCols
		}
	}
	return p
}

// packPanel copies rows by cols elements from (k0, j) on.
func packPanel(to []float32, b View, k0, j, rows, cols int) {
	if cols < tileCols {
		clear(to)
	}
	if b.Col == 1 {
		for k := range rows {
			copy(to[k*tileCols:][:cols], b.Data[(k0+k)*b.Row+j:])
		}
		return
	}
	done, columns := packColumns(to, b, k0, j, rows, cols)
	for c := range cols {
		column := b.Data[(j+c)*b.Col+k0:][:rows]
		from := 0
		if c < columns {
			from = done
		}
		for k := from; k < rows; k++ {
			to[k*tileCols+c] = column[k]
		}
	}
}

func (p *Panels) count() int { return (p.n + tileCols - 1) / tileCols }

// Release gives the panels' memory back.
func (p *Panels) Release() { pool.Put(p) }

// Mul computes C = A·B, or C += A·B where add is set, for A [M, K] and a row-major C [M, N]. Goroutines may each compute other
// rows of one product.
func (p *Panels) Mul(c, a View, add bool) {
	at := 0
	for k0 := 0; k0 < p.k; k0 += depth {
		rows := min(depth, p.k-k0)
		block := p.data[at : at+rows*p.count()*tileCols]
		at += len(block)
		multiply(c, View{a.Data[k0*a.Col:], a.Rows, rows, a.Row, a.Col}, block, add || k0 > 0)
	}
	if p.k == 0 && !add {
		for i := range c.Rows {
			clear(c.Data[i*c.Row:][:c.Cols])
		}
	}
}

// multiplyGo is multiply in plain Go.
func multiplyGo(c, a View, block []float32, add bool) {
	for j := 0; j < c.Cols; j += tileCols {
		panel := block[j*a.Cols:]
		cols := min(tileCols, c.Cols-j)
		for i := range c.Rows {
			var sum [tileCols]float32
			for k := range a.Cols {
				x, b := a.Data[i*a.Row+k*a.Col], panel[k*tileCols:][:tileCols]
				for n := range sum {
					sum[n] += x * b[n]
				}
			}
			row := c.Data[i*c.Row+j:][:cols]
			for n := range row {
				if add {
					row[n] += sum[n]
				} else {
					row[n] = sum[n]
				}
			}
		}
	}
}
