package task

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

var relayWords = Words{
	Notation: "Digits on offer, # before the right one; a start value; items a, b, c add a digit, or for * the chosen one, and keep the last digit.",
	Unit:     "of 5",
	Typing:   "Write the digits on offer, the start value, then items with 0, 3, 7, 9, 11 or 13 stars at the end, and a question mark.",
	Example:  "; 2 3 5 7 0 8 # 1 9 ; 2 ; a 5 b 5 c 9 d * e * f * ?",
	Line:     sayRelayLine,
	Ask:      sayRelayProblem,
}

func sayRelayLine(line string) string {
	f := strings.Fields(line)
	switch {
	case len(f) == 2 && f[0] == "hum" && strings.HasPrefix(f[1], "w"):
		return "Idles; no other line needs this one."
	case len(f) == 2 && f[0] == "try" && isDigit(f[1]):
		return "Chooses the digit " + f[1] + "."
	case len(f) == 5 && f[3] == "=" && isDigit(f[2]) && isDigit(f[4]):
		switch {
		case f[1] == "*":
			return upperFirst(f[0] + " adds the chosen digit to " + f[2] + " and gets " + f[4] + ".")
		case isDigit(f[1]):
			return upperFirst(f[0] + " adds " + f[1] + ": " + sayDigitSum(f[2], f[1], f[4]) + ".")
		}
	}
	return ""
}

// sayDigitSum says a sum of two digits of which the last digit stays: "8 + 5 = 13, last digit 3". Another result is named.
func sayDigitSum(a, b, stated string) string {
	sum := int(a[0]-'0') + int(b[0]-'0')
	says, right := fmt.Sprintf("%s + %s = %d", a, b, sum), strconv.Itoa(sum%10)
	if sum > 9 {
		says += ", last digit " + right
	}
	if stated != right {
		says += "; the line says " + stated
	}
	return says
}

func isDigit(word string) bool { return len(word) == 1 && '0' <= word[0] && word[0] <= '9' }

func sayRelayProblem(problem string) string {
	var tokens []int
	for word := range strings.FieldsSeq(problem) {
		tokens = append(tokens, slices.Index(relayVocabulary, word))
	}
	p, err := readRelay(tokens)
	if err != nil {
		return ""
	}
	digits := func(values []int) string {
		var words []string
		for _, value := range values {
			words = append(words, strconv.Itoa(value))
		}
		return list(words)
	}
	var parts []string
	if p.stars > 0 {
		parts = append(parts, fmt.Sprintf("choose one of %s, where %d is right", digits(p.offered), p.marked))
	}
	parts = append(parts, fmt.Sprintf("start with %d", p.start))
	if len(p.added) > 0 {
		parts = append(parts, "add "+digits(p.added))
	}
	if p.stars > 0 {
		parts = append(parts, fmt.Sprintf("add the chosen digit %d times", p.stars))
	}
	return upperFirst(strings.Join(append(parts, "what is the last digit?"), "; "))
}
