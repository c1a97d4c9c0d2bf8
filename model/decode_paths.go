package model

import (
	"fmt"
	"time"

	"attnlab/gpu"
	"attnlab/shaders/decode"
)

// Path is how a decoder computes tokens. All paths draw the same tokens from the same cache.
type Path string

const (
	PathKernels Path = "kernels" // a dispatch for every operation: runs every model
	PathLayers  Path = "layers"  // two dispatches a layer, and one for the end
	PathTokens  Path = "tokens"  // one dispatch for several tokens of all sequences
)

// Paths are all paths, the one of most dispatches first.
var Paths = []Path{PathKernels, PathLayers, PathTokens}

// fused holds the paths of few dispatches. A workgroup of theirs computes the rows of some sequences.
type fused struct {
	decode.Sizes
	path    Path
	times   int           // tokens a dispatch of PathTokens
	most    int           // times at most
	longest time.Duration // a dispatch of PathTokens should take
	layers  *gpu.Program
	tokens  *gpu.Program
	chosen  *Decoding // nil before a choice
}

// A dispatch may take this long, so that no driver ends it and a page can redraw: it waits for a software adapter meanwhile.
const (
	longestDispatch = 50 * time.Millisecond
	browserDispatch = 16 * time.Millisecond
)

// mostLoops is how often an invocation may loop: llvmpipe ends it silently after 65,535.
const mostLoops = 60000

// newFused chooses the size of a workgroup. On a software adapter a workgroup runs on one processor, and weights that are loaded once
// serve all its rows; on a GPU small workgroups fill more of it. In a browser a software adapter also draws the page.
func (d *Decoder) newFused() *fused {
	most, lanes, longest := 4, 64, longestDispatch
	switch {
	case d.Device.Info.Software:
		most, lanes = 8, 32
		if d.Device.Info.Backend == gpu.WebGPU {
			longest = browserDispatch
		}
	case d.slots <= 128:
		most = 1
	}
	f := &fused{Sizes: decode.Sizes{D: d.HiddenSize, F: d.IntermediateSize, H: d.Heads, K: d.KVHeads, C: d.HeadDim, V: d.VocabSize, R: 1, Lanes: lanes}, longest: longest}
	for f.R < most && 2*f.R <= d.slots {
		f.R *= 2
	}
	for f.R > 1 && int64(f.Memory()) > d.Device.Limits.MaxComputeWorkgroupStorageSize {
		f.R /= 2
	}
	f.times, f.most = 1, min(d.chunk, mostLoops/f.Loops(d.Layers, d.MaxContext))
	return f
}

// fits returns an error that says why a path cannot run here.
func (d *Decoder) fits(path Path) error {
	f, limit := d.fused, d.Device.Limits
	switch path {
	case PathKernels:
		return nil
	case PathLayers, PathTokens:
	default:
		return fmt.Errorf("model: there is no decoding path %q; choose %s, %s or %s", path, PathKernels, PathLayers, PathTokens)
	}
	switch {
	case d.weights == nil:
		return fmt.Errorf("model: path %s needs all weights in one buffer, and this model was opened with a buffer a parameter", path)
	case d.QKVBias || d.QKNorm || d.NoRope != nil || d.HiddenSize != d.Heads*d.HeadDim:
		return fmt.Errorf("model: path %s has no kernel for models with biases, normed heads, layers without RoPE, or heads that are not hidden_size wide together", path)
	case int64(f.Memory()) > limit.MaxComputeWorkgroupStorageSize:
		return fmt.Errorf("model: path %s needs %d bytes of workgroup memory for this model, the adapter has %d", path, f.Memory(), limit.MaxComputeWorkgroupStorageSize)
	case f.Loops(1, d.MaxContext) > mostLoops, path == PathTokens && f.most < 1:
		return fmt.Errorf("model: path %s takes more loops an invocation for this model than some adapters allow", path)
	case path == PathTokens && d.kvs == nil:
		return fmt.Errorf("model: path %s needs the cache of all layers in one binding, which may have %d MiB", path, limit.MaxStorageBufferBindingSize>>20)
	}
	return nil
}

// use makes a path the decoder's, or, for "", the path of most dispatches until a race.
func (d *Decoder) use(path Path) error {
	if path == "" {
		d.fused.path = PathKernels
		return nil
	}
	if err := d.fits(path); err != nil {
		return err
	}
	if err := d.record(path); err != nil {
		return err
	}
	d.fused.path, d.fused.chosen = path, &Decoding{Path: path, Why: "it was asked for"}
	return nil
}

// record compiles the kernels of a path and records its program, once.
func (d *Decoder) record(path Path) error {
	f, z := d.fused, d.fused.Sizes
	compile := func(kernels ...*gpu.Kernel) error {
		for _, k := range kernels {
			if err := d.Device.Compile(k); err != nil {
				return err
			}
		}
		return nil
	}
	switch {
	case path == PathLayers && f.layers == nil:
		if err := compile(decode.Attend(z), decode.Feed(z), decode.Next(z)); err != nil {
			return err
		}
		f.layers = d.newLayers()
	case path == PathTokens && f.tokens == nil:
		if err := compile(decode.Tokens(z)); err != nil {
			return err
		}
		f.tokens = d.newTokens()
	}
	return nil
}

// newLayers records one token in two dispatches a layer and one for the end.
func (d *Decoder) newLayers() *gpu.Program {
	z, s, p := d.fused.Sizes, d.step, d.Device.NewProgram("decode layers")
	eps := float32(d.RMSNormEps)
	for l, b := range s.acts.layers {
		first := uint32(0)
		if l == 0 {
			first = 1
		}
		attend := decode.AttendParams{T: uint32(d.MaxContext), D: uint32(d.HiddenSize), First: first, Embed: d.place("embed"),
			Norm: d.place(layer(l, "norm1")), Qkv: d.place(layer(l, "qkv")), Eps: eps}
		feed := decode.FeedParams{D: uint32(d.HiddenSize), F: uint32(d.IntermediateSize), Wo: d.place(layer(l, "o")), Norm: d.place(layer(l, "norm2")),
			GateUp: d.place(layer(l, "gate_up")), Down: d.place(layer(l, "down")), Eps: eps}
		p.Add(decode.Attend(z), func() any {
			attend.N = uint32(s.n)
			return attend
		}, d.weights, d.rope, d.table, s.at, d.state, b.x, d.kv[l], b.att)
		p.Add(decode.Feed(z), func() any {
			feed.N = uint32(s.n)
			return feed
		}, d.weights, b.att, b.x)
	}
	norm, head := d.place("norm"), d.place(d.head())
	p.Add(decode.Next(z), func() any {
		h := d.draw()
		return decode.NextParams{N: h.N, M: h.M, V: h.V, D: uint32(d.HiddenSize), Norm: norm, Head: head, Eos: h.Eos, Seed: h.Seed, Step: h.Step,
			TopK: h.TopK, TopP: h.TopP, Temperature: h.Temperature, Eps: eps}
	}, d.weights, s.acts.x, s.at, d.state, d.out, d.stat)
	return p
}

// newTokens records several tokens in one dispatch.
func (d *Decoder) newTokens() *gpu.Program {
	t := decode.TokensParams{T: uint32(d.MaxContext), D: uint32(d.HiddenSize), F: uint32(d.IntermediateSize), Layers: uint32(d.Layers), Base: uint32(d.kvs.Len() / d.Layers / 4),
		Embed: d.place("embed"), Qkv: d.place(layer(0, "qkv")), Wo: d.place(layer(0, "o")), GateUp: d.place(layer(0, "gate_up")),
		Down: d.place(layer(0, "down")), Norm1: d.place(layer(0, "norm1")), Norm2: d.place(layer(0, "norm2")),
		Norm: d.place("norm"), Head: d.place(d.head()), Eps: float32(d.RMSNormEps)}
	if d.Layers > 1 {
		t.Stride, t.NormStride = d.place(layer(1, "qkv"))-t.Qkv, d.place(layer(1, "norm1"))-t.Norm1
	}
	p := d.Device.NewProgram("decode tokens")
	p.Add(decode.Tokens(d.fused.Sizes), func() any {
		h := d.draw()
		t.N, t.M, t.V, t.Times, t.Eos, t.Seed, t.Step = h.N, h.M, h.V, uint32(d.fused.times), h.Eos, h.Seed, h.Step
		t.TopK, t.TopP, t.Temperature = h.TopK, h.TopP, h.Temperature
		return t
	}, d.weights, d.rope, d.table, d.step.at, d.state, d.kvs, d.out, d.stat)
	return p
}

// place is where a parameter begins in the arena, in words of four.
func (d *Decoder) place(name string) uint32 { return uint32(d.Param(name).Offset / 4) }

// advance draws up to n tokens for every sequence on the decoder's path.
func (d *Decoder) advance(n int) error {
	f := d.fused
	switch f.path {
	case PathLayers:
		return f.layers.Run(n)
	case PathTokens:
		f.times = max(1, min(f.times, f.most))
		return f.tokens.Run((n + f.times - 1) / f.times)
	}
	return d.step.prog.Run(n)
}

// pace sets the tokens of the next dispatches after a submit and a readback of n tokens took this long: attention takes longer the
// longer the sequences are.
func (f *fused) pace(n int, took time.Duration) {
	fill := int(int64(n) * int64(f.longest) / max(1, int64(took)))
	f.times = max(1, min(fill, 2*f.times, f.most))
}

func (f *fused) release() {
	for _, p := range []*gpu.Program{f.layers, f.tokens} {
		if p != nil {
			p.Release()
		}
	}
}
