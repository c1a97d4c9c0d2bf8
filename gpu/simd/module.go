package simd

import . "attnlab/gpu/simd/wasm"

// moduleRows and moduleCols are the tile of a product in WebAssembly: two vectors of four words a row.
const moduleRows, moduleCols = 4, 8

// module returns the WebAssembly module of the package's loops. Addresses and strides are in bytes, counts in words.
func module() []byte {
	return Module(tilesFunc(), transposeFunc(), copyFunc(), expSumFunc(), swigluFunc(), swigluGradFunc(), dotRowsFunc(), sumRowsFunc(), maxOfFunc(), weighFunc())
}

// params adds n integer parameters to f.
func params(f *Func, n int) (p []Local) {
	for range n {
		p = append(p, f.Param(I32))
	}
	return p
}

func vars(f *Func, t Type, n int) (v []Local) {
	for range n {
		v = append(v, f.Var(t))
	}
	return v
}

// tilesFunc is
//
//	tiles(rows, panels, k, a, row, col, b, c, ld, add): C = A·B or C += A·B for whole tiles
func tilesFunc() *Func {
	f := NewFunc("tiles")
	p := params(f, 10)
	rows, panels, k, a, row, col, b, c, ld, add := p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9]
	i, n, fromB, toC := f.Var(I32), f.Var(I32), f.Var(I32), f.Var(I32)
	fromA := vars(f, I32, moduleRows)
	low, high := vars(f, V128, moduleRows), vars(f, V128, moduleRows)
	bLow, bHigh, x := f.Var(V128), f.Var(V128), f.Var(V128)

	var begin, step, store, storeSum Expr
	for r := range moduleRows {
		zero := Floats(0)
		begin = Do(begin, low[r].Set(zero), high[r].Set(zero))
		step = Do(step,
			x.Set(LoadSplat(fromA[r].Get())),
			low[r].Set(Add(low[r].Get(), Mul(x.Get(), bLow.Get()))),
			high[r].Set(Add(high[r].Get(), Mul(x.Get(), bHigh.Get()))),
			fromA[r].Advance(col.Get()))
		store = Do(store,
			Store(toC.Get(), 0, low[r].Get()),
			Store(toC.Get(), 16, high[r].Get()),
			toC.Advance(ld.Get()))
		storeSum = Do(storeSum,
			Store(toC.Get(), 0, Add(low[r].Get(), Load(toC.Get(), 0))),
			Store(toC.Get(), 16, Add(high[r].Get(), Load(toC.Get(), 16))),
			toC.Advance(ld.Get()))
	}
	// Row pointers of the next tile: row r is a + (tile·4 + r)·row.
	point := fromA[0].Set(AddInt(a.Get(), MulInt(ShiftLeft(SubInt(rows.Get(), i.Get()), 2), row.Get())))
	for r := 1; r < moduleRows; r++ {
		point = Do(point, fromA[r].Set(AddInt(fromA[r-1].Get(), row.Get())))
	}
	return f.Body(Loop(panels,
		i.Set(rows.Get()),
		toC.Set(c.Get()),
		Loop(i,
			point, begin,
			fromB.Set(b.Get()),
			n.Set(k.Get()),
			Loop(n,
				bLow.Set(Load(fromB.Get(), 0)),
				bHigh.Set(Load(fromB.Get(), 16)),
				step,
				fromB.AdvanceBy(4*moduleCols)),
			IfElse(add.Get(), storeSum, store)),
		b.Advance(MulInt(k.Get(), Int(4*moduleCols))),
		c.AdvanceBy(4*moduleCols)))
}

// transposeFunc is
//
//	transpose(rows, panels, b, ld, to, panel): packs panels of 8 columns, ld apart and contiguous in k, by blocks of four rows;
//	panels in to are panel bytes apart
func transposeFunc() *Func {
	f := NewFunc("transpose")
	p := params(f, 6)
	rows, panels, b, ld, to, panel := p[0], p[1], p[2], p[3], p[4], p[5]
	n, half, out := f.Var(I32), f.Var(I32), f.Var(I32)
	from := vars(f, I32, 4)
	v, w := vars(f, V128, 4), vars(f, V128, 4)
	var load, store Expr
	for c := range 4 {
		load = Do(load, v[c].Set(Load(from[c].Get(), 0)), from[c].AdvanceBy(16))
	}
	g := func(l Local) Expr { return l.Get() }
	turn := Do(
		w[0].Set(Shuffle(g(v[0]), g(v[1]), 0, 4, 1, 5)),
		w[1].Set(Shuffle(g(v[0]), g(v[1]), 2, 6, 3, 7)),
		w[2].Set(Shuffle(g(v[2]), g(v[3]), 0, 4, 1, 5)),
		w[3].Set(Shuffle(g(v[2]), g(v[3]), 2, 6, 3, 7)),
		v[0].Set(Shuffle(g(w[0]), g(w[2]), 0, 1, 4, 5)),
		v[1].Set(Shuffle(g(w[0]), g(w[2]), 2, 3, 6, 7)),
		v[2].Set(Shuffle(g(w[1]), g(w[3]), 0, 1, 4, 5)),
		v[3].Set(Shuffle(g(w[1]), g(w[3]), 2, 3, 6, 7)))
	for k := range 4 {
		store = Do(store, Store(out.Get(), uint32(k*4*moduleCols), g(v[k])))
	}
	point := from[0].Set(b.Get())
	for c := 1; c < 4; c++ {
		point = Do(point, from[c].Set(AddInt(from[c-1].Get(), ld.Get())))
	}
	return f.Body(Loop(panels,
		half.Set(Int(2)),
		Loop(half,
			point,
			out.Set(AddInt(to.Get(), ShiftLeft(SubInt(Int(2), half.Get()), 4))),
			n.Set(rows.Get()),
			Loop(n, load, turn, store, out.AdvanceBy(4*4*moduleCols)),
			b.Advance(ShiftLeft(ld.Get(), 2))),
		to.Advance(panel.Get())))
}

// copyFunc is
//
//	copy(rows, panels, b, ld, to, panel): packs panels of 8 columns of a row-major B
func copyFunc() *Func {
	f := NewFunc("copy")
	p := params(f, 6)
	rows, panels, b, ld, to, panel := p[0], p[1], p[2], p[3], p[4], p[5]
	n, from, out := f.Var(I32), f.Var(I32), f.Var(I32)
	return f.Body(Loop(panels,
		from.Set(b.Get()),
		out.Set(to.Get()),
		n.Set(rows.Get()),
		Loop(n,
			Store(out.Get(), 0, Load(from.Get(), 0)),
			Store(out.Get(), 16, Load(from.Get(), 16)),
			from.Advance(ld.Get()),
			out.AdvanceBy(4*moduleCols)),
		b.AdvanceBy(4*moduleCols),
		to.Advance(panel.Get())))
}

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

// expSumFunc is
//
//	expSum(x, n, shift): x[i] = e^(x[i]-shift) for n words, a multiple of 4; the result is their sum
func expSumFunc() *Func {
	f := NewFunc("expSum", F32)
	x, n, shift := f.Param(I32), f.Param(I32), f.Param(F32)
	v, t0, t1, t2, sum := f.Var(V128), f.Var(V128), f.Var(V128), f.Var(V128), f.Var(V128)
	g := sum.Get()
	return f.Body(
		Loop(n,
			v.Set(Sub(Load(x.Get(), 0), Splat(shift.Get()))),
			exponential(v, t0, t1, t2),
			Store(x.Get(), 0, v.Get()),
			sum.Set(Add(sum.Get(), v.Get())),
			x.AdvanceBy(16)),
		Sum(Sum(Lane(g, 0), Lane(g, 1)), Sum(Lane(g, 2), Lane(g, 3))))
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

// dotRowsFunc is
//
//	dotRows(q, c, base, rows, n, stride, out): out[t] = q·row(rows[t]); c counts vectors of four
func dotRowsFunc() *Func {
	f := NewFunc("dotRows")
	p := params(f, 7)
	q, c, base, rows, n, stride, out := p[0], p[1], p[2], p[3], p[4], p[5], p[6]
	i, x, y, sum := f.Var(I32), f.Var(I32), f.Var(I32), f.Var(V128)
	g := sum.Get()
	return f.Body(Loop(n,
		x.Set(q.Get()),
		y.Set(AddInt(base.Get(), MulInt(LoadInt(rows.Get()), stride.Get()))),
		sum.Set(Floats(0)),
		i.Set(c.Get()),
		Loop(i,
			sum.Set(Add(sum.Get(), Mul(Load(x.Get(), 0), Load(y.Get(), 0)))),
			x.AdvanceBy(16), y.AdvanceBy(16)),
		StoreFloat(out.Get(), Sum(Sum(Lane(g, 0), Lane(g, 1)), Sum(Lane(g, 2), Lane(g, 3)))),
		rows.AdvanceBy(4), out.AdvanceBy(4)))
}

// sumRowsFunc is
//
//	sumRows(w, base, rows, n, stride, c, out): out = Σ_t w[t]·row(rows[t]); c counts vectors of four
func sumRowsFunc() *Func {
	f := NewFunc("sumRows")
	p := params(f, 7)
	w, base, rows, n, stride, c, out := p[0], p[1], p[2], p[3], p[4], p[5], p[6]
	t, weight, row, sum := f.Var(I32), f.Var(I32), f.Var(I32), f.Var(V128)
	return f.Body(Loop(c,
		weight.Set(w.Get()),
		row.Set(rows.Get()),
		sum.Set(Floats(0)),
		t.Set(n.Get()),
		Loop(t,
			sum.Set(Add(sum.Get(), Mul(LoadSplat(weight.Get()), Load(AddInt(base.Get(), MulInt(LoadInt(row.Get()), stride.Get())), 0)))),
			weight.AdvanceBy(4), row.AdvanceBy(4)),
		Store(out.Get(), 0, sum.Get()),
		out.AdvanceBy(16), base.AdvanceBy(16)))
}

// maxOfFunc is
//
//	maxOf(x, n): the largest of n vectors of four
func maxOfFunc() *Func {
	f := NewFunc("maxOf", F32)
	x, n := f.Param(I32), f.Param(I32)
	top := f.Var(V128)
	g := top.Get()
	return f.Body(
		top.Set(Load(x.Get(), 0)),
		Loop(n, top.Set(PMax(g, Load(x.Get(), 0))), x.AdvanceBy(16)),
		MaxFloat(MaxFloat(Lane(g, 0), Lane(g, 1)), MaxFloat(Lane(g, 2), Lane(g, 3))))
}

// weighFunc is
//
//	weigh(d, w, n, scale, shift): d = scale·w·(d-shift) for n vectors of four
func weighFunc() *Func {
	f := NewFunc("weigh")
	d, w, n, scale, shift := f.Param(I32), f.Param(I32), f.Param(I32), f.Param(F32), f.Param(F32)
	a, b := f.Var(V128), f.Var(V128)
	return f.Body(
		a.Set(Splat(scale.Get())),
		b.Set(Splat(shift.Get())),
		Loop(n,
			Store(d.Get(), 0, Mul(Mul(a.Get(), Load(w.Get(), 0)), Sub(Load(d.Get(), 0), b.Get()))),
			d.AdvanceBy(16), w.AdvanceBy(16)))
}
