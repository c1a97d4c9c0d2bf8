// Package bpe is the tokenizer of most published models: byte-level byte-pair encoding, from a tokenizer.json or from the metadata of a
// GGUF file. A file may come from anywhere, so everything in it is checked before it is used, and what would give other ids than Hugging
// Face's tokenizers gives is refused by name.
//
// Source: Sennrich et al. 2016 (arXiv 1508.07909) for merges; Radford et al. 2019 (GPT-2) for bytes as the first tokens.
package bpe

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"attnlab/model/hf/tokenizer"

	"golang.org/x/text/unicode/norm"
)

// Tokenizer is a byte-level BPE. It does not change, so several goroutines may share one.
type Tokenizer struct {
	tokens  []string         // the bytes of each id, "" where an id has no token
	ids     map[string]int32 // the inverse, without added tokens
	bytes   [256]int32       // the token of each byte, -1 where there is none
	merges  map[uint64]merge // by pair
	ignore  bool             // a piece that is a token is not merged from bytes (ignore_merges)
	nfc     bool             // text is composed first
	splits  []split          // how text is cut into pieces, one rule after another
	raw     trie             // added tokens that are found before text is composed
	after   trie             // and those that are found after it
	special map[int]bool
	start   []int
	head    []byte                 // tokenizer.json without vocab and merges
	added   []tokenizer.AddedToken // of head, until finish
}

// Len is the number of ids.
func (t *Tokenizer) Len() int { return len(t.tokens) }

// Token returns the bytes of a token, and "" for an id without one.
func (t *Tokenizer) Token(id int) string {
	if id < 0 || id >= len(t.tokens) {
		return ""
	}
	return t.tokens[id]
}

// ID returns the id of a token by its bytes.
func (t *Tokenizer) ID(token string) (int, bool) {
	if id, ok := t.addedID(token); ok {
		return id, true
	}
	id, ok := t.ids[token]
	return int(id), ok
}

// addedID returns the id of an added token.
func (t *Tokenizer) addedID(token string) (int, bool) {
	for _, added := range []*trie{&t.raw, &t.after} {
		if id, n := added.longest(token); n > 0 && n == len(token) {
			return id, true
		}
	}
	return 0, false
}

// Special reports whether the file calls the token special.
func (t *Tokenizer) Special(id int) bool { return t.special[id] }

// Start returns the ids that the file's template puts before a text.
func (t *Tokenizer) Start() []int { return slices.Clone(t.start) }

// Piece returns the bytes of token id: what is before it changes nothing.
func (t *Tokenizer) Piece(_, id int) string { return t.Token(id) }

// Decode returns the text of ids, special tokens included.
func (t *Tokenizer) Decode(ids []int) string {
	text, _ := tokenizer.Text(t, ids)
	return text
}

// Encode returns the ids of text. Added tokens in it are found first, the longest where several begin at one place. Encode returns
// an error where the vocabulary lacks a byte of text, which tokenizers leaves out without a word, and for more than 30 combining
// marks in a row.
func (t *Tokenizer) Encode(text string) ([]int, error) {
	e := encoder{Tokenizer: t}
	err := t.raw.cut(tokenizer.Valid(text), e.add, func(plain string) error {
		composed, err := t.compose(plain)
		if err != nil {
			return err
		}
		return t.after.cut(composed, e.add, func(plain string) error {
			return cut([]rune(plain), t.splits, func(piece []rune) error { return e.word(string(piece)) })
		})
	})
	if err != nil {
		return nil, err
	}
	return e.ids, nil
}

// compose returns the normal form C of text if the file asks for it. The library knows Unicode 15 and tokenizers an older
// one: marks that Unicode 11 or later added (U+09FE) may be put in another order.
func (t *Tokenizer) compose(text string) (string, error) {
	if !t.nfc || norm.NFC.IsNormalString(text) {
		return text, nil
	}
	composed := norm.NFC.String(text)
	// The library's normal form is the stream-safe one: it puts this character after 30 combining marks, which tokenizers does not do.
	const joiner = "\u034f"
	if strings.Count(composed, joiner) > strings.Count(text, joiner) {
		return "", fmt.Errorf("bpe: the text has more than 30 combining marks in a row")
	}
	return composed, nil
}

// encoder collects the ids of one text.
type encoder struct {
	*Tokenizer
	ids   []int
	queue queue
	parts []part
}

func (e *encoder) add(id int) { e.ids = append(e.ids, id) }

// word appends the ids of a piece. It returns an error if the vocabulary lacks one of its bytes.
func (e *encoder) word(word string) error {
	if id, ok := e.Tokenizer.ids[word]; ok && (e.ignore || len(word) == 1) {
		e.add(int(id))
		return nil
	}
	for i := range len(word) {
		if e.bytes[word[i]] < 0 {
			r, _ := utf8.DecodeRuneInString(word[i:])
			return fmt.Errorf("bpe: the vocabulary has no token for the byte 0x%02x of %q", word[i], r)
		}
	}
	e.merge(word)
	return nil
}
