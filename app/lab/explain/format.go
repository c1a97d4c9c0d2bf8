package explain

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"attnlab/rl/stat"
)

// WithSign writes a number that may be a gain or a loss.
func WithSign(v float64) string { return stat.Signed(v, 3) }

// TermValue writes a number of an arithmetic: a count, such as a length, without decimals.
func TermValue(v float64) string {
	if v == math.Trunc(v) && v > 1 {
		return Count(v)
	}
	return Format(v)
}

func Count(v float64) string { return strconv.FormatFloat(math.Round(v), 'f', 0, 64) }

func Tenth(v float64) string { return stat.Decimals(v, 1) }

func Large(v float64) string { return stat.Minus(fmt.Sprintf("%.3g", v)) }

func Counts(v float64) string { return Grouped(int64(math.Round(v))) }

// N writes a sample size. No line breaks within it.
func N(n int) string { return "n\u00a0=\u00a0" + Grouped(int64(n)) }

// PlusMinus writes a standard error behind a number. Equal values have no error to estimate, and then it is a dash.
func PlusMinus(standardError float64) string {
	if standardError == 0 {
		return " ± –"
	}
	return " ± " + Format(standardError)
}

// Grouped writes a whole number with its thousands apart.
func Grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func UpperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func LowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// Duration is a time for people, from seconds.
func Duration(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case d >= time.Hour:
		return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
	case d >= time.Minute:
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%d s", int(d.Seconds()+0.5))
}

// Joined puts a colon and more after a text, where there is more.
func Joined(text, more string) string {
	if more == "" {
		return text
	}
	return text + ": " + more
}

// Plural is "1 step", "2 steps".
func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Format writes a number with three decimals, as everywhere in the lab.
func Format(v float64) string { return stat.Decimals(v, 3) }

// StepName is the number of step k on screen, where steps count from 1.
func StepName(k int) string { return strconv.Itoa(k + 1) }

// HeadName is a head in text: L1·H3.
func HeadName(layer, head int) string { return "L" + strconv.Itoa(layer) + "·H" + strconv.Itoa(head) }

// Visible is a token as it can be seen.
func Visible(token string) string {
	return strings.ReplaceAll(token, "\n", "⏎")
}

func Special(token string) bool {
	return token == "\n" || strings.HasPrefix(token, "<")
}

func LeafCount(n int) string {
	if n == 1 {
		return "1 leaf"
	}
	return fmt.Sprintf("%d leaves", n)
}

// ParseHead reads "1.3" as layer 1, head 3.
func ParseHead(s string) (layer, head int, ok bool) {
	l, h, found := strings.Cut(s, ".")
	layer, err := strconv.Atoi(l)
	head, err2 := strconv.Atoi(h)
	return layer, head, found && err == nil && err2 == nil && layer >= 0 && head >= 0
}
