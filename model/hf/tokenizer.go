package hf

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
)

// Tokenizer converts text to token ids and back: each word between white space is one
// token. The token "\n" is a line end of the text. Its JSON form is a
// Hugging Face tokenizer.json with a WordLevel model, which gives the same ids.
type Tokenizer struct {
	tokens []string
	ids    map[string]int
}

// NewTokenizer returns a tokenizer in which tokens[i] has id i. It returns an error for a
// token that is empty, contains white space (other than the single line end) or occurs
// twice.
func NewTokenizer(tokens []string) (*Tokenizer, error) {
	t := &Tokenizer{tokens: append([]string(nil), tokens...), ids: make(map[string]int, len(tokens))}
	for id, token := range tokens {
		if token == "" || token != "\n" && strings.ContainsFunc(token, unicode.IsSpace) {
			return nil, fmt.Errorf("hf: token %d is %q, a token must be a word without white space", id, token)
		}
		if first, twice := t.ids[token]; twice {
			return nil, fmt.Errorf("hf: token %q has the ids %d and %d", token, first, id)
		}
		t.ids[token] = id
	}
	if len(tokens) == 0 {
		return nil, fmt.Errorf("hf: a tokenizer needs at least one token")
	}
	return t, nil
}

// Len is V, the number of tokens.
func (t *Tokenizer) Len() int { return len(t.tokens) }

// Token is the text of token id, and panics where there is none.
func (t *Tokenizer) Token(id int) string {
	if id < 0 || id >= len(t.tokens) {
		panic(fmt.Sprintf("hf: token id %d of a vocabulary of %d", id, len(t.tokens)))
	}
	return t.tokens[id]
}

// ID is the id of a token, and whether it is in the vocabulary.
func (t *Tokenizer) ID(token string) (int, bool) {
	id, ok := t.ids[token]
	return id, ok
}

// Encode converts text to ids. It returns an error that names the word and its place if
// a word is not in the vocabulary.
func (t *Tokenizer) Encode(text string) ([]int, error) {
	newline, lines := t.ids["\n"]
	var ids []int
	for n, line := range strings.Split(text, "\n") {
		if n > 0 && lines {
			ids = append(ids, newline)
		}
		for _, word := range strings.Fields(line) {
			id, ok := t.ids[word]
			if !ok {
				return nil, fmt.Errorf("hf: the vocabulary has no token %q (token %d, on line %d)", word, len(ids), n+1)
			}
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// Decode joins the tokens of ids by single spaces, with a line end for each "\n" token
// and no space beside it. Encode is its inverse. It panics on an id outside the
// vocabulary.
func (t *Tokenizer) Decode(ids []int) string {
	var text strings.Builder
	space := false
	for _, id := range ids {
		token := t.Token(id)
		if space && token != "\n" {
			text.WriteByte(' ')
		}
		text.WriteString(token)
		space = token != "\n"
	}
	return text.String()
}

// hfTokenizer is the part of tokenizer.json that determines how text is split.
type hfTokenizer struct {
	Version      string    `json:"version"`
	Truncation   any       `json:"truncation"`
	Padding      any       `json:"padding"`
	Added        []hfAdded `json:"added_tokens"`
	Normalizer   any       `json:"normalizer"`
	PreTokenizer *hfKind   `json:"pre_tokenizer"`
	PostProcess  any       `json:"post_processor"`
	Decoder      any       `json:"decoder"`
	Model        struct {
		Type  string         `json:"type"`
		Vocab map[string]int `json:"vocab"`
		Unk   string         `json:"unk_token"`
	} `json:"model"`
}

type hfAdded struct {
	ID         int    `json:"id"`
	Content    string `json:"content"`
	SingleWord bool   `json:"single_word"`
	LStrip     bool   `json:"lstrip"`
	RStrip     bool   `json:"rstrip"`
	Normalized bool   `json:"normalized"`
	Special    bool   `json:"special"`
}

type hfKind struct {
	Type string `json:"type"`
}

// hfDecoder joins words by single spaces and removes the spaces beside a line end, as
// Decode does.
var hfDecoder = json.RawMessage(`{"type": "Sequence", "decoders": [
	{"type": "WordPiece", "prefix": " ", "cleanup": false},
	{"type": "Fuse"},
	{"type": "Replace", "pattern": {"Regex": " ?\n ?"}, "content": "\n"}]}`)

// special reports whether transformers skips the token on skip_special_tokens.
func special(token string) bool {
	return token == "<pad>" || token == "<bos>" || token == "<eos>"
}

// MarshalJSON writes t as a tokenizer.json. The line end and the <…> tokens are
// "added tokens", which transformers finds before it splits the text at white space;
// otherwise the line end would be lost.
func (t *Tokenizer) MarshalJSON() ([]byte, error) {
	f := hfTokenizer{Version: "1.0", PreTokenizer: &hfKind{"WhitespaceSplit"}, Decoder: hfDecoder}
	f.Added = []hfAdded{}
	for id, token := range t.tokens {
		if token == "\n" || strings.HasPrefix(token, "<") && strings.HasSuffix(token, ">") {
			f.Added = append(f.Added, hfAdded{ID: id, Content: token, Special: special(token)})
		}
	}
	f.Model.Type, f.Model.Vocab = "WordLevel", t.ids
	f.Model.Unk = "<unk>" // not in the vocabulary, so an unknown word is an error there too
	return plainJSON(f)
}

// UnmarshalJSON reads a tokenizer.json of the kind that MarshalJSON writes. It returns an
// error for any other kind of model and for ids with gaps.
func (t *Tokenizer) UnmarshalJSON(data []byte) error {
	var f hfTokenizer
	if err := json.Unmarshal(data, &f); err != nil {
		return err
	}
	switch {
	case f.Model.Type != "WordLevel":
		return fmt.Errorf("hf: a tokenizer of type %q is not supported, only WordLevel is", f.Model.Type)
	case f.PreTokenizer == nil || f.PreTokenizer.Type != "WhitespaceSplit":
		return fmt.Errorf("hf: the tokenizer's pre_tokenizer must be WhitespaceSplit")
	case f.Normalizer != nil:
		return fmt.Errorf("hf: the tokenizer has a normalizer, which is not supported")
	case f.PostProcess != nil:
		return fmt.Errorf("hf: the tokenizer has a post_processor, which is not supported")
	}
	vocab := f.Model.Vocab
	if vocab == nil {
		vocab = map[string]int{}
	}
	for _, a := range f.Added {
		if id, known := vocab[a.Content]; known && id != a.ID {
			return fmt.Errorf("hf: token %q has the ids %d and %d", a.Content, id, a.ID)
		}
		vocab[a.Content] = a.ID
	}
	tokens, given := make([]string, len(vocab)), make([]bool, len(vocab))
	for token, id := range vocab {
		if id < 0 || id >= len(tokens) {
			return fmt.Errorf("hf: token %q has the id %d, but %d tokens must have the ids 0 to %d", token, id, len(tokens), len(tokens)-1)
		}
		if given[id] {
			return fmt.Errorf("hf: the tokens %q and %q have the same id %d", tokens[id], token, id)
		}
		tokens[id], given[id] = token, true
	}
	read, err := NewTokenizer(tokens)
	if err != nil {
		return err
	}
	*t = *read
	return nil
}
