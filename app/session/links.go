package session

import (
	"cmp"
	"math"
	"slices"
)

// Link is a range of a trace that looks back at an earlier one. Ranges count as in [Trace.Attention].
type Link struct {
	Reader, Read int
	Attention    float64
}

// Links returns which of n ranges looks back at which: for each range the readers that pay it most, at most most of them, all for 0.
// Readers nearer than apart ranges are left out, as they are in FCI. The weakest link comes first. at is what a reader pays; what
// is not positive or not finite is no link.
func Links(n, apart, most int, at func(reader, read int) float64) (links []Link) {
	stronger := func(a, b Link) int { return cmp.Compare(b.Attention, a.Attention) }
	for read := range n {
		var readers []Link
		for reader := read + max(1, apart); reader < n; reader++ {
			if v := at(reader, read); v > 0 && !math.IsInf(v, 0) {
				readers = append(readers, Link{reader, read, v})
			}
		}
		slices.SortStableFunc(readers, stronger)
		if most > 0 {
			readers = readers[:min(most, len(readers))]
		}
		links = append(links, readers...)
	}
	slices.SortStableFunc(links, func(a, b Link) int { return stronger(b, a) })
	return links
}

// LargestApart is the largest attention between ranges at least apart ranges from each other, 0 where there is none. It is the end of
// the one scale of arcs and matrix.
func LargestApart(n, apart int, at func(reader, read int) float64) (largest float64) {
	for reader := range n {
		for read := range max(0, reader-max(1, apart)+1) {
			if v := at(reader, read); v > largest && !math.IsInf(v, 0) {
				largest = v
			}
		}
	}
	return largest
}
