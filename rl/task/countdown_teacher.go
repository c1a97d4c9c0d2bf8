package task

import (
	"math/rand/v2"
	"slices"
)

// Demonstrate writes a response as [CountdownConfig] describes, or returns nil where the trace would not fit the context.
func (c *Countdown) Demonstrate(p Problem, seed uint64) []int {
	w := &countdownWriter{CountdownConfig: c.config, random: NewRandom(seed, teacherStream), problem: c.mustRead(p)}
	var solution []countdownNumber
	for attempt := 1; solution == nil; attempt++ {
		if attempt > 1 {
			w.write(countdownBack, Newline)
		}
		solution = w.attempt(attempt >= w.Attempts)
	}
	if w.chance(w.Repeat) {
		w.write(countdownBack, Newline)
		for _, made := range solution {
			w.line(made.move)
		}
	}

	w.write(EndThink)
	for _, made := range solution {
		w.write(made.move.tokens()...)
		w.write(Semicolon)
	}
	w.write(Hash, countdownValue+w.problem.target, Eos)
	if len(p.Prompt)+len(w.response) > w.Context {
		return nil
	}
	return w.response
}

// countdownWriter writes one trace as a teacher.
type countdownWriter struct {
	CountdownConfig
	random   *rand.Rand
	problem  countdownProblem
	response []int
}

func (w *countdownWriter) chance(p float64) bool { return w.random.Float64() < p }

func (w *countdownWriter) write(tokens ...int) { w.response = append(w.response, tokens...) }

func (w *countdownWriter) line(m countdownMove) { w.write(append(m.tokens(), Newline)...) }

func (m countdownMove) tokens() []int {
	return []int{countdownValue + m.left, m.operator, countdownValue + m.right, equals, countdownValue + m.result}
}

// attempt plays until the target is on hand, as the teacher believes, and returns how it was made; nil where it was given up.
func (w *countdownWriter) attempt(last bool) []countdownNumber {
	target := w.problem.target
	table := newCountdownTable(w.problem.numbers)
	for {
		hand := table.hand()
		away := fewestMoves(hand, target, len(hand))
		if len(hand) < 2 || away < 0 && w.chance(w.Notice) {
			return nil
		}
		moves := countdownMoves(hand)
		if away > 0 && (last || w.chance(w.Insight)) {
			moves = slices.DeleteFunc(moves, func(m countdownMove) bool { return fewestMoves(m.play(hand), target, away-1) < 0 })
		}
		move := moves[w.random.IntN(len(moves))]

		made := -1
		if w.chance(w.Slip) {
			slip := move
			for slip.result == move.result || slip.result < 0 || slip.result > countdownLargest {
				slip.result = slipped(w.random, move.result)
			}
			made = w.play(&table, slip)
		}
		if made < 0 || last || w.chance(w.Correct) {
			made = w.play(&table, move)
		}
		if table[made].value == target {
			return table.derivation(made)
		}
	}
}

// play writes a move and makes it. The table numbers the step by its first token instead of its index.
func (w *countdownWriter) play(table *countdownTable, move countdownMove) (place int) {
	w.line(move)
	place, _ = table.play(move, len(w.response))
	return place
}
