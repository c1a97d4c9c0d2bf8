package shaders

import (
	"fmt"
	"regexp"
	"strings"
)

var each = regexp.MustCompile(`^(.*?) *// each ((?:\w )*\w)$`)

// Unroll repeats every line that ends in `// each i c`, for i and c counting from 0
// (c fastest): a word i stands for the number and names ending in _i, _c or _i_c get
// the number there. So `let k_c = key[c]; // each c` becomes `let k_0 = key[0u];`,
// `let k_1 = key[1u];` and so on. Each value has a name of its own, because software
// adapters put an array in memory and are three times as slow with it.
func Unroll(source string, counts map[string]int) string {
	var b strings.Builder
	for line := range strings.Lines(source) {
		m := each.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if m == nil {
			b.WriteString(line)
			continue
		}
		lines := []string{m[1]}
		for _, name := range strings.Fields(m[2]) {
			n, ok := counts[name]
			if !ok {
				panic(fmt.Sprintf("shaders: %q repeats over %s, which has no count", line, name))
			}
			lines = repeat(lines, name, n)
		}
		for _, l := range lines {
			b.WriteString(l + "\n")
		}
	}
	return b.String()
}

// repeat replaces every line by n lines in which name is a number.
func repeat(lines []string, name string, n int) (out []string) {
	word := regexp.MustCompile(`\b` + name + `\b`)
	suffix := regexp.MustCompile(`_` + name + `(_\w)?\b`)
	for _, l := range lines {
		for i := range n {
			s := suffix.ReplaceAllString(l, fmt.Sprintf("_%d$1", i))
			out = append(out, word.ReplaceAllString(s, fmt.Sprintf("%du", i)))
		}
	}
	return out
}
