package attn

import (
	"slices"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

// Two slots share the cache rows of a common prefix: the test prefills the prefix once,
// decodes both sequences a token at a time, and compares every output with attention
// over the whole sequences.
func TestCachedIsFwd(t *testing.T) {
	const prefix, L, T, R = 11, 30, 32, 64
	tr := packing{6, 2, 16, []int{L, L}}
	W, O := tr.width(), tr.H*tr.C
	r := gputest.Rand(10)
	qkv := gpu.Normal(r, 2*L*W)
	copy(qkv[L*W:], qkv[:prefix*W])
	hidden := slices.Repeat([]uint32{0, 0}, L)
	for n := prefix; n < L; n++ {
		hidden[2*n], hidden[2*n+1] = 3, 7 // positions, in both sequences
	}
	var span []uint32
	for s := range uint32(2) {
		for n := range L {
			span = append(span, s*L, s*L+L, s*L+hidden[2*n], s*L+hidden[2*n+1])
		}
	}
	pool := rowsOf(r, R, R)
	table := slices.Concat(pool[:T], pool[:prefix], pool[T:T+T-prefix])
	at := func(slot, pos int) []uint32 {
		return []uint32{uint32(slot), uint32(pos), hidden[2*pos], hidden[2*pos+1]}
	}
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		want, _ := run(t, d, tr, qkv, span)
		kv := gpu.NaNs(R * 2 * tr.K * tr.C)
		step := func(rows []float32, at []uint32) []float32 {
			N := uint32(len(at) / 4)
			o := gpu.NaNs(int(N) * O)
			do(t, d, KVStore, KVStoreShape{N, uint32(tr.H), uint32(tr.K), uint32(tr.C), T}, rows, table, at, kv)
			do(t, d, Cached(tr.C), CachedShape{N, uint32(tr.H), uint32(tr.K), T}, rows, kv, table, at, o)
			return o
		}
		var prompt []uint32
		for pos := range prefix {
			prompt = append(prompt, at(0, pos)...)
		}
		near(t, "o of the prompt", step(qkv[:prefix*W], prompt), want[:prefix*O], 2e-6)
		for pos := prefix; pos < L; pos++ {
			rows := slices.Concat(qkv[pos*W:(pos+1)*W], qkv[(L+pos)*W:(L+pos+1)*W])
			o := step(rows, slices.Concat(at(0, pos), at(1, pos)))
			near(t, "o of slot 0", o[:O], want[pos*O:(pos+1)*O], 2e-6)
			near(t, "o of slot 1", o[O:], want[(L+pos)*O:(L+pos+1)*O], 2e-6)
		}
	})
}

func TestCachedDevice(t *testing.T) {
	r := gputest.Rand(11)
	gputest.Verify(t, slices.Concat(cachedCases(r, 8), cachedCases(r, 16), cachedCases(r, 40), cachedCases(r, 256)[:1])...)
}
