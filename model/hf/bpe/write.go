package bpe

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
)

// MarshalJSON writes t as a tokenizer.json.
func (t *Tokenizer) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.Write(bytes.TrimSuffix(t.head, []byte("}}"))) // the model is last, and has its type
	b.WriteString(`,"vocab":{`)
	comma := ""
	for id, token := range t.tokens {
		_, added := t.special[id]
		own, inAlphabet := t.ids[token]
		inAlphabet = inAlphabet && int(own) == id
		if token == "" || added && !inAlphabet {
			continue
		}
		if inAlphabet {
			token = spelling(token)
		}
		fmt.Fprintf(&b, "%s%s:%d", comma, quote(token), id)
		comma = ","
	}
	b.WriteString(`},"merges":[`)
	type ranked struct {
		pair uint64
		rank int32
	}
	merges := make([]ranked, 0, len(t.merges))
	for pair, m := range t.merges {
		merges = append(merges, ranked{pair, m.rank})
	}
	slices.SortFunc(merges, func(a, b ranked) int { return cmp.Compare(a.rank, b.rank) })
	comma = ""
	for _, m := range merges {
		left, right := t.tokens[m.pair>>32], t.tokens[uint32(m.pair)]
		b.WriteString(comma)
		b.Write(quote(spelling(left) + " " + spelling(right)))
		comma = ","
	}
	b.WriteString("]}}")
	return b.Bytes(), nil
}

// spelling returns a token in the alphabet, as files have it.
func spelling(token string) string {
	spelled := make([]rune, len(token))
	for i := range len(token) {
		spelled[i] = alphabet[token[i]]
	}
	return string(spelled)
}

func quote(text string) []byte {
	quoted, _ := json.Marshal(text) // a string can always be written
	return quoted
}
