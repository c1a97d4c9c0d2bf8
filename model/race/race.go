// Package race chooses the backend of a model by measurement: it sends the model's matrix products through WebGPU and through the
// host backend, for the few rows of sampling and for the many of training, and takes the faster one.
//
// Products are most of a model's work, they need two kernels to be compiled and not forty, and they show what differs: a GPU has
// the higher rate, the host no cost of a dispatch. A race takes a fraction of a second.
package race

import (
	"fmt"
	"time"

	"attnlab/gpu"
	"attnlab/model"
	"attnlab/shaders/nn"
)

// Rate is how fast a backend is at a model's products.
type Rate struct {
	Sampling float64 `json:"sampling"` // tokens a second, 16 sequences at once
	Training float64 `json:"training"` // tokens a second, forward and backward
}

// perToken is the time of one token sampled and trained on, in seconds: what a training step by reinforcement learning does.
func (r Rate) perToken() float64 { return 1/r.Sampling + 1/r.Training }

// Result is the outcome of a race.
type Result struct {
	Adapter string `json:"adapter"` // the WebGPU adapter
	Host    Rate   `json:"host"`
	WebGPU  Rate   `json:"webgpu"`
}

// Choice returns the backend to use, gpu.Host or gpu.WebGPU, with a sentence that says why.
func (r Result) Choice() (backend, why string) {
	host, webgpu := r.Host.perToken(), r.WebGPU.perToken()
	says := fmt.Sprintf("host %s and %s tokens a second in sampling and training, %s %s and %s (the model's matrix products alone)",
		count(r.Host.Sampling), count(r.Host.Training), r.Adapter, count(r.WebGPU.Sampling), count(r.WebGPU.Training))
	if host < webgpu {
		return gpu.Host, fmt.Sprintf("the processor is %.1f times as fast as the adapter for this model: %s", webgpu/host, says)
	}
	return gpu.WebGPU, fmt.Sprintf("the adapter is %.1f times as fast as the processor for this model: %s", host/webgpu, says)
}

// count writes a rate with two digits.
func count(x float64) string {
	switch {
	case x >= 1e6:
		return fmt.Sprintf("%.1f M", x/1e6)
	case x >= 1e4:
		return fmt.Sprintf("%.0f k", x/1e3)
	case x >= 1e3:
		return fmt.Sprintf("%.1f k", x/1e3)
	}
	return fmt.Sprintf("%.0f", x)
}

// Memory keeps results from one start to the next.
type Memory interface {
	Load(key string) (Result, bool)
	Save(key string, r Result)
}

// Key names the race of a model on an adapter. Models with the same shape share it.
func Key(adapter gpu.Info, c model.Config) string {
	return fmt.Sprintf("%s %s %s, %dx%dx%d heads %d/%d of %d, vocabulary %d", adapter.Vendor, adapter.Name, adapter.Backend,
		c.Layers, c.HiddenSize, c.IntermediateSize, c.Heads, c.KVHeads, c.HeadDim, c.VocabSize)
}

// Open opens the backend for a model. gpu.Auto takes the winner of a race, which memory, if it is not nil, remembers; without an
// adapter it takes the host. result is nil where no race was needed. Where the adapter fails in the race, the host wins.
func Open(backend string, c model.Config, memory Memory) (d *gpu.Device, result *Result, why string, err error) {
	d, why, err = gpu.Open(backend)
	if err != nil || backend != gpu.Auto || d.Info.Backend == gpu.Host {
		return d, nil, why, err
	}
	key := Key(d.Info, c)
	r, known := Result{}, false
	if memory != nil {
		r, known = memory.Load(key)
	}
	if !known {
		host := gpu.OpenHost()
		r, err = Run(host, d, c)
		host.Close()
		if err != nil {
			d.Close()
			return gpu.OpenHost(), nil, fmt.Sprintf("the adapter %s failed when it was measured: %v", d.Info, err), nil
		}
		if memory != nil {
			memory.Save(key, r)
		}
	}
	chosen, why := r.Choice()
	if chosen == gpu.Host {
		d.Close()
		d = gpu.OpenHost()
	}
	return d, &r, why, nil
}

// Rows of the two measurements.
const (
	samplingRows = 16
	trainingRows = 256
)

// Run measures both devices, the host first.
func Run(host, webgpu *gpu.Device, c model.Config) (r Result, err error) {
	r.Adapter = webgpu.Info.Name
	if r.Host, err = rate(host, c); err != nil {
		return r, err
	}
	r.WebGPU, err = rate(webgpu, c)
	return r, err
}

func rate(d *gpu.Device, c model.Config) (Rate, error) {
	sampling, err := seconds(d, c, nn.Narrow, samplingRows)
	if err != nil {
		return Rate{}, err
	}
	training, err := seconds(d, c, nn.Wide, trainingRows)
	return Rate{Sampling: samplingRows / sampling, Training: trainingRows / (3 * training)}, err // a backward pass is two forward ones
}

// enough is how long a measurement lasts at least, unless one pass takes longer.
const enough = 40 * time.Millisecond

// seconds returns the time of one forward pass of rows tokens through the products of a model: the shortest of several.
func seconds(d *gpu.Device, c model.Config, t nn.Tile, rows int) (float64, error) {
	attention := c.Heads * c.HeadDim
	shapes := [][2]int{ // outputs and inputs
		{attention + 2*c.KVHeads*c.HeadDim, c.HiddenSize}, {c.HiddenSize, attention},
		{2 * c.IntermediateSize, c.HiddenSize}, {c.HiddenSize, c.IntermediateSize},
	}
	widest, largest := 0, 0
	for _, s := range append(shapes, [2]int{c.VocabSize, c.HiddenSize}) {
		widest, largest = max(widest, s[0], s[1]), max(largest, s[0]*s[1])
	}
	x, w, y := d.Floats("race x", rows*widest), d.Floats("race w", largest), d.Floats("race y", rows*(widest+4))
	p := d.NewProgram("race")
	defer func() {
		p.Release()
		for _, b := range []*gpu.Buffer{x, w, y} {
			b.Release()
		}
	}()
	add := func(outputs, inputs int) {
		shape := nn.Matmul{N: uint32(rows), O: uint32(outputs), I: uint32(inputs)}
		p.Add(nn.MatmulNT(t), func() any { return shape }, x, w, y)
	}
	for range c.Layers {
		for _, s := range shapes {
			add(s[0], s[1])
		}
	}
	add(c.VocabSize, c.HiddenSize)
	pass := func() (time.Duration, error) {
		begun := time.Now()
		if err := p.Run(1); err != nil {
			return 0, err
		}
		err := d.Wait()
		return time.Since(begun), err
	}
	if _, err := pass(); err != nil { // compiles
		return 0, err
	}
	best := time.Duration(0)
	for begun := time.Now(); best == 0 || time.Since(begun) < enough; {
		took, err := pass()
		if err != nil {
			return 0, err
		}
		if best == 0 || took < best {
			best = took
		}
	}
	return max(best, time.Nanosecond).Seconds(), nil
}
