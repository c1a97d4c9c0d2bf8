package task

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// reflectionWords are REA-RL's.
var reflectionWords = []string{"wait", "alternatively", "check", "but"}

// Hits on one line that are at most reflectionGap characters apart count once.
const reflectionGap = 59

// Reflections counts the reflections in the think part of a trace by the words of its task.
func Reflections(task Task, t Trace) int {
	return CountReflections(Text(task, t.Tokens[t.ThinkStart:t.ThinkEnd]), task.Reflections())
}

// CountReflections counts the reflections in a think part: whole words out of
// words, in any case.
func CountReflections(think string, words []string) int {
	n, reflection := 0, regexp.MustCompile(`(?i)\b(`+strings.Join(words, "|")+`)\b`)
	for line := range strings.Lines(think) {
		last := -1 // end of the hit before
		for _, hit := range reflection.FindAllStringIndex(line, -1) {
			if last < 0 || utf8.RuneCountInString(line[last:hit[0]]) > reflectionGap {
				n++
			}
			last = hit[1]
		}
	}
	return n
}
