package simd

// Heads are rows of keys or values that lie anywhere in a cache: row t begins at word rows[t]·Stride of Data and holds N heads of
// C words. All heads of a row are read together, because they are neighbours in memory.
type Heads struct {
	Data   []float32
	Rows   []uint32
	Stride int
	N, C   int
}

// Dot computes the scores of a query for each head, out[h·ld+t] = q[h·step:]·row t of head h.
func (x Heads) Dot(out []float32, ld int, q []float32, step int) {
	if vectors() && x.C%lanes == 0 && len(x.Rows) > 0 {
		dotHeads(&q[0], 4*step, x.N, x.C, &x.Data[0], &x.Rows[0], len(x.Rows), 4*x.Stride, &out[0], 4*ld)
		return
	}
	for t, r := range x.Rows {
		for h := range x.N {
			var sum float32
			for i, v := range x.Data[int(r)*x.Stride+h*x.C:][:x.C] {
				sum += q[h*step+i] * v
			}
			out[h*ld+t] = sum
		}
	}
}

// Sum computes the weighted sum of each head's rows, out[h·step:] = Σ_t w[h·ld+t]·row t of head h.
func (x Heads) Sum(out []float32, step int, w []float32, ld int) {
	for h := range x.N {
		clear(out[h*step:][:x.C])
	}
	if vectors() && x.C%lanes == 0 && len(x.Rows) > 0 {
		sumHeads(&w[0], 4*ld, x.N, x.C, &x.Data[0], &x.Rows[0], len(x.Rows), 4*x.Stride, &out[0], 4*step)
		return
	}
	for t, r := range x.Rows {
		for h := range x.N {
			for i, v := range x.Data[int(r)*x.Stride+h*x.C:][:x.C] {
				out[h*step+i] += w[h*ld+t] * v
			}
		}
	}
}
