package simd

import "golang.org/x/sys/cpu"

func init() {
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		detected = "avx2"
	}
	impl = detected
}

//go:noescape
func tile(k int, a *float32, row, col int, b, c *float32, ld int, add bool)

//go:noescape
func transpose8(k int, b *float32, ld int, to *float32)

// packColumns copies rows 0 to 8n of eight columns at a time of a B whose columns are contiguous, and returns how far it came.
func packColumns(to []float32, b View, k0, j, rows, cols int) (k, c int) {
	k = rows / 8 * 8
	if impl == "go" || k == 0 {
		return 0, 0
	}
	for ; c+8 <= cols; c += 8 {
		transpose8(k, &b.Data[(j+c)*b.Col+k0], 4*b.Col, &to[c])
	}
	return k, c
}

// multiply computes C = A·B or C += A·B for panels of one block of B.
func multiply(c, a View, block []float32, add bool) {
	if impl == "go" {
		multiplyGo(c, a, block, add)
		return
	}
	k := a.Cols
	var rest [tileRows * tileCols]float32 // a tile that is cut off by an edge of C
	var last []float32                    // the last rows of A, filled up with zeros to a whole tile
	whole := c.Rows / tileRows * tileRows
	if whole < c.Rows {
		last = make([]float32, tileRows*k)
		for i := whole; i < c.Rows; i++ {
			row := last[(i-whole)*k:][:k]
			for n := range row {
				row[n] = a.Data[i*a.Row+n*a.Col]
			}
		}
	}
	for j := 0; j < c.Cols; j += tileCols {
		panel := &block[j*k]
		cols := min(tileCols, c.Cols-j)
		for i := 0; i < c.Rows; i += tileRows {
			from, row, col := a.Data[min(i*a.Row, len(a.Data)-1):], 4*a.Row, 4*a.Col
			if i == whole {
				from, row, col = last, 4*k, 4
			}
			if i < whole && cols == tileCols {
				tile(k, &from[0], row, col, panel, &c.Data[i*c.Row+j], 4*c.Row, add)
				continue
			}
			tile(k, &from[0], row, col, panel, &rest[0], 4*tileCols, false)
			for r := range min(tileRows, c.Rows-i) {
				to := c.Data[(i+r)*c.Row+j:][:cols]
				for n := range to {
					if add {
						to[n] += rest[r*tileCols+n]
					} else {
						to[n] = rest[r*tileCols+n]
					}
				}
			}
		}
	}
}

//go:noescape
func expSum(x *float32, n int, shift float32) float32

//go:noescape
func swiglu(gate, up, out *float32, n int)

//go:noescape
func swigluGrad(gate, up, ds, dgate, dup *float32, n int)
