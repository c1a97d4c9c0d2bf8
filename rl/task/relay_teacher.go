package task

import "math/rand/v2"

// Demonstrate writes a response as [RelayConfig] describes, or returns nil where the trace would not fit the context.
func (r *Relay) Demonstrate(p Problem, seed uint64) []int {
	w := &relayWriter{RelayConfig: r.config, random: NewRandom(seed, teacherStream)}
	problem := r.mustRead(p)
	for range w.IdleFirst.Draw(w.random) {
		w.idle()
	}
	value, chosen := problem.start, 0
	for item := range problem.items() {
		before, star := value, item >= len(problem.added)
		if item == len(problem.added) {
			chosen = w.choose(problem)
			w.line(relayTry, relayDigit+chosen)
		}
		if star {
			value = (before + chosen) % 10
		} else if value = (before + problem.added[item]) % 10; w.chance(w.Slip) {
			value = (slipped(w.random, value) + 10) % 10
		}
		w.line(relayLabel+item, problem.operand(item), relayDigit+before, equals, relayDigit+value)
	}
	w.write(EndThink, Hash, relayDigit+value, Eos)
	if len(p.Prompt)+len(w.response) > w.Context {
		return nil
	}
	return w.response
}

// relayWriter writes one trace as a teacher.
type relayWriter struct {
	RelayConfig
	random   *rand.Rand
	response []int
}

func (w *relayWriter) chance(p float64) bool { return w.random.Float64() < p }

func (w *relayWriter) write(tokens ...int) { w.response = append(w.response, tokens...) }

// line writes a line, and perhaps an idle one after it.
func (w *relayWriter) line(tokens ...int) {
	w.write(append(tokens, Newline)...)
	if w.chance(w.Idle) {
		w.idle()
	}
}

func (w *relayWriter) idle() { w.write(relayHum, relayWord+w.random.IntN(relayIdle), Newline) }

// choose takes one of the digits on offer.
func (w *relayWriter) choose(p relayProblem) int {
	if p.guided || w.chance(w.Follow) {
		return p.marked
	}
	return p.offered[w.random.IntN(len(p.offered))]
}
