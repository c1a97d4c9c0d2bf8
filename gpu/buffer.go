package gpu

import (
	"fmt"
	"runtime"
	"slices"
	"unsafe"
)

// alignWords is WebGPU's storage-buffer offset alignment (256 bytes) in words:
// the offset of every part of a buffer that a kernel binds.
const alignWords = 64

// Buffer is words on a device, or a part of such words ([Buffer.Part]).
type Buffer struct {
	dev   *Device
	store *store
	off   int // words from the start of the store
	n     int // words
}

// store is one allocation.
type store struct {
	label    string
	kind     Kind
	words    int
	handle   handle          // the backend's own
	f32      []float32       // host backend
	f64      []float64       // host backend in float64, the referee
	u32      []uint32        // host backend
	memo     memo            // host backend
	counted  runtime.Cleanup // host backend
	released bool
}

// Floats allocates n zeroed float32 words.
func (d *Device) Floats(label string, n int) *Buffer { return d.alloc(label, F32, n) }

// Uints allocates n zeroed uint32 words.
func (d *Device) Uints(label string, n int) *Buffer { return d.alloc(label, U32, n) }

func (d *Device) alloc(label string, kind Kind, n int) *Buffer {
	if n < 1 {
		panic(fmt.Sprintf("gpu: buffer %s: %d words", label, n))
	}
	s := &store{label: label, kind: kind, words: (n + alignWords - 1) / alignWords * alignWords}
	if limit := d.Limits.MaxBufferSize; int64(s.words) > limit/4 {
		d.fail(fmt.Errorf("gpu: buffer %s needs %d MiB, %s allows %d MiB; use a smaller batch, context or model",
			label, int64(s.words)>>18, d.Info.Name, limit>>20))
	} else if d.ready() {
		d.fail(d.impl.alloc(s))
	}
	d.Counters.Buffers++
	d.Counters.Bytes += int64(s.words) * 4
	d.Counters.Peak = max(d.Counters.Peak, d.Counters.Bytes)
	return &Buffer{d, s, 0, n}
}

// Len is the number of words.
func (b *Buffer) Len() int { return b.n }

// Kind is the type of a word.
func (b *Buffer) Kind() Kind { return b.store.kind }

// Part is the n words from word off on, sharing storage. off must be a multiple
// of 64 words.
func (b *Buffer) Part(off, n int) *Buffer {
	if off%alignWords != 0 || off < 0 || n < 1 || off+n > b.n {
		panic(fmt.Sprintf("gpu: part [%d,%d) of buffer %s with %d words: the offset must be a multiple of %d inside it",
			off, off+n, b.store.label, b.n, alignWords))
	}
	return &Buffer{b.dev, b.store, b.off + off, n}
}

// Release frees the whole allocation, also under other parts of it.
func (b *Buffer) Release() {
	if b.store.released {
		return
	}
	b.store.released = true
	b.dev.impl.free(b.store)
	b.dev.Counters.Buffers--
	b.dev.Counters.Bytes -= int64(b.store.words) * 4
}

// Write copies data to the words from off on, after all work submitted before.
func (b *Buffer) Write(off int, data []float32) {
	b.check("write", F32, off, len(data))
	if len(data) > 0 && b.dev.ready() {
		b.dev.fail(b.dev.impl.write(b.store, b.off+off, wordsOf(data)))
	}
}

// WriteUints is Write for a buffer of unsigned integers.
func (b *Buffer) WriteUints(off int, data []uint32) {
	b.check("write", U32, off, len(data))
	if len(data) > 0 && b.dev.ready() {
		b.dev.fail(b.dev.impl.write(b.store, b.off+off, data))
	}
}

// Read waits for submitted work and copies the words from off on into dst.
func (b *Buffer) Read(off int, dst []float32) error {
	return b.dev.Read(b.Into(off, dst))
}

// ReadUints is Read for a buffer of unsigned integers.
func (b *Buffer) ReadUints(off int, dst []uint32) error {
	return b.dev.Read(b.IntoUints(off, dst))
}

// Transfer is a range of words of a buffer and the slice to copy them into.
type Transfer struct {
	store *store
	off   int // words from the start of the store
	dst   []uint32
}

// Into returns the transfer of the words from off on into dst, for [Device.Read].
func (b *Buffer) Into(off int, dst []float32) Transfer {
	b.check("read", F32, off, len(dst))
	return Transfer{b.store, b.off + off, wordsOf(dst)}
}

// IntoUints is Into for a buffer of unsigned integers.
func (b *Buffer) IntoUints(off int, dst []uint32) Transfer {
	b.check("read", U32, off, len(dst))
	return Transfer{b.store, b.off + off, dst}
}

// Read waits for submitted work and makes all transfers in one readback. In a browser
// a readback costs milliseconds, however small it is.
func (d *Device) Read(transfers ...Transfer) error {
	transfers = slices.DeleteFunc(transfers, func(t Transfer) bool { return len(t.dst) == 0 })
	if len(transfers) > 0 && d.ready() {
		d.Counters.Readbacks++
		for _, t := range transfers {
			d.Counters.ReadBytes += 4 * int64(len(t.dst))
		}
		d.fail(d.impl.read(transfers))
	}
	return d.err
}

// Read64 reads the words of a refereeing host device in full precision.
func (b *Buffer) Read64(dst []float64) { copy(dst, b.wide("read", len(dst))) }

// Write64 writes the words of a refereeing host device in full precision.
func (b *Buffer) Write64(data []float64) { copy(b.wide("write", len(data)), data) }

func (b *Buffer) wide(verb string, n int) []float64 {
	b.check(verb, F32, 0, n)
	if b.store.f64 == nil {
		panic(fmt.Sprintf("gpu: %s of buffer %s in float64: %s is no referee", verb, b.store.label, b.dev.Info))
	}
	return b.store.f64[b.off : b.off+b.n]
}

func (b *Buffer) check(verb string, kind Kind, off, n int) {
	if kind != b.store.kind || off < 0 || off+n > b.n {
		panic(fmt.Sprintf("gpu: %s [%d,%d) as %s of buffer %s: %d words of %s", verb, off, off+n, kind, b.store.label, b.n, b.store.kind))
	}
	if b.store.released {
		panic(fmt.Sprintf("gpu: %s of released buffer %s", verb, b.store.label))
	}
}

// wordsOf views float32 words as uint32 words without a copy.
func wordsOf(f []float32) []uint32 {
	if len(f) == 0 {
		return nil
	}
	return unsafe.Slice((*uint32)(unsafe.Pointer(&f[0])), len(f))
}

func floatsOf(w []uint32) []float32 {
	if len(w) == 0 {
		return nil
	}
	return unsafe.Slice((*float32)(unsafe.Pointer(&w[0])), len(w))
}

func bytesOf(w []uint32) []byte {
	if len(w) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&w[0])), 4*len(w))
}
