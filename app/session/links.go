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
			v := at(reader, read)
			if !(v > 0) || math.IsInf(v, 0) || most > 0 && len(readers) == most && v <= readers[most-1].Attention {
				continue
			}
			link := Link{reader, read, v}
			if most <= 0 || len(readers) < most {
				readers = append(readers, link)
			} else {
				readers[most-1] = link
			}
			if most > 0 { // of a few, the strongest stay in front
				for i := len(readers) - 1; i > 0 && readers[i].Attention > readers[i-1].Attention; i-- {
					readers[i], readers[i-1] = readers[i-1], readers[i]
				}
			}
		}
		if most <= 0 {
			slices.SortStableFunc(readers, stronger)
		}
		links = append(links, readers...)
	}
	slices.SortStableFunc(links, func(a, b Link) int { return stronger(b, a) })
	return links
}

// LinksOf returns the links of one of n ranges, as reader and as what is read, that pay at least least; the weakest first.
func LinksOf(i, n, apart int, least float64, at func(reader, read int) float64) (own []Link) {
	for other := range n {
		reader, read := max(i, other), min(i, other)
		if reader-read < max(1, apart) {
			continue
		}
		if v := at(reader, read); v > 0 && v >= least && !math.IsInf(v, 0) {
			own = append(own, Link{reader, read, v})
		}
	}
	slices.SortStableFunc(own, func(a, b Link) int { return cmp.Compare(a.Attention, b.Attention) })
	return own
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
