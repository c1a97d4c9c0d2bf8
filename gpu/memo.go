package gpu

import "unsafe"

// memo holds what twins have computed from a buffer of the host backend, until anything writes that buffer.
type memo struct {
	values map[memoKey]Released
}

// memoKey is a value computed from the words that begin at an address.
type memoKey struct {
	from unsafe.Pointer
	what any
}

// Released is a value whose memory can be given back.
type Released interface{ Release() }

func (m *memo) forget() {
	for _, v := range m.values {
		v.Release()
	}
	clear(m.values)
}

// memoWords is the largest buffer of which a memo is made. A copy of larger weights would need too much of a tab's memory.
const memoWords = 1 << 24

// Memo returns what compute makes from binding i alone, under a name that is comparable. The value is computed again only after
// the binding's buffer was written. ok is false where nothing can be remembered: the twin runs on slices, or the kernel writes
// the binding, or the buffer is too large.
func Memo[X Float, V Released](a Args[X], i int, what any, compute func() V) (v V, ok bool) {
	if i >= len(a.memos) || a.memos[i] == nil || len(a.floats[i]) == 0 {
		return v, false
	}
	m, key := a.memos[i], memoKey{unsafe.Pointer(&a.floats[i][0]), what}
	if known, ok := m.values[key].(V); ok {
		return known, true
	}
	if m.values == nil {
		m.values = map[memoKey]Released{}
	}
	v = compute()
	m.values[key] = v
	return v, true
}
