package session

import (
	"strings"

	"attnlab/rl/task"
)

// Line is a line of a response: a step, or what stands between two steps or after the last. Its label and text are empty where it is no step.
type Line struct {
	StepView
	Tokens []int // places of its tokens, without those that end the line
}

// Lines cuts the tokens from a place on into lines.
func Lines(text []string, from int, steps []StepView) (all []Line) {
	add := func(s StepView) {
		l := Line{StepView: s}
		for i := s.Start; i < s.End; i++ {
			if text[i] != "\n" {
				l.Tokens = append(l.Tokens, i)
			}
		}
		if len(l.Tokens) > 0 {
			all = append(all, l)
		}
	}
	end := from
	for _, s := range steps {
		add(StepView{Start: end, End: s.Start})
		add(s)
		end = s.End
	}
	add(StepView{Start: end, End: len(text)})
	return all
}

// Words are the tokens of a line, of all those of the text, between spaces.
func (l Line) Words(text []string) string {
	var tokens []string
	for _, i := range l.Tokens {
		tokens = append(tokens, text[i])
	}
	return strings.Join(tokens, " ")
}

// AlignLines pairs the lines of two responses, see [task.Align].
func AlignLines(a []Line, textOfA []string, b []Line, textOfB []string) [][2]int {
	words := func(lines []Line, text []string) (all []string) {
		for _, l := range lines {
			all = append(all, l.Words(text))
		}
		return all
	}
	return task.Align(words(a, textOfA), words(b, textOfB))
}
