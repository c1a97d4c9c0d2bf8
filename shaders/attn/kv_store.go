package attn

import (
	"fmt"
	"math/rand/v2"

	"attnlab/gpu"
	"attnlab/shaders"
)

// KVStoreShape are the parameters of [KVStore]: N new tokens, H query heads, K
// key/value heads of C features, T positions a slot in the table.
type KVStoreShape struct{ N, H, K, C, T uint32 }

// KVStore copies the key and value heads of new tokens to their rows of the cache,
// kv[table[slot,pos]]. A token at pos >= T is skipped. Tokens that share a row must
// not be in one dispatch: compute a common prefix for one of its sequences only.
//
//	qkv [N,(H+2K)C], table [S,T], at [N,4] (slot, pos, hideLo, hideHi) → kv [R,2K·C]
var KVStore = gpu.New("kv_store", shaders.Load("attn/kv_store", nil),
	[]gpu.Binding{gpu.In("qkv"), gpu.InU("table"), gpu.InU("at"), gpu.Out("kv")},
	func(p KVStoreShape) gpu.Groups { return gpu.Groups1D(int(p.N*p.K*p.C/2), 64) },
	kvStore[float32], kvStore[float64],
	func(p KVStoreShape, words func(int) []uint32) gpu.Work {
		stored := ReachOf(words(1), words(2)[:4*p.N], int(p.T)).Stored
		return gpu.Does(0, stored*(4*int(p.K*p.C)+1)+2*int(p.N))
	})

func kvStore[X gpu.Float](p KVStoreShape, a gpu.Args[X]) {
	qkv, table, at, kv := a.F(0), a.U(1), a.U(2), a.F(3)
	q, w := int(p.H*p.C), int(2*p.K*p.C)
	for n := range int(p.N) {
		if slot, pos := at[4*n], at[4*n+1]; pos < p.T {
			row := int(table[slot*p.T+pos])
			copy(kv[row*w:(row+1)*w], qkv[n*(q+w)+q:])
		}
	}
}

func kvStoreCases(r *rand.Rand) (cases []gpu.Case) {
	for _, c := range []struct{ N, H, K, C int }{{1, 4, 4, 16}, {63, 2, 1, 8}, {16, 2, 2, 4}, {13, 6, 2, 20}, {64, 1, 1, 8}} {
		const S, T = 4, 19
		R := S * T
		var at []uint32
		for _, i := range r.Perm(R)[:c.N] {
			at = append(at, uint32(i/T), uint32(i%T), 0, 0)
		}
		if c.N > 1 {
			at[1] = T // past the table
		}
		cases = append(cases, gpu.Case{
			Name: fmt.Sprintf("N %d H %d K %d C %d", c.N, c.H, c.K, c.C), Kernel: KVStore,
			Params:  KVStoreShape{uint32(c.N), uint32(c.H), uint32(c.K), uint32(c.C), T},
			Buffers: []any{gpu.Normal(r, c.N*(c.H+2*c.K)*c.C), rowsOf(r, R, R), at, gpu.Normal(r, R*2*c.K*c.C)},
			Shape:   map[string][]int{"kv": {R, 2 * c.K, c.C}},
		})
	}
	return cases
}
