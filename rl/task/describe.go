package task

import (
	"fmt"
	"strings"
)

// Describe is teacher and difficulty of the task that [New] makes, with the task's own in place of empty ones and one
// spelling of each range: "2-5", "4". A task with one teacher has an empty teacher.
func Describe(name, teacher, difficulty string) (string, string) {
	levels := Range{}
	switch name {
	case "chain":
		if teacher == "" {
			teacher = "verdict"
		}
		levels = Verdict().Difficulty
	case "countdown":
		levels = DefaultCountdown().Difficulty
	}
	if difficulty != "" {
		var err error
		if levels, err = ParseDifficulty(difficulty); err != nil {
			return teacher, strings.TrimSpace(difficulty)
		}
	}
	if levels.Min == levels.Max {
		return teacher, fmt.Sprint(levels.Min)
	}
	return teacher, fmt.Sprintf("%d-%d", levels.Min, levels.Max)
}
