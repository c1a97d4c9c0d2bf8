package task

import (
	"fmt"
	"slices"
	"strconv"
)

// Judge replays the think part for labels and verifies the answer part, as documented with [Countdown].
func (c *Countdown) Judge(p Problem, response []int) Trace {
	problem := c.mustRead(p)
	trace, framed := Cut(p.Prompt, response)
	problem.label(&trace)

	hand, right := problem.numbers, true
	answer := trace.Tokens[trace.AnswerStart:trace.AnswerEnd]
	for len(answer) >= 6 && answer[5] == Semicolon {
		move, ok := readCountdownMove(answer)
		if !ok {
			return trace
		}
		right = right && move.allowed(hand)
		if right {
			hand = move.play(hand)
		}
		answer = answer[6:]
	}
	if framed && len(answer) == 3 && matches(answer, is(Hash), isCountdownValue, is(Eos)) {
		trace.WellFormed = true
		value := answer[1] - countdownValue
		trace.Answer = strconv.Itoa(value)
		trace.Correct = right && value == problem.target && slices.Contains(hand, value)
	}
	return trace
}

func (c *Countdown) mustRead(p Problem) countdownProblem {
	problem, err := readCountdown(p.Prompt)
	if err != nil {
		panic(fmt.Sprintf("task: not a problem of task countdown: %v", err))
	}
	return problem
}

// readCountdownMove reads "value operator value = value" from the start of tokens.
func readCountdownMove(tokens []int) (move countdownMove, ok bool) {
	if !matches(tokens, isCountdownValue, isOperator, isCountdownValue, is(equals), isCountdownValue) {
		return move, false
	}
	return countdownMove{tokens[0] - countdownValue, tokens[1], tokens[2] - countdownValue, tokens[4] - countdownValue}, true
}

// sound reports whether the arithmetic is right.
func (m countdownMove) sound() bool { return calculate(m.left, m.operator, m.right) == m.result }

// allowed reports whether the move is right and takes two numbers of the hand.
func (m countdownMove) allowed(hand []int) bool {
	first := slices.Index(hand, m.left)
	second := slices.Index(hand, m.right)
	if m.left == m.right && second >= 0 { // two numbers of this value
		second = slices.Index(hand[first+1:], m.right)
	}
	return first >= 0 && second >= 0 && m.sound()
}

// label replays the think part.
func (p countdownProblem) label(trace *Trace) {
	table := newCountdownTable(p.numbers)
	solved := false
	for i := range trace.Steps {
		step := &trace.Steps[i]
		line := trace.Tokens[step.Start:step.End]
		if len(line) == 2 && matches(line, is(countdownBack), is(Newline)) {
			step.Label = Redundant
			table = newCountdownTable(p.numbers)
			continue
		}
		move, ok := readCountdownMove(line)
		if !ok || len(line) != 6 || line[5] != Newline {
			continue
		}
		item, ok := table.play(move, i)
		if !ok || !table[item].sound {
			step.Label = Wrong
			continue
		}
		step.Label = Redundant
		if !solved && move.result == p.target {
			solved = true
			for _, made := range table.derivation(item) {
				trace.Steps[made.step].Label = Essential
				if made.redone {
					trace.Steps[made.step].Label = Correcting
				}
			}
		}
	}
}

// countdownTable is every number of one attempt, on hand or taken.
type countdownTable []countdownNumber

type countdownNumber struct {
	value  int
	taken  bool
	sound  bool          // given, or the right result of sound numbers
	step   int           // the step that made it, -1 for a given number
	move   countdownMove // how it was made
	from   [2]int        // the numbers it was made of
	redone bool          // it took the place of a wrong result
}

func newCountdownTable(numbers []int) countdownTable {
	var table countdownTable
	for _, number := range numbers {
		table = append(table, countdownNumber{value: number, sound: true, step: -1})
	}
	return table
}

// play enters the move of a step and returns the place of its result, or false where an operand is not on hand.
func (t *countdownTable) play(move countdownMove, step int) (place int, ok bool) {
	made := countdownNumber{value: move.result, step: step, move: move}
	wrong := slices.IndexFunc(*t, func(n countdownNumber) bool {
		same := n.move.left == move.left && n.move.operator == move.operator && n.move.right == move.right
		return n.step >= 0 && same && !n.taken && !n.move.sound()
	})
	if wrong >= 0 {
		(*t)[wrong].taken = true
		made.from, made.redone = (*t)[wrong].from, true
	} else {
		left := t.find(move.left, -1)
		right := t.find(move.right, left)
		if left < 0 || right < 0 {
			return -1, false
		}
		(*t)[left].taken, (*t)[right].taken = true, true
		made.from = [2]int{left, right}
	}
	made.sound = move.sound() && (*t)[made.from[0]].sound && (*t)[made.from[1]].sound
	*t = append(*t, made)
	return len(*t) - 1, true
}

// find is the place of a value on hand other than the excluded place, a sound one if there is one, or -1.
func (t countdownTable) find(value, except int) int {
	found := -1
	for place, n := range t {
		if n.value == value && !n.taken && place != except && (found < 0 || n.sound && !t[found].sound) {
			found = place
		}
	}
	return found
}

// hand lists the values on hand.
func (t countdownTable) hand() []int {
	var hand []int
	for _, n := range t {
		if !n.taken {
			hand = append(hand, n.value)
		}
	}
	return hand
}

// derivation lists the numbers that were made on the way to one, itself last.
func (t countdownTable) derivation(place int) []countdownNumber {
	if t[place].step < 0 {
		return nil
	}
	return append(append(t.derivation(t[place].from[0]), t.derivation(t[place].from[1])...), t[place])
}

// Concludes marks the allowed moves that reach the target.
func (c *Countdown) Concludes(p Problem, t Trace) []bool {
	problem := c.mustRead(p)
	concludes := make([]bool, len(t.Steps))
	for k, step := range t.Steps {
		move, ok := readCountdownMove(t.Tokens[step.Start:step.End])
		concludes[k] = ok && step.Label != Wrong && step.Label != Malformed && move.result == problem.target
	}
	return concludes
}
