package task

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// Task is a family of problems with a teacher, a verifier and a true label for every step. Its methods may be called from several
// goroutines at once.
type Task interface {
	// Name is the name of the task's [Kind].
	Name() string

	// Vocabulary lists the token strings, a fresh slice; the index is the token id. The first ones are the same in every task,
	// see [Pad].
	Vocabulary() []string

	// Problem makes the problem of a key. The same key gives the same problem. Only [Draw] may call it, because a problem must come
	// from the part of its stream.
	Problem(key uint64) Problem

	// Parse reads a typed problem: the text of a prompt, with or without <bos> and <think>. The error is one
	// sentence that says what is wrong with the text.
	Parse(text string) (Problem, error)

	// Demonstrate writes one of the teacher's responses, ending in <eos>. Teachers err, as documented with each task: a
	// demonstration is always well-formed and not always correct. It is nil where prompt and response would not fit the context.
	Demonstrate(p Problem, seed uint64) []int

	// Reflections lists the words by which a trace reflects on what it did before.
	Reflections() []string

	// Concludes reports for each step of a judged trace whether it states the final result correctly.
	Concludes(p Problem, t Trace) []bool

	// Judge cuts any response into steps, labels and verifies it. It panics only if p is not a problem of this task.
	Judge(p Problem, response []int) Trace
}

// Problem is one question of a task. All of it follows from the prompt.
type Problem struct {
	Difficulty   int    `json:"difficulty"`    // chain: needed variables; countdown: given numbers; relay: level
	MinimumThink int    `json:"minimum_think"` // tokens in the think part of the shortest complete trace
	Prompt       []int  `json:"prompt"`        // <bos> … <think>
	Gold         string `json:"gold"`          // the right answer; empty where nobody knows it
}

// The ids of the tokens that every task has in common. A response starts after Think, which ends the prompt.
const (
	Pad = iota
	Bos
	Eos
	Newline // ends a step
	Semicolon
	question
	equals
	Plus
	Minus
	times
	Hash // comes before the answer
	Think
	EndThink
	ownTokens // the first id with a meaning of the task's own
)

// CommonTokens are the texts of these tokens. The vocabulary of every task begins with them.
var CommonTokens = []string{"<pad>", "<bos>", "<eos>", "\n", ";", "?", "=", "+", "-", "*", "#", "<think>", "</think>"}

// Range is a range of whole numbers, both ends included.
type Range struct {
	Min int `json:"min"`
	Max int `json:"max"`
}

// ParseDifficulty reads a range such as "2-5", or one number such as "4". Which levels exist is up to the [Kind]. It returns an error
// where the text is neither.
func ParseDifficulty(text string) (Range, error) {
	r, err := ParseRange(text)
	if err != nil {
		return r, fmt.Errorf("task: difficulty %w", err)
	}
	return r, nil
}

// ParseRange reads a range such as "2-5", or one number such as "4". It returns an error where the text is neither.
func ParseRange(text string) (Range, error) {
	low, high, isRange := strings.Cut(strings.TrimSpace(text), "-")
	if !isRange {
		high = low
	}
	lowest, err1 := strconv.Atoi(strings.TrimSpace(low))
	highest, err2 := strconv.Atoi(strings.TrimSpace(high))
	if err1 != nil || err2 != nil {
		return Range{}, fmt.Errorf("%q is neither a number such as 4 nor a range such as 2-5", text)
	}
	if lowest > highest {
		return Range{}, fmt.Errorf("%q runs backwards: write %d-%d", text, highest, lowest)
	}
	return Range{lowest, highest}, nil
}

// String is the form that [ParseDifficulty] reads.
func (r Range) String() string {
	if r.Min == r.Max {
		return strconv.Itoa(r.Min)
	}
	return fmt.Sprintf("%d-%d", r.Min, r.Max)
}

// Draw is a number of the range, each as likely.
func (r Range) Draw(random *rand.Rand) int { return r.Min + random.IntN(r.Max-r.Min+1) }

// within reports whether the range is not empty and lies in low..high.
func (r Range) within(low, high int) bool { return low <= r.Min && r.Min <= r.Max && r.Max <= high }

// Written is a [Task] of free text: its tokens are pieces of text, not words, and a model's own token ends a response.
type Written interface {
	Task
	Text(tokens []int) string
	Tokens(text string) ([]int, error)
	// Stops lists the tokens that end a response, the usual one first.
	Stops() []int
}

// End is the token that usually ends a response to a task, and Ends reports whether a token does.
func End(t Task) int {
	if w, ok := t.(Written); ok {
		return w.Stops()[0]
	}
	return Eos
}

// Ends reports whether a token ends a response to a task.
func Ends(t Task, token int) bool {
	if w, ok := t.(Written); ok {
		return slices.Contains(w.Stops(), token)
	}
	return token == Eos
}

// Text writes tokens as text: the token strings with single spaces between them, and a line end for each "\n". An id that the task
// does not have is shown as <?id>. A task of free text writes it in its own way, see [Written].
func Text(task Task, tokens []int) string {
	if w, ok := task.(Written); ok {
		return w.Text(tokens)
	}
	vocabulary := task.Vocabulary()
	var text strings.Builder
	lineStart := true
	for _, token := range tokens {
		if token == Newline {
			text.WriteByte('\n')
			lineStart = true
			continue
		}
		if !lineStart {
			text.WriteByte(' ')
		}
		lineStart = false
		if token < 0 || token >= len(vocabulary) {
			fmt.Fprintf(&text, "<?%d>", token)
			continue
		}
		text.WriteString(vocabulary[token])
	}
	return text.String()
}

// Tokens reads what [Text] writes. Tokens are separated by any number of spaces and tabs; every line end is a token. It returns an error where a word
// is not a token of the task.
func Tokens(task Task, text string) ([]int, error) {
	if w, ok := task.(Written); ok {
		return w.Tokens(text)
	}
	vocabulary := task.Vocabulary()
	ids := make(map[string]int, len(vocabulary))
	for id, token := range vocabulary {
		ids[token] = id
	}
	var tokens []int
	first := true
	for line := range strings.SplitSeq(text, "\n") {
		if !first {
			tokens = append(tokens, Newline)
		}
		first = false
		for word := range strings.FieldsSeq(line) {
			id, known := ids[word]
			if !known {
				return nil, fmt.Errorf("task: %.20q at position %d is not a token of task %s", word, len(tokens), task.Name())
			}
			tokens = append(tokens, id)
		}
	}
	return tokens, nil
}

// The streams of [NewRandom]. Problems and teachers use different ones, so a teacher's seed may equal its problem's key.
const (
	ProblemStream = 0x70726f626c656d // "problem" in ASCII
	teacherStream = 0x74656163686572 // "teacher" in ASCII
)

// NewRandom makes the generator of a seed and a stream: a PCG, the same on every machine. Streams of one seed are independent.
func NewRandom(seed, stream uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, stream)) }

// calculate works out one operation; no other token is an operator.
func calculate(left, operator, right int) int {
	switch operator {
	case Plus:
		return left + right
	case Minus:
		return left - right
	case times:
		return left * right
	}
	panic(fmt.Sprintf("task: token %d is not an operator", operator))
}

func isOperator(token int) bool { return Plus <= token && token <= times }

// slipped is a wrong value near the right one: off by 1, 2, 3 or 5, as often too high as too low.
func slipped(random *rand.Rand, right int) int {
	distance := [...]int{1, 2, 3, 5}[random.IntN(4)]
	if random.IntN(2) == 0 {
		return right - distance
	}
	return right + distance
}

// checkProbabilities returns an error where a named value does not lie between 0 and 1.
func checkProbabilities(names []string, values []float64) error {
	for i, value := range values {
		if !(value >= 0 && value <= 1) { // catches NaN too
			return fmt.Errorf("task: %s is %v, and a probability lies between 0 and 1", names[i], value)
		}
	}
	return nil
}
