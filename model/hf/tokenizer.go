package hf

import (
	"errors"

	"attnlab/model/hf/bpe"
	"attnlab/model/hf/tokenizer"
)

// ReadTokenizer reads a tokenizer.json: byte-level BPE, or the words of this project's own models. It refuses others by name.
func ReadTokenizer(data []byte) (tokenizer.Tokenizer, error) {
	t, err := bpe.Read(data)
	if other := (*bpe.KindError)(nil); errors.As(err, &other) && other.Kind == "WordLevel" {
		words := &tokenizer.Words{}
		if err := words.UnmarshalJSON(data); err != nil {
			return nil, err
		}
		return words, nil
	}
	if err != nil {
		return nil, err
	}
	return t, nil
}
