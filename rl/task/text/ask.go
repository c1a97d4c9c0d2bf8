package text

import (
	"fmt"
	"slices"
	"strings"

	"attnlab/rl/task"
)

// AskAnswer closes an open think part, begins a new line and writes "Answer:".
func (t *Task) AskAnswer(p task.Problem, response []int) ([]int, error) {
	text, ask := t.Text(response), "Answer:"
	if openThink(t.Text(p.Prompt) + text) {
		ask = thinkEnd + "\n\n" + ask
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		ask = "\n" + ask
	}
	ids, err := t.options.Tokenizer.Encode(ask)
	if err != nil {
		return nil, fmt.Errorf("task: the model's tokens cannot ask for an answer: %w", err)
	}
	start := t.options.Tokenizer.Start()
	if n := len(start); n > 0 && n <= len(ids) && slices.Equal(ids[:n], start) {
		ids = ids[n:]
	}
	return ids, nil
}
