package model

import (
	"fmt"
	"math"

	"attnlab/gpu"
)

// Model is a transformer on a device: its weights in one arena, and the table of
// rotary positions.
type Model struct {
	Config
	Device    *gpu.Device
	weights   *gpu.Buffer // [ArenaSize]
	rope      *gpu.Buffer // [MaxContext, 2, C/2], cosines then sines
	version   int         // grows with every change of the weights: caches of keys and values are void
	decodings map[decoderShape]Decoding
}

// New puts a model on a device. weights is an arena ([Config.Init], or a
// [Checkpoint]'s) and is copied.
func New(device *gpu.Device, c Config, weights []float32) (*Model, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if c.QKVBias || c.QKNorm || c.NoRope != nil {
		return nil, fmt.Errorf("model: biases, normed heads and layers without rotary positions have no kernel yet")
	}
	m := &Model{Config: c, Device: device,
		weights: device.Floats("weights", c.ArenaSize()),
		rope:    device.Floats("rope", c.MaxContext*c.HeadDim)}
	m.rope.Write(0, c.Rope.Table(c.MaxContext, c.HeadDim))
	if err := m.SetWeights(weights); err != nil {
		m.Release()
		return nil, err
	}
	return m, nil
}

// SetWeights replaces the weights by those of an arena. It returns an error that names
// the tensor if a weight is not a finite number.
func (m *Model) SetWeights(arena []float32) error {
	if len(arena) != m.ArenaSize() {
		panic(fmt.Sprintf("model: weights of %d words, want an arena of %d", len(arena), m.ArenaSize()))
	}
	for _, p := range m.Params() {
		for i, w := range arena[p.Offset : p.Offset+p.Size()] {
			if math.IsNaN(float64(w)) || math.IsInf(float64(w), 0) {
				return fmt.Errorf("model: weight %d of %s is %v; the checkpoint is damaged, use another one", i, p.Name, w)
			}
		}
	}
	m.weights.Write(0, arena)
	m.version++
	return m.Device.Err()
}

// Weights reads the arena back.
func (m *Model) Weights() ([]float32, error) {
	arena := make([]float32, m.ArenaSize())
	return arena, m.weights.Read(0, arena)
}

// Release frees the model's buffers.
func (m *Model) Release() {
	m.weights.Release()
	m.rope.Release()
}

// weight is the part of the arena that holds a parameter.
func (m *Model) weight(name string) *gpu.Buffer { return region(m.weights, m.Param(name)) }

func region(arena *gpu.Buffer, p Param) *gpu.Buffer { return arena.Part(p.Offset, p.Size()) }

// head is the name of the output matrix: the embedding itself where tied.
func (c Config) head() string {
	if c.TieEmbeddings {
		return "embed"
	}
	return "lm_head"
}

// layer is the name of a layer's parameter.
func layer(l int, name string) string { return fmt.Sprintf("layers.%d.%s", l, name) }

// qkvWidth is the row length of qkv: H query heads, K key heads, K value heads.
func (c Config) qkvWidth() int { return (c.Heads + 2*c.KVHeads) * c.HeadDim }
