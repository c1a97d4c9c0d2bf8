package task

import "strings"

// SameStep reports whether two steps say the same. Steps of a task with a grammar must have the same words; steps of free text the same text
// but for case, white space and the signs .,;:!?*_"' around it, so a paraphrase is another step.
func SameStep(t Task, a, b []int) bool { return stepText(t, a) == stepText(t, b) }

func stepText(t Task, tokens []int) string {
	text := strings.Join(strings.Fields(Text(t, tokens)), " ")
	if _, written := t.(Written); written {
		text = strings.Trim(strings.ToLower(text), " .,;:!?*_\"'")
	}
	return text
}

// Answering is a [Task] of free text that ends a think part in its own words.
type Answering interface {
	// AskAnswer returns the tokens that stop the thinking of an unfinished response and ask for its answer. It returns an error
	// where the model's tokens cannot write them.
	AskAnswer(p Problem, response []int) ([]int, error)
}

// AskAnswer returns the tokens that stop the thinking of an unfinished response and ask for its answer: </think>, or what the task
// says where it is [Answering]. It returns an error where the model's tokens cannot write them.
func AskAnswer(t Task, p Problem, response []int) ([]int, error) {
	if a, ok := t.(Answering); ok {
		return a.AskAnswer(p, response)
	}
	return []int{EndThink}, nil
}
