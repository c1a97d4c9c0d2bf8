package task

import (
	"fmt"
	"slices"
	"strconv"
)

// Countdown asks for an expression that reaches a target from given numbers with + - *, each number used at most once. The
// trace is a search: attempts, each one starting again from the given numbers.
//
// # Grammar
//
// 60 tokens: <pad> <bos> <eos> \n ; ? = + - * # <think> </think> back, and the values 0 to 45, one token each; nothing outside
// them can be written. The prompt gives the numbers, 1 to 9, and the target:
//
//	<bos> 3 7 5 ? 26 <think>
//
// The think part has one step a line. A move takes two of the numbers on hand and puts the result in their place:
//
//	3 * 7 = 21 \n     a move, 6 tokens
//	back \n           start again with the given numbers, 2 tokens
//
// The answer part repeats the moves that lead to the target, then the target:
//
//	</think> 3 * 7 = 21 ; 21 + 5 = 26 ; # 26 <eos>
//
// It is well-formed when groups of six tokens "value operator value = value ;" (any number of them) lead up to "# value <eos>". It is
// correct when moreover each move is right and takes two numbers that are on hand (so that each given number is used at
// most once), the target is on hand in the end, and the value after # is the target. Difficulty is the number of given numbers.
//
// # Labels
//
// The moves are replayed with the numbers on hand.
//
//   - A move with a wrong result is wrong; so is one that takes a wrong number or one that is not on hand.
//   - A move that computes a wrong move of the same attempt again, its result still on hand and this time right, takes its place;
//     it is correcting where the next rule would call it essential.
//   - The moves from which the target was reached for the first time are essential.
//
// Any other line of the grammar is redundant: abandoned attempts, "back", moves beside the path, a solution found again. The rest is
// malformed.
type Countdown struct{ config CountdownConfig }

// CountdownKind is task countdown with its only teacher.
var CountdownKind = Kind{
	Name: "countdown", Title: "Countdown", Summary: "Search for an expression of given numbers that reaches a target.",
	Levels: Range{2, 5}, Difficulty: Range{3, 4}, Words: countdownWords,
	New: func(_ string, difficulty Range) (Task, error) {
		config := DefaultCountdown()
		config.Difficulty = difficulty
		return orNil(NewCountdown(config))
	},
}

// CountdownConfig is the distribution of problems and the style of the teacher. [DefaultCountdown] fills it; its values are given
// in brackets. All but Difficulty, Attempts and Context are probabilities.
//
// A problem has 3 or 4 uniform numbers from 1 to 9; its target, 10 to 45, is the result of random moves with all of them, so it can be
// reached, often with fewer.
//
// The teacher makes attempts. Before a move it may see which moves keep the target in reach and take one of those; otherwise it takes any
// move. When the target has fallen out of reach it may notice and go back at once; it must where one number is left. The
// last attempt is all insight, and its slips are all corrected.
type CountdownConfig struct {
	Difficulty Range   // given numbers, uniform; within 2..5 [3-4]
	Attempts   int     // attempts at most [5]
	Insight    float64 // a move is made knowing what leads to the target [0.40]
	Notice     float64 // a hopeless position is given up at once [0.50]
	Slip       float64 // a result is off by 1, 2, 3 or 5 [0.05]
	Correct    float64 // a slip is seen and the move computed again, at once [0.70]
	Repeat     float64 // a solution is found once more after "back", to be sure [0.20]
	Context    int     // longer demonstrations are dropped [256]
}

// DefaultCountdown is the configuration given in brackets at [CountdownConfig].
func DefaultCountdown() CountdownConfig {
	return CountdownConfig{
		Difficulty: Range{3, 4}, Attempts: 5, Insight: 0.40, Notice: 0.50, Slip: 0.05, Correct: 0.70, Repeat: 0.20, Context: 256,
	}
}

const (
	countdownBack  = ownTokens + iota
	countdownValue // the token of the value 0

	countdownLargest = 45 // the largest value
	countdownTarget  = 10 // the smallest target of a drawn problem; no given number is so large
	countdownSize    = countdownValue + countdownLargest + 1
)

var countdownVocabulary = func() []string {
	tokens := append(slices.Clone(CommonTokens), "back")
	for value := range countdownLargest + 1 {
		tokens = append(tokens, strconv.Itoa(value))
	}
	return tokens
}()

// NewCountdown makes the task. It returns an error that says what is wrong with the configuration.
func NewCountdown(config CountdownConfig) (*Countdown, error) {
	if !config.Difficulty.within(2, 5) {
		return nil, fmt.Errorf("task: difficulty %v of task countdown must lie within 2-5", config.Difficulty)
	}
	if config.Attempts < 1 || config.Attempts > 100 {
		return nil, fmt.Errorf("task: the teacher of task countdown makes 1 to 100 attempts, not %d", config.Attempts)
	}
	moves := config.Difficulty.Max - 1
	if shortest := 1 + config.Difficulty.Max + 3 + 12*moves + 4; shortest > config.Context {
		return nil, fmt.Errorf("task: a trace of difficulty %d may need %d tokens and the context holds %d: enlarge it or lower the difficulty",
			config.Difficulty.Max, shortest, config.Context)
	}
	err := checkProbabilities([]string{"Insight", "Notice", "Slip", "Correct", "Repeat"},
		[]float64{config.Insight, config.Notice, config.Slip, config.Correct, config.Repeat})
	if err != nil {
		return nil, err
	}
	return &Countdown{config}, nil
}

// Name is that of [CountdownKind].
func (c *Countdown) Name() string { return "countdown" }

// Reflections is "back": the search gives up what it has and starts again.
func (c *Countdown) Reflections() []string { return []string{"back"} }

// Vocabulary lists the 60 tokens.
func (c *Countdown) Vocabulary() []string { return slices.Clone(countdownVocabulary) }

// countdownProblem is a parsed prompt.
type countdownProblem struct {
	numbers []int
	target  int
	moves   int // fewest moves that reach the target
}

// Problem draws a problem from the stream of the seed.
func (c *Countdown) Problem(seed uint64) Problem {
	random := NewRandom(seed, ProblemStream)
	count := c.config.Difficulty.Draw(random)
	for {
		numbers := make([]int, count)
		for i := range numbers {
			numbers[i] = 1 + random.IntN(9)
		}
		hand := numbers
		for len(hand) > 1 {
			moves := countdownMoves(hand)
			hand = moves[random.IntN(len(moves))].play(hand)
		}
		if hand[0] < countdownTarget {
			continue
		}
		p := countdownProblem{numbers: numbers, target: hand[0]}
		p.moves = fewestMoves(numbers, p.target, count)
		return p.problem()
	}
}

// Parse reads numbers and a target such as "3 7 5 ? 26". The target must be within reach and not among the numbers.
func (c *Countdown) Parse(text string) (Problem, error) {
	tokens, err := Tokens(c, text)
	if err != nil {
		return Problem{}, err
	}
	problem, err := readCountdown(tokens)
	if err != nil {
		return Problem{}, err
	}
	if problem.moves = fewestMoves(problem.numbers, problem.target, len(problem.numbers)); problem.moves < 0 {
		return Problem{}, fmt.Errorf("task: no expression of these numbers reaches %d with values from 0 to %d: choose another target",
			problem.target, countdownLargest)
	}
	return problem.problem(), nil
}

// readCountdown reads a prompt and leaves the number of moves open. It returns an error that says what is wrong. <bos>, <think> and line ends may be missing or present.
func readCountdown(prompt []int) (countdownProblem, error) {
	tokens := slices.DeleteFunc(slices.Clone(prompt), func(token int) bool { return token == Newline })
	if len(tokens) > 0 && tokens[0] == Bos {
		tokens = tokens[1:]
	}
	if len(tokens) > 0 && tokens[len(tokens)-1] == Think {
		tokens = tokens[:len(tokens)-1]
	}

	var p countdownProblem
	for len(tokens) > 0 && isCountdownValue(tokens[0]) {
		number := tokens[0] - countdownValue
		if number < 1 || number > 9 {
			return p, fmt.Errorf("task: the given numbers lie between 1 and 9, and %d does not", number)
		}
		p.numbers = append(p.numbers, number)
		tokens = tokens[1:]
	}
	if len(p.numbers) < 2 || len(p.numbers) > 5 {
		return p, fmt.Errorf("task: a problem gives 2 to 5 numbers before the question, not %d", len(p.numbers))
	}
	if len(tokens) != 2 || !matches(tokens, is(question), isCountdownValue) {
		return p, fmt.Errorf("task: the problem must end with a target like \"? 24\"")
	}
	p.target = tokens[1] - countdownValue
	if slices.Contains(p.numbers, p.target) {
		return p, fmt.Errorf("task: the target %d is one of the given numbers, so nothing is left to do", p.target)
	}
	return p, nil
}

func (p countdownProblem) problem() Problem {
	prompt := []int{Bos}
	for _, number := range p.numbers {
		prompt = append(prompt, countdownValue+number)
	}
	prompt = append(prompt, question, countdownValue+p.target, Think)
	return Problem{Difficulty: len(p.numbers), MinimumThink: 6 * p.moves, Prompt: prompt, Gold: strconv.Itoa(p.target)}
}

// Content lists the given numbers in order of size, then the target: the order of the numbers on offer does not matter.
func (c *Countdown) Content(p Problem) string {
	problem := c.mustRead(p)
	return fmt.Sprint(slices.Sorted(slices.Values(problem.numbers)), problem.target)
}

func isCountdownValue(token int) bool { return countdownValue <= token && token < countdownSize }

// countdownMove takes two numbers on hand and puts their result in their place. result need not be right.
type countdownMove struct{ left, operator, right, result int }

// countdownMoves lists the right moves from a hand of two or more numbers: larger number first for minus, results from 0 to 45. There
// is always one, because any two numbers have a difference.
func countdownMoves(hand []int) []countdownMove {
	var moves []countdownMove
	for i, a := range hand {
		for _, b := range hand[i+1:] {
			for _, operator := range []int{Plus, Minus, times} {
				left, right := max(a, b), min(a, b)
				if result := calculate(left, operator, right); result <= countdownLargest {
					moves = append(moves, countdownMove{left, operator, right, result})
				}
			}
		}
	}
	return moves
}

// play is a new hand; the numbers taken must be on the old one.
func (m countdownMove) play(hand []int) []int {
	hand = slices.Clone(hand)
	for _, number := range []int{m.left, m.right} {
		i := slices.Index(hand, number)
		hand = slices.Delete(hand, i, i+1)
	}
	return append(hand, m.result)
}

// fewestMoves searches the whole game, which is small: 4 numbers end in fewer than 3,000 ways. It is -1 where the target cannot be
// reached within the limit; a hand of n numbers allows n-1 moves.
func fewestMoves(hand []int, target, limit int) int {
	return searchCountdown(slices.Clone(hand), target, min(limit, len(hand)-1))
}

// searchCountdown plays on the hand in place and leaves it as it was.
func searchCountdown(hand []int, target, limit int) int {
	if slices.Contains(hand, target) {
		return 0
	}
	fewest, n := -1, len(hand)
	for i := 0; i < n && limit > 0; i++ {
		for j := i + 1; j < n && limit > 0; j++ {
			a, b := hand[i], hand[j]
			hand[j] = hand[n-1]
			for _, result := range [...]int{a + b, max(a, b) - min(a, b), a * b} {
				if result > countdownLargest || limit == 0 {
					continue
				}
				hand[i] = result
				if rest := searchCountdown(hand[:n-1], target, limit-1); rest >= 0 {
					fewest, limit = rest+1, rest // from here on only better ones
				}
			}
			hand[i], hand[j] = a, b
		}
	}
	return fewest
}
