//go:build !amd64 && !js

package simd

const tileRows, tileCols = 4, 8

const noVectors = "simd: this machine has no vector instructions that the package knows"

func tiles(rows, panels, k int, a *float32, row, col int, b, c *float32, ld int, add bool) {
	panic(noVectors)
}
func packWhole(to []float32, b View, rows, cols int)      { panic(noVectors) }
func expSum(x *float32, n int, shift float32) float32     { panic(noVectors) }
func swiglu(gate, up, out *float32, n int)                { panic(noVectors) }
func swigluGrad(gate, up, ds, dgate, dup *float32, n int) { panic(noVectors) }
func dotRows(q *float32, c int, base *float32, rows *uint32, n, stride int, out *float32) {
	panic(noVectors)
}
func sumRows(w *float32, base *float32, rows *uint32, n, stride int, c int, out *float32) {
	panic(noVectors)
}
func maxOf(x *float32, n int) float32                  { panic(noVectors) }
func weigh(d, w *float32, n int, scale, shift float32) { panic(noVectors) }
