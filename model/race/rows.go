package race

import (
	"math/rand/v2"
	"slices"

	"attnlab/gpu"
	"attnlab/shaders/decode"
	"attnlab/shaders/loss"
	"attnlab/shaders/nn"
)

// The measured step of few rows: a product of measuredRows rows, and the reductions over a row of that many tokens.
const (
	measuredRows         = 4
	rowOutputs, rowInput = 1024, 512
	rowTokens            = 8192
)

// RowsKey names the products of few rows of an adapter.
func RowsKey(adapter gpu.Info) string { return ProductsKey(adapter) + ", few rows" }

// MeasureRows returns the speeds of an adapter at a product of few rows with reductions over a row, in nn.Narrow and by nn.Subgroups. It
// leaves out subgroups where the adapter may not use them, refuses one of their kernels or computes it wrongly.
func MeasureRows(d *gpu.Device) (Products, error) {
	right, err := subgroupsAreRight(d)
	if err != nil {
		return nil, err
	}
	return measureRows(d, right)
}

// subgroupsAreRight runs the conformance cases of all kernels by subgroups. The error is the loss of the device.
func subgroupsAreRight(d *gpu.Device) (bool, error) {
	r := rand.New(rand.NewPCG(1, 0))
	for _, c := range slices.Concat(nn.SubgroupCases(r), loss.SubgroupCases(r), decode.SubgroupCases(r)) {
		if !d.MayUse(c.Kernel) || d.Compile(c.Kernel) != nil {
			return false, d.Err()
		}
		if _, err := c.Verify(d); err != nil {
			return false, d.Err()
		}
	}
	return true, nil
}

func measureRows(d *gpu.Device, subgroups bool) (Products, error) {
	floats := func(name string, n int) *gpu.Buffer { return d.Floats("few rows "+name, n) }
	x, w, y := floats("x", measuredRows*rowInput), floats("w", rowOutputs*rowInput), floats("y", measuredRows*rowOutputs)
	targets, weight := d.Uints("few rows targets", measuredRows), floats("weight", measuredRows)
	logits, stat := floats("logits", measuredRows*rowTokens), floats("stat", 4*measuredRows)
	defer func() {
		for _, b := range []*gpu.Buffer{x, w, y, targets, weight, logits, stat} {
			b.Release()
		}
	}()
	variants := []struct {
		tile nn.Tile
		loss *gpu.Kernel
	}{{nn.Narrow, loss.XentRow}, {nn.Subgroups, loss.XentRowSubgroups}}
	if !subgroups {
		variants = variants[:1]
	}
	var products Products
	var programs []*gpu.Program
	for _, v := range variants {
		p := d.NewProgram("few rows")
		defer p.Release()
		p.Add(nn.MatmulNT(v.tile), func() any { return nn.Matmul{N: measuredRows, O: rowOutputs, I: rowInput} }, x, w, y)
		p.Add(v.loss, func() any { return loss.XentRowParams{N: measuredRows, V: rowTokens, Scale: 1} }, targets, weight, logits, stat)
		products, programs = append(products, Product{Tile: v.tile.String()}), append(programs, p)
	}
	times, err := inTurn(d, programs)
	if err != nil {
		return nil, err
	}
	for i := range products {
		products[i].GFLOPs = measuredRows * (2*rowOutputs*rowInput + 13*rowTokens) / times[i]
	}
	products.choose()
	return products, nil
}
