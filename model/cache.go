package model

import "slices"

// cache records which rows of the pool of keys and values hold which tokens. Rows
// form a trie: row i is one token with all tokens before it. So sequences with equal
// beginnings (the group of one prompt, the branches of one rollout) share rows, and a
// sequence continues from its middle without computing its beginning again.
//
// A row is in the trie only after its keys and values have been computed.
type cache struct {
	rows    []row
	free    []int32
	roots   map[Hide]int32 // first child by hidden range: hidden keys change all later states
	version int            // of the weights that the rows were computed with
}

// row is a token in the trie; -1 is none.
type row struct {
	token          int32
	child, sibling int32
}

func newCache(rows int) *cache {
	c := &cache{rows: make([]row, rows)}
	c.reset(0)
	return c
}

// reset empties the cache.
func (c *cache) reset(version int) {
	c.version = version
	c.roots = map[Hide]int32{}
	c.free = c.free[:0]
	for i := len(c.rows) - 1; i >= 0; i-- {
		c.free = append(c.free, int32(i))
	}
}

// match returns the rows of the longest prefix of tokens that is in the trie.
func (c *cache) match(hide Hide, tokens []int) (rows []int32) {
	at, ok := c.roots[hide]
	for _, token := range tokens {
		for ok && at >= 0 && c.rows[at].token != int32(token) {
			at = c.rows[at].sibling
		}
		if !ok || at < 0 {
			break
		}
		rows = append(rows, at)
		at = c.rows[at].child
	}
	return rows
}

// take returns n free rows, or nil where there are fewer.
func (c *cache) take(n int) []int32 {
	if n > len(c.free) {
		return nil
	}
	cut := len(c.free) - n
	rows := slices.Clone(c.free[cut:])
	c.free = c.free[:cut]
	slices.Reverse(rows)
	return rows
}

// prune removes all rows of the trie except the beginnings of paths.
func (c *cache) prune(paths [][]int32) {
	used := make([]bool, len(c.rows))
	for _, path := range paths {
		for _, r := range path {
			used[r] = true
		}
	}
	var keep func(at int32) int32
	keep = func(at int32) int32 {
		first := int32(-1)
		for at >= 0 {
			r := &c.rows[at]
			this, next := at, r.sibling
			r.child = keep(r.child)
			if used[this] {
				r.sibling, first = first, this
			} else {
				c.free = append(c.free, this)
			}
			at = next
		}
		return first
	}
	for hide, root := range c.roots {
		if root = keep(root); root < 0 {
			delete(c.roots, hide)
		} else {
			c.roots[hide] = root
		}
	}
}

// put returns rows to the free ones.
func (c *cache) put(rows []int32) { c.free = append(c.free, rows...) }

// insert adds computed tokens along path, whose first known rows are in the trie
// already. It frees rows of tokens that another sequence computed meanwhile.
func (c *cache) insert(hide Hide, tokens []int, path []int32, known int) {
	parent := int32(-1)
	if known > 0 {
		parent = path[known-1]
	}
	for i := known; i < len(tokens); i++ {
		head, ok := c.roots[hide]
		if parent >= 0 {
			head = c.rows[parent].child
		} else if !ok {
			head = -1
		}
		at := head
		for at >= 0 && c.rows[at].token != int32(tokens[i]) {
			at = c.rows[at].sibling
		}
		if at >= 0 {
			c.put(path[i : i+1])
			parent = at
			continue
		}
		at = path[i]
		c.rows[at] = row{token: int32(tokens[i]), child: -1, sibling: head}
		if parent >= 0 {
			c.rows[parent].child = at
		} else {
			c.roots[hide] = at
		}
		parent = at
	}
}
