package engine

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"attnlab/app/session"
)

// sentence is an error as a person reads it, with a capital and a full stop.
func sentence(err error) string {
	text := session.Plain(err)
	if word, _, _ := strings.Cut(text, " "); !strings.ContainsAny(strings.TrimRight(word, ":"), "._") { // names of files and tensors stay
		first, size := utf8.DecodeRuneInString(text)
		text = string(unicode.ToUpper(first)) + text[size:]
	}
	if !strings.HasSuffix(text, ".") {
		text += "."
	}
	return text
}
