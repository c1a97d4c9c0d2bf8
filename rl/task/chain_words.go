package task

import (
	"fmt"
	"strconv"
	"strings"

	"attnlab/rl/stat"
)

var chainWords = Words{
	Notation: "Letters are variables, &n means look n up, results keep their last digit: 7 × 8 = 56 → 6.",
	Unit:     "steps",
	Typing:   "Write definitions with digits 0 to 9, then a question. For b = k · f write b &k * &f.",
	Example:  "k 8 ; o 4 ; b &k * &o ; j &b + &o ; ? j",
	Line:     sayChainLine,
	Ask:      sayChainProblem,
}

func sayChainLine(line string) string {
	f := strings.Fields(line)
	switch {
	case len(f) == 3 && f[0] == "so":
		return fmt.Sprintf("Says again that %s is %s.", f[1], f[2])
	case len(f) == 8 && f[0] == "wait" && f[7] == "ok":
		return prefixed("Checks that "+f[1]+" is ", chainSum(f[2:7], ""), ". It agrees.")
	case len(f) == 10 && f[0] == "wait" && f[7] == "=":
		return prefixed("Computes "+f[1]+" again: ", chainSum(f[2:7], f[9]), ".")
	case len(f) == 9 && f[6] == "=":
		return prefixed(f[0]+" is ", chainSum(f[1:6], f[8]), ".")
	}
	return ""
}

func sayChainProblem(problem string) string {
	given, asked, ok := strings.Cut(problem, "?")
	if asked = strings.TrimSpace(asked); !ok || asked == "" {
		return ""
	}
	var parts []string
	for definition := range strings.SplitSeq(given, ";") {
		switch f := strings.Fields(definition); {
		case len(f) == 2:
			parts = append(parts, f[0]+" is "+f[1])
		case len(f) == 4 && operations[f[2]].verb != "":
			parts = append(parts, fmt.Sprintf("%s is %s %s %s", f[0], looked(f[1]), operations[f[2]].verb, looked(f[3])))
		}
	}
	return upperFirst(strings.Join(append(parts, "what is "+asked+"?"), "; "))
}

// chainSum says five words such as "&k 7 * &f 8" with the result that the line states: "k times f: 7 × 8 = 56, last digit 6".
func chainSum(f []string, stated string) string {
	a, err1 := strconv.Atoi(f[1])
	b, err2 := strconv.Atoi(f[4])
	o, known := operations[f[2]]
	if err1 != nil || err2 != nil || !known {
		return ""
	}
	whole := o.of(a, b)
	digit := (whole%10 + 10) % 10
	says := fmt.Sprintf("%s %s %s: %d %s %d = %s", looked(f[0]), o.verb, looked(f[3]), a, o.sign, b, stat.Minus(strconv.Itoa(whole)))
	switch {
	case whole < 0:
		says += fmt.Sprintf(", which is %d modulo 10", digit)
	case whole != digit:
		says += fmt.Sprintf(", last digit %d", digit)
	}
	if stated != "" && stated != strconv.Itoa(digit) {
		says += "; the line says " + stated
	}
	return says
}

// looked is a variable without the sign that looks it up.
func looked(reference string) string { return strings.TrimPrefix(reference, "&") }
