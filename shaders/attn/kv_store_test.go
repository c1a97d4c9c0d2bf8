package attn

import (
	"slices"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

func TestKVStoreByHand(t *testing.T) {
	// Two slots of two positions in four rows; heads of four, one of each kind.
	qkv := []float32{
		1, 1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9,
		1, 1, 1, 1, 20, 30, 40, 50, 60, 70, 80, 90,
		1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	}
	table := []uint32{3, 1, 0, 2}
	at := []uint32{0, 1, 0, 0, 1, 0, 0, 0, 0, 2, 0, 0} // the third is past the table
	want := []float32{
		20, 30, 40, 50, 60, 70, 80, 90,
		2, 3, 4, 5, 6, 7, 8, 9,
		-1, -1, -1, -1, -1, -1, -1, -1,
		-1, -1, -1, -1, -1, -1, -1, -1,
	}
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		kv := slices.Repeat([]float32{-1}, 32)
		do(t, d, KVStore, KVStoreShape{3, 1, 1, 4, 2}, qkv, table, at, kv)
		if !slices.Equal(kv, want) {
			t.Errorf("kv = %v, want %v", kv, want)
		}
	})
}

func TestKVStoreDevice(t *testing.T) { gputest.Verify(t, kvStoreCases(gputest.Rand(12))...) }

// Storing the same tokens in another order gives the same cache.
func TestKVStoreOrder(t *testing.T) {
	r := gputest.Rand(13)
	const N, S, T = 40, 4, 19
	p := KVStoreShape{N, 2, 1, 8, T}
	W := int(p.H+2*p.K) * int(p.C)
	qkv, table := gpu.Normal(r, N*W), rowsOf(r, S*T, S*T)
	places := r.Perm(S * T)
	fill := func(t *testing.T, d *gpu.Device, order []int) []float32 {
		var rows []float32
		var at []uint32
		for _, n := range order {
			rows = append(rows, qkv[n*W:(n+1)*W]...)
			at = append(at, uint32(places[n]/T), uint32(places[n]%T), 0, 0)
		}
		kv := make([]float32, S*T*int(2*p.K*p.C))
		do(t, d, KVStore, p, rows, table, at, kv)
		return kv
	}
	forwards := make([]int, N)
	for i := range forwards {
		forwards[i] = i
	}
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		near(t, "kv", fill(t, d, r.Perm(N)), fill(t, d, forwards), 0)
	})
}
