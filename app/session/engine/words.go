package engine

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

var packageName = regexp.MustCompile(`\b(gpu|shaders|model|rl|session|web): `)

// sentence is an error as a person reads it: without the names of our packages,
// in one line, with a capital and a full stop.
func sentence(err error) string {
	text := strings.Join(strings.Fields(packageName.ReplaceAllString(err.Error(), "")), " ")
	if word, _, _ := strings.Cut(text, " "); !strings.ContainsAny(strings.TrimRight(word, ":"), "._") { // names of files and tensors stay
		first, size := utf8.DecodeRuneInString(text)
		text = string(unicode.ToUpper(first)) + text[size:]
	}
	if !strings.HasSuffix(text, ".") {
		text += "."
	}
	return text
}
