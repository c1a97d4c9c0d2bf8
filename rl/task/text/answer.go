package text

import (
	"math/big"
	"regexp"
	"strings"
)

// The end of a think part, and its start where a model writes it.
const (
	thinkStart = "<think>"
	thinkEnd   = "</think>"
)

// answerMark begins an answer: "Answer:" in any case and with the signs of bold type, "\boxed{" or "####".
var answerMark = regexp.MustCompile(`(?i)\banswer(?: is)?[*_]*\s?:|\\boxed\s?\{|####`)

// Answer reads the answer of a response: after the last mark of an answer part ("Answer:", "\boxed{…}", "####") the rest of the line or
// what is in the braces, and without a mark the whole text. marked reports whether there is a mark.
func Answer(text string) (answer string, marked bool) {
	if i := strings.LastIndex(text, thinkEnd); i >= 0 {
		text = text[i+len(thinkEnd):]
	}
	marks := answerMark.FindAllStringIndex(text, -1)
	if len(marks) == 0 {
		return strings.TrimSpace(text), false
	}
	last := marks[len(marks)-1]
	rest := text[last[1]:]
	if text[last[1]-1] == '{' {
		return strings.TrimSpace(braced(rest)), true
	}
	rest = strings.TrimLeft(rest, "*_ \t\n") // "Answer:" may be a line of its own
	line, _, _ := strings.Cut(rest, "\n")
	if i := strings.Index(line, `\boxed{`); i >= 0 {
		line = braced(line[i+len(`\boxed{`):])
	}
	return strings.TrimSpace(line), true
}

// braced is the text up to the brace that closes it.
func braced(text string) string {
	depth := 1
	for i := range len(text) {
		switch text[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return text[:i]
			}
		}
	}
	return text
}

// number finds numbers as people write them: a sign, thousands with commas, decimals.
var number = regexp.MustCompile(`[-−]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|[-−]?\.\d+`)

// longestNumber bounds the digits of a number that is compared.
const longestNumber = 200

// lastNumber is the last number in a text. Commas, signs of money, units and a full stop after it do not matter. A minus between two
// numbers subtracts, so "9-5" ends in 5. ok is false where there is none.
func lastNumber(text string) (value *big.Rat, ok bool) {
	all := number.FindAllStringIndex(text, -1)
	if len(all) == 0 {
		return nil, false
	}
	at := all[len(all)-1]
	word := text[at[0]:at[1]]
	if before := text[:at[0]]; before != "" && isDigitOrLetter(before[len(before)-1]) {
		word = strings.TrimLeft(word, "-−")
	}
	value, ok = parseNumber(word)
	if !ok {
		return nil, false
	}
	// A simple fraction: 3/4.
	if len(all) >= 2 {
		if over := all[len(all)-2]; strings.Trim(text[over[1]:at[0]], "() ") == "/" && value.Sign() > 0 {
			if top, ok := parseNumber(text[over[0]:over[1]]); ok {
				value = value.Quo(top, value)
			}
		}
	}
	return value, true
}

func isDigitOrLetter(b byte) bool {
	return '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
}

func parseNumber(word string) (*big.Rat, bool) {
	word = strings.ReplaceAll(strings.ReplaceAll(word, "−", "-"), ",", "")
	if len(word) > longestNumber {
		return nil, false
	}
	return new(big.Rat).SetString(word)
}

// Match reports whether an answer is the expected one. Where the expected one is a number, the last number of the answer must equal it;
// otherwise the texts must be equal but for case, white space, and signs around them.
func Match(answer, expected string) bool {
	if want, ok := wholeNumber(expected); ok {
		got, ok := lastNumber(plainMath(answer))
		return ok && got.Cmp(want) == 0
	}
	return normal(answer) == normal(expected)
}

// wholeNumber reads a text that is a number and nothing but its signs and a unit of letters: "$1,250", "12 apples", "3/4".
func wholeNumber(text string) (*big.Rat, bool) {
	text = plainMath(text)
	all := number.FindAllStringIndex(text, -1)
	rest := number.ReplaceAllString(text, "")
	if len(all) == 0 || len(all) > 2 || len(all) == 2 && !strings.Contains(rest, "/") || strings.ContainsAny(rest, "+*=:;") {
		return nil, false
	}
	before, after := strings.Trim(text[:all[0][0]], " $€£¥≈#*("), text[all[len(all)-1][1]:]
	if before != "" || after != "" && !strings.ContainsAny(after[:1], " .%)°*$€£¥") && len(strings.TrimRight(after, ".")) < 2 { // 3x is no number, 3km is
		return nil, false
	}
	return lastNumber(text)
}

// plainMath writes a formula of LaTeX with the signs of plain text.
func plainMath(text string) string {
	return latexSigns.Replace(fraction.ReplaceAllString(text, "($1)/($2)"))
}

var fraction = regexp.MustCompile(`\\[dt]?frac\{([^{}]*)\}\{([^{}]*)\}`)

var latexSigns = strings.NewReplacer(`\times`, "*", `\cdot`, "*", `\div`, "/", `\left`, "", `\right`, "", `\,`, "", `\!`, "", `\$`, "$",
	`\(`, " ", `\)`, " ", `\[`, " ", `\]`, " ", `{,}`, ",", `\approx`, "≈", `\%`, "%", `\ `, " ")

// normal is a text without case, signs around it and doubled white space.
func normal(text string) string {
	text = strings.ToLower(strings.Join(strings.Fields(text), " "))
	if inner, ok := strings.CutPrefix(text, `\text{`); ok {
		text = strings.TrimSuffix(inner, "}")
	}
	return strings.Trim(text, " .*_$\"'`")
}
