package bpe

import (
	"attnlab/model/hf/tokenizer"
	"fmt"

	"golang.org/x/text/unicode/norm"
)

// The most that a file may have. The largest published vocabularies have 262,144 tokens and half a million merges.
const (
	maxTokens = 1 << 20
	maxMerges = 1 << 22
	maxSplits = 8
	maxStart  = 64 // tokens before a text
)

// alphabet is GPT-2's spelling of bytes as characters that can be seen, so that a vocabulary is text. byAlphabet is its inverse: a byte
// more one, 0 for a character outside the alphabet.
var alphabet, byAlphabet = func() (of [256]rune, back [256 + 68]uint16) {
	hidden := rune(256)
	for b := range 256 {
		r := rune(b)
		if b <= ' ' || b >= 0x7F && b <= 0xA0 || b == 0xAD {
			r = hidden
			hidden++
		}
		of[b], back[r] = r, uint16(b)+1
	}
	return of, back
}()

// fromAlphabet appends the bytes that a token's spelling stands for, or the spelling itself if it has another character.
func fromAlphabet(to, spelling []byte) (token []byte, all bool) {
	start := len(to)
	for _, r := range string(spelling) {
		if r >= rune(len(byAlphabet)) || byAlphabet[r] == 0 {
			return append(to[:start], spelling...), false
		}
		to = append(to, byte(byAlphabet[r]-1))
	}
	return to, true
}

// put gives a token its id. A token that is not written in the alphabet is one that no merge makes.
func (t *Tokenizer) put(id int, token []byte, written string, inAlphabet bool) error {
	if err := t.grow(id, written); err != nil {
		return err
	}
	if t.tokens[id] != "" {
		return fmt.Errorf("bpe: the tokens %q and %q have the same id %d", t.tokens[id], written, id)
	}
	t.tokens[id] = string(token)
	if !inAlphabet {
		return nil
	}
	if first, twice := t.ids[t.tokens[id]]; twice {
		return fmt.Errorf("bpe: token %q has the ids %d and %d", written, first, id)
	}
	t.ids[t.tokens[id]] = int32(id)
	return nil
}

// grow makes room for an id.
func (t *Tokenizer) grow(id int, token string) error {
	if token == "" {
		return fmt.Errorf("bpe: token %d is empty", id)
	}
	if id < 0 || id >= maxTokens {
		return fmt.Errorf("bpe: token %.40q has the id %d, the largest that is supported is %d", token, id, maxTokens-1)
	}
	for id >= len(t.tokens) {
		t.tokens = append(t.tokens, "")
	}
	return nil
}

// putMerge adds the merge of two tokens, by their spellings. Of two merges of one pair the first counts.
func (t *Tokenizer) putMerge(rank int, left, right []byte) error {
	if rank >= maxMerges {
		return fmt.Errorf("bpe: more than %d merges are not supported", maxMerges)
	}
	var buffer [64]byte
	both, ok1 := fromAlphabet(buffer[:0], left)
	n := len(both)
	both, ok2 := fromAlphabet(both, right)
	a, ok3 := t.ids[string(both[:n])]
	b, ok4 := t.ids[string(both[n:])]
	made, ok5 := t.ids[string(both)]
	if !(ok1 && ok2 && ok3 && ok4 && ok5) {
		return fmt.Errorf("bpe: merge %d of %.40q and %.40q names a token that the vocabulary lacks", rank, left, right)
	}
	if _, twice := t.merges[pair(a, b)]; !twice {
		t.merges[pair(a, b)] = merge{int32(rank), made}
	}
	return nil
}

// finish checks what needs the whole vocabulary, and adds the added tokens.
func (t *Tokenizer) finish() error {
	for b := range t.bytes {
		t.bytes[b] = -1
		if id, ok := t.ids[string([]byte{byte(b)})]; ok {
			t.bytes[b] = id
		}
	}
	for _, a := range t.added {
		if err := t.addToken(a); err != nil {
			return err
		}
	}
	t.added = nil
	for _, id := range t.start {
		if t.Token(id) == "" {
			return fmt.Errorf("bpe: the vocabulary lacks the token %d, which a text begins with", id)
		}
	}
	return nil
}

func (t *Tokenizer) addToken(a tokenizer.AddedToken) error {
	switch {
	case a.LStrip, a.RStrip:
		return fmt.Errorf("bpe: the added token %.40q has lstrip or rstrip, which is not supported", a.Content)
	case a.SingleWord:
		return fmt.Errorf("bpe: the added token %.40q has single_word, which is not supported", a.Content)
	}
	if err := t.grow(a.ID, a.Content); err != nil {
		return err
	}
	token, inAlphabet := fromAlphabet(nil, []byte(a.Content))
	if id, known := t.ids[string(token)]; inAlphabet && known && int(id) != a.ID {
		return fmt.Errorf("bpe: token %.40q has the ids %d and %d", a.Content, id, a.ID)
	}
	if id, known := t.addedID(a.Content); known && id != a.ID {
		return fmt.Errorf("bpe: token %.40q has the ids %d and %d", a.Content, id, a.ID)
	}
	if other := t.tokens[a.ID]; other != "" && other != string(token) {
		return fmt.Errorf("bpe: the tokens %.40q and %.40q have the same id %d", other, a.Content, a.ID)
	}
	t.tokens[a.ID] = string(token)
	t.special[a.ID] = a.Special
	if !a.Normalized {
		t.raw.add(a.Content, a.ID)
		return nil
	}
	content := a.Content
	if t.nfc {
		content = norm.NFC.String(content)
	}
	t.after.add(content, a.ID)
	return nil
}
