//go:build !amd64

package simd

func multiply(c, a View, block []float32, add bool) { multiplyGo(c, a, block, add) }

func packColumns(to []float32, b View, k0, j, rows, cols int) (k, c int) { return 0, 0 }

const noVectors = "simd: this machine has no vector instructions that the package knows"

func expSum(x *float32, n int, shift float32) float32     { panic(noVectors) }
func swiglu(gate, up, out *float32, n int)                { panic(noVectors) }
func swigluGrad(gate, up, ds, dgate, dup *float32, n int) { panic(noVectors) }
