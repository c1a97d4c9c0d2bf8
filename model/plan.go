package model

import (
	"fmt"
	"strings"

	"attnlab/gpu"
	"attnlab/shaders/nn"
)

// Plan says what a model would take on a device, for each storage. It is computed from the config alone, before anything is loaded.
type Plan struct {
	Count   int   // parameters
	Context int   // tokens, of one sequence
	Cache   int64 // bytes of keys and values of one sequence of Context tokens
	Train   int64 // bytes of a training step of adapters, 0 where none was asked for
	Longest int   // tokens of the longest sequence whose keys and values fit the device
	Limits  gpu.Limits
	Needs   []Need // for each storage, the largest first
	Choice  int    // of Needs: the smallest loss of precision that fits, -1 if none does

	training string // what Train is of
}

// Need is what a model takes in one storage.
type Need struct {
	Storage Storage
	Weights int64  // bytes of all parameters
	Largest int64  // bytes of the largest parameter that must be one binding, or of the largest part of one that is cut by rows
	Param   string // its name
	Parts   int    // in how many the embedding is cut
	Problem string // what does not fit, "" if all does
}

// Ask says what a plan is for.
type Ask struct {
	Context int     // tokens of one sequence, 0 for as many as the model has
	Stored  Storage // of the values in the files: a larger storage than this holds nothing more
	Memory  int64   // bytes of the device, 0 where they are not known, as in WebGPU
	Train   *Training
}

// Plan computes what a model takes on a device with these limits. Activations of a forward pass are not in it: they are tens of MB, whatever
// the model.
func (c Config) Plan(limits gpu.Limits, ask Ask) Plan {
	p := Plan{Count: c.Count(), Context: ask.Context, Limits: limits, Choice: -1}
	if p.Context <= 0 || p.Context > c.MaxContext {
		p.Context = c.MaxContext
	}
	token := 4 * 2 * int64(c.KVHeads) * int64(c.HeadDim) // bytes of a layer
	p.Cache = token * int64(c.Layers) * int64(p.Context)
	binding := min(limits.MaxBufferSize, limits.MaxStorageBufferBindingSize)
	p.Longest = int(min(binding/token, int64(c.MaxContext)))
	if ask.Train != nil {
		p.Train, p.training = c.adapterBytes(*ask.Train, gpuParts), ask.Train.String()
	}
	for _, s := range nn.Storages {
		n := c.need(s, binding)
		switch total := n.Weights + p.Cache + p.Train; {
		case n.Problem != "":
		case p.Context > p.Longest:
			n.Problem = fmt.Sprintf("keys and values of %d tokens do not fit, those of %d do", p.Context, p.Longest)
		case ask.Memory > 0 && total > ask.Memory:
			n.Problem = fmt.Sprintf("it takes %s of the device's %s", megabytes(total), megabytes(ask.Memory))
		}
		if n.Problem == "" && p.Choice < 0 && s >= ask.Stored {
			p.Choice = len(p.Needs)
		}
		p.Needs = append(p.Needs, n)
	}
	return p
}

// need is what the parameters take in a storage.
func (c Config) need(s Storage, binding int64) Need {
	n := Need{Storage: s, Weights: c.WeightBytes(s), Parts: 1}
	for _, p := range c.Params() {
		stored := c.StorageOf(p, s)
		rows, ok := rowsAPart(p, stored, int(binding/4))
		if !ok {
			rows = p.Rows
		}
		n.Parts = max(n.Parts, (p.Rows+rows-1)/rows)
		if size := 4 * int64(stored.Words(rows*p.Cols)); size > n.Largest {
			n.Largest, n.Param = size, p.Name
		}
	}
	if n.Largest > binding {
		n.Problem = fmt.Sprintf("%s takes %s, and a binding has at most %s", n.Param, megabytes(n.Largest), megabytes(binding))
	}
	return n
}

// String says it in a sentence.
func (p Plan) String() string {
	var b strings.Builder
	sizes := []string{p.size(BF16), p.size(Q8), p.size(Q4)}
	if p.Choice >= 0 && p.Needs[p.Choice].Storage == F32 {
		sizes = append([]string{p.size(F32)}, sizes...)
	}
	fmt.Fprintf(&b, "%s parameters need %s", millions(p.Count), strings.Join(sizes, ", "))
	fmt.Fprintf(&b, ", and keys and values of %d tokens %s", p.Context, megabytes(p.Cache))
	if p.Train > 0 {
		fmt.Fprintf(&b, ", and %s %s", p.training, megabytes(p.Train))
	}
	fmt.Fprintf(&b, "; the adapter allows %s a binding and %s a buffer: ",
		megabytes(p.Limits.MaxStorageBufferBindingSize), megabytes(p.Limits.MaxBufferSize))
	if p.Choice < 0 {
		fmt.Fprintf(&b, "no storage fits, because %s.", p.Needs[len(p.Needs)-1].Problem)
		return b.String()
	}
	n := p.Needs[p.Choice]
	fmt.Fprintf(&b, "%s fits", strings.ToUpper(n.Storage.String()))
	if n.Parts > 1 {
		fmt.Fprintf(&b, ", with the embedding in %d parts", n.Parts)
	}
	return b.String() + "."
}

// size is what the weights take in a storage.
func (p Plan) size(s Storage) string {
	for _, n := range p.Needs {
		if n.Storage == s {
			return fmt.Sprintf("%s in %s", megabytes(n.Weights), strings.ToUpper(s.String()))
		}
	}
	panic("model: a plan without " + s.String())
}

// megabytes writes bytes in units of 2²⁰, as adapters' limits are given.
func megabytes(n int64) string { return fmt.Sprintf("%d MB", (n+1<<19)>>20) }

func millions(n int) string {
	if n < 1e6 {
		return fmt.Sprintf("%.1f M", float64(n)/1e6)
	}
	return fmt.Sprintf("%.0f M", float64(n)/1e6)
}
