package gpu

import "time"

// Work is what a dispatch must do at least, whatever runs it: the operations of the kernel's formula on floats, where an
// addition, a multiplication, a division, a root and an exponential count one each, and the bytes of the words that it needs, each
// read once and written once. What a kernel reads or computes again is not counted, so a share of a device's ceiling can only be
// too low.
type Work struct{ Operations, Bytes float64 }

// Does returns the work of some operations on words of 4 bytes.
func Does(operations, words int) Work { return Work{float64(operations), 4 * float64(words)} }

// Plus returns the work of both.
func (w Work) Plus(x Work) Work { return Work{w.Operations + x.Operations, w.Bytes + x.Bytes} }

// Share returns which part of a time the work would take at a device's ceilings, in operations and bytes a second: the larger
// of the two, which is the bound of the roofline model (Williams, Waterman and Patterson 2009). It is 0 without a ceiling.
func (w Work) Share(ceiling Work, took time.Duration) float64 {
	if ceiling.Operations <= 0 || ceiling.Bytes <= 0 || took <= 0 {
		return 0
	}
	return max(w.Operations/ceiling.Operations, w.Bytes/ceiling.Bytes) / took.Seconds()
}

// Count returns the work of a dispatch with parameters p. words returns the contents of binding i, which holds unsigned
// integers, for kernels whose work depends on the lengths of sequences.
type Count[P any] func(p P, words func(i int) []uint32) Work

// Work returns the work of a dispatch, and false if the kernel does not count it.
func (k *Kernel) Work(params any, words func(i int) []uint32) (Work, bool) {
	if k.count == nil {
		return Work{}, false
	}
	return k.count(params, words), true
}

// work returns the work of a call. It reads the device where that depends on lengths.
func (c call) work() (w Work, counted bool, err error) {
	w, counted = c.kernel.Work(c.params, func(i int) []uint32 {
		words := make([]uint32, c.buffers[i].Len())
		if failed := c.buffers[i].ReadUints(0, words); failed != nil {
			err = failed
		}
		return words
	})
	return w, counted, err
}
