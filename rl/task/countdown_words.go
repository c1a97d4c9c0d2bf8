package task

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"attnlab/rl/stat"
)

var countdownWords = Words{
	Notation: "Make the number after ? from the others by +, −, ×, each used once at most; back starts again.",
	Unit:     "numbers",
	Typing:   "Write two to five numbers from 1 to 9, then ? and the number to reach.",
	Example:  "3 7 5 ? 26",
	Line:     sayCountdownLine,
	Ask:      sayCountdownProblem,
}

func sayCountdownLine(line string) string {
	f := strings.Fields(line)
	switch {
	case line == "back":
		return "Starts again with the given numbers."
	case len(f) == 5 && f[3] == "=":
		return sayMove(f)
	}
	return ""
}

func sayCountdownProblem(problem string) string {
	given, asked, ok := strings.Cut(problem, "?")
	if asked = strings.TrimSpace(asked); !ok || asked == "" {
		return ""
	}
	return "Reach " + asked + " from " + list(strings.Fields(given)) + "."
}

// sayMove says a move such as "8 + 3 = 11". A wrong result is named.
func sayMove(f []string) string {
	a, err1 := strconv.Atoi(f[0])
	b, err2 := strconv.Atoi(f[2])
	o, known := operations[f[1]]
	if err1 != nil || err2 != nil || !known {
		return ""
	}
	says := fmt.Sprintf("%d %s %d is %s", a, o.verb, b, f[4])
	if right := strconv.Itoa(o.of(a, b)); right != f[4] {
		return says + "; it should be " + stat.Minus(right) + "."
	}
	return says + "."
}

// list writes "a, b and c".
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	words = slices.Clone(words)
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
