package engine

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"attnlab/app/session"
)

// sentence returns an error's text as a sentence: with a capital letter and a full stop. Names of files and tensors at the
// beginning stay as they are.
func sentence(err error) string {
	text := session.Message(err)
	if word, _, _ := strings.Cut(text, " "); !strings.ContainsAny(strings.TrimRight(word, ":"), "._") {
		first, size := utf8.DecodeRuneInString(text)
		text = string(unicode.ToUpper(first)) + text[size:]
	}
	if !strings.HasSuffix(text, ".") {
		text += "."
	}
	return text
}
