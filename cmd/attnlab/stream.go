package main

import (
	"fmt"
	"io"

	"attnlab/model/hf/tokenizer"
)

// stream writes a response while it is sampled, whole characters at a time: a token may end inside one.
type stream struct {
	w    io.Writer
	text *tokenizer.Stream
	done int // tokens
}

// newStream is the stream of --stream on standard error, nil without that flag or without a tokenizer.
func (c *console) newStream(t tokenizer.Tokenizer) *stream {
	if !c.stream || t == nil {
		return nil
	}
	return &stream{w: c.stderr, text: tokenizer.NewStream(t)}
}

// show writes what the tokens of a response say beyond those shown before.
func (s *stream) show(tokens []int) {
	for _, id := range tokens[s.done:] {
		fmt.Fprint(s.w, s.text.Next(id))
	}
	s.done = len(tokens)
}

// end writes what is left, and a line end.
func (s *stream) end() {
	if s != nil && s.done > 0 {
		fmt.Fprintln(s.w, s.text.End())
	}
}
