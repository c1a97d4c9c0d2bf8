package bpe

import (
	"fmt"
	"strings"
	"time"

	"github.com/dlclark/regexp2"
)

// split cuts text at the matches of a pattern. What lies between them is a piece too, unless only is set: then it is dropped.
type split struct {
	pattern *regexp2.Regexp
	only    bool
}

// newSplit accepts only patterns whose time is known to grow with the text and no faster (see patterns): a pattern from a file could
// otherwise take for ever, and in a browser nothing can interrupt it.
func newSplit(pattern string, only bool) (split, error) {
	// Some files have a line end itself where others have its escape.
	pattern = strings.NewReplacer("\r", `\r`, "\n", `\n`).Replace(pattern)
	if !known(pattern) {
		return split{}, fmt.Errorf("bpe: the pre_tokenizer splits text by a pattern that is not supported: %.200q", pattern)
	}
	// Where case does not count, the long s is an s for tokenizers, and not for this library.
	compiled, err := regexp2.Compile(strings.ReplaceAll(pattern, "(?i:'s|", "(?i:'[sſ]|"), regexp2.Unicode)
	if err != nil {
		return split{}, fmt.Errorf("bpe: the pre_tokenizer's pattern %.200q: %w", pattern, err)
	}
	compiled.MatchTimeout = 5 * time.Second
	return split{compiled, only}, nil
}

// cut calls piece for each piece of text, in order, cut by each of the splits in turn. It ends at an error of piece.
func cut(text []rune, splits []split, piece func([]rune) error) error {
	if len(splits) == 0 {
		return piece(text)
	}
	s, rest := splits[0], splits[1:]
	end := 0
	m, err := s.pattern.FindRunesMatch(text)
	for ; m != nil && err == nil; m, err = s.pattern.FindNextMatch(m) {
		if m.Length == 0 {
			continue
		}
		if m.Index > end && !s.only {
			if err := cut(text[end:m.Index], rest, piece); err != nil {
				return err
			}
		}
		end = m.Index + m.Length
		if err := cut(text[m.Index:end], rest, piece); err != nil {
			return err
		}
	}
	if err != nil {
		return fmt.Errorf("bpe: split text: %w", err)
	}
	if end < len(text) && !s.only {
		return cut(text[end:], rest, piece)
	}
	return nil
}
