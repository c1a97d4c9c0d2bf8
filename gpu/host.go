package gpu

import (
	"runtime"

	"attnlab/gpu/simd"
)

// hostBackend runs the twins on slices, in float32, or in float64 as the referee.
type hostBackend struct{ double bool }

// OpenHost opens the host backend: no adapter, no cgo. Its name says which vector instructions it uses, see [simd.Name].
func OpenHost() *Device { return openHost(false) }

// OpenReferee opens the host backend in float64, for finite differences and for
// comparison with other backends. [Buffer.Read64] reads its full precision.
func OpenReferee() *Device { return openHost(true) }

func openHost(double bool) *Device {
	const big = 1 << 31 // bytes: more is a mistake, and should be an error and not a killed process
	name := "CPU, " + simd.Name()
	if double {
		name = "CPU, float64"
	}
	return &Device{
		Info:   Info{Name: name, Backend: Host, Vendor: runtime.GOARCH, Software: true},
		Limits: Limits{big, big, big, big},
		impl:   hostBackend{double},
	}
}

func (e hostBackend) alloc(s *store) error {
	switch {
	case s.kind == U32:
		s.u32 = make([]uint32, s.words)
	case e.double:
		s.f64 = make([]float64, s.words)
	default:
		s.f32 = make([]float32, s.words)
	}
	s.counted = count(s, e.bytes(s))
	return nil
}

func (e hostBackend) free(s *store) {
	s.counted.Stop()
	host(-e.bytes(s))
	s.f32, s.f64, s.u32 = nil, nil, nil
	s.memo.forget()
}

// bytes is how much memory a buffer has taken.
func (e hostBackend) bytes(s *store) int64 {
	return 4*int64(len(s.f32)+len(s.u32)) + 8*int64(len(s.f64))
}

func (e hostBackend) write(s *store, off int, words []uint32) error {
	s.memo.forget()
	switch {
	case s.kind == U32:
		copy(s.u32[off:], words)
	case e.double:
		for i, v := range floatsOf(words) {
			s.f64[off+i] = float64(v)
		}
	default:
		copy(s.f32[off:], floatsOf(words))
	}
	return nil
}

func (e hostBackend) read(transfers []Transfer) error {
	for _, t := range transfers {
		switch {
		case t.store.kind == U32:
			copy(t.dst, t.store.u32[t.off:])
		case e.double:
			for i, v := range t.store.f64[t.off:][:len(t.dst)] {
				floatsOf(t.dst)[i] = float32(v)
			}
		default:
			copy(floatsOf(t.dst), t.store.f32[t.off:])
		}
	}
	return nil
}

func (e hostBackend) newProgram() backendProgram { return hostProgram(e) }
func (hostBackend) compile(*Kernel) error        { return nil }
func (hostBackend) wait() error                  { return nil }
func (hostBackend) lose()                        {}
func (hostBackend) close()                       {}

type hostProgram struct{ double bool }

func (hostProgram) add(*dispatch) error { return nil }
func (hostProgram) release()            {}

func (p hostProgram) run(calls []call, times int) error {
	for range times {
		for _, c := range calls {
			for i, b := range c.buffers {
				if c.kernel.Bindings[i].Write {
					b.store.memo.forget()
				}
			}
			if p.double {
				c.kernel.host64(c.params, argsOf(c, func(s *store) []float64 { return s.f64 }))
			} else {
				c.kernel.host32(c.params, argsOf(c, func(s *store) []float32 { return s.f32 }))
			}
		}
	}
	return nil
}

func argsOf[X Float](c call, floats func(*store) []X) Args[X] {
	if a, ok := c.args.(Args[X]); ok {
		return a
	}
	n := len(c.buffers)
	a := Args[X]{make([][]X, n), make([][]uint32, n), make([]*memo, n)}
	for i, b := range c.buffers {
		if b.Kind() == U32 {
			a.uints[i] = b.store.u32[b.off : b.off+b.n]
		} else {
			a.floats[i] = floats(b.store)[b.off : b.off+b.n]
		}
		if !c.kernel.Bindings[i].Write && b.store.words <= memoWords {
			a.memos[i] = &b.store.memo
		}
	}
	c.args = a
	return a
}
