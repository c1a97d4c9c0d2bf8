package nn

import (
	"slices"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

func TestTileNames(t *testing.T) {
	for name, want := range map[string]Tile{"8x8": Wide, "4x4": Narrow, "64x64": Staged, "": Wide, "3x3": Wide} {
		if got := TileNamed(name); got != want {
			t.Errorf("%q is %v, want %v", name, got, want)
		}
	}
}

// Every tile sums in the same order, so a run does not depend on the tile that was fastest when it began.
func TestTilesGiveTheSameBits(t *testing.T) {
	d := gputest.Adapter(t)
	words := func(c gpu.Case) (all []float32) {
		var buffers []*gpu.Buffer
		for i, data := range c.Buffers {
			name := c.Kernel.Bindings[i].Name
			switch data := data.(type) {
			case []float32:
				buffers = append(buffers, d.Floats(name, len(data)))
				buffers[i].Write(0, data)
			case []uint32:
				buffers = append(buffers, d.Uints(name, len(data)))
				buffers[i].WriteUints(0, data)
			}
			defer buffers[i].Release()
		}
		if err := d.Do(c.Kernel, c.Params, buffers...); err != nil {
			t.Fatal(err)
		}
		for i, b := range c.Kernel.Bindings {
			if b.Write {
				out := make([]float32, buffers[i].Len())
				if err := buffers[i].Read(0, out); err != nil {
					t.Fatal(err)
				}
				all = append(all, out...)
			}
		}
		gputest.Count(d)
		return all
	}
	const N, O, I, F = 130, 70, 84, 52
	r := gputest.Rand(140)
	linear, grad := Matmul{N, O, I}, LinearGrad{N, O, I, 3, O*I + 12}
	qkv, gateUp, down := QKV{N: N, D: I, H: 2, K: 1, C: 24}, GateUp{N, I, F}, LinearGrad{N, 72, F, 2, 72 * F}
	x, pos, rope := gpu.Normal(r, N*I), positions(r, N), RopeTable(256, 24, 10000)
	for _, c := range []struct {
		kernel  func(Tile) *gpu.Kernel
		params  any
		buffers []any
	}{
		{MatmulNT, linear, []any{x, gpu.Normal(r, O*I), make([]float32, N*up4(O))}},
		{MatmulNTAdd, linear, []any{x, gpu.Normal(r, O*I), gpu.Normal(r, N*up4(O)), make([]float32, N*up4(O))}},
		{QKVRopeFwd, qkv, []any{x, gpu.Normal(r, qkv.width()*I), pos, rope, make([]float32, N*qkv.width())}},
		{GateUpFwd, gateUp, []any{x, gpu.Normal(r, 2*F*I), make([]float32, 2*N*F), make([]float32, N*F)}},
		{LinearBwd, grad, []any{padded(r, N, O), gpu.Normal(r, O*I), x, make([]float32, N*I), make([]float32, grad.words())}},
		{LinearDx, InputGrad{N, O, I, uint32(up4(O)), 0, 0}, []any{padded(r, N, O), gpu.Normal(r, O*I), make([]float32, N*I)}},
		{DownDx, Matmul{N, 72, F}, []any{gpu.Normal(r, N*72), gpu.Normal(r, 72*F), gpu.Normal(r, 2*N*F), make([]float32, 2*N*F)}},
		{DownBwd, down, []any{gpu.Normal(r, N*72), gpu.Normal(r, 72*F), gpu.Normal(r, N*F), gpu.Normal(r, 2*N*F), make([]float32, 2*N*F), make([]float32, down.words())}},
	} {
		want := words(gpu.Case{Kernel: c.kernel(Wide), Params: c.params, Buffers: c.buffers})
		for _, tile := range []Tile{Narrow, Staged} {
			if got := words(gpu.Case{Kernel: c.kernel(tile), Params: c.params, Buffers: c.buffers}); !slices.Equal(got, want) {
				t.Errorf("%s gives other bits than %s", c.kernel(tile).Name, c.kernel(Wide).Name)
			}
		}
	}
}

// A software adapter gets every tile but the one that stages its operands; other adapters get all.
func TestTilesFor(t *testing.T) {
	if got := TilesFor(true); !slices.Equal(got, []Tile{Wide, Narrow}) {
		t.Errorf("a software adapter gets %v", got)
	}
	if got := TilesFor(false); !slices.Equal(got, Tiles) {
		t.Errorf("another adapter gets %v", got)
	}
}
