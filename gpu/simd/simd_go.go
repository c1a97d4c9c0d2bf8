//go:build !amd64 && !js

package simd

const tileRows, tileCols = 4, 8

const noVectors = "simd: this machine has no vector instructions that the package knows"

func tiles(rows, panels, k int, a *float32, row, col int, b, c *float32, ld int, add bool) {
	panic(noVectors)
}
func packWhole(to []float32, b View, rows, cols int)                        { panic(noVectors) }
func expSum(x *float32, n int, scale, shift float32) float32                { panic(noVectors) }
func softmax(s View, seen int, scale float32, top, sum []float32)           { panic(noVectors) }
func logitStat(x []float32, scale float32) (top, sum, moment float32)       { panic(noVectors) }
func logitGrad(x *float32, n int, scale, lse, a, b float32)                 { panic(noVectors) }
func norm(y, rstd, x, w []float32, eps float32)                             { panic(noVectors) }
func normGrad(dx, dy, x, w, rstd []float32)                                 { panic(noVectors) }
func normGain(sum, dy, x, rstd []float32)                                   { panic(noVectors) }
func addTo(y, x *float32, n int)                                            { panic(noVectors) }
func rotate(row []float32, heads int, cosine, sine []float32, sign float32) { panic(noVectors) }
func adam(g, w, m, v []float32, a AdamW)                                    { panic(noVectors) }
func softmaxGrad(s, d View, seen int, scale float32, lse, delta []float32, stride int) {
	panic(noVectors)
}
func swiglu(gate, up, out *float32, n int)                { panic(noVectors) }
func swigluGrad(gate, up, ds, dgate, dup *float32, n int) { panic(noVectors) }
func dotHeads(q *float32, step, heads, c int, base *float32, rows *uint32, n, stride int, out *float32, ld int) {
	panic(noVectors)
}
func sumHeads(w *float32, ld, heads, c int, base *float32, rows *uint32, n, stride int, out *float32, step int) {
	panic(noVectors)
}
