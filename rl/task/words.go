package task

import "strings"

// Words is how a task is written, said to people who meet it for the first time.
type Words struct {
	Notation string // one sentence: how problems and lines are written
	Unit     string // of difficulty, in the plural: "steps"
	Typing   string // how to type a problem, and an example of one
	Example  string

	// Line says in words what a line of a trace states, and Ask says a problem. Each is empty for a text that the grammar of the
	// task does not know.
	Line, Ask func(text string) string
}

// WordsOf returns the words of the task with a name. Those of an unknown task are empty and say nothing.
func WordsOf(name string) Words {
	if k, err := Find(name); err == nil {
		return k.Words
	}
	silent := func(string) string { return "" }
	return Words{Line: silent, Ask: silent}
}

// operations are the signs of both tasks, as one says and writes them.
var operations = map[string]struct {
	verb, sign string
	of         func(a, b int) int
}{
	"+": {"plus", "+", func(a, b int) int { return a + b }},
	"-": {"minus", "−", func(a, b int) int { return a - b }},
	"*": {"times", "×", func(a, b int) int { return a * b }},
}

// prefixed puts a sentence together; it is empty if its middle is.
func prefixed(before, middle, after string) string {
	if middle == "" {
		return ""
	}
	return upperFirst(before + middle + after)
}

// upperFirst begins a sentence.
func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
