package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"attnlab/rl/task"
)

// A formula is no longer than this. What nothing closes within it is no formula: a single $ is money.
const formulaBytes = 4000

// protectedIn finds the parts of a text in which no sentence ends: code fences, and formulas in $…$, $$…$$, \(…\) and \[…\]. A fence
// that nothing closes runs to the end, \( and \[ to the end of the paragraph. A single $ that nothing closes is no formula.
func protectedIn(text string) (parts []task.Span) {
	for at := 0; at < len(text); {
		i := strings.IndexAny(text[at:], "`$\\")
		if i < 0 {
			break
		}
		at += i
		end := 0
		switch rest := text[at:min(len(text), at+formulaBytes)]; {
		case strings.HasPrefix(rest, "```"):
			end = closing(text[at:], 3, "```", len(text)-at)
		case strings.HasPrefix(rest, `\(`):
			end = closing(paragraph(rest), 2, `\)`, len(paragraph(rest)))
		case strings.HasPrefix(rest, `\[`):
			end = closing(paragraph(rest), 2, `\]`, len(paragraph(rest)))
		case strings.HasPrefix(rest, `\`):
			at += min(2, len(rest)) // an escaped sign
			continue
		case strings.HasPrefix(rest, "$$"):
			end = closing(rest, 2, "$$", 0)
		case rest[0] == '$':
			end = inlineEnd(paragraph(rest))
		}
		if end == 0 {
			at++
			continue
		}
		parts = append(parts, task.Span{Start: at, End: at + end})
		at += end
	}
	return parts
}

// closing is where text ends that begins with a sign of n bytes: after the sign that closes it, or at open where there is none.
func closing(text string, n int, sign string, open int) int {
	if i := strings.Index(text[min(n, len(text)):], sign); i >= 0 {
		return n + i + len(sign)
	}
	return open
}

// paragraph is the text up to a blank line.
func paragraph(text string) string {
	before, _, _ := strings.Cut(text, "\n\n")
	return before
}

// inlineEnd is the length of the formula $…$ that text begins with, or 0. As in pandoc, a letter, digit or sign follows the first $ and
// comes before the second, which no digit follows: "$5 and $6" is money.
func inlineEnd(text string) int {
	if len(text) < 3 || unicode.IsSpace(rune(text[1])) {
		return 0
	}
	for i := 2; i < len(text); i++ {
		if text[i] != '$' || text[i-1] == '\\' {
			continue
		}
		before, _ := utf8.DecodeLastRuneInString(text[:i])
		if unicode.IsSpace(before) || i+1 < len(text) && '0' <= text[i+1] && text[i+1] <= '9' {
			continue
		}
		return i + 1
	}
	return 0
}
