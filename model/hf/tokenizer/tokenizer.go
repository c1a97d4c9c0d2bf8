// Package tokenizer converts text to the ids of tokens and back. It has the interface that every kind of tokenizer satisfies, what
// follows from it (streams, offsets), and the simplest kind, [Words]. Package bpe has the kind that published models use.
package tokenizer

// Tokenizer is a vocabulary and a rule that cuts text into its tokens. It does not change, so several goroutines may share one.
// The kinds that can be saved also have MarshalJSON, which writes a tokenizer.json.
type Tokenizer interface {
	// Len is the number of ids. A model may have more rows in its embedding (vocab_size): those have no text.
	Len() int
	// Token returns the bytes of a token, which may end inside a character, and "" for an id without a token.
	Token(id int) string
	// ID returns the id of a token by its bytes, and whether the vocabulary has it.
	ID(token string) (int, bool)
	// Special reports whether a token marks a place (the end of a text, the start of a turn) and is no part of what is said.
	Special(id int) bool
	// Start returns the ids that the model expects before a text that it continues: none, or the token that begins a text.
	Start() []int
	// Encode returns the ids of text, without Start. A token that the file names as a whole, such as <|im_end|>, becomes
	// its id wherever text contains it. Encode returns an error if text has a part that no token stands for.
	Encode(text string) ([]int, error)
	// Piece returns the bytes that token id adds to a text whose last token is before (-1 for none).
	Piece(before, id int) string
	// Decode returns the text of ids. Bytes that are no UTF-8 become U+FFFD.
	Decode(ids []int) string
}

// Text decodes ids and returns where each token ends: text[:ends[i]] is what the first i+1 tokens say in whole characters. A token that
// ends inside a character ends where that character starts. The last end is len(text).
func Text(t Tokenizer, ids []int) (text string, ends []int) {
	s, out := NewStream(t), []byte(nil)
	ends = make([]int, len(ids))
	for i, id := range ids {
		out = append(out, s.Next(id)...)
		ends[i] = len(out)
	}
	out = append(out, s.End()...)
	if len(ids) > 0 {
		ends[len(ids)-1] = len(out)
	}
	return string(out), ends
}
