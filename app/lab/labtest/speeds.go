package labtest

import (
	"fmt"
	"math"

	"attnlab/app/session"
	"attnlab/model/speed"
)

// Speeds are speeds of three models, of which WebGPU trains the largest faster, and K kernels on each backend.
func Speeds(K int) session.Speeds {
	e := session.Speeds{Number: 1, Done: 9, Of: 9}
	add := func(name, backend string, ms, tokens float64) *speed.Row {
		r := speed.Timed([]float64{ms, 0.9 * ms, 1.2 * ms})
		r.Name, r.Backend, r.Adapter, r.TokensPerSecond = name, backend, "Test adapter of "+backend, tokens/ms*1e3
		e.Rows = append(e.Rows, r)
		return &e.Rows[len(e.Rows)-1]
	}
	for i, name := range []string{"tiny", "small", "base"} {
		size := int(1e4 * math.Pow(10, float64(i)))
		add("train-"+name, "host", 10*math.Pow(10, float64(i)), 4096).Parameters = size
		add("train-"+name, "webgpu", 30*math.Pow(4, float64(i)), 4096).Parameters = size
		for _, n := range []int{1, 8, 64} {
			add(fmt.Sprintf("decode-%s-%d", name, n), "host", float64(n)*math.Pow(10, float64(i)), 32*float64(n)).Parameters = size
			add(fmt.Sprintf("decode-%s-%d", name, n), "webgpu", 50+float64(n)*math.Pow(10, float64(i)), 32*float64(n)).Parameters = size
		}
	}
	for _, backend := range []string{"host", "webgpu"} {
		add("ceiling-product", backend, 10, 0).Operations = 1e9
		add("ceiling-copy", backend, 10, 0).Bytes = 2e8
		for i := range K {
			r := add(fmt.Sprintf("kernel-some_%d", i), backend, 1+float64(i), 0)
			r.Operations, r.Bytes, r.Share = 1e6*float64(i), 1e5, 0.1*float64(i) // the first does no operation
		}
	}
	return e
}
