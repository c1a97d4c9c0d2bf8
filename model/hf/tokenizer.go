package hf

import "attnlab/model/hf/tokenizer"

// ReadTokenizer reads a tokenizer.json.
func ReadTokenizer(data []byte) (tokenizer.Tokenizer, error) {
	words := &tokenizer.Words{}
	if err := words.UnmarshalJSON(data); err != nil {
		return nil, err
	}
	return words, nil
}
