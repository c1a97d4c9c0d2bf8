package simd

import . "attnlab/gpu/simd/wasm"

// dotHeads is
//
//	dotHeads(q, step, heads, c, base, rows, n, stride, out, ld): out[h][t] = q[h]·row(rows[t])[h] for heads of c vectors, queries
//	step bytes apart and rows of out ld bytes apart
func (m loops) dotHeads() *Func {
	f := NewFunc("dotHeads")
	p := params(f, 10)
	q, step, heads, c, base, rows, n, stride, out, ld := p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9]
	h, i, x, y, query, to := f.Var(I32), f.Var(I32), f.Var(I32), f.Var(I32), f.Var(I32), f.Var(I32)
	sum := f.Var(V128)
	return f.Body(Loop(n,
		y.Set(AddInt(base.Get(), MulInt(LoadInt(rows.Get()), stride.Get()))),
		query.Set(q.Get()), to.Set(out.Get()), h.Set(heads.Get()),
		Loop(h,
			sum.Set(Floats(0)),
			x.Set(query.Get()), i.Set(c.Get()),
			Loop(i,
				sum.Set(m.mulAdd(Load(x.Get(), 0), Load(y.Get(), 0), sum.Get())),
				x.AdvanceBy(16), y.AdvanceBy(16)),
			StoreFloat(to.Get(), total(sum)),
			query.Advance(step.Get()), to.Advance(ld.Get())),
		rows.AdvanceBy(4), out.AdvanceBy(4)))
}

// sumHeads is
//
//	sumHeads(w, ld, heads, c, base, rows, n, stride, out, step): out[h] += Σ_t w[h][t]·row(rows[t])[h], as in dotHeads
func (m loops) sumHeads() *Func {
	f := NewFunc("sumHeads")
	p := params(f, 10)
	w, ld, heads, c, base, rows, n, stride, out, step := p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9]
	h, i, y, weight, to, head := f.Var(I32), f.Var(I32), f.Var(I32), f.Var(I32), f.Var(I32), f.Var(I32)
	x := f.Var(V128)
	return f.Body(Loop(n,
		y.Set(AddInt(base.Get(), MulInt(LoadInt(rows.Get()), stride.Get()))),
		weight.Set(w.Get()), head.Set(out.Get()), h.Set(heads.Get()),
		Loop(h,
			x.Set(LoadSplat(weight.Get())),
			to.Set(head.Get()), i.Set(c.Get()),
			Loop(i,
				Store(to.Get(), 0, m.mulAdd(x.Get(), Load(y.Get(), 0), Load(to.Get(), 0))),
				to.AdvanceBy(16), y.AdvanceBy(16)),
			weight.Advance(ld.Get()), head.Advance(step.Get())),
		rows.AdvanceBy(4), w.AdvanceBy(4)))
}

// norm is
//
//	norm(x, w, y, rstd, rows, c, eps, share): rstd = 1/√(share·Σx²+eps) and y = x·rstd·w for rows of c vectors, share 1/D
func (m loops) norm() *Func {
	f := NewFunc("norm")
	p := params(f, 6)
	x, w, y, rstd, rows, c := p[0], p[1], p[2], p[3], p[4], p[5]
	eps, share := f.Param(F32), f.Param(F32)
	i, at := f.Var(I32), f.Var(I32)
	v, sum := f.Var(V128), f.Var(V128)
	return f.Body(Loop(rows,
		sum.Set(Floats(0)),
		at.Set(x.Get()), i.Set(c.Get()),
		Loop(i, v.Set(Load(at.Get(), 0)), sum.Set(m.mulAdd(v.Get(), v.Get(), sum.Get())), at.AdvanceBy(16)),
		sum.Set(Div(Floats(1), Sqrt(Splat(Sum(MulFloat(share.Get(), total(sum)), eps.Get()))))),
		StoreFloat(rstd.Get(), Lane(sum.Get(), 0)),
		at.Set(w.Get()), i.Set(c.Get()),
		Loop(i,
			Store(y.Get(), 0, Mul(Mul(Load(x.Get(), 0), sum.Get()), Load(at.Get(), 0))),
			x.AdvanceBy(16), y.AdvanceBy(16), at.AdvanceBy(16)),
		rstd.AdvanceBy(4)))
}

// normGrad is
//
//	normGrad(dy, x, w, rstd, dx, rows, c, share): dx += rstd·dy·w - x·rstd³·share·Σ dy·w·x
func (m loops) normGrad() *Func {
	f := NewFunc("normGrad")
	p := params(f, 7)
	dy, x, w, rstd, dx, rows, c := p[0], p[1], p[2], p[3], p[4], p[5], p[6]
	share := f.Param(F32)
	i, a, b, gain := f.Var(I32), f.Var(I32), f.Var(I32), f.Var(I32)
	r, sum := f.Var(V128), f.Var(V128)
	return f.Body(Loop(rows,
		sum.Set(Floats(0)),
		a.Set(dy.Get()), b.Set(x.Get()), gain.Set(w.Get()), i.Set(c.Get()),
		Loop(i,
			sum.Set(m.mulAdd(Mul(Load(a.Get(), 0), Load(gain.Get(), 0)), Load(b.Get(), 0), sum.Get())),
			a.AdvanceBy(16), b.AdvanceBy(16), gain.AdvanceBy(16)),
		r.Set(LoadSplat(rstd.Get())),
		sum.Set(Mul(Mul(Mul(r.Get(), r.Get()), r.Get()), Splat(MulFloat(share.Get(), total(sum))))),
		gain.Set(w.Get()), i.Set(c.Get()),
		Loop(i,
			Store(dx.Get(), 0, Add(Load(dx.Get(), 0),
				Sub(Mul(Mul(r.Get(), Load(dy.Get(), 0)), Load(gain.Get(), 0)), Mul(Load(x.Get(), 0), sum.Get())))),
			dy.AdvanceBy(16), x.AdvanceBy(16), dx.AdvanceBy(16), gain.AdvanceBy(16)),
		rstd.AdvanceBy(4)))
}

// normGain is
//
//	normGain(dy, x, rstd, sum, rows, c): sum = Σ_row rstd·dy·x for rows of c vectors
func (m loops) normGain() *Func {
	f := NewFunc("normGain")
	p := params(f, 6)
	dy, x, rstd, sum, rows, c := p[0], p[1], p[2], p[3], p[4], p[5]
	i, n, a, b, r, to := f.Var(I32), f.Var(I32), f.Var(I32), f.Var(I32), f.Var(I32), f.Var(I32)
	all := f.Var(V128)
	return f.Body(
		to.Set(sum.Get()), i.Set(c.Get()),
		Loop(i,
			all.Set(Floats(0)),
			a.Set(dy.Get()), b.Set(x.Get()), r.Set(rstd.Get()), n.Set(rows.Get()),
			Loop(n,
				all.Set(m.mulAdd(Mul(Load(a.Get(), 0), Load(b.Get(), 0)), LoadSplat(r.Get()), all.Get())),
				a.Advance(ShiftLeft(c.Get(), 4)), b.Advance(ShiftLeft(c.Get(), 4)), r.AdvanceBy(4)),
			Store(to.Get(), 0, all.Get()),
			to.AdvanceBy(16), dy.AdvanceBy(16), x.AdvanceBy(16)))
}

// addToFunc is
//
//	addTo(y, x, n): y += x for n vectors
func addToFunc() *Func {
	f := NewFunc("addTo")
	p := params(f, 3)
	y, x, n := p[0], p[1], p[2]
	return f.Body(Loop(n,
		Store(y.Get(), 0, Add(Load(y.Get(), 0), Load(x.Get(), 0))),
		y.AdvanceBy(16), x.AdvanceBy(16)))
}

// rotateFunc is
//
//	rotate(row, heads, half, cos, sin, sign): (low, high) = (low·cos - sign·high·sin, high·cos + sign·low·sin) for the two
//	halves, of half vectors each, of every head of a row
func rotateFunc() *Func {
	f := NewFunc("rotate")
	p := params(f, 5)
	row, heads, half, cosine, sine := p[0], p[1], p[2], p[3], p[4]
	sign := f.Param(F32)
	i, high, a, b := f.Var(I32), f.Var(I32), f.Var(I32), f.Var(I32)
	x, y, s := f.Var(V128), f.Var(V128), f.Var(V128)
	return f.Body(Loop(heads,
		high.Set(AddInt(row.Get(), ShiftLeft(half.Get(), 4))),
		a.Set(cosine.Get()), b.Set(sine.Get()), i.Set(half.Get()),
		Loop(i,
			x.Set(Load(row.Get(), 0)), y.Set(Load(high.Get(), 0)),
			s.Set(Mul(Splat(sign.Get()), Load(b.Get(), 0))),
			Store(row.Get(), 0, Sub(Mul(x.Get(), Load(a.Get(), 0)), Mul(y.Get(), s.Get()))),
			Store(high.Get(), 0, Add(Mul(y.Get(), Load(a.Get(), 0)), Mul(x.Get(), s.Get()))),
			row.AdvanceBy(16), high.AdvanceBy(16), a.AdvanceBy(16), b.AdvanceBy(16)),
		row.Set(high.Get())))
}

// adamWFunc is
//
//	adamW(g, w, m, v, n, clip, beta1, beta2, rate, share, eps, keep): for n vectors, with G = clip·g,
//	m = beta1·m + (1-beta1)·G, v = beta2·v + (1-beta2)·G², w = keep·w - rate·m/(√(share·v)+eps)
func adamWFunc() *Func {
	f := NewFunc("adamW")
	p := params(f, 5)
	g, w, m, v, n := p[0], p[1], p[2], p[3], p[4]
	var c []Local
	for range 7 {
		c = append(c, f.Param(F32))
	}
	splat := func(l Local) Expr { return Splat(l.Get()) }
	clip, beta1, beta2, rate, share, eps, keep := splat(c[0]), splat(c[1]), splat(c[2]), splat(c[3]), splat(c[4]), splat(c[5]), splat(c[6])
	grad, first, second := f.Var(V128), f.Var(V128), f.Var(V128)
	return f.Body(Loop(n,
		grad.Set(Mul(Load(g.Get(), 0), clip)),
		first.Set(Add(Mul(beta1, Load(m.Get(), 0)), Mul(Sub(Floats(1), beta1), grad.Get()))),
		second.Set(Add(Mul(beta2, Load(v.Get(), 0)), Mul(Sub(Floats(1), beta2), Mul(grad.Get(), grad.Get())))),
		Store(m.Get(), 0, first.Get()),
		Store(v.Get(), 0, second.Get()),
		Store(w.Get(), 0, Sub(Mul(keep, Load(w.Get(), 0)),
			Div(Mul(rate, first.Get()), Add(Sqrt(Mul(share, second.Get())), eps)))),
		g.AdvanceBy(16), w.AdvanceBy(16), m.AdvanceBy(16), v.AdvanceBy(16)))
}
