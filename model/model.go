package model

import (
	"fmt"
	"math"

	"attnlab/gpu"
	"attnlab/shaders/nn"
)

// Model is a transformer on a device: its weights and the table of rotary positions. The
// weights are one arena, which can be trained ([New], or [Open] with Options.Arena), or a
// buffer a parameter in any storage, which run forward only ([Open]).
type Model struct {
	Config
	Device    *gpu.Device
	weights   *gpu.Buffer       // [ArenaSize] of a model in one arena, else nil
	opened    map[string][]rows // of any other: every parameter, by name
	rope      *gpu.Buffer       // [MaxContext, 2, C/2], cosines then sines
	version   int               // grows with every change of the weights: caches of keys and values are void
	decodings map[decoderShape]Decoding
}

// New puts a model on a device. weights is an arena ([Config.Init], or a
// [Checkpoint]'s) and is copied.
func New(device *gpu.Device, c Config, weights []float32) (*Model, error) {
	m, err := bare(device, c)
	if err != nil {
		return nil, err
	}
	m.weights = device.Floats("weights", c.ArenaSize())
	if err := m.SetWeights(weights); err != nil {
		m.Release()
		return nil, err
	}
	return m, nil
}

// bare makes a model without weights.
func bare(device *gpu.Device, c Config) (*Model, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if device.Info.Software && device.Info.Backend != gpu.Host && c.MaxContext > mostLoops {
		return nil, fmt.Errorf("model: a context of %d tokens is longer than the %d that a software adapter computes without cutting its loops; open the model with a shorter one", c.MaxContext, mostLoops)
	}
	m := &Model{Config: c, Device: device, rope: device.Floats("rope", c.MaxContext*c.HeadDim)}
	m.rope.Write(0, c.Rope.Table(c.MaxContext, c.HeadDim))
	return m, nil
}

// SetWeights replaces the weights by those of an arena. It returns an error that names
// the tensor if a weight is not a finite number, and one for a model from [Open].
func (m *Model) SetWeights(arena []float32) error {
	if err := m.frozen(); err != nil {
		return err
	}
	if len(arena) != m.ArenaSize() {
		panic(fmt.Sprintf("model: weights of %d words, want an arena of %d", len(arena), m.ArenaSize()))
	}
	for _, p := range m.Params() {
		for i, w := range arena[p.Offset : p.Offset+p.Size()] {
			if !finite(w) {
				return fmt.Errorf("model: weight %d of %s is %v; the checkpoint is damaged, use another one", i, p.Name, w)
			}
		}
	}
	m.weights.Write(0, arena)
	m.version++
	return m.Device.Err()
}

// Weights reads the arena back. It returns an error for a model from [Open].
func (m *Model) Weights() ([]float32, error) {
	if err := m.frozen(); err != nil {
		return nil, err
	}
	arena := make([]float32, m.ArenaSize())
	return arena, m.weights.Read(0, arena)
}

// Release frees the model's buffers.
func (m *Model) Release() {
	if m.weights != nil {
		m.weights.Release()
	}
	for _, parts := range m.opened {
		for _, part := range parts {
			part.words.Release()
		}
	}
	m.rope.Release()
}

// frozen returns an error for a model whose weights are no arena.
func (m *Model) frozen() error {
	if m.weights == nil {
		return fmt.Errorf("model: this model was opened in parts; its weights can be neither replaced nor read back nor trained, only low-rank adapters over them")
	}
	return nil
}

// rows are rows of a parameter on the device, in one buffer.
type rows struct {
	first, n int
	storage  Storage
	words    *gpu.Buffer
}

// parts are the rows of a parameter: all in one part, but for an embedding or an output
// matrix that is larger than a binding may be.
func (m *Model) parts(name string) []rows {
	if parts, ok := m.opened[name]; ok {
		return parts
	}
	p := m.Param(name)
	return []rows{{0, p.Rows, F32, region(m.weights, p)}}
}

// weight is the buffer that holds a parameter, which must be in one part.
func (m *Model) weight(name string) *gpu.Buffer { return m.whole(name).words }

// tile is a product's tile for the storage of a parameter.
func (m *Model) tile(t nn.Tile, name string) nn.Tile { return t.Of(m.whole(name).storage) }

func (m *Model) whole(name string) rows {
	parts := m.parts(name)
	if len(parts) != 1 {
		panic(fmt.Sprintf("model: parameter %s is in %d parts", name, len(parts)))
	}
	return parts[0]
}

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

// finite reports whether x is a number that can be computed with.
func finite(x float32) bool { return !math.IsNaN(float64(x)) && !math.IsInf(float64(x), 0) }
