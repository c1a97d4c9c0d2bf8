package simd

import . "attnlab/gpu/simd/wasm"

// exponential replaces x by e^x (Cephes expf, relative error below 3e-7), 0 below e^-87; n, y and cut are variables to work in.
func exponential(x, n, y, cut Local) Expr {
	polynomial := Floats(1.9875691500e-4)
	for _, c := range []float32{1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 0.5} {
		polynomial = Add(Mul(polynomial, x.Get()), Floats(c))
	}
	return Do(
		cut.Set(Less(x.Get(), Floats(-87))),
		x.Set(PMin(PMax(x.Get(), Floats(-87)), Floats(88))),
		n.Set(Nearest(Mul(x.Get(), Floats(1.44269504)))),
		x.Set(Sub(Sub(x.Get(), Mul(n.Get(), Floats(0.693359375))), Mul(n.Get(), Floats(-2.12194440e-4)))),
		y.Set(polynomial),
		y.Set(Add(Add(Mul(Mul(y.Get(), x.Get()), x.Get()), x.Get()), Floats(1))),
		n.Set(ShiftInts(AddInts(ToInts(n.Get()), Ints(127)), 23)), // 2^n
		x.Set(AndNot(Mul(y.Get(), n.Get()), cut.Get())))
}

// total is the sum of a vector's words, and largest the largest of them.
func total(v Local) Expr {
	g := v.Get()
	return Sum(Sum(Lane(g, 0), Lane(g, 1)), Sum(Lane(g, 2), Lane(g, 3)))
}

func largest(v Local) Expr {
	g := v.Get()
	return MaxFloat(MaxFloat(Lane(g, 0), Lane(g, 1)), MaxFloat(Lane(g, 2), Lane(g, 3)))
}

// expSumFunc is
//
//	expSum(x, n, scale, shift): x[i] = e^(scale·x[i]-shift) for n vectors; the result is their sum
func expSumFunc() *Func {
	f := NewFunc("expSum", F32)
	x, n, scale, shift := f.Param(I32), f.Param(I32), f.Param(F32), f.Param(F32)
	v, t0, t1, t2, sum := f.Var(V128), f.Var(V128), f.Var(V128), f.Var(V128), f.Var(V128)
	return f.Body(
		Loop(n,
			v.Set(Sub(Mul(Load(x.Get(), 0), Splat(scale.Get())), Splat(shift.Get()))),
			exponential(v, t0, t1, t2),
			Store(x.Get(), 0, v.Get()),
			sum.Set(Add(sum.Get(), v.Get())),
			x.AdvanceBy(16)),
		total(sum))
}

// sigmoidOf replaces x by 1/(1+e^-x).
func sigmoidOf(x, t0, t1, t2 Local) Expr {
	return Do(x.Set(Neg(x.Get())), exponential(x, t0, t1, t2), x.Set(Div(Floats(1), Add(Floats(1), x.Get()))))
}

// swigluFunc is
//
//	swiglu(gate, up, out, n): out = gate·σ(gate)·up
func swigluFunc() *Func {
	f := NewFunc("swiglu")
	p := params(f, 4)
	gate, up, out, n := p[0], p[1], p[2], p[3]
	v, s, t0, t1, t2 := f.Var(V128), f.Var(V128), f.Var(V128), f.Var(V128), f.Var(V128)
	return f.Body(Loop(n,
		v.Set(Load(gate.Get(), 0)),
		s.Set(v.Get()),
		sigmoidOf(s, t0, t1, t2),
		Store(out.Get(), 0, Mul(Mul(v.Get(), s.Get()), Load(up.Get(), 0))),
		gate.AdvanceBy(16), up.AdvanceBy(16), out.AdvanceBy(16)))
}

// swigluGradFunc is
//
//	swigluGrad(gate, up, ds, dgate, dup, n): dup = ds·gate·σ and dgate = ds·up·σ·(1+gate·(1-σ))
func swigluGradFunc() *Func {
	f := NewFunc("swigluGrad")
	p := params(f, 6)
	gate, up, ds, dgate, dup, n := p[0], p[1], p[2], p[3], p[4], p[5]
	v, s, d, t0, t1, t2 := f.Var(V128), f.Var(V128), f.Var(V128), f.Var(V128), f.Var(V128), f.Var(V128)
	return f.Body(Loop(n,
		v.Set(Load(gate.Get(), 0)),
		s.Set(v.Get()),
		sigmoidOf(s, t0, t1, t2),
		d.Set(Mul(Load(ds.Get(), 0), s.Get())),
		Store(dup.Get(), 0, Mul(d.Get(), v.Get())),
		Store(dgate.Get(), 0, Mul(Mul(d.Get(), Load(up.Get(), 0)),
			Add(Floats(1), Mul(v.Get(), Sub(Floats(1), s.Get()))))),
		gate.AdvanceBy(16), up.AdvanceBy(16), ds.AdvanceBy(16), dgate.AdvanceBy(16), dup.AdvanceBy(16)))
}

// seenWords runs a statement for each vector of a row's first n words: masked(x) is x there, and other beyond word n. The
// variables are to work in; p is the address.
func seenWords(n, p, i, start Local, lane, limit Local, statements ...Expr) Expr {
	return Do(
		p.Set(start.Get()),
		lane.Set(IntsOf(0, 1, 2, 3)),
		limit.Set(SplatInt(n.Get())),
		i.Set(ShiftRight(AddInt(n.Get(), Int(3)), 2)),
		Loop(i, Do(statements...), p.AdvanceBy(16), lane.Set(AddInts(lane.Get(), Ints(4)))))
}

// minusInfinity is a score that no key has.
const minusInfinity = 0xff800000

// softmaxFunc is
//
//	softmax(s, rows, ld, words, cols, seen, scale, top, sum): for row r of rows, with n = min(seen+r, cols) keys:
//	top = scale·max s[:n], s[:n] = e^(scale·s-top), sum = Σ s[:n], and 0 in the other words of the row
func softmaxFunc() *Func {
	f := NewFunc("softmax")
	p := params(f, 6)
	s, rows, ld, words, cols, seen := p[0], p[1], p[2], p[3], p[4], p[5]
	scale, top, sum := f.Param(F32), f.Param(I32), f.Param(I32)
	n, i, at := f.Var(I32), f.Var(I32), f.Var(I32)
	lane, limit, x, best, all, t0, t1, t2 := f.Var(V128), f.Var(V128), f.Var(V128), f.Var(V128), f.Var(V128), f.Var(V128), f.Var(V128), f.Var(V128)
	shift := f.Var(F32)
	return f.Body(Loop(rows,
		n.Set(MinInt(seen, cols)),
		best.Set(Ints(minusInfinity)),
		seenWords(n, at, i, s, lane, limit,
			x.Set(Select(Load(at.Get(), 0), Ints(minusInfinity), LessInts(lane.Get(), limit.Get()))),
			Store(at.Get(), 0, x.Get()),
			best.Set(PMax(best.Get(), x.Get()))),
		shift.Set(MulFloat(scale.Get(), largest(best))),
		StoreFloat(top.Get(), shift.Get()),
		all.Set(Floats(0)),
		seenWords(n, at, i, s, lane, limit,
			x.Set(Sub(Mul(Load(at.Get(), 0), Splat(scale.Get())), Splat(shift.Get()))),
			exponential(x, t0, t1, t2),
			Store(at.Get(), 0, x.Get()),
			all.Set(Add(all.Get(), x.Get()))),
		StoreFloat(sum.Get(), total(all)),
		clearRest(n, words, at, i),
		s.Advance(ld.Get()), seen.AdvanceBy(1), top.AdvanceBy(4), sum.AdvanceBy(4)))
}

// clearRest writes 0 from address at on: the vectors of a row of so many words behind those of its first n.
func clearRest(n, words, at, i Local) Expr {
	return Do(
		i.Set(SubInt(ShiftRight(words.Get(), 2), ShiftRight(AddInt(n.Get(), Int(3)), 2))),
		If(i.Get(), Loop(i, Store(at.Get(), 0, Floats(0)), at.AdvanceBy(16))))
}

// softmaxGradFunc is
//
//	softmaxGrad(s, d, rows, ld, words, cols, seen, scale, lse, delta, stride): for row r of rows, with n = min(seen+r, cols)
//	keys: s[:n] = e^(scale·s-lse), d[:n] = scale·s·(d-delta), and 0 in the other words of both rows
func softmaxGradFunc() *Func {
	f := NewFunc("softmaxGrad")
	p := params(f, 7)
	s, d, rows, ld, words, cols, seen := p[0], p[1], p[2], p[3], p[4], p[5], p[6]
	scale, lse, delta, stride := f.Param(F32), f.Param(I32), f.Param(I32), f.Param(I32)
	n, i, at, to := f.Var(I32), f.Var(I32), f.Var(I32), f.Var(I32)
	lane, limit, x, t0, t1, t2 := f.Var(V128), f.Var(V128), f.Var(V128), f.Var(V128), f.Var(V128), f.Var(V128)
	return f.Body(Loop(rows,
		n.Set(MinInt(seen, cols)),
		to.Set(d.Get()),
		seenWords(n, at, i, s, lane, limit,
			x.Set(Sub(Mul(Load(at.Get(), 0), Splat(scale.Get())), LoadSplat(lse.Get()))),
			x.Set(Select(x.Get(), Ints(minusInfinity), LessInts(lane.Get(), limit.Get()))),
			exponential(x, t0, t1, t2),
			Store(at.Get(), 0, x.Get()),
			Store(to.Get(), 0, Mul(Mul(Splat(scale.Get()), x.Get()), Sub(Load(to.Get(), 0), LoadSplat(delta.Get())))),
			to.AdvanceBy(16)),
		clearRest(n, words, at, i),
		clearRest(n, words, to, i),
		s.Advance(ld.Get()), d.Advance(ld.Get()), seen.AdvanceBy(1), lse.Advance(stride.Get()), delta.Advance(stride.Get())))
}

// logitStat is
//
//	logitStat(x, n, scale, out): with z = scale·x - top over n words, out = (top, Σ e^z, Σ z·e^z)
func (m loops) logitStat() *Func {
	f := NewFunc("logitStat")
	x, n, scale, out := f.Param(I32), f.Param(I32), f.Param(F32), f.Param(I32)
	i, at, shift := f.Var(I32), f.Var(I32), f.Var(F32)
	lane, limit, z, e, best, sum, moment := f.Var(V128), f.Var(V128), f.Var(V128), f.Var(V128), f.Var(V128), f.Var(V128), f.Var(V128)
	t0, t1, t2 := f.Var(V128), f.Var(V128), f.Var(V128)
	return f.Body(
		best.Set(Ints(minusInfinity)),
		seenWords(n, at, i, x, lane, limit,
			best.Set(PMax(best.Get(), Select(Load(at.Get(), 0), Ints(minusInfinity), LessInts(lane.Get(), limit.Get()))))),
		shift.Set(MulFloat(scale.Get(), largest(best))),
		StoreFloat(out.Get(), shift.Get()),
		seenWords(n, at, i, x, lane, limit,
			// Far below the top e^z is 0, and so that the product is 0, too, z must be finite.
			z.Set(PMax(Sub(Mul(Load(at.Get(), 0), Splat(scale.Get())), Splat(shift.Get())), Floats(-1e4))),
			z.Set(Select(z.Get(), Floats(-1e4), LessInts(lane.Get(), limit.Get()))),
			e.Set(z.Get()),
			exponential(e, t0, t1, t2),
			sum.Set(Add(sum.Get(), e.Get())),
			moment.Set(m.mulAdd(e.Get(), z.Get(), moment.Get()))),
		StoreFloat(AddInt(out.Get(), Int(4)), total(sum)),
		StoreFloat(AddInt(out.Get(), Int(8)), total(moment)))
}

// logitGrad is
//
//	logitGrad(x, n, scale, lse, a, b): x = p·(a + b·log p) with log p = scale·x - lse, for n vectors
func (m loops) logitGrad() *Func {
	f := NewFunc("logitGrad")
	x, n := f.Param(I32), f.Param(I32)
	scale, lse, a, b := f.Param(F32), f.Param(F32), f.Param(F32), f.Param(F32)
	z, e, t0, t1, t2 := f.Var(V128), f.Var(V128), f.Var(V128), f.Var(V128), f.Var(V128)
	return f.Body(Loop(n,
		z.Set(PMax(Sub(Mul(Load(x.Get(), 0), Splat(scale.Get())), Splat(lse.Get())), Floats(-1e4))),
		e.Set(z.Get()),
		exponential(e, t0, t1, t2),
		Store(x.Get(), 0, Mul(e.Get(), m.mulAdd(z.Get(), Splat(b.Get()), Splat(a.Get())))),
		x.AdvanceBy(16)))
}
