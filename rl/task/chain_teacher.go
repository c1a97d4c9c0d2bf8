package task

import (
	"fmt"
	"math/rand/v2"
)

// ChainTeacher says how a teacher of [Chain] writes. It goes through the definitions in the order of the prompt; a value follows from
// the operands as the teacher believes them, so an error is passed on until a check corrects it. All but ranges and Recompute are
// probabilities; in brackets the values of [Plain].
type ChainTeacher struct {
	Skip       float64 // a needed variable, never the last, is computed correctly but not written [0.05]
	Distractor float64 // a distractor is computed, if the distractors it uses were [0.60]
	Slip       float64 // a computed value is off by 1, 2, 3 or 5 [0.09]

	CheckWrong float64 // a slip is checked at once [0.55]
	Approve    float64 // … and that check falsely agrees; otherwise it corrects [0.10]
	CheckRight float64 // a value without a slip is checked at once; the check agrees [0.30]
	Restate    float64 // a computed value is stated again, after its check [0.12]

	// Tail: after the last definition the teacher returns to needed lines that it wrote. TailItems is how many times, uniform.
	Tail        float64 // there is a tail [0.40]
	TailItems   Range   // [1-3]
	TailFinal   float64 // an item is about the final line, otherwise about a random earlier one (if there is one) [0]
	TailRestate float64 // an item is a restatement, otherwise a check [0]
	TailCorrect float64 // a check of a wrong calculation corrects it, and every needed line downstream is written again [0.70]

	// Recompute makes every check compute again ("wait b &k 8 * &f 0 = b 0"), agreeing or correcting. Otherwise a check that agrees
	// says "ok". [false]
	Recompute bool
}

// Plain is the first teacher: it slips often and checks sometimes.
func Plain() ChainConfig {
	return ChainConfig{
		Difficulty: Range{2, 5}, Givens: 3, Distractors: Range{1, 2},
		Plus: 0.4, Minus: 0.4, Times: 0.2, DistractorChain: 0.25,
		Teacher: ChainTeacher{
			Skip: 0.05, Distractor: 0.60, Slip: 0.09,
			CheckWrong: 0.55, Approve: 0.10, CheckRight: 0.30, Restate: 0.12,
			Tail: 0.40, TailItems: Range{1, 3}, TailCorrect: 0.70,
		},
		Context: 256,
	}
}

// Verdict is the overthinking teacher that length-aware methods such as ATTNPO want: 6 % slips, one distractor, and a long tail
// (in 80 % of traces, 1 to 4 items, 30 % of them restatements, 40 % on the final line). Its checks end in a verdict, so only a line that is
// needed states a value, and key-focus heads are sharp.
func Verdict() ChainConfig {
	config := Plain()
	config.Distractors = Range{1, 1}
	config.Teacher.Slip = 0.06
	config.Teacher.Tail = 0.80
	config.Teacher.TailItems = Range{1, 4}
	config.Teacher.TailFinal = 0.40
	config.Teacher.TailRestate = 0.30
	return config
}

// Recompute is [Verdict] with every check computed again. A small model can repair an error that way, which REA-RL wants; but an
// agreeing check looks like a statement, so key-focus heads blur.
func Recompute() ChainConfig {
	config := Verdict()
	config.Teacher.Recompute = true
	return config
}

// check returns an error that says what is wrong with the teacher.
func (t ChainTeacher) check() error {
	if !t.TailItems.within(1, 100) {
		return fmt.Errorf("task: the number of tail items %v must be a range within 1-100", t.TailItems)
	}
	return checkProbabilities(
		[]string{"Skip", "Distractor", "Slip", "CheckWrong", "Approve", "CheckRight", "Restate", "Tail", "TailFinal", "TailRestate", "TailCorrect"},
		[]float64{t.Skip, t.Distractor, t.Slip, t.CheckWrong, t.Approve, t.CheckRight, t.Restate, t.Tail, t.TailFinal, t.TailRestate, t.TailCorrect})
}

// Demonstrate writes a response as [ChainTeacher] describes, or returns nil where the trace would not fit the context.
func (c *Chain) Demonstrate(p Problem, seed uint64) []int {
	problem := c.mustRead(p)
	w := &chainWriter{ChainTeacher: c.config.Teacher, random: NewRandom(seed, teacherStream), problem: problem}
	for _, d := range problem.definitions {
		if d.given {
			w.believed[d.name], w.known[d.name] = problem.value[d.name], true
		} else {
			w.work(d)
		}
	}
	if w.chance(w.Tail) {
		for range w.TailItems.Draw(w.random) {
			w.lookBack()
		}
	}

	w.write(EndThink)
	for _, d := range problem.definitions {
		if problem.needed[d.name] {
			w.write(chainName+d.name, chainDigit+w.believed[d.name])
		}
	}
	w.write(Hash, chainDigit+w.believed[problem.question], Eos)
	if len(p.Prompt)+len(w.response) > c.config.Context {
		return nil
	}
	return w.response
}

// chainWriter writes one trace as a teacher.
type chainWriter struct {
	ChainTeacher
	random   *rand.Rand
	problem  *chainProblem
	believed [chainNames]int
	known    [chainNames]bool // given, or computed on a line of the trace
	response []int
}

func (w *chainWriter) chance(p float64) bool { return w.random.Float64() < p }

func (w *chainWriter) write(tokens ...int) { w.response = append(w.response, tokens...) }

// work computes one variable, with what may follow at once.
func (w *chainWriter) work(d chainDefinition) {
	right := d.calculate(w.believed)
	if w.problem.needed[d.name] {
		if d.name != w.problem.question && w.chance(w.Skip) {
			w.believed[d.name] = right
			return
		}
	} else if !w.chance(w.Distractor) || w.guessed(d.left) || w.guessed(d.right) {
		return
	}

	value := right
	if w.chance(w.Slip) {
		value = modulo10(slipped(w.random, right))
	}
	w.compute(d, value)
	if value == right {
		if w.chance(w.CheckRight) {
			w.check(d, right)
		}
	} else if w.chance(w.CheckWrong) {
		if w.chance(w.Approve) {
			w.check(d, value)
		} else {
			w.check(d, right)
		}
	}
	if w.chance(w.Restate) {
		w.restate(d)
	}
}

// guessed reports whether the value of an operand is unknown to the teacher: a distractor that was not computed. The value of a
// skipped variable is known.
func (w *chainWriter) guessed(name int) bool { return !w.known[name] && !w.problem.needed[name] }

func (w *chainWriter) operands(d chainDefinition) {
	w.write(chainName+d.name, chainRef+d.left, chainDigit+w.believed[d.left], d.operator, chainRef+d.right, chainDigit+w.believed[d.right])
}

func (w *chainWriter) compute(d chainDefinition, value int) {
	w.operands(d)
	w.write(equals, chainName+d.name, chainDigit+value, Newline)
	w.believed[d.name], w.known[d.name] = value, true
}

// check looks at a line again and finds value.
func (w *chainWriter) check(d chainDefinition, value int) {
	w.write(chainWait)
	if w.Recompute || value != w.believed[d.name] {
		w.compute(d, value)
		return
	}
	w.operands(d)
	w.write(chainOk, Newline)
}

func (w *chainWriter) restate(d chainDefinition) {
	w.write(chainSo, chainName+d.name, chainDigit+w.believed[d.name], Newline)
}

// lookBack writes one item of the tail.
func (w *chainWriter) lookBack() {
	var earlier []chainDefinition
	var target chainDefinition
	for _, d := range w.problem.definitions {
		if d.name == w.problem.question {
			target = d
		} else if w.problem.needed[d.name] && w.known[d.name] {
			earlier = append(earlier, d)
		}
	}
	if !w.chance(w.TailFinal) && len(earlier) > 0 {
		target = earlier[w.random.IntN(len(earlier))]
	}

	if w.chance(w.TailRestate) {
		w.restate(target)
		return
	}
	right := target.calculate(w.believed)
	if right == w.believed[target.name] || !w.chance(w.TailCorrect) {
		w.check(target, w.believed[target.name])
		return
	}
	w.check(target, right)
	w.redoAfter(target.name)
}

// redoAfter writes every needed line downstream of a corrected variable again; what was worked out silently stays silent.
func (w *chainWriter) redoAfter(corrected int) {
	var changed [chainNames]bool
	changed[corrected] = true
	for _, d := range w.problem.definitions {
		if d.given || !w.problem.needed[d.name] || !changed[d.left] && !changed[d.right] {
			continue
		}
		changed[d.name] = true
		if w.known[d.name] {
			w.compute(d, d.calculate(w.believed))
		} else {
			w.believed[d.name] = d.calculate(w.believed)
		}
	}
}
