package bpe

// merge is a pair of tokens that becomes one. Pairs of lower rank merge first.
type merge struct{ rank, id int32 }

func pair(a, b int32) uint64 { return uint64(uint32(a))<<32 | uint64(uint32(b)) }

// part is a token of a word that is being merged, in a list.
type part struct{ id, before, next int32 }

// candidate is a pair of neighbours that can be merged: the part at and the next one.
type candidate struct {
	merge
	at, left, right int32 // the ids as they were when it was found
}

// merge appends the ids of a word: it begins with a token for each byte and merges the pair of the lowest rank, the first
// of several, until no pair is left. It takes O(n log n) for n bytes, because a file can make words of any length.
func (e *encoder) merge(word string) {
	n := int32(len(word))
	e.parts, e.queue = e.parts[:0], e.queue[:0]
	for i := range n {
		e.parts = append(e.parts, part{e.bytes[word[i]], i - 1, i + 1})
	}
	find := func(at int32) {
		if at < 0 || e.parts[at].next >= n {
			return
		}
		left, right := e.parts[at].id, e.parts[e.parts[at].next].id
		if m, ok := e.merges[pair(left, right)]; ok {
			e.queue.push(candidate{m, at, left, right})
		}
	}
	for i := range n {
		find(i)
	}
	for len(e.queue) > 0 {
		c := e.queue.pop()
		p := &e.parts[c.at]
		if p.id != c.left || p.next >= n || e.parts[p.next].id != c.right {
			continue // merged since
		}
		gone := p.next
		p.id, p.next = c.id, e.parts[gone].next
		e.parts[gone].id = -1
		if p.next < n {
			e.parts[p.next].before = c.at
		}
		find(p.before)
		find(c.at)
	}
	for i := int32(0); i < n; i = e.parts[i].next {
		e.add(int(e.parts[i].id))
	}
}

// queue is a binary heap with the lowest rank first, and the first place among equal ranks.
type queue []candidate

func (q queue) less(i, j int) bool {
	return q[i].rank < q[j].rank || q[i].rank == q[j].rank && q[i].at < q[j].at
}

func (q *queue) push(c candidate) {
	*q = append(*q, c)
	h := *q
	for i := len(h) - 1; i > 0; {
		above := (i - 1) / 2
		if !h.less(i, above) {
			return
		}
		h[i], h[above] = h[above], h[i]
		i = above
	}
}

func (q *queue) pop() candidate {
	h := *q
	top, last := h[0], len(h)-1
	h[0] = h[last]
	h = h[:last]
	for i := 0; 2*i+1 < last; {
		below := 2*i + 1
		if below+1 < last && h.less(below+1, below) {
			below++
		}
		if !h.less(below, i) {
			break
		}
		h[i], h[below] = h[below], h[i]
		i = below
	}
	*q = h
	return top
}
