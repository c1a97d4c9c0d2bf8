package simd

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

// A tile of a product is held in registers: two of eight words a row.
const tileRows, tileCols = 6, 16

func init() {
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		detected = "avx2"
	}
	impl = detected
}

// tiles computes rows by panels whole tiles. Strides are in bytes.
func tiles(rows, panels, k int, a *float32, row, col int, b, c *float32, ld int, add bool) {
	for j := range panels {
		panel := after(b, 4*j*k*tileCols)
		for i := range rows {
			tile(k, after(a, i*tileRows*row), row, col, panel, after(c, i*tileRows*ld+4*j*tileCols), ld, add)
		}
	}
}

func after(p *float32, bytes int) *float32 { return (*float32)(unsafe.Add(unsafe.Pointer(p), bytes)) }

// packWhole copies rows by cols elements of a block, both multiples of 8, into its panels.
func packWhole(to []float32, b View, rows, cols int) {
	for j := 0; j < cols; j += 8 {
		panel := to[j/tileCols*tileCols*b.Rows+j%tileCols:]
		if b.Row == 1 {
			transpose8(rows, &b.Data[j*b.Col], 4*b.Col, &panel[0])
			continue
		}
		for k := range rows {
			*(*[8]float32)(panel[k*tileCols:]) = [8]float32(b.Data[k*b.Row+j:])
		}
	}
}

//go:noescape
func tile(k int, a *float32, row, col int, b, c *float32, ld int, add bool)

//go:noescape
func transpose8(k int, b *float32, ld int, to *float32)

//go:noescape
func expSum(x *float32, n int, shift float32) float32

//go:noescape
func swiglu(gate, up, out *float32, n int)

//go:noescape
func swigluGrad(gate, up, ds, dgate, dup *float32, n int)

//go:noescape
func dotRows(q *float32, c int, base *float32, rows *uint32, n, stride int, out *float32)

//go:noescape
func sumRows(w *float32, base *float32, rows *uint32, n, stride int, c int, out *float32)

//go:noescape
func maxOf(x *float32, n int) float32

//go:noescape
func weigh(d, w *float32, n int, scale, shift float32)
