// Package race chooses the backend of a model by measurement: it sends the model's matrix products and its attention through WebGPU
// and through the host backend, for the few rows of sampling and for the many of training, and takes the faster one.
//
// They are most of a model's work, they need seven kernels to be compiled and not forty and no memory for weights, and they show
// what differs: a GPU has the higher rate, the host no cost of a dispatch. A race of a small model takes
// about a second, and longer where kernels compile slowly.
package race

import (
	"fmt"
	"math"

	"attnlab/gpu"
	"attnlab/model"
	"attnlab/model/speed"
)

// Rate is the speed of a backend at a model's products and attention.
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
	rates := fmt.Sprintf("(tokens a second in sampling and training, by products and attention alone: processor %s and %s, adapter %s and %s)",
		speed.Count(r.Host.Sampling), speed.Count(r.Host.Training), speed.Count(r.WebGPU.Sampling), speed.Count(r.WebGPU.Training))
	if host > webgpu {
		return gpu.Host, fmt.Sprintf("the processor is %.1f times as fast for this model as the adapter %s %s", host/webgpu, r.Adapter, rates)
	}
	return gpu.WebGPU, fmt.Sprintf("the adapter %s is %.1f times as fast for this model as the processor %s", r.Adapter, webgpu/host, rates)
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
	return fmt.Sprintf("%s %s %s, %s, %dx%dx%d heads %d/%d of %d, vocabulary %d, with attention", adapter.Vendor, adapter.Name, adapter.Backend, gpu.OpenHost().Info.Name,
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

// rounds is how often a race measures each device. They take turns, because a shared machine can be slower for a while. Where one
// is decisive times as fast as the other after a round, another round would not change the choice.
const (
	rounds   = 2
	decisive = 4
)

// Run measures both devices in turn and takes the best rates of each.
func Run(host, webgpu *gpu.Device, c model.Config) (Result, error) {
	r := Result{Adapter: webgpu.Info.Name}
	for range rounds {
		for _, side := range []struct {
			device *gpu.Device
			best   *Rate
		}{{host, &r.Host}, {webgpu, &r.WebGPU}} {
			rate, err := Measure(side.device, c)
			if err != nil {
				return r, err
			}
			side.best.Sampling, side.best.Training = max(side.best.Sampling, rate.Sampling), max(side.best.Training, rate.Training)
		}
		if ratio := r.Host.Tokens() / r.WebGPU.Tokens(); ratio > decisive || ratio < 1./decisive {
			break
		}
	}
	return r, nil
}

// Measure returns the rate of one device for a model.
func Measure(d *gpu.Device, c model.Config) (Rate, error) {
	sampling, err := newCourse(d, c).sampling()
	if err != nil {
		return Rate{}, err
	}
	training, err := newCourse(d, c).training()
	return Rate{Sampling: sampling, Training: training}, err
}
