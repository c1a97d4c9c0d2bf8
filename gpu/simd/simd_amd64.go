package simd

import (
	"math"
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
		} else {
			copy8(rows, &b.Data[j], 4*b.Row, &panel[0])
		}
	}
}

//go:noescape
func tile(k int, a *float32, row, col int, b, c *float32, ld int, add bool)

//go:noescape
func transpose8(k int, b *float32, ld int, to *float32)

//go:noescape
func copy8(k int, b *float32, ld int, to *float32)

// softmax computes a row at a time, in which the words behind the keys, up to a multiple of 8, count as minus infinity.
func softmax(s View, seen int, scale float32, top, sum []float32) {
	for r := range s.Rows {
		row, n := s.Data[r*s.Row:][:s.Row], min(seen+r, s.Cols)
		whole := hideRest(row, n)
		top[r] = scale * maxOf(&row[0], whole)
		sum[r] = expSum(&row[0], whole, scale, top[r])
	}
}

func softmaxGrad(s, d View, seen int, scale float32, lse, delta []float32, stride int) {
	for r := range s.Rows {
		row, grad, n := s.Data[r*s.Row:][:s.Row], d.Data[r*d.Row:][:d.Row], min(seen+r, s.Cols)
		whole := hideRest(row, n)
		expSum(&row[0], whole, scale, lse[r*stride])
		weigh(&grad[0], &row[0], whole, scale, delta[r*stride])
		clear(grad[n:])
	}
}

// hideRest makes the words of a row behind its first n minus infinity up to a multiple of 8, which it returns, and 0 beyond.
func hideRest(row []float32, n int) (whole int) {
	whole = (n + lanes - 1) / lanes * lanes
	for i := n; i < whole; i++ {
		row[i] = float32(math.Inf(-1))
	}
	clear(row[whole:])
	return whole
}

func logitStat(x []float32, scale float32) (top, sum, moment float32) {
	whole := len(x) / lanes * lanes
	best := x[0]
	if whole > 0 {
		best = maxOf(&x[0], whole)
	}
	for _, v := range x[whole:] {
		best = max(best, v)
	}
	top = scale * best
	if whole > 0 {
		sum, moment = expMoment(&x[0], whole, scale, top)
	}
	for _, v := range x[whole:] {
		z := scale*v - top
		e := exp(z)
		sum += e
		moment += e * z
	}
	return top, sum, moment
}

func norm(y, rstd, x, w []float32, eps float32) {
	D := len(w)
	for n := range rstd {
		from := n * D
		rstd[n] = float32(1 / math.Sqrt(float64(square(&x[from], D)/float32(D)+eps)))
		gained(&y[from], &x[from], &w[0], D, rstd[n])
	}
}

func normGrad(dx, dy, x, w, rstd []float32) {
	D := len(w)
	for n, r := range rstd {
		from := n * D
		along := dot3(&dy[from], &w[0], &x[from], D) / float32(D)
		normBack(&dx[from], &dy[from], &w[0], &x[from], D, r, r*r*r*along)
	}
}

func normGain(sum, dy, x, rstd []float32) {
	D := len(sum)
	clear(sum)
	for n, r := range rstd {
		addProduct(&sum[0], &dy[n*D], &x[n*D], D, r)
	}
}

func rotate(row []float32, heads int, cosine, sine []float32, sign float32) {
	half := len(cosine)
	for h := range heads {
		turn(&row[2*h*half], &row[(2*h+1)*half], &cosine[0], &sine[0], half, sign)
	}
}

func adam(g, w, m, v []float32, a AdamW) {
	adamW(&g[0], &w[0], &m[0], &v[0], len(g), a.Clip, a.Beta1, 1-a.Beta1, a.Beta2, 1-a.Beta2, a.Rate, a.Share, a.Eps, a.Keep)
}

//go:noescape
func expSum(x *float32, n int, scale, shift float32) float32

//go:noescape
func expMoment(x *float32, n int, scale, shift float32) (sum, moment float32)

//go:noescape
func logitGrad(x *float32, n int, scale, lse, a, b float32)

//go:noescape
func dot3(a, b, c *float32, n int) float32

//go:noescape
func square(x *float32, n int) float32

//go:noescape
func gained(y, x, w *float32, n int, r float32)

//go:noescape
func normBack(dx, dy, w, x *float32, n int, r, b float32)

//go:noescape
func addProduct(y, a, b *float32, n int, r float32)

//go:noescape
func addTo(y, x *float32, n int)

//go:noescape
func turn(low, high, cosine, sine *float32, n int, sign float32)

//go:noescape
func adamW(grad, w, m, v *float32, n int, clip, beta1, rest1, beta2, rest2, rate, share, eps, keep float32)

//go:noescape
func swiglu(gate, up, out *float32, n int)

//go:noescape
func swigluGrad(gate, up, ds, dgate, dup *float32, n int)

//go:noescape
func dotHeads(q *float32, step, heads, c int, base *float32, rows *uint32, n, stride int, out *float32, ld int)

//go:noescape
func sumHeads(w *float32, ld, heads, c int, base *float32, rows *uint32, n, stride int, out *float32, step int)

//go:noescape
func maxOf(x *float32, n int) float32

//go:noescape
func weigh(d, w *float32, n int, scale, shift float32)
