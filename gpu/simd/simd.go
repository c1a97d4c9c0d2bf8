// Package simd holds the loops in which the host backend spends its time: products of float32 matrices, exponentials, norms.
// They run in the processor's vector instructions where there are some: AVX2 and FMA on amd64, SIMD128 in WebAssembly, and
// plain Go everywhere else. A result does not depend on the number of goroutines; it may differ in the last bits from one
// implementation to another.
//
// The host twins in float64 remain the referee: they use none of this.
package simd

// View is a matrix [Rows, Cols] inside a slice: element (i, j) is Data[i*Row+j*Col]. One of Row and Col is 1.
type View struct {
	Data       []float32
	Rows, Cols int
	Row, Col   int
}

// Of returns the view of a row-major matrix whose rows start ld elements apart.
func Of(data []float32, rows, cols, ld int) View { return View{data, rows, cols, ld, 1} }

// T returns the transposed view of the same elements.
func (v View) T() View { return View{v.Data, v.Cols, v.Rows, v.Col, v.Row} }

// Slice returns rows from to to of the view.
func (v View) Slice(from, to int) View {
	return View{v.Data[min(from*v.Row, len(v.Data)):], to - from, v.Cols, v.Row, v.Col}
}

// Columns returns columns from to to of the view.
func (v View) Columns(from, to int) View {
	return View{v.Data[min(from*v.Col, len(v.Data)):], v.Rows, to - from, v.Row, v.Col}
}

// Name names the implementation that runs: "avx2", "simd128", "simd128, not fused" (a browser without relaxed SIMD) or "go".
func Name() string { return impl }

// Use switches the vector instructions off and on again, for tests that compare them with plain Go. It returns what was set.
func Use(vectors bool) (before bool) {
	before = impl != "go"
	if vectors {
		impl = detected
	} else {
		impl = "go"
	}
	return before
}

// impl is the implementation in use, detected the best that this machine has.
var impl, detected = "go", "go"
