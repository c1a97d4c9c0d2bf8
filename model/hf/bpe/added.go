package bpe

// trie finds added tokens in a text by walking it once, whatever their number.
type trie struct {
	next  map[edge]int32 // node 0 is the root
	end   map[int32]int  // node to the id of the token that ends there
	first [256]bool      // bytes that begin a token
	nodes int32
}

type edge struct {
	node int32
	byte byte
}

func (t *trie) add(token string, id int) {
	if t.next == nil {
		t.next, t.end = map[edge]int32{}, map[int32]int{}
	}
	node := int32(0)
	for i := range len(token) {
		e := edge{node, token[i]}
		if t.next[e] == 0 {
			t.nodes++
			t.next[e] = t.nodes
		}
		node = t.next[e]
	}
	t.first[token[0]] = true
	t.end[node] = id
}

// longest returns the longest token that text begins with and its length, 0 for none.
func (t *trie) longest(text string) (id, length int) {
	if text == "" || !t.first[text[0]] {
		return 0, 0
	}
	node := int32(0)
	for i := range len(text) {
		if node = t.next[edge{node, text[i]}]; node == 0 {
			break
		}
		if found, ok := t.end[node]; ok {
			id, length = found, i+1
		}
	}
	return id, length
}

// cut calls added for each token in text and plain for each part between them, in order. It ends at an error of plain.
func (t *trie) cut(text string, added func(id int), plain func(string) error) error {
	start := 0
	for i := 0; i < len(text); {
		id, n := t.longest(text[i:])
		if n == 0 {
			i++
			continue
		}
		if i > start {
			if err := plain(text[start:i]); err != nil {
				return err
			}
		}
		added(id)
		i += n
		start = i
	}
	if start == len(text) {
		return nil
	}
	return plain(text[start:])
}
