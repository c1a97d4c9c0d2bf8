package tokenizer

import (
	"fmt"
	"strings"
	"unicode"
)

// Words is a tokenizer of words: each word between white space is one token. The token "\n" is a line end of the text. Its JSON form is
// a Hugging Face tokenizer.json with a WordLevel model, which gives the same ids.
type Words struct {
	tokens []string
	ids    map[string]int
}

// NewWords returns a tokenizer in which tokens[i] has id i. It returns an error for a
// token that is empty, contains white space (other than the single line end) or occurs
// twice.
func NewWords(tokens []string) (*Words, error) {
	t := &Words{tokens: append([]string(nil), tokens...), ids: make(map[string]int, len(tokens))}
	for id, token := range tokens {
		if token == "" || token != "\n" && strings.ContainsFunc(token, unicode.IsSpace) {
			return nil, fmt.Errorf("tokenizer: token %d is %q, a token must be a word without white space", id, token)
		}
		if first, twice := t.ids[token]; twice {
			return nil, fmt.Errorf("tokenizer: token %q has the ids %d and %d", token, first, id)
		}
		t.ids[token] = id
	}
	if len(tokens) == 0 {
		return nil, fmt.Errorf("tokenizer: a tokenizer needs at least one token")
	}
	return t, nil
}

// Len is V, the number of tokens.
func (t *Words) Len() int { return len(t.tokens) }

// Token is the text of token id, and "" where there is none.
func (t *Words) Token(id int) string {
	if id < 0 || id >= len(t.tokens) {
		return ""
	}
	return t.tokens[id]
}

// ID is the id of a token, and whether it is in the vocabulary.
func (t *Words) ID(token string) (int, bool) {
	id, ok := t.ids[token]
	return id, ok
}

// Encode converts text to ids. It returns an error that names the word and its place if
// a word is not in the vocabulary.
func (t *Words) Encode(text string) ([]int, error) {
	newline, lines := t.ids["\n"]
	var ids []int
	for n, line := range strings.Split(text, "\n") {
		if n > 0 && lines {
			ids = append(ids, newline)
		}
		for _, word := range strings.Fields(line) {
			id, ok := t.ids[word]
			if !ok {
				return nil, fmt.Errorf("tokenizer: the vocabulary has no token %q (token %d, on line %d)", word, len(ids), n+1)
			}
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// Special reports whether transformers leaves the token out where it skips special tokens.
func (t *Words) Special(id int) bool {
	token := t.Token(id)
	return token == "<pad>" || token == "<bos>" || token == "<eos>"
}

// Start is empty: the prompts of tasks have all their tokens.
func (t *Words) Start() []int { return nil }

// Piece is the token, with a space before it unless it begins a line or is a line end.
func (t *Words) Piece(before, id int) string {
	token, last := t.Token(id), t.Token(before)
	if token == "" || last == "" || last == "\n" || token == "\n" {
		return token
	}
	return " " + token
}

// Decode joins the tokens of ids by single spaces, with a line end for each "\n" token
// and no space beside it. Encode is its inverse.
func (t *Words) Decode(ids []int) string {
	text, _ := Text(t, ids)
	return text
}
