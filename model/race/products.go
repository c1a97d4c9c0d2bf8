package race

import (
	"fmt"
	"math"
	"slices"
	"time"

	"attnlab/gpu"
	"attnlab/shaders/nn"
)

// Product is the speed of an adapter at the products of training, forward and backward, in one tile.
type Product struct {
	Tile   string  `json:"tile"` // a name of [nn.Tile]
	GFLOPs float64 `json:"gflops"`
	Chosen bool    `json:"chosen"`
}

// Products are the speeds of an adapter in all tiles that were measured, of which one is chosen.
type Products []Product

func (p Products) valid() bool {
	for _, one := range p {
		if !(one.GFLOPs > 0) || math.IsInf(one.GFLOPs, 0) {
			return false
		}
	}
	return p.Chosen() != ""
}

// Chosen returns the name of the tile to use.
func (p Products) Chosen() string {
	for _, one := range p {
		if one.Chosen {
			return one.Tile
		}
	}
	return ""
}

// choose marks the fastest tile. nn.Wide, which is the first, loses only to one that is faster by more than noise.
func (p Products) choose() {
	const noise = 1.05
	best := 0
	for i := range p {
		p[i].Chosen = false
		if p[i].GFLOPs > noise*p[0].GFLOPs && p[i].GFLOPs > p[best].GFLOPs {
			best = i
		}
	}
	p[best].Chosen = true
}

// ProductsKey names the products of an adapter.
func ProductsKey(adapter gpu.Info) string {
	return fmt.Sprintf("%s %s, %s", adapter.Vendor, adapter.Name, adapter.Backend)
}

// Tune chooses the tile of an adapter's matrix products for training, all of which sum in the same order, and whether decoding steps and
// reductions over a row go by subgroups: by measurement, or from memory, which may be nil. It returns the former. The host has one way to
// compute products, and gets none.
func Tune(d *gpu.Device, memory Memory[Products]) (Products, error) {
	if d.Info.Backend == gpu.Host {
		return nil, nil
	}
	p, err := remember(d, memory, ProductsKey(d.Info), MeasureProducts)
	if err != nil {
		return nil, err
	}
	d.Products = p.Chosen()
	if d.MayUse(nn.MatmulNT(nn.Subgroups)) {
		rows, err := remember(d, memory, RowsKey(d.Info), MeasureRows)
		if err != nil {
			return nil, err
		}
		d.Subgroups = rows.Chosen() == nn.Subgroups.String()
	}
	return p, nil
}

// remember returns what memory, which may be nil, has by a key, or measures and saves it.
func remember(d *gpu.Device, memory Memory[Products], key string, measure func(*gpu.Device) (Products, error)) (Products, error) {
	if memory != nil {
		if p, known := memory.Load(key); known {
			return p, nil
		}
	}
	p, err := measure(d)
	if err == nil && memory != nil {
		memory.Save(key, p)
	}
	return p, err
}

// The measured layer has productOutputs and productInputs, and as many tokens as keep an adapter busy.
const (
	productOutputs, productInputs = 256, 128
	productTokens                 = 4096
	softwareTokens                = 128
)

// A time is the shortest of productRounds, in which the tiles take turns. A submit repeats the products until it takes long
// enough to be seen beside the wait for it.
const (
	productRounds = 7
	longEnough    = 8 * time.Millisecond
	mostRepeats   = 64
)

// refuses reports whether the adapter cannot compile kernels of a tile other than nn.Wide. The error is that of nn.Wide, or the loss of the device.
func refuses(d *gpu.Device, tile nn.Tile, kernels ...*gpu.Kernel) (bool, error) {
	for _, k := range kernels {
		if err := d.Compile(k); err != nil && (tile == nn.Wide || d.Err() != nil) {
			return false, err
		} else if err != nil {
			return true, nil
		}
	}
	return false, nil
}

// MeasureProducts returns the speeds of an adapter in the tiles of [nn.TilesFor]. It leaves out a tile whose kernels the adapter
// refuses, as far as it compiles them, unless that is nn.Wide, which every model needs.
func MeasureProducts(d *gpu.Device) (Products, error) {
	tokens := productTokens
	if d.Info.Software {
		tokens = softwareTokens
	}
	size := productOutputs * productInputs
	floats := func(name string, n int) *gpu.Buffer { return d.Floats("products "+name, n) }
	x, w, y := floats("x", tokens*productInputs), floats("w", size), floats("y", tokens*productOutputs)
	dx, part := floats("dx", tokens*productInputs), floats("part", size)
	defer func() {
		for _, b := range []*gpu.Buffer{x, w, y, dx, part} {
			b.Release()
		}
	}()
	forward := nn.Matmul{N: uint32(tokens), O: productOutputs, I: productInputs}
	backward := nn.LinearGrad{N: uint32(tokens), O: productOutputs, I: productInputs, Z: 1, Stride: uint32(size)}
	var products Products
	var programs []*gpu.Program
	for _, tile := range nn.TilesFor(d.Info.Software) {
		if refused, err := refuses(d, tile, nn.MatmulNT(tile), nn.LinearBwd(tile)); err != nil {
			return nil, err
		} else if refused {
			continue
		}
		p := d.NewProgram("products")
		defer p.Release()
		p.Add(nn.MatmulNT(tile), func() any { return forward }, x, w, y)
		p.Add(nn.LinearBwd(tile), func() any { return backward }, y, w, x, dx, part)
		products, programs = append(products, Product{Tile: tile.String()}), append(programs, p)
	}
	times, err := inTurn(d, programs)
	if err != nil {
		return nil, err
	}
	for i := range products {
		products[i].GFLOPs = 6 * float64(tokens*size) / times[i]
	}
	return products.chooseCompiled(func(tile nn.Tile) (bool, error) { return refuses(d, tile, nn.Products(tile)...) })
}

// inTurn runs programs in turn and returns the shortest time of each, in nanoseconds.
func inTurn(d *gpu.Device, programs []*gpu.Program) ([]float64, error) {
	repeats := 1
	run := func(p *gpu.Program) (float64, error) {
		begun := time.Now()
		if err := p.Run(repeats); err != nil {
			return 0, err
		}
		err := d.Wait()
		return max(float64(time.Since(begun)), 1) / float64(repeats), err
	}
	best := make([]float64, len(programs))
	for i, p := range programs {
		best[i] = math.Inf(1)
		if _, err := run(p); err != nil { // compiles
			return nil, err
		}
	}
	for ; repeats < mostRepeats; repeats *= 2 {
		if took, err := run(programs[0]); err != nil {
			return nil, err
		} else if took*float64(repeats) >= float64(longEnough) {
			break
		}
	}
	for range productRounds {
		for i, p := range programs {
			took, err := run(p)
			if err != nil {
				return nil, err
			}
			best[i] = min(best[i], took)
		}
	}
	return best, nil
}

// chooseCompiled chooses the fastest tile of which the adapter compiles every product, and drops those before it that it refuses. Training
// compiles the chosen ones anyway.
func (p Products) chooseCompiled(refuses func(nn.Tile) (bool, error)) (Products, error) {
	for {
		p.choose()
		chosen := p.Chosen()
		refused, err := refuses(nn.TileNamed(chosen))
		if err != nil || !refused {
			return p, err
		}
		p = slices.DeleteFunc(p, func(one Product) bool { return one.Tile == chosen })
	}
}
