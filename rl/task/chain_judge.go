package task

import (
	"fmt"
	"strconv"
)

// Judge replays the think part for labels and verifies the answer part, as documented with [Chain].
func (c *Chain) Judge(p Problem, response []int) Trace {
	problem := c.mustRead(p)
	trace, framed := Cut(p.Prompt, response)

	var stated [chainNames]int // the values stated last
	for name := range stated {
		stated[name] = -1
	}
	for i, step := range trace.Steps {
		trace.Steps[i].Label = problem.label(trace.Tokens[step.Start:step.End], &stated)
	}

	pairs := trace.Tokens[trace.AnswerStart:trace.AnswerEnd]
	for matches(pairs, isChainName, isChainDigit) {
		pairs = pairs[2:]
	}
	if framed && len(pairs) == 3 && matches(pairs, is(Hash), isChainDigit, is(Eos)) {
		trace.WellFormed = true
		trace.Answer = strconv.Itoa(pairs[1] - chainDigit)
		trace.Correct = trace.Answer == p.Gold
	}
	return trace
}

func (c *Chain) mustRead(p Problem) *chainProblem {
	problem, err := readChain(p.Prompt)
	if err != nil {
		panic(fmt.Sprintf("task: not a problem of task chain: %v", err))
	}
	return problem
}

// label judges one line and enters the value that it states.
func (p *chainProblem) label(line []int, stated *[chainNames]int) Label {
	name, value, ok := readChainLine(line)
	if !ok || p.value[name] < 0 {
		return Malformed
	}
	if value < 0 { // "ok" states nothing
		return Redundant
	}
	before := stated[name]
	stated[name] = value
	switch {
	case value != p.value[name]:
		return Wrong
	case before >= 0 && before != value:
		return Correcting
	case before < 0 && p.needed[name]:
		return Essential
	}
	return Redundant
}

// readChainLine reads one step: the variable that it is about and the value that it states, -1 where it only agrees.
func readChainLine(line []int) (name, value int, ok bool) {
	if len(line) == 4 && matches(line, is(chainSo), isChainName, isChainDigit, is(Newline)) {
		return line[1] - chainName, line[2] - chainDigit, true
	}
	check := len(line) > 0 && line[0] == chainWait
	if check {
		line = line[1:]
	}
	if !matches(line, isChainName, isChainRef, isChainDigit, isOperator, isChainRef, isChainDigit) {
		return 0, 0, false
	}
	name, line = line[0]-chainName, line[6:]
	switch {
	case check && len(line) == 2 && matches(line, is(chainOk), is(Newline)):
		return name, -1, true
	case len(line) == 4 && matches(line, is(equals), is(chainName+name), isChainDigit, is(Newline)):
		return name, line[2] - chainDigit, true
	}
	return 0, 0, false
}

// matches reports whether tokens start with one token of each kind.
func matches(tokens []int, kinds ...func(int) bool) bool {
	if len(tokens) < len(kinds) {
		return false
	}
	for i, kind := range kinds {
		if !kind(tokens[i]) {
			return false
		}
	}
	return true
}

func is(token int) func(int) bool { return func(other int) bool { return other == token } }

// Concludes marks the steps that state the right value of the variable asked for.
func (c *Chain) Concludes(p Problem, t Trace) []bool {
	problem := c.mustRead(p)
	concludes := make([]bool, len(t.Steps))
	for k, step := range t.Steps {
		name, value, ok := readChainLine(t.Tokens[step.Start:step.End])
		concludes[k] = ok && name == problem.question && value >= 0 && value == problem.value[name]
	}
	return concludes
}
