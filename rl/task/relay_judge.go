package task

import "strconv"

// Judge labels the lines by what they state and verifies the answer part, as documented with [Relay].
func (r *Relay) Judge(p Problem, response []int) Trace {
	problem := r.mustRead(p)
	trace, framed := Cut(p.Prompt, response)
	stated := map[int]bool{} // by item, and -1 for the choice: whether the last statement was right
	for i, step := range trace.Steps {
		trace.Steps[i].Label = problem.label(readRelayLine(trace.Tokens[step.Start:step.End]), stated)
	}
	answer := trace.Tokens[trace.AnswerStart:trace.AnswerEnd]
	if framed && len(answer) == 3 && matches(answer, is(Hash), isRelayDigit, is(Eos)) {
		trace.WellFormed = true
		trace.Answer = strconv.Itoa(answer[1] - relayDigit)
		trace.Correct = trace.Answer == p.Gold
	}
	return trace
}

// relayLine is one step.
type relayLine struct {
	kind          relayLineKind
	item          int // of a line of an item
	operand       int // its token: a digit or the star
	before, after int // its values
	chosen        int // the digit of a choice
}

type relayLineKind int

const (
	relayNoLine relayLineKind = iota // not of the grammar
	relayIdleLine
	relayChoice
	relayItemLine
)

func readRelayLine(line []int) relayLine {
	isLabel := func(token int) bool { return relayLabel <= token && token < relayWord }
	isWord := func(token int) bool { return relayWord <= token && token < relaySize }
	isOperand := func(token int) bool { return token == times || isRelayDigit(token) }
	switch {
	case len(line) == 3 && matches(line, is(relayHum), isWord, is(Newline)):
		return relayLine{kind: relayIdleLine}
	case len(line) == 3 && matches(line, is(relayTry), isRelayDigit, is(Newline)):
		return relayLine{kind: relayChoice, chosen: line[1] - relayDigit}
	case len(line) == 6 && matches(line, isLabel, isOperand, isRelayDigit, is(equals), isRelayDigit, is(Newline)):
		return relayLine{kind: relayItemLine, item: line[0] - relayLabel, operand: line[1], before: line[2] - relayDigit, after: line[4] - relayDigit}
	}
	return relayLine{}
}

// right reports whether a line of an item states what is true for the marked digit.
func (p relayProblem) right(l relayLine) bool {
	return l.operand == p.operand(l.item) && l.before == p.value(l.item, p.marked) && l.after == p.value(l.item+1, p.marked)
}

// label judges one line and enters whether it is right.
func (p relayProblem) label(l relayLine, stated map[int]bool) Label {
	place, right := -1, l.chosen == p.marked
	switch {
	case l.kind == relayNoLine || l.kind == relayItemLine && l.item >= p.items():
		return Malformed
	case l.kind == relayIdleLine || l.kind == relayChoice && p.stars == 0:
		return Redundant
	case l.kind == relayItemLine:
		place, right = l.item, p.right(l)
	}
	before, again := stated[place]
	stated[place] = right
	switch {
	case !right:
		return Wrong
	case !again:
		return Essential
	case !before:
		return Correcting
	}
	return Redundant
}

// Concludes marks the right lines of the last item.
func (r *Relay) Concludes(p Problem, t Trace) []bool {
	problem := r.mustRead(p)
	concludes := make([]bool, len(t.Steps))
	for k, step := range t.Steps {
		l := readRelayLine(t.Tokens[step.Start:step.End])
		concludes[k] = l.kind == relayItemLine && l.item == problem.items()-1 && problem.right(l)
	}
	return concludes
}

// Pivot is the first choice, if items need one and none of these comes before it.
func (r *Relay) Pivot(p Problem, t Trace) (step int, ok bool) {
	if r.mustRead(p).stars == 0 {
		return 0, false
	}
	for k, step := range t.Steps {
		switch l := readRelayLine(t.Tokens[step.Start:step.End]); {
		case l.kind == relayChoice:
			return k, true
		case l.kind == relayItemLine && l.operand == times:
			return 0, false
		}
	}
	return 0, false
}
