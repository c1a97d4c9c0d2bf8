// Package speed holds the results of measurements of speed, for everyone who shows them: "attnlab bench", the engine and the pages.
// It measures nothing; package workload does.
package speed

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Row is one measurement: one line of "attnlab bench" and of the page.
type Row struct {
	Name            string  `json:"name"`
	Shape           string  `json:"shape"`
	Backend         string  `json:"backend"` // "webgpu" or "host"
	Adapter         string  `json:"adapter"`
	MedianMs        float64 `json:"median_ms"`
	MinMs           float64 `json:"min_ms"`
	MaxMs           float64 `json:"max_ms"`
	TokensPerSecond float64 `json:"tokens_per_second"`
	Dispatches      float64 `json:"dispatches"` // of a training step, or of one decoded token of all sequences; so the two below
	Submits         float64 `json:"submits"`
	Readbacks       float64 `json:"readbacks"`
	Runs            int     `json:"runs"`
	Parameters      int     `json:"parameters,omitempty"` // of the model that is trained or sampled

	// Of kernels and ceilings: the work of MedianMs, as package gpu counts it.
	Bytes      float64 `json:"bytes,omitempty"`
	Operations float64 `json:"operations,omitempty"`
	// Share is the time that the work would take at the device's ceilings over the time that it took, the bound of the roofline
	// model. It is missing where the kernel does not count its work. Data that stays in a cache can exceed 1.
	Share float64 `json:"share_of_ceiling,omitempty"`
}

// Names of rows begin with what they measure.
const (
	Train          = "train-"
	Decode         = "decode-"
	Path           = "path-"         // one way to decode, on an adapter
	Kernel         = "kernel-"       // of a training step
	TokenKernel    = "token-kernel-" // of a decoded token
	ProductCeiling = "ceiling-product"
	CopyCeiling    = "ceiling-copy"
)

// Timed is a row with the median, least and most of some times in milliseconds, of which there must be one.
func Timed(took []float64) Row {
	took = slices.Sorted(slices.Values(took))
	return Row{MedianMs: took[len(took)/2], MinMs: took[0], MaxMs: took[len(took)-1], Runs: len(took)}
}

// OperationRate and ByteRate are what the row reached, in operations and bytes a second.
func (r Row) OperationRate() float64 { return r.Operations / r.MedianMs * 1e3 }
func (r Row) ByteRate() float64      { return r.Bytes / r.MedianMs * 1e3 }

// Intensity is the operations that the row does with each byte, NaN where its work is not counted.
func (r Row) Intensity() float64 {
	if r.Bytes == 0 {
		return math.NaN()
	}
	return r.Operations / r.Bytes
}

// Fastest and Slowest are the tokens a second of the fastest run and of the slowest.
func (r Row) Fastest() float64 { return r.TokensPerSecond * r.MedianMs / r.MinMs }
func (r Row) Slowest() float64 { return r.TokensPerSecond * r.MedianMs / r.MaxMs }

// KernelName is the name of a kernel, without what the rows of kernels begin with.
func (r Row) KernelName() string {
	return strings.TrimPrefix(strings.TrimPrefix(r.Name, TokenKernel), Kernel)
}

// BackendTitle names a backend for people.
func BackendTitle(backend string) string {
	switch backend {
	case "webgpu":
		return "WebGPU"
	case "host":
		return "CPU"
	}
	return backend
}

// Ceilings are the rates of a backend that its kernels are compared with, each of the best run, 0 where they were not measured.
type Ceilings struct{ Operations, Bytes float64 } // a second

// CeilingsOf returns the ceilings of a backend.
func CeilingsOf(rows []Row, backend string) (c Ceilings) {
	for _, r := range rows {
		switch {
		case r.Backend != backend:
		case r.Name == ProductCeiling:
			c.Operations = max(c.Operations, r.Operations/r.MinMs*1e3)
		case r.Name == CopyCeiling:
			c.Bytes = max(c.Bytes, r.Bytes/r.MinMs*1e3)
		}
	}
	return c
}

// Kernels returns the kernels of a training step on a backend, the slowest first.
func Kernels(rows []Row, backend string) []Row { return named(rows, Kernel, backend) }

// TokenKernels returns the kernels of a decoded token on a backend, the slowest first.
func TokenKernels(rows []Row, backend string) []Row { return named(rows, TokenKernel, backend) }

func named(rows []Row, prefix, backend string) (kernels []Row) {
	for _, r := range rows {
		if strings.HasPrefix(r.Name, prefix) && r.Backend == backend {
			kernels = append(kernels, r)
		}
	}
	slices.SortStableFunc(kernels, func(a, b Row) int { return cmp.Compare(b.MedianMs, a.MedianMs) })
	return kernels
}

// KernelBackend is the backend whose kernels a screen shows: the one asked for, "host" or "webgpu", else that of the adapter if it
// has any.
func KernelBackend(rows []Row, asked string) string {
	if asked == "host" || asked == "webgpu" {
		return asked
	}
	if len(Kernels(rows, "webgpu")) > 0 {
		return "webgpu"
	}
	return "host"
}

// Pair is one model on both backends. The row of a backend that was not measured is zero.
type Pair struct {
	Model        string
	Parameters   int
	Host, WebGPU Row
}

// Ratio is how many times as fast WebGPU is as the host, NaN where one is missing.
func (p Pair) Ratio() float64 {
	if p.Host.MedianMs == 0 || p.WebGPU.MedianMs == 0 {
		return math.NaN()
	}
	return p.Host.MedianMs / p.WebGPU.MedianMs
}

// Work is what models do in one way: train, or decode so many sequences at once.
type Work struct {
	Title     string // "training", "decoding, 8 sequences"
	Sequences int    // decoded at once; 0 in training
	Pairs     []Pair // by parameters, the smallest first
}

// Works groups the rows of training and decoding. A way that only one model was measured in is left out.
func Works(rows []Row) []Work {
	all := map[int]*Work{}
	for _, r := range rows {
		name, sequences := "", 0
		if model, ok := strings.CutPrefix(r.Name, Train); ok {
			name = model
		} else if rest, ok := strings.CutPrefix(r.Name, Decode); ok {
			model, n, _ := strings.Cut(rest, "-")
			if sequences, _ = strconv.Atoi(n); sequences == 0 {
				continue
			}
			name = model
		} else {
			continue
		}
		w := all[sequences]
		if w == nil {
			w = &Work{Title: "training", Sequences: sequences}
			switch {
			case sequences == 1:
				w.Title = "decoding, 1 sequence"
			case sequences > 1:
				w.Title = "decoding, " + strconv.Itoa(sequences) + " sequences"
			}
			all[sequences] = w
		}
		i := slices.IndexFunc(w.Pairs, func(p Pair) bool { return p.Model == name })
		if i < 0 {
			i = len(w.Pairs)
			w.Pairs = append(w.Pairs, Pair{Model: name, Parameters: r.Parameters})
		}
		if r.Backend == "host" {
			w.Pairs[i].Host = r
		} else {
			w.Pairs[i].WebGPU = r
		}
	}
	var works []Work
	for _, w := range all {
		if len(w.Pairs) > 1 {
			slices.SortStableFunc(w.Pairs, func(a, b Pair) int { return cmp.Compare(a.Parameters, b.Parameters) })
			works = append(works, *w)
		}
	}
	slices.SortFunc(works, func(a, b Work) int { return cmp.Compare(a.Sequences, b.Sequences) })
	return works
}

// Crossing returns the number of parameters from which WebGPU is the faster one, between two measured models by the ratio on a
// logarithmic scale. ok is false if the faster backend is the same for all models, or changes more than once.
func (w Work) Crossing() (parameters float64, ok bool) {
	var last *Pair
	for i := range w.Pairs {
		p := &w.Pairs[i]
		if math.IsNaN(p.Ratio()) || p.Parameters == 0 {
			continue
		}
		if last != nil && last.Ratio() > 1 && p.Ratio() <= 1 {
			return 0, false
		}
		if last != nil && last.Ratio() <= 1 && p.Ratio() > 1 {
			if ok {
				return 0, false
			}
			from, to := math.Log(last.Ratio()), math.Log(p.Ratio())
			low, high := math.Log(float64(last.Parameters)), math.Log(float64(p.Parameters))
			parameters, ok = math.Exp(low+(high-low)*from/(from-to)), true
		}
		last = p
	}
	return parameters, ok
}

// Says is one sentence: which backend is faster, and from which size on.
func (w Work) Says() string {
	host, webgpu := 0, 0
	for _, p := range w.Pairs {
		switch r := p.Ratio(); {
		case math.IsNaN(r):
		case r > 1:
			webgpu++
		default:
			host++
		}
	}
	at, crosses := w.Crossing()
	switch {
	case host+webgpu == 0:
		return "Only one backend was measured."
	case webgpu == 0:
		return "The processor is faster for every model measured."
	case host == 0:
		return "The adapter is faster for every model measured."
	case crosses:
		return "The adapter is faster from about " + Count(at) + " parameters on."
	}
	return "Which one is faster does not follow the size of the model here."
}

// Count writes a large number with three digits and a unit.
func Count(x float64) string {
	for _, unit := range []struct {
		size float64
		name string
	}{{1e12, " T"}, {1e9, " G"}, {1e6, " M"}, {1e3, " k"}} {
		if math.Abs(x) >= unit.size*0.9995 {
			return Digits(x/unit.size) + unit.name
		}
	}
	return Digits(x)
}

// Digits writes a number with three significant digits and without an exponent, as far as two decimals go; "–" for none.
func Digits(x float64) string {
	switch a := math.Abs(x); {
	case math.IsNaN(x) || math.IsInf(x, 0):
		return "–"
	case x == 0:
		return "0"
	case a >= 99.95:
		return strconv.FormatFloat(x, 'f', 0, 64)
	case a >= 9.995:
		return strconv.FormatFloat(x, 'f', 1, 64)
	case a >= 0.01:
		return strconv.FormatFloat(x, 'f', 2, 64)
	}
	return strconv.FormatFloat(x, 'g', 2, 64)
}
