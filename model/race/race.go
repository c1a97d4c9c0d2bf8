// Package race chooses the backend of a model by measurement: it sends the model's matrix products through WebGPU and through the
// host backend, for the few rows of sampling and for the many of training, and takes the faster one.
//
// Products are most of a model's work, they need two kernels to be compiled and not forty, and they show what differs: a GPU has
// the higher rate, the host no cost of a dispatch. A race takes a fraction of a second.
package race

import (
	"fmt"
	"math"
	"time"

	"attnlab/gpu"
	"attnlab/model"
	"attnlab/shaders/nn"
)

// Rate is the speed of a backend at a model's products.
type Rate struct {
	Sampling float64 `json:"sampling"` // tokens a second, 16 sequences at once
	Training float64 `json:"training"` // tokens a second, forward and backward
}

// Tokens returns how many tokens a second are both sampled and trained on, which is what a training step of reinforcement
// learning does with each token.
func (r Rate) Tokens() float64 { return 1 / (1/r.Sampling + 1/r.Training) }

// valid returns true if a backend can have the rate.
func (r Rate) valid() bool {
	return r.Sampling > 0 && r.Training > 0 && !math.IsInf(r.Sampling+r.Training, 0)
}

// Result is the outcome of a race.
type Result struct {
	Adapter string `json:"adapter"` // the WebGPU adapter
	Host    Rate   `json:"host"`
	WebGPU  Rate   `json:"webgpu"`
}

// Choice returns the backend to use, gpu.Host or gpu.WebGPU, with a sentence that says why.
func (r Result) Choice() (backend, why string) {
	host, webgpu := r.Host.Tokens(), r.WebGPU.Tokens()
	rates := fmt.Sprintf("(tokens a second in sampling and training, by matrix products alone: processor %s and %s, adapter %s and %s)",
		count(r.Host.Sampling), count(r.Host.Training), count(r.WebGPU.Sampling), count(r.WebGPU.Training))
	if host > webgpu {
		return gpu.Host, fmt.Sprintf("the processor is %.1f times as fast for this model as the adapter %s %s", host/webgpu, r.Adapter, rates)
	}
	return gpu.WebGPU, fmt.Sprintf("the adapter %s is %.1f times as fast for this model as the processor %s", r.Adapter, webgpu/host, rates)
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

// Of returns the rate of a backend: gpu.Host, or else WebGPU.
func (r Result) Of(backend string) Rate {
	if backend == gpu.Host {
		return r.Host
	}
	return r.WebGPU
}

// valid returns true if a race can have the result.
func (r Result) valid() bool { return r.Host.valid() && r.WebGPU.valid() }

// Memory saves results from one start to the next, or products.
type Memory[E Entry] interface {
	Load(key string) (E, bool)
	Save(key string, e E)
}

// Key names the race of a model on an adapter against this processor. Models with the same shape share it.
func Key(adapter gpu.Info, c model.Config) string {
	return fmt.Sprintf("%s %s %s, %s, %dx%dx%d heads %d/%d of %d, vocabulary %d", adapter.Vendor, adapter.Name, adapter.Backend, gpu.OpenHost().Info.Name,
		c.Layers, c.HiddenSize, c.IntermediateSize, c.Heads, c.KVHeads, c.HeadDim, c.VocabSize)
}

// Open opens the backend for a model and says why it is that one. gpu.Auto takes the winner of a race, whose result memory saves
// if it is not nil; without an adapter it takes the host. result is nil if there was no race. An adapter that fails in the race
// loses it.
func Open(backend string, c model.Config, memory Memory[Result]) (d *gpu.Device, result *Result, why string, err error) {
	d, why, err = gpu.Open(backend)
	if err != nil || backend != gpu.Auto || d.Info.Backend == gpu.Host {
		return d, nil, why, err
	}
	return choose(d, c, memory)
}

// Now is what [OpenNow] opened.
type Now struct {
	Device *gpu.Device
	Result *Result // that memory had; nil without one
	Why    string
	Due    bool // a race has not been run yet and may find the other backend faster
}

// OpenNow is [Open] without the time of a race. Where memory has no result it takes the likelier backend: the host for an adapter
// that is a program on the same processor, else the adapter.
func OpenNow(backend string, c model.Config, memory Memory[Result]) (now Now, err error) {
	now.Device, now.Why, err = gpu.Open(backend)
	if err != nil || backend != gpu.Auto || now.Device.Info.Backend == gpu.Host {
		return now, err
	}
	adapter := now.Device.Info
	useHost := adapter.Software
	if memory != nil {
		if r, known := memory.Load(Key(adapter, c)); known {
			var chosen string
			chosen, now.Why = r.Choice()
			now.Result, useHost = &r, chosen == gpu.Host
		}
	}
	if now.Result == nil {
		now.Due = true
		now.Why = fmt.Sprintf("the adapter %s is a GPU; its speed is measured when the engine is idle", adapter.Name)
		if useHost {
			now.Why = fmt.Sprintf("the adapter %s is a program on the same processor; the speed of both is measured when the engine is idle", adapter.Name)
		}
	}
	if useHost {
		now.Device.Close()
		now.Device = gpu.OpenHost()
	}
	return now, nil
}

// Again races the adapter against the host and saves the result, whatever memory has.
func Again(c model.Config, memory Memory[Result]) (Result, error) {
	d, _, err := gpu.Open(gpu.WebGPU)
	if err != nil {
		return Result{}, err
	}
	defer d.Close()
	r, err := Run(gpu.OpenHost(), d, c)
	if err == nil && memory != nil {
		memory.Save(Key(d.Info, c), r)
	}
	return r, err
}

// choose races an adapter against the host and returns the winner. It closes the adapter if that loses.
func choose(d *gpu.Device, c model.Config, memory Memory[Result]) (*gpu.Device, *Result, string, error) {
	key := Key(d.Info, c)
	r, known := Result{}, false
	if memory != nil {
		r, known = memory.Load(key)
	}
	if !known {
		var err error
		if r, err = Run(gpu.OpenHost(), d, c); err != nil {
			d.Close()
			return gpu.OpenHost(), nil, fmt.Sprintf("no GPU can be used here: %s failed when it was measured: %v", d.Info, err), nil
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
	if r.Host, err = Measure(host, c); err != nil {
		return r, err
	}
	r.WebGPU, err = Measure(webgpu, c)
	return r, err
}

// Measure returns the rate of one device for a model.
func Measure(d *gpu.Device, c model.Config) (Rate, error) {
	sampling, err := seconds(d, c, nn.Narrow, samplingRows)
	if err != nil {
		return Rate{}, err
	}
	training, err := seconds(d, c, nn.Wide, trainingRows)
	return Rate{Sampling: samplingRows / sampling, Training: trainingRows / (3 * training)}, err // a backward pass is two forward ones
}

// A measurement ends when no pass was faster by a tenth for settled, or after longest. A browser compiles WebAssembly again, and
// better, while it runs: on a busy machine the first passes can take ten times as long as those that follow.
const (
	settled = 40 * time.Millisecond
	longest = 400 * time.Millisecond
)

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
	best, begun := time.Duration(0), time.Now()
	for improved := begun; best == 0 || time.Since(improved) < settled && time.Since(begun) < longest; {
		took, err := pass()
		if err != nil {
			return 0, err
		}
		if best == 0 || took < best-best/10 {
			improved = time.Now()
		}
		if best == 0 || took < best {
			best = took
		}
	}
	return max(best, time.Nanosecond).Seconds(), nil
}
