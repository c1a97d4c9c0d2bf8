package simd

import "sync"

// depth is how many rows of B are packed together, so that a panel stays in the first cache.
const depth = 256

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
	return PackBy(b, func(n int, f func(i int)) {
		for i := range n {
			f(i)
		}
	})
}

// packed is how many words of B are copied at a time.
const packed = 1 << 13

// PackBy is Pack by parts: each calls f for every i in [0,n), in any order or at once.
func PackBy(b View, each func(n int, f func(i int))) *Panels {
	p := pool.Get().(*Panels)
	p.k, p.n = b.Rows, b.Cols
	size := p.k * p.Count() * tileCols
	if cap(p.data) < size {
		p.data = make([]float32, size)
	}
	p.data = p.data[:size]
	blocks := (p.k + depth - 1) / depth
	panels := max(1, packed/(min(depth, max(p.k, 1))*tileCols)) // of a part
	parts := (p.Count() + panels - 1) / panels
	each(blocks*parts, func(i int) {
		k0, from := i/parts*depth, i%parts*panels
		rows, to := min(depth, p.k-k0), min(from+panels, p.Count())
		block := View{b.Data[k0*b.Row:], rows, b.Cols, b.Row, b.Col}
		pack(p.data[k0*p.Count()*tileCols+from*rows*tileCols:], block.Columns(from*tileCols, min(to*tileCols, p.n)))
	})
	return p
}

// pack copies one block of B.
func pack(to []float32, b View) {
	rows, cols := 0, 0 // what the vector loop copied: these rows of these columns
	if vectors() && b.Rows >= lanes && b.Cols >= lanes {
		rows, cols = b.Rows/lanes*lanes, b.Cols/lanes*lanes
		packWhole(to, b, rows, cols)
	}
	for j := 0; j < b.Cols; j += tileCols {
		panel := to[j*b.Rows:][:b.Rows*tileCols]
		for c := range tileCols {
			from := 0
			if j+c < cols {
				from = rows
			}
			for k := from; k < b.Rows; k++ {
				var x float32
				if j+c < b.Cols {
					x = b.Data[(j+c)*b.Col+k*b.Row]
				}
				panel[k*tileCols+c] = x
			}
		}
	}
}

// Count is the number of panels: what [Panels.MulPanels] can divide a product with few rows into.
func (p *Panels) Count() int { return (p.n + tileCols - 1) / tileCols }

// Release gives the panels' memory back.
func (p *Panels) Release() { pool.Put(p) }

// Mul computes C = A·B, or C += A·B where add is set, for A [M, K] and a row-major C [M, N]. Goroutines may each compute other
// rows of one product.
func (p *Panels) Mul(c, a View, add bool) { p.MulPanels(c, a, add, 0, p.Count()) }

// MulPanels is Mul for the columns of panels [from, to).
func (p *Panels) MulPanels(c, a View, add bool, from, to int) {
	c = c.Columns(from*tileCols, min(to*tileCols, p.n))
	at := 0
	for k0 := 0; k0 < p.k; k0 += depth {
		rows := min(depth, p.k-k0)
		block := p.data[at+from*rows*tileCols : at+to*rows*tileCols]
		at += rows * p.Count() * tileCols
		multiply(c, View{a.Data[k0*a.Col:], a.Rows, rows, a.Row, a.Col}, block, add || k0 > 0)
	}
	if p.k == 0 && !add {
		for i := range c.Rows {
			clear(c.Data[i*c.Row:][:c.Cols])
		}
	}
}

// multiply computes C = A·B, or C += A·B, for one block of B.
func multiply(c, a View, block []float32, add bool) {
	if !vectors() {
		multiplyGo(c, a, block, add)
		return
	}
	k, row, col := a.Cols, 4*a.Row, 4*a.Col
	rows, panels := c.Rows/tileRows, c.Cols/tileCols
	if rows > 0 && panels > 0 {
		tiles(rows, panels, k, &a.Data[0], row, col, &block[0], &c.Data[0], 4*c.Row, add)
	}
	if right := panels * tileCols; rows > 0 && right < c.Cols { // the last columns, less than a tile
		mem := edges.Get().(*[]float32)
		defer edges.Put(mem)
		edge := Of(words(mem, rows*tileRows*tileCols), rows*tileRows, c.Cols-right, tileCols)
		tiles(rows, 1, k, &a.Data[0], row, col, &block[right*k], &edge.Data[0], 4*tileCols, false)
		put(c.Columns(right, c.Cols), edge, add)
	}
	if below := rows * tileRows; below < c.Rows { // the last rows, filled up with zeros
		mem := edges.Get().(*[]float32)
		defer edges.Put(mem)
		all := (c.Cols + tileCols - 1) / tileCols
		both := words(mem, tileRows*(k+all*tileCols))
		last, edge := both[:tileRows*k], Of(both[tileRows*k:], c.Rows-below, c.Cols, all*tileCols)
		for i := below; i < c.Rows; i++ {
			if a.Col == 1 {
				copy(last[(i-below)*k:][:k], a.Data[i*a.Row:])
				continue
			}
			for n := range k {
				last[(i-below)*k+n] = a.Data[i*a.Row+n*a.Col]
			}
		}
		clear(last[(c.Rows-below)*k:])
		tiles(1, all, k, &last[0], 4*k, 4, &block[0], &edge.Data[0], 4*edge.Row, false)
		put(c.Slice(below, c.Rows), edge, add)
	}
}

// edges holds memory for tiles at the edges.
var edges = sync.Pool{New: func() any { return new([]float32) }}

// words returns n words of undefined content.
func words(mem *[]float32, n int) []float32 {
	if len(*mem) < n {
		*mem = make([]float32, n)
	}
	return (*mem)[:n]
}

// put copies an edge into C, or adds it.
func put(c, edge View, add bool) {
	for i := range edge.Rows {
		to := c.Data[i*c.Row:][:edge.Cols]
		for j, x := range edge.Data[i*edge.Row:][:edge.Cols] {
			if add {
				x += to[j]
			}
			to[j] = x
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
