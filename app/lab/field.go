package lab

import (
	"fmt"
	"strconv"
	"strings"

	"attnlab/app/lab/explain"
)

// Refused is what was typed into a number field that takes no such number. It stays visible beside the reason; the lab uses the
// number from before.
type Refused struct {
	Text string
	Why  string // a sentence
}

// whole reads a whole number from lo to hi out of the field of a name. It refuses anything else and returns false.
func (s *State) whole(name, text string, lo, hi uint64) (n uint64, ok bool) {
	n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 64)
	if err != nil || n < lo || n > hi {
		s.refuse(name, text, fmt.Sprintf("Give a whole number from %d to %s.", lo, upTo(hi)))
		return 0, false
	}
	delete(s.Refused, name)
	return n, true
}

// refuse leaves a text in the field of a name, beside the reason why it is not used.
func (s *State) refuse(name, text, why string) {
	if s.Refused == nil {
		s.Refused = map[string]Refused{}
	}
	s.Refused[name] = Refused{text, why}
}

// upTo writes the largest number of a field.
func upTo(n uint64) string {
	if n > 1<<62 {
		return strconv.FormatUint(n, 10)
	}
	return explain.Grouped(int64(n))
}
