package nn

import (
	"fmt"
	"math/rand/v2"

	"attnlab/gpu"
	"attnlab/shaders"
)

// Adapter are the sizes of a low-rank adapter of a weight [O,I], I a multiple of 4, with R rows in between, and what its product is
// multiplied by: alpha/rank.
type Adapter struct {
	O, I, R uint32
	Scale   float32
}

// AdapterMerge adds a low-rank adapter to a frozen weight (LoRA, Hu et al. 2021, eq. 3): merged = w + scale·b·a. Where b or the scale is 0,
// merged is w bit for bit. It returns the kernel for a weight that is stored as s.
//
//	a [R,I], w [O,I], of any storage, b [O,R] → merged [O,I]
func AdapterMerge(s Storage) *gpu.Kernel { return merges[s] }

var merges = map[Storage]*gpu.Kernel{
	F32: newAdapterMerge(F32), BF16: newAdapterMerge(BF16), F16: newAdapterMerge(F16), Q8: newAdapterMerge(Q8), Q4: newAdapterMerge(Q4),
}

func newAdapterMerge(s Storage) *gpu.Kernel {
	return gpu.New(s.name("adapter_merge"), shaders.LoadSwapped("nn/adapter_merge", nil, s.swap()),
		[]gpu.Binding{gpu.In("a"), s.binding("w"), gpu.In("b"), gpu.Out("merged")},
		func(p Adapter) gpu.Groups { return gpu.Groups1D(int(p.O*p.I)/4, 64) },
		func(p Adapter, a gpu.Args[float32]) { adapterMerge(s, p, a) },
		func(p Adapter, a gpu.Args[float64]) { adapterMerge(s, p, a) },
		func(p Adapter, _ func(int) []uint32) gpu.Work {
			O, I, R := int(p.O), int(p.I), int(p.R)
			return gpu.Does(2*O*I*R+2*O*I, s.Words(O*I)+O*I+R*I+O*R)
		})
}

func adapterMerge[X gpu.Float](s Storage, p Adapter, args gpu.Args[X]) {
	a, b, merged := args.F(0), args.F(2), args.F(3)
	I, R := int(p.I), int(p.R)
	gpu.Parts(int(p.O), I*(1+R), func(from, to int) {
		sum := make([]X, I)
		for o := from; o < to; o++ {
			clear(sum)
			w := weights(s, args, 1, o, 1, I)
			for k, v := range b[o*R : (o+1)*R] {
				if v == 0 {
					continue // most of a fused weight's b
				}
				for i, u := range a[k*I : (k+1)*I] {
					sum[i] += v * u
				}
			}
			for i, v := range sum {
				merged[o*I+i] = w[i] + X(p.Scale)*v
			}
		}
	})
}

func adapterMergeCases(r *rand.Rand) (cases []gpu.Case) {
	add := func(s Storage, p Adapter) {
		O, I, R := int(p.O), int(p.I), int(p.R)
		cases = append(cases, gpu.Case{
			Name: fmt.Sprint(p), Kernel: AdapterMerge(s), Params: p,
			Buffers: []any{gpu.Normal(r, R*I), s.packed(r, O*I, 1), gpu.Normal(r, O*R), gpu.NaNs(O * I)},
			Shape:   map[string][]int{"merged": {O, I}},
		})
	}
	for _, p := range []Adapter{{1, 4, 4, 1}, {7, 36, 4, 2}, {63, 4, 8, 0.5}, {64, 8, 12, 2}, {67, 44, 24, -1}} {
		add(F32, p)
	}
	for _, s := range Storages[1:] {
		add(s, Adapter{37, 96, 8, 2})
	}
	return cases
}
