package simd

// DotRows computes out[t] = q·x[rows[t]] for rows of len(q) words that start stride words apart in x: the scores of a query
// against keys that lie anywhere in a cache. stride·rows[t] must leave a whole row in x.
func DotRows(out, q, x []float32, rows []uint32, stride int) {
	c := len(q)
	if len(rows) == 0 {
		return
	}
	if vectors() && c%lanes == 0 {
		dotRows(&q[0], c, &x[0], &rows[0], len(rows), 4*stride, &out[0])
		return
	}
	for t, r := range rows {
		var sum float32
		for i, v := range x[int(r)*stride:][:c] {
			sum += q[i] * v
		}
		out[t] = sum
	}
}

// SumRows computes out = Σ_t w[t]·x[rows[t]]: the values of those keys, weighted.
func SumRows(out, w, x []float32, rows []uint32, stride int) {
	c := len(out)
	clear(out)
	if len(rows) == 0 {
		return
	}
	if vectors() && c%lanes == 0 {
		sumRows(&w[0], &x[0], &rows[0], len(rows), 4*stride, c, &out[0])
		return
	}
	for t, r := range rows {
		for i, v := range x[int(r)*stride:][:c] {
			out[i] += w[t] * v
		}
	}
}
