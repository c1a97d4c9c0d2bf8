package workload

import (
	"fmt"
	"slices"
	"time"

	"attnlab/gpu"
	"attnlab/model/speed"
	"attnlab/shaders/nn"
	"attnlab/shaders/optim"
)

// A ceiling is measured by a submit that takes at least ceilingTime: far more than the wait after it.
const ceilingTime = 30 * time.Millisecond

// productSize is the rows, columns and inner size of the product whose rate is the ceiling of operations.
const productSize = 512

// ceilings measures what a device reaches at best: operations a second of a large matrix product by the fastest of our kernels, and
// bytes a second of a copy whose buffers exceed a GPU's cache.
type ceilings struct {
	device   *gpu.Device
	buffers  []*gpu.Buffer
	measures []*ceiling
}

// ceiling is one dispatch that is measured for a ceiling.
type ceiling struct {
	name, shape string
	program     *gpu.Program
	work        gpu.Work  // of one dispatch
	times       int       // dispatches in a submit; 0 before the first measurement
	took        []float64 // milliseconds of one dispatch
}

func newCeilings(d *gpu.Device) *ceilings {
	c := &ceilings{device: d}
	words := 1 << 22 // on a processor 16 MiB twice
	if !d.Info.Software {
		words = 1 << 24
	}
	x, y := d.Floats("ceiling x", words), d.Floats("ceiling y", words)
	c.buffers = append(c.buffers, x, y)
	c.add(speed.CopyCeiling, fmt.Sprintf("%d MiB", words>>18), optim.Copy, optim.CopyParams{N: uint32(words)}, x, y)
	const n = productSize
	a, b, out := d.Floats("ceiling a", n*n), d.Floats("ceiling b", n*n), d.Floats("ceiling c", n*n)
	c.buffers = append(c.buffers, a, b, out)
	for _, t := range nn.TilesFor(d.Info.Software) {
		k := nn.MatmulNT(t)
		if t.Staged && d.Compile(k) != nil {
			continue // the adapter refuses it
		}
		c.add(speed.ProductCeiling, fmt.Sprintf("%s, %d x %d x %d", k.Name, n, n, n), k, nn.Matmul{N: n, O: n, I: n}, a, b, out)
	}
	return c
}

// add adds a dispatch to measure.
func (c *ceilings) add(name, shape string, k *gpu.Kernel, params any, buffers ...*gpu.Buffer) {
	work, counted := k.Work(params, nil)
	if !counted {
		panic("workload: kernel " + k.Name + " does not count its work")
	}
	p := c.device.NewProgram(name)
	p.Add(k, func() any { return params }, buffers...)
	c.measures = append(c.measures, &ceiling{name: name, shape: shape, program: p, work: work})
}

// measure runs every dispatch once more.
func (c *ceilings) measure() error {
	for _, m := range c.measures {
		once := func(times int) (time.Duration, error) {
			start := time.Now()
			if err := m.program.Run(times); err != nil {
				return 0, err
			}
			err := c.device.Wait()
			return time.Since(start), err
		}
		if m.times == 0 {
			if _, err := once(1); err != nil { // compiles
				return err
			}
			for m.times = 1; m.times < 1<<14; m.times *= 2 {
				took, err := once(m.times)
				if err != nil {
					return err
				}
				if took >= ceilingTime {
					break
				}
			}
		}
		took, err := once(m.times)
		if err != nil {
			return err
		}
		m.took = append(m.took, ms(took)/float64(m.times))
	}
	return nil
}

// rows are the ceilings: of each name the dispatch with the highest rate.
func (c *ceilings) rows() (rows []speed.Row) {
	for _, m := range c.measures {
		row := speed.Timed(m.took)
		row.Name, row.Shape, row.Backend, row.Adapter = m.name, m.shape, backend(c.device), c.device.Info.Name
		row.Operations, row.Bytes, row.Dispatches = m.work.Operations, m.work.Bytes, 1
		i := slices.IndexFunc(rows, func(r speed.Row) bool { return r.Name == row.Name })
		switch {
		case i < 0:
			rows = append(rows, row)
		case row.MinMs < rows[i].MinMs:
			rows[i] = row
		}
	}
	return rows
}

func (c *ceilings) release() {
	if c.device.Lost() {
		return
	}
	for _, m := range c.measures {
		m.program.Release()
	}
	for _, b := range c.buffers {
		b.Release()
	}
}
