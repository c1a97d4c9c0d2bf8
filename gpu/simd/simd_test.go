package simd_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"attnlab/gpu/simd"
)

func normal(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

// reference is the product in float64.
func reference(a, b simd.View) []float64 {
	c := make([]float64, a.Rows*b.Cols)
	for i := range a.Rows {
		for j := range b.Cols {
			for k := range a.Cols {
				c[i*b.Cols+j] += float64(a.Data[i*a.Row+k*a.Col]) * float64(b.Data[k*b.Row+j*b.Col])
			}
		}
	}
	return c
}

// near reports whether the rows of c hold want plus what was there before, and nothing between the rows was touched.
func near(c simd.View, want []float64, before []float32, add bool, k int) error {
	for i := range c.Rows {
		for j := range c.Row {
			got := float64(c.Data[i*c.Row+j])
			if j >= c.Cols {
				if c.Data[i*c.Row+j] != before[i*c.Row+j] {
					return fmt.Errorf("column %d beyond the matrix was written", j)
				}
				continue
			}
			w := want[i*c.Cols+j]
			if add {
				w += float64(before[i*c.Row+j])
			}
			if !(math.Abs(got-w) <= 1e-6*(4+float64(k))) {
				return fmt.Errorf("(%d,%d) is %g, want %g", i, j, got, w)
			}
		}
	}
	return nil
}

// TestProducts compares packed products and dot products with float64, for sizes around a tile, both orders of both operands,
// with vector instructions and in plain Go.
func TestProducts(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	sizes := []int{1, 4, 6, 7, 16, 17, 31}
	for _, vectors := range []bool{true, false} {
		before := simd.Use(vectors)
		for _, m := range sizes {
			for _, n := range sizes {
				for _, k := range []int{1, 8, 13, 257, 520} {
					for kind := range 4 {
						a, b := simd.Of(normal(r, m*(k+3)), m, k, k+3), simd.Of(normal(r, k*(n+1)), k, n, n+1)
						if kind&1 == 1 {
							a = simd.Of(normal(r, k*(m+2)), k, m, m+2).T()
						}
						if kind&2 == 2 {
							b = simd.Of(normal(r, n*(k+5)), n, k, k+5).T()
						}
						want := reference(a, b)
						for _, add := range []bool{false, true} {
							start := normal(r, m*(n+2))
							c := simd.Of(append([]float32{}, start...), m, n, n+2)
							p := simd.Pack(b)
							p.Mul(c, a, add)
							p.Release()
							if err := near(c, want, start, add, k); err != nil {
								t.Fatalf("%s %dx%dx%d kind %d add %v: %v", simd.Name(), m, n, k, kind, add, err)
							}
						}
					}
				}
			}
		}
		simd.Use(before)
	}
}

func BenchmarkProduct(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, s := range [][3]int{{2048, 352, 128}, {2048, 128, 352}, {16, 352, 128}} {
		x, w, y := normal(r, s[0]*s[2]), normal(r, s[1]*s[2]), make([]float32, s[0]*s[1])
		X, W, Y := simd.Of(x, s[0], s[2], s[2]), simd.Of(w, s[1], s[2], s[2]), simd.Of(y, s[0], s[1], s[1])
		rate := func(b *testing.B) {
			b.ReportMetric(2*float64(s[0])*float64(s[1])*float64(s[2])*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		}
		b.Run(fmt.Sprint("packed ", s), func(b *testing.B) {
			for range b.N {
				p := simd.Pack(W.T())
				p.Mul(Y, X, false)
				p.Release()
			}
			rate(b)
		})
	}
}

// within reports whether got is want to a relative error, or both are below the smallest number that counts.
func within(got float32, want, relative float64) bool {
	return math.Abs(float64(got)-want) <= relative*math.Abs(want)+2e-38
}

// TestExpSum compares exponentials with float64 over their range, for lengths around the lanes.
func TestExpSum(t *testing.T) {
	for _, vectors := range []bool{true, false} {
		before := simd.Use(vectors)
		for n := 1; n < 40; n++ {
			x, want := make([]float32, n), make([]float64, n)
			sum := 0.0
			for i := range x {
				x[i] = 2 * (float32(i)*-90/float32(n) + 3)
				want[i] = math.Exp(.5*float64(x[i]) - 3)
				if .5*float64(x[i])-3 < -87 {
					want[i] = 0
				}
				sum += want[i]
			}
			x[n/2], sum, want[n/2] = float32(math.Inf(-1)), sum-want[n/2], 0 // a masked score
			got := simd.ExpSum(x, .5, 3)
			for i := range x {
				if !within(x[i], want[i], 4e-7) {
					t.Errorf("%s: e^%g is %g, want %g", simd.Name(), math.Log(want[i]), x[i], want[i])
				}
			}
			if !within(got, sum, 1e-6) {
				t.Errorf("%s: the sum of %d is %g, want %g", simd.Name(), n, got, sum)
			}
		}
		simd.Use(before)
	}
}

// TestSwiGLU compares the gated activation and its gradient with float64, far beyond the range of e^x too.
func TestSwiGLU(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, vectors := range []bool{true, false} {
		before := simd.Use(vectors)
		for _, n := range []int{1, 7, 8, 9, 31} {
			gate, up, ds := normal(r, n), normal(r, n), normal(r, n)
			gate[0] = 200
			gate[n-1] = -200
			out, dgate, dup := make([]float32, n), make([]float32, n), make([]float32, n)
			simd.SwiGLU(out, gate, up)
			simd.SwiGLUGrad(dgate, dup, gate, up, ds)
			for i := range out {
				g, u, d := float64(gate[i]), float64(up[i]), float64(ds[i])
				s := 1 / (1 + math.Exp(-g))
				for name, pair := range map[string][2]float64{
					"out": {float64(out[i]), g * s * u}, "dup": {float64(dup[i]), d * g * s}, "dgate": {float64(dgate[i]), d * u * s * (1 + g*(1-s))},
				} {
					if !(math.Abs(pair[0]-pair[1]) <= 2e-6*(1+math.Abs(pair[1]))) {
						t.Errorf("%s: %s at gate %g is %g, want %g", simd.Name(), name, g, pair[0], pair[1])
					}
				}
			}
		}
		simd.Use(before)
	}
}

// TestHeads compares scores and weighted sums of gathered rows with float64, for several heads and gaps between everything.
func TestHeads(t *testing.T) {
	both(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(5, 6))
		for _, c := range []int{4, 8, 12, 32, 40} {
			for _, n := range []int{1, 2, 9} {
				for heads := range 4 {
					const pool, gap = 11, 3
					heads, stride, step, ld := heads+1, (heads+1)*c+gap, c+5, n+2
					x := simd.Heads{Data: normal(r, pool*stride), Rows: make([]uint32, n), Stride: stride, N: heads, C: c}
					for i := range x.Rows {
						x.Rows[i] = r.Uint32N(pool)
					}
					q, w := normal(r, heads*step), normal(r, heads*ld)
					out, sum := normal(r, heads*ld), normal(r, heads*step)
					wantOut, wantSum := make([]float64, len(out)), make([]float64, len(sum))
					for i, v := range out {
						wantOut[i] = float64(v)
					}
					for i, v := range sum {
						wantSum[i] = float64(v)
					}
					for h := range heads {
						for t := range n {
							wantOut[h*ld+t] = 0
						}
						for i := range c {
							wantSum[h*step+i] = 0
							for t, row := range x.Rows {
								v := float64(x.Data[int(row)*stride+h*c+i])
								wantOut[h*ld+t] += float64(q[h*step+i]) * v
								wantSum[h*step+i] += float64(w[h*ld+t]) * v
							}
						}
					}
					x.Dot(out, ld, q, step)
					x.Sum(sum, step, w, ld)
					what := fmt.Sprintf("%d rows of %d heads of %d words", n, heads, c)
					close32(t, "scores, "+what, out, wantOut, 2e-5)
					close32(t, "sums, "+what, sum, wantSum, 2e-5)
				}
			}
		}
	})
}

// TestVectorsRun fails where the vector instructions that every machine of the tests has are not used.
func TestVectorsRun(t *testing.T) {
	want := map[string]string{"amd64": "avx2", "wasm": "simd128"}[runtime.GOARCH]
	if want == "" {
		t.Skipf("%s computes in plain Go", runtime.GOARCH)
	}
	if got := simd.Name(); got != want {
		t.Errorf("products run in %q, want %q", got, want)
	}
}
