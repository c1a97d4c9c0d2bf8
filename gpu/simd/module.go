package simd

import . "attnlab/gpu/simd/wasm"

// moduleRows and moduleCols are the tile of a product in WebAssembly: two vectors of four words a row.
const moduleRows, moduleCols = 4, 8

// module returns the WebAssembly module of the package's loops. Addresses and strides are in bytes. fused multiplies and adds in
// one instruction, which not every browser has.
func module(fused bool) []byte {
	m := loops{mulAdd: func(a, b, c Expr) Expr { return Add(Mul(a, b), c) }}
	if fused {
		m.mulAdd = MulAdd
	}
	return Module(m.tiles(), transposeFunc(), copyFunc(), expSumFunc(), swigluFunc(), swigluGradFunc(), m.dotHeads(), m.sumHeads(),
		softmaxFunc(), softmaxGradFunc(), m.norm(), m.normGrad(), m.normGain(), addToFunc(), rotateFunc(), adamWFunc(),
		m.logitStat(), m.logitGrad())
}

// loops builds functions around a·b + c.
type loops struct{ mulAdd func(a, b, c Expr) Expr }

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

// tiles is
//
//	tiles(rows, panels, k, a, row, col, b, c, ld, add): C = A·B or C += A·B for whole tiles
func (m loops) tiles() *Func {
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
			low[r].Set(m.mulAdd(x.Get(), bLow.Get(), low[r].Get())),
			high[r].Set(m.mulAdd(x.Get(), bHigh.Get(), high[r].Get())),
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
