package text

import (
	"slices"
	"strings"

	"attnlab/rl/task"
)

// cut divides a response into think part, steps and answer part. The think part ends at </think>. Without one the answer part is the
// last step with a mark of an answer ("Answer:", "\boxed{", "####"), or else the last step; but where <think> is open, everything is
// thought. The steps cover the think part, from after <think> where the response begins with it. ended reports whether a token ends
// the response.
func (t *Task) cut(prompt, response []int) (trace task.Trace, ended bool) {
	stop := func(id int) bool { return slices.Contains(t.options.Stop, id) }
	if i := slices.IndexFunc(response, stop); i >= 0 {
		response, ended = response[:i+1], true
	}
	trace.Tokens, trace.PromptLength = slices.Concat(prompt, response), len(prompt)
	body := response
	if ended {
		body = response[:len(response)-1]
	}
	pieces := t.pieces(body)
	text := strings.Join(pieces, "")
	first, last := 0, len(body) // the think part, in tokens of body
	answer := len(body)
	open := openThink(t.Text(prompt))
	if i := strings.Index(text, thinkStart); i >= 0 && isSpace(text[:i]) {
		first, open = tokenAfter(pieces, i+len(thinkStart)), true
	}
	closed := strings.Index(text, thinkEnd)
	if closed >= 0 {
		last = max(first, tokenAt(pieces, closed))
		answer = max(last, tokenAfter(pieces, closed+len(thinkEnd)))
	}
	steps := Cut(pieces[first:last], t.options.Rule)
	if closed < 0 && !open && len(steps) > 0 {
		from := len(steps) - 1
		for k, s := range slices.Backward(steps) {
			if answerMark.MatchString(strings.Join(pieces[first+s.Start:first+s.End], "")) {
				from = k
				break
			}
		}
		last = first + steps[from].Start
		answer, steps = last, steps[:from]
	}
	P := len(prompt)
	trace.ThinkStart, trace.ThinkEnd = P+first, P+last
	trace.AnswerStart, trace.AnswerEnd = P+answer, len(trace.Tokens)
	if answer == len(body) {
		trace.AnswerStart = trace.AnswerEnd // nothing but the end
	}
	for _, s := range steps {
		trace.Steps = append(trace.Steps, task.Step{Start: P + first + s.Start, End: P + first + s.End, Label: task.Unlabelled})
	}
	return trace, ended
}

// openThink reports whether a prompt ends inside a think part.
func openThink(prompt string) bool {
	return strings.LastIndex(prompt, thinkStart) > strings.LastIndex(prompt, thinkEnd)
}

// tokenAt is the token that a byte of the text lies in, and tokenAfter the first token that begins at the byte or later.
func tokenAt(pieces []string, at int) int {
	for i, piece := range pieces {
		if at -= len(piece); at < 0 {
			return i
		}
	}
	return len(pieces)
}

func tokenAfter(pieces []string, at int) int {
	for i, piece := range pieces {
		if at <= 0 {
			return i
		}
		at -= len(piece)
	}
	return len(pieces)
}
