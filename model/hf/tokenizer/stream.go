package tokenizer

import "unicode/utf8"

// Stream decodes one token after another. The texts that Next and End return, joined, are Decode of all the tokens.
type Stream struct {
	tokenizer Tokenizer
	before    int
	rest      []byte // the start of a character: up to three bytes
}

// NewStream returns a stream at the start of a text.
func NewStream(t Tokenizer) *Stream { return &Stream{tokenizer: t, before: -1} }

// Next returns the text that is complete after token id. It keeps the bytes of a character that a later token may end.
func (s *Stream) Next(id int) string {
	piece := s.tokenizer.Piece(s.before, id)
	if piece == "" { // an id without a token stands for nothing
		return ""
	}
	s.rest = append(s.rest, piece...)
	s.before = id
	text, n := valid(s.rest, false)
	s.rest = append(s.rest[:0], s.rest[n:]...)
	return text
}

// End returns U+FFFD if the tokens end inside a character, and begins a new text.
func (s *Stream) End() string {
	text, _ := valid(s.rest, true)
	s.rest, s.before = s.rest[:0], -1
	return text
}

// Valid returns text with U+FFFD in place of what is no UTF-8.
func Valid(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	text, _ = valid([]byte(text), true)
	return text
}

// valid returns the text of b's first n bytes. A longest start of a character that does not go on as one becomes one U+FFFD, as the
// Unicode standard recommends (section 3.9, "maximal subparts") and as tokenizers does. Unless end is set, n leaves
// out the start of a character at the end of b.
func valid(b []byte, end bool) (text string, n int) {
	var out []byte
	for n < len(b) {
		r, size := utf8.DecodeRune(b[n:])
		if r == utf8.RuneError && size <= 1 {
			if size = subpart(b[n:]); n+size == len(b) && !end && !utf8.FullRune(b[n:]) {
				break
			}
		}
		out = utf8.AppendRune(out, r)
		n += size
	}
	return string(out), n
}

// subpart is the length of the longest start of b that is also the start of a character, and at least 1.
func subpart(b []byte) int {
	n := 1
	for n < len(b) && !utf8.FullRune(b[:n+1]) {
		n++
	}
	return n
}
