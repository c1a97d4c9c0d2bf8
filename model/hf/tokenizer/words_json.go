package tokenizer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// wordsFile is the part of tokenizer.json that determines how text is split.
type wordsFile struct {
	Version      string       `json:"version"`
	Truncation   any          `json:"truncation"`
	Padding      any          `json:"padding"`
	Added        []AddedToken `json:"added_tokens"`
	Normalizer   any          `json:"normalizer"`
	PreTokenizer *kind        `json:"pre_tokenizer"`
	PostProcess  any          `json:"post_processor"`
	Decoder      any          `json:"decoder"`
	Model        struct {
		Type  string         `json:"type"`
		Vocab map[string]int `json:"vocab"`
		Unk   string         `json:"unk_token"`
	} `json:"model"`
}

// AddedToken is an entry of added_tokens in tokenizer.json: a token that is found before text is split.
type AddedToken struct {
	ID         int    `json:"id"`
	Content    string `json:"content"`
	SingleWord bool   `json:"single_word"`
	LStrip     bool   `json:"lstrip"`
	RStrip     bool   `json:"rstrip"`
	Normalized bool   `json:"normalized"`
	Special    bool   `json:"special"`
}

type kind struct {
	Type string `json:"type"`
}

// decoder joins words by single spaces and removes the spaces beside a line end, as
// Decode does.
var decoder = json.RawMessage(`{"type": "Sequence", "decoders": [
	{"type": "WordPiece", "prefix": " ", "cleanup": false},
	{"type": "Fuse"},
	{"type": "Replace", "pattern": {"Regex": " ?\n ?"}, "content": "\n"}]}`)

// MarshalJSON writes t as a tokenizer.json. The line end and the <…> tokens are
// "added tokens", which transformers finds before it splits the text at white space;
// otherwise the line end would be lost.
func (t *Words) MarshalJSON() ([]byte, error) {
	f := wordsFile{Version: "1.0", PreTokenizer: &kind{"WhitespaceSplit"}, Decoder: decoder}
	f.Added = []AddedToken{}
	for id, token := range t.tokens {
		if token == "\n" || strings.HasPrefix(token, "<") && strings.HasSuffix(token, ">") {
			f.Added = append(f.Added, AddedToken{ID: id, Content: token, Special: t.Special(id)})
		}
	}
	f.Model.Type, f.Model.Vocab = "WordLevel", t.ids
	f.Model.Unk = "<unk>" // not in the vocabulary, so an unknown word is an error there too
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // <think> stays readable
	err := e.Encode(f)
	return b.Bytes(), err
}

// UnmarshalJSON reads a tokenizer.json of the kind that MarshalJSON writes. It returns an
// error for any other kind of model and for ids with gaps.
func (t *Words) UnmarshalJSON(data []byte) error {
	var f wordsFile
	if err := json.Unmarshal(data, &f); err != nil {
		return err
	}
	switch {
	case f.Model.Type != "WordLevel":
		return fmt.Errorf("tokenizer: a tokenizer of type %q is not supported, only WordLevel is", f.Model.Type)
	case f.PreTokenizer == nil || f.PreTokenizer.Type != "WhitespaceSplit":
		return fmt.Errorf("tokenizer: the tokenizer's pre_tokenizer must be WhitespaceSplit")
	case f.Normalizer != nil:
		return fmt.Errorf("tokenizer: the tokenizer has a normalizer, which is not supported")
	case f.PostProcess != nil:
		return fmt.Errorf("tokenizer: the tokenizer has a post_processor, which is not supported")
	}
	vocab := f.Model.Vocab
	if vocab == nil {
		vocab = map[string]int{}
	}
	for _, a := range f.Added {
		if id, known := vocab[a.Content]; known && id != a.ID {
			return fmt.Errorf("tokenizer: token %q has the ids %d and %d", a.Content, id, a.ID)
		}
		vocab[a.Content] = a.ID
	}
	tokens, given := make([]string, len(vocab)), make([]bool, len(vocab))
	for token, id := range vocab {
		if id < 0 || id >= len(tokens) {
			return fmt.Errorf("tokenizer: token %q has the id %d, but %d tokens must have the ids 0 to %d", token, id, len(tokens), len(tokens)-1)
		}
		if given[id] {
			return fmt.Errorf("tokenizer: the tokens %q and %q have the same id %d", tokens[id], token, id)
		}
		tokens[id], given[id] = token, true
	}
	read, err := NewWords(tokens)
	if err != nil {
		return err
	}
	*t = *read
	return nil
}
