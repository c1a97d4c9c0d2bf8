package nn

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"

	"attnlab/gpu"
	"attnlab/shaders"
)

// Tile is a variant of the matrix products: the rows and columns, multiples of 4, that an
// invocation holds in registers, whether the 64 invocations of a workgroup stage their
// operands in workgroup memory, whether a workgroup shares the sums by subgroups, how the
// weight is stored, and how gates and ups are saved for the backward pass, F32 or F16. Every tile but that of subgroups sums in the same order, so that all give the
// same bits on one adapter.
type Tile struct {
	Rows, Cols int
	Staged     bool
	Subgroups  bool
	Storage    Storage
	Saved      Storage
}

// Of is the tile for a weight in another storage. Only the products of a forward pass have such tiles.
func (t Tile) Of(s Storage) Tile {
	t.Storage = s
	return t
}

// Saving is the tile for gates and ups in another storage. Only [GateUpFwd] and [DownBwd] have such tiles.
func (t Tile) Saving(s Storage) Tile {
	t.Saved = s
	return t
}

// Wide uses every word it loads eight times: for the many tokens of training and
// prefill. Narrow has four times the invocations: for the few rows of a decoding
// step, where Wide would leave most of a GPU idle. Staged reads memory least: for adapters
// whose workgroup memory is faster than their cache. Software adapters have none and compile
// it slowly. Subgroups has a workgroup for what Narrow gives an invocation, which is the most
// invocations for a decoding step of few rows. It needs WebGPU's feature subgroups, whose sizes are the
// adapter's, and has no products of a backward pass.
var (
	Wide   = Tile{Rows: 8, Cols: 8}
	Narrow = Tile{Rows: 4, Cols: 4}
	Staged = Tile{Rows: 8, Cols: 8, Staged: true}

	Subgroups = Tile{Rows: 4, Cols: 4, Subgroups: true}
)

// Tiles are those that every product is built for, backward ones too.
var Tiles = []Tile{Wide, Narrow, Staged}

// TilesFor returns the tiles that an adapter may use: all, or on a software adapter those that do not stage.
func TilesFor(software bool) []Tile {
	if software {
		return []Tile{Wide, Narrow}
	}
	return Tiles
}

// TileNamed returns the tile with the name that String gives, or Wide.
func TileNamed(name string) Tile {
	for _, t := range Tiles {
		if t.String() == name {
			return t
		}
	}
	return Wide
}

// FewRows is the tile of a product of few rows, of a decoding step, for a device.
func FewRows(d *gpu.Device) Tile {
	if d.Subgroups {
		return Subgroups
	}
	return Narrow
}

// String names a tile by what an invocation computes, or a workgroup: "8x8", "4x4", "64x64"; or "subgroups".
func (t Tile) String() string {
	if t.Subgroups {
		return "subgroups"
	}
	if t.Staged {
		return fmt.Sprintf("%dx%d", 8*t.Rows, 8*t.Cols)
	}
	return fmt.Sprintf("%dx%d", t.Rows, t.Cols)
}

// tiled builds a kernel for every tile and returns a function that chooses one.
func tiled(build func(Tile) *gpu.Kernel) func(Tile) *gpu.Kernel {
	kernels := map[Tile]*gpu.Kernel{}
	for _, t := range Tiles {
		kernels[t] = build(t)
	}
	return func(t Tile) *gpu.Kernel {
		if k := kernels[t]; k != nil {
			return k
		}
		panic(fmt.Sprintf("nn: no kernel for tiles of %v with weights in %s; use one of Tiles", t, t.Storage))
	}
}

// stored is tiled for products that read a weight in any storage, forward ones by subgroups too.
func stored(build func(Tile) *gpu.Kernel) func(Tile) *gpu.Kernel {
	return variants(build, func(t Tile) Tile {
		if t.Subgroups {
			return Narrow
		}
		return t.Of(F32).Saving(F32)
	})
}

// variants is tiled for kernels that have other variants of the tiles of Tiles; base returns the tile that one is a variant of. It builds
// variants when they are asked for: few programs need them.
func variants(build func(Tile) *gpu.Kernel, base func(Tile) Tile) func(Tile) *gpu.Kernel {
	plain := tiled(build)
	var mu sync.Mutex
	kernels := map[Tile]*gpu.Kernel{}
	return func(t Tile) *gpu.Kernel {
		if k := plain(base(t)); t == base(t) { // panics if there is no such tile
			return k
		}
		mu.Lock()
		defer mu.Unlock()
		if kernels[t] == nil {
			kernels[t] = build(t)
		}
		return kernels[t]
	}
}

func (t Tile) name(stem string) string {
	stem += "_" + t.String()
	if t.Saved == F16 {
		stem += "_half"
	}
	return t.Storage.name(stem)
}

// forward assembles a product with shared/product_nt, backward one with shared/linear_bwd.
func (t Tile) forward(path string) gpu.Source { return t.load(path, t.Cols) }
func (t Tile) backward(path string) gpu.Source {
	if t.Subgroups {
		panic(fmt.Sprintf("nn: %s has no form by subgroups; use one of Tiles", path))
	}
	return t.load(path, t.Cols/4)
}

// load assembles a kernel for the tile, whose loops have the given number of columns.
func (t Tile) load(path string, columns int) gpu.Source {
	swap := t.Storage.swap()
	if t.Saved == F16 {
		maps.Copy(swap, shaders.Swap{"shared/save": "shared/save_f16", "shared/saved": "shared/saved_f16"})
	}
	if t.Staged {
		maps.Copy(swap, shaders.Swap{"shared/product_nt": "shared/staged_nt", "shared/product_nn": "shared/staged_nn", "shared/product_tn": "shared/staged_tn"})
	}
	if t.Subgroups {
		maps.Copy(swap, shaders.Swap{"shared/panels": "shared/lanes", "shared/product_nt": "shared/subgroup_nt"})
	}
	return func() string {
		source := shaders.LoadSwapped(path, shaders.Tune{"R": uint32(t.Rows), "S": uint32(t.Cols)}, swap)
		return shaders.Unroll(source(), map[string]int{"r": t.Rows, "s": columns, "t": t.Rows / 4, "q": 4})
	}
}

// groups returns the workgroups that cover rows by cols of a product.
func (t Tile) groups(rows, cols int) gpu.Groups {
	side := 8
	if t.Subgroups {
		side = 1
	}
	return gpu.Groups2D((cols+t.Cols-1)/t.Cols, (rows+t.Rows-1)/t.Rows, side, side)
}

// eachTile returns the cases of kernels for every tile.
func eachTile(r *rand.Rand, kernels ...func(*rand.Rand, Tile) []gpu.Case) []gpu.Case {
	return tileCases(r, Tiles, kernels...)
}

func tileCases(r *rand.Rand, tiles []Tile, kernels ...func(*rand.Rand, Tile) []gpu.Case) (cases []gpu.Case) {
	for _, t := range tiles {
		for _, k := range kernels {
			cases = append(cases, k(r, t)...)
		}
	}
	return cases
}
