package model

import (
	"context"
	"fmt"

	"attnlab/gpu"
	"attnlab/shaders/nn"
)

// Storage is how the matrices of an opened model lie on the device, see package nn.
type Storage = nn.Storage

// The storages, the largest first.
const (
	F32  = nn.F32
	BF16 = nn.BF16
	F16  = nn.F16
	Q8   = nn.Q8
	Q4   = nn.Q4
)

// Options say how [Open] puts a model on a device.
type Options struct {
	Storage  Storage                 // of the matrices, see [Config.StorageOf]
	Context  int                     // tokens of the longest sequence in use, 0 for as many as the model has
	Arena    bool                    // put F32 weights in one buffer, where a kernel can bind it: then the model is as one from [New]
	Progress func(done, total int64) // called with the bytes that are on the device so far; nil is silent
}

// StorageOf returns the storage of a parameter of a model that is opened in s. Norms and biases are always F32. The embedding and
// the output matrix are Q8 where the others are Q4, because each of their rows is a token. A matrix whose rows do not divide into
// blocks of 32 is BF16.
func (c Config) StorageOf(p Param, s Storage) Storage {
	switch {
	case !p.Decay:
		return F32
	case s == Q4 && (p.Name == "embed" || p.Name == "lm_head"):
		s = Q8
	}
	if !s.Fits(p.Cols) {
		return BF16
	}
	return s
}

// WeightBytes returns the bytes of the parameters of a model that is opened in s.
func (c Config) WeightBytes(s Storage) (n int64) {
	for _, p := range c.Params() {
		n += 4 * int64(c.StorageOf(p, s).Words(p.Size()))
	}
	return n
}

// openWords is how many values Open holds at a time: 8 MiB.
const openWords = 2 << 20

// settled is how many bytes Open writes before it waits for the device to take them.
const settled = 64 << 20

// Open puts a model on a device to run forward: it takes the values from src a few rows at a time, so that a model is never whole
// in memory, and stores them as o says, a buffer a parameter. The model's MaxContext is o.Context. Open returns an error if
// the config has no kernel, a parameter does not fit the device, a value is not finite or src returns one, and ctx's error once ctx is
// done; then nothing stays on the device.
func Open(ctx context.Context, device *gpu.Device, c Config, src Source, o Options) (m *Model, err error) {
	return openBy(ctx, device, c, src, o, int(min(device.Limits.MaxBufferSize, device.Limits.MaxStorageBufferBindingSize)/4))
}

// openBy is Open with parts of the embedding and the output matrix of up to the given words.
func openBy(ctx context.Context, device *gpu.Device, c Config, src Source, o Options, words int) (m *Model, err error) {
	if o.Context < 0 || o.Context > c.MaxContext {
		return nil, fmt.Errorf("model: a context of %d tokens was asked for, the model has 1 to %d", o.Context, c.MaxContext)
	}
	if o.Context > 0 {
		c.MaxContext = o.Context
	}
	if m, err = bare(device, c); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			m.Release()
			m = nil
		}
	}()
	u := upload{Model: m, ctx: ctx, src: src, progress: o.Progress, total: c.WeightBytes(o.Storage)}
	if err = m.allot(o, words); err != nil {
		return m, err
	}
	for _, p := range c.Params() {
		if err := u.param(p); err != nil {
			return m, err
		}
	}
	m.version++
	return m, u.settle()
}

// allot allocates the parameters: a buffer each, or one arena.
func (m *Model) allot(o Options, words int) (err error) {
	if o.Arena && o.Storage == F32 && m.ArenaSize() <= words {
		m.weights = m.Device.Floats("weights", m.ArenaSize())
		return m.Device.Err()
	}
	m.opened = map[string][]rows{}
	for _, p := range m.Params() {
		if m.opened[p.Name], err = m.newParts(p, m.StorageOf(p, o.Storage), words); err != nil {
			return err
		}
	}
	return nil
}

// rowsAPart returns how many rows of a parameter lie in one buffer of at most this many words, and whether it fits at all.
func rowsAPart(p Param, s Storage, words int) (most int, ok bool) {
	most = min(words/s.Words(p.Cols), p.Rows)
	if most == p.Rows {
		return most, true
	}
	if p.Name != "embed" && p.Name != "lm_head" || most < 4 {
		return most, false
	}
	most = most / 4 * 4
	number := (p.Rows + most - 1) / most
	return up4((p.Rows + number - 1) / number), true
}

// newParts allocates a parameter. Only the embedding and the output matrix are cut into parts where they are too large for a
// binding: equal ones of a multiple of four rows.
func (m *Model) newParts(p Param, s Storage, words int) (parts []rows, err error) {
	most, ok := rowsAPart(p, s, words)
	if !ok {
		return nil, fmt.Errorf("model: %s takes %d KiB in %s, %s allows %d KiB for one buffer of a kernel; choose a smaller storage", p.Name,
			int64(s.Words(p.Size()))>>8, s, m.Device.Info.Name, int64(words)>>8)
	}
	for first := 0; first < p.Rows; first += most {
		part := rows{first: first, n: min(most, p.Rows-first), storage: s}
		if n := s.Words(part.n * p.Cols); s.Kind() == gpu.F32 {
			part.words = m.Device.Floats(p.Name, n)
		} else {
			part.words = m.Device.Uints(p.Name, n)
		}
		parts = append(parts, part)
	}
	return parts, m.Device.Err()
}

// upload is the state of Open.
type upload struct {
	*Model
	ctx         context.Context
	src         Source
	progress    func(done, total int64)
	done, total int64
	pending     int64       // bytes since the device took the last
	last        *gpu.Buffer // that was written
	values      []float32
	words       []uint32
}

// param writes one parameter.
func (u *upload) param(p Param) error {
	parts := u.parts(p.Name)
	for _, t := range p.Tensors() {
		step := t.Rows
		if len(t.Shape) == 2 {
			step = max(1, openWords/t.Cols)
		}
		for row := 0; row < t.Rows; row += step {
			if err := u.ctx.Err(); err != nil {
				return err
			}
			n := min(step, t.Rows-row)
			u.values = resize(u.values, n*t.Cols)
			if err := u.src.ReadRows(u.ctx, t.Name, row, u.values); err != nil {
				return err
			}
			for i, v := range u.values {
				if !finite(v) {
					return fmt.Errorf("model: value %d of %s is %v; the checkpoint is damaged, use another one", row*t.Cols+i, t.Name, v)
				}
			}
			if err := u.put(parts, p.Cols, t.Row0+row, n); err != nil {
				return fmt.Errorf("model: %s: %w", t.Name, err)
			}
		}
	}
	return nil
}

// put packs n rows of so many columns and writes them from row first of a parameter on, to the parts that hold them.
func (u *upload) put(parts []rows, columns, first, n int) error {
	s := parts[0].storage
	row := s.Words(columns)
	if s != F32 {
		u.words = resize(u.words, n*row)
		if err := s.Pack(u.words, u.values); err != nil {
			return err
		}
	}
	for _, part := range parts {
		from, to := max(first, part.first), min(first+n, part.first+part.n)
		if from >= to {
			continue
		}
		if at, a, b := (from-part.first)*row, (from-first)*row, (to-first)*row; s == F32 {
			part.words.Write(at, u.values[a:b])
		} else {
			part.words.WriteUints(at, u.words[a:b])
		}
		u.last = part.words
	}
	u.done += 4 * int64(n*row)
	u.pending += 4 * int64(n*row)
	if u.pending >= settled {
		if err := u.settle(); err != nil {
			return err
		}
	}
	if u.progress != nil {
		u.progress(u.done, u.total)
	}
	return u.Device.Err()
}

// settle reads a word back: then the device has taken all that was written, and holds no copies of it any more.
func (u *upload) settle() error {
	u.pending = 0
	if u.last.Kind() == gpu.F32 {
		return u.last.Read(0, make([]float32, 1))
	}
	return u.last.ReadUints(0, make([]uint32, 1))
}

// resize returns a slice of n elements, with the memory of s where that is enough.
func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
