package nn

import (
	"fmt"
	"math/rand/v2"

	"attnlab/gpu"
	"attnlab/shaders"
)

// Tile is the number of rows and columns of a product that an invocation holds in
// registers, multiples of 4.
type Tile struct{ Rows, Cols int }

// Wide uses every word it loads eight times: for the many tokens of training and
// prefill. Narrow has four times the invocations: for the few rows of a decoding
// step, where Wide would leave most of a GPU idle.
var (
	Wide   = Tile{8, 8}
	Narrow = Tile{4, 4}
)

// Tiles are those that every product is built for.
var Tiles = []Tile{Wide, Narrow}

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
		panic(fmt.Sprintf("nn: no kernel for tiles of %v; use one of Tiles", t))
	}
}

func (t Tile) name(stem string) string { return fmt.Sprintf("%s_%dx%d", stem, t.Rows, t.Cols) }

// load assembles a kernel for the tile; each is how often its lines repeat.
func (t Tile) load(path string, each map[string]int) string {
	return shaders.Unroll(shaders.Load(path, shaders.Tune{"R": uint32(t.Rows), "S": uint32(t.Cols)}), each)
}

// loadPairs assembles a kernel whose invocations compute Rows rows by four pairs of columns.
func (t Tile) loadPairs(path string) string {
	return shaders.Unroll(shaders.Load(path, shaders.Tune{"R": uint32(t.Rows)}), map[string]int{"r": t.Rows, "q": 4})
}

// groups returns the workgroups that cover rows by cols of a product.
func (t Tile) groups(rows, cols int) gpu.Groups {
	return gpu.Groups2D((cols+t.Cols-1)/t.Cols, (rows+t.Rows-1)/t.Rows, 8, 8)
}

// eachTile returns the cases of kernels for every tile.
func eachTile(r *rand.Rand, kernels ...func(*rand.Rand, Tile) []gpu.Case) (cases []gpu.Case) {
	for _, k := range kernels {
		for _, t := range Tiles {
			cases = append(cases, k(r, t)...)
		}
	}
	return cases
}
