package task

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Edit is a change of a response by hand: it writes Tokens from position At of the trace on, and drops what stood there and after it. A policy
// then continues from there.
type Edit struct {
	At     int
	Tokens []int
}

// Apply returns the response up to the end of the edit, counted without the prompt, in a fresh slice. context is the model's, prompt included.
// It returns an error where At is no place of the response, where a token is none of the task's, where tokens follow one that ends a response,
// or where they do not fit the context.
func (e Edit) Apply(kind Task, t Trace, context int) ([]int, error) {
	n, words := len(t.Tokens), len(kind.Vocabulary())
	if e.At < t.PromptLength || e.At > n {
		return nil, fmt.Errorf("task: token %d is not one of the response, which has tokens %d to %d", e.At, t.PromptLength, n-1)
	}
	kept := t.Tokens[t.PromptLength:e.At]
	if len(kept) > 0 && Ends(kind, kept[len(kept)-1]) {
		return nil, errors.New("task: the response has ended, so nothing can follow; edit a token or a step before its end")
	}
	for i, token := range e.Tokens {
		switch {
		case token < 0 || token >= words:
			return nil, fmt.Errorf("task: %d is not a token of task %s, which has tokens 0 to %d", token, kind.Name(), words-1)
		case Ends(kind, token) && i < len(e.Tokens)-1:
			return nil, errors.New("task: the edit continues after a token that ends a response; leave out what follows it")
		}
	}
	if end := e.At + len(e.Tokens); end > context {
		return nil, fmt.Errorf("task: the edit ends at token %d and the model's context holds %d; shorten it", end, context)
	}
	return slices.Concat(kept, e.Tokens), nil
}

// EditStep writes text as a step at a position of a trace: in place of the step that begins there, or after the one that ends there. The text gets the
// end of a step: a line end, or in free text the white space around that step. It returns an error where the text has a word that is no token.
func EditStep(kind Task, t Trace, at int, text string) (Edit, error) {
	text = strings.TrimSpace(text)
	if _, free := kind.(Written); free {
		before, after := spaceAround(kind, t, at)
		text = before + text + after
	} else {
		text += "\n"
	}
	tokens, err := Tokens(kind, text)
	return Edit{at, tokens}, err
}

// spaceAround is the white space around the step of free text that begins at a position, or else around the one that ends there.
func spaceAround(kind Task, t Trace, at int) (before, after string) {
	k := slices.IndexFunc(t.Steps, func(s Step) bool { return s.Start == at })
	if k < 0 {
		k = slices.IndexFunc(t.Steps, func(s Step) bool { return s.End == at })
	}
	if k < 0 {
		return "", ""
	}
	text := Text(kind, t.Tokens[t.Steps[k].Start:t.Steps[k].End])
	words := strings.TrimLeftFunc(text, unicode.IsSpace)
	return text[:len(text)-len(words)], words[len(strings.TrimRightFunc(words, unicode.IsSpace)):]
}

// EditOut takes the tokens from start to end out of a trace, half open. In their place stand the first tokens of what follows them, as many as tell it from what
// was taken out: without these a policy would write the same again. It returns an error where nothing follows, or nothing else.
func EditOut(t Trace, start, end int) (Edit, error) {
	if start < t.PromptLength || end <= start || end > len(t.Tokens) {
		return Edit{}, fmt.Errorf("task: tokens %d to %d are none of the response, which has tokens %d to %d", start, end-1, t.PromptLength, len(t.Tokens)-1)
	}
	taken, rest := t.Tokens[start:], t.Tokens[end:]
	for i, token := range rest {
		if token != taken[i] {
			return Edit{start, slices.Clone(rest[:i+1])}, nil
		}
	}
	return Edit{}, errors.New("task: nothing else follows what is to be deleted; generate more of the response first")
}
