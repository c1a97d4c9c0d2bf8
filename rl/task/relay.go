package task

import (
	"fmt"
	"slices"
	"strconv"
)

// Relay adds digits along a program, modulo 10. Once, anywhere in the trace, it chooses one of the digits on offer. All lines after
// that need the choice, and only one choice is right: the trace has one pivot, whose place varies and is known, see [Relay.Pivot].
//
// # Grammar
//
// 50 tokens: <pad> <bos> <eos> \n ; ? = + - * # <think> </think> try hum !, the digits 0..9, the labels a..p, and the words w0..w7.
// The prompt offers different digits, with # before the right one. A start value and a program follow; an item of the program adds
// a digit or, written *, the chosen one:
//
//	<bos> ; 2 3 5 7 0 8 # 1 9 ; 2 ; a 5 b 5 c 9 d * e * f * ? <think>
//
// The think part has one step a line:
//
//	hum w5 \n        idle, 3 tokens
//	a 5 2 = 7 \n     item a adds 5 to 2, 6 tokens
//	try 1 \n         the pivot: the chosen digit, 3 tokens
//	d * 1 = 2 \n     item d adds the chosen digit without writing it, 6 tokens
//
// The answer part states the last value:
//
//	</think> # 4 <eos>
//
// It is well-formed when it reads "# digit <eos>", and correct when that is the last value for the marked digit. The number of stars
// has no factor in common with 10, so no two choices end alike. In a prompt that begins with ! the teacher always takes the marked digit;
// the problem is the same.
//
// # Difficulty
//
// Levels 1 to 5 have 16 items, of which the last 13, 11, 9, 7 or 3 are stars: the later the pivot, the harder to get there without a slip.
// Level 0 has four items and no star, so it has no pivot and is nearly always solved.
//
// # Labels
//
// A line is judged by what it states, against the values for the marked digit. A line of an item that states another digit, value
// before or value after is wrong, and so is the choice of another digit. The first right line of an item, and the first right choice,
// are essential, or correcting after a wrong one. Idle lines are redundant; so are repeats, and a choice where no item needs one.
// Everything else is malformed, including a line about an item that the program does not have.
type Relay struct{ config RelayConfig }

// RelayKind is task relay. Its teachers differ in the problems: "guided" begins a fifth of them with !, so that a model can learn
// there what the mark means, and "mixed" makes half of them of level 0, without a pivot, whatever the difficulty. The responses to
// most of these are all right, which is what adaptive sampling is for: of the groups of six that relay-tiny writes, about a third.
var RelayKind = Kind{
	Name: "relay", Title: "Relay", Summary: "Add digits along a program; one choice, at a place that varies, decides whether the end can be right.",
	Teachers: []string{"free", "guided", "mixed"}, Levels: Range{0, 5}, Difficulty: Range{1, 5},
	Words: relayWords,
	New: func(teacher string, difficulty Range) (Task, error) {
		config := DefaultRelay()
		config.Difficulty = difficulty
		switch teacher {
		case "guided":
			config.Guided = 0.2
		case "mixed":
			config.Plain = 0.5
		}
		return orNil(NewRelay(config))
	},
}

// RelayConfig is the distribution of problems and the style of the teacher. [DefaultRelay] fills it; its values are given in brackets.
//
// A problem offers 8 different digits in any order, and start value and added digits are uniform.
//
// The teacher begins with idle lines and may idle after every other line. It takes the marked digit knowingly, or else any of those on
// offer. It slips in lines that add a digit, never in those that add the chosen one, and continues with the value that it wrote.
type RelayConfig struct {
	Difficulty Range   // level, uniform; within 0..5 [1-5]
	Plain      float64 // probability that a problem is of level 0, whatever the difficulty [0]
	Guided     float64 // probability that a problem begins with ! [0]
	Follow     float64 // probability that the marked digit is taken knowingly, where ! does not ask for it [0.10]
	Slip       float64 // probability that an added digit gives a value off by 1, 2, 3 or 5 [0.02]
	IdleFirst  Range   // idle lines before the first item, uniform [0-8]
	Idle       float64 // probability of an idle line after any other [0.25]
	Context    int     // longer demonstrations are dropped [256]
}

// DefaultRelay is the configuration given in brackets at [RelayConfig].
func DefaultRelay() RelayConfig {
	return RelayConfig{Difficulty: Range{1, 5}, Follow: 0.10, Slip: 0.02, IdleFirst: Range{0, 8}, Idle: 0.25, Context: 256}
}

const (
	relayTry   = ownTokens + iota
	relayHum   // an idle line
	relayGuide // "!"
	relayDigit // the token of the digit 0

	relayItems = 16
	relayIdle  = 8 // words of idle lines
	relayOffer = 8 // digits on offer in a drawn problem
	relayLabel = relayDigit + 10
	relayWord  = relayLabel + relayItems
	relaySize  = relayWord + relayIdle
)

// relayStars are the numbers of stars by level. Neither 2 nor 5 divides one, so no two choices end alike.
var relayStars = [...]int{0, 13, 11, 9, 7, 3}

// relayShort is the number of items of level 0.
const relayShort = 4

var relayVocabulary = func() []string {
	tokens := append(slices.Clone(CommonTokens), "try", "hum", "!")
	for digit := range 10 {
		tokens = append(tokens, strconv.Itoa(digit))
	}
	for item := range relayItems {
		tokens = append(tokens, string(rune('a'+item)))
	}
	for word := range relayIdle {
		tokens = append(tokens, "w"+strconv.Itoa(word))
	}
	return tokens
}()

// NewRelay makes the task. It returns an error that says what is wrong with the configuration.
func NewRelay(config RelayConfig) (*Relay, error) {
	if !config.Difficulty.within(0, len(relayStars)-1) {
		return nil, fmt.Errorf("task: difficulty %v of task relay must lie within 0-%d", config.Difficulty, len(relayStars)-1)
	}
	if !config.IdleFirst.within(0, 100) {
		return nil, fmt.Errorf("task: the teacher of task relay begins with 0 to 100 idle lines, not %v", config.IdleFirst)
	}
	if shortest := 17 + 8*relayItems + 3 + 4; shortest > config.Context {
		return nil, fmt.Errorf("task: a trace of task relay may need %d tokens and the context holds %d: enlarge it", shortest, config.Context)
	}
	err := checkProbabilities([]string{"Plain", "Guided", "Follow", "Slip", "Idle"}, []float64{config.Plain, config.Guided, config.Follow, config.Slip, config.Idle})
	if err != nil {
		return nil, err
	}
	return &Relay{config}, nil
}

// Name is that of [RelayKind].
func (r *Relay) Name() string { return "relay" }

// Reflections is "hum": idle lines are the ones that spend tokens on nothing.
func (r *Relay) Reflections() []string { return []string{"hum"} }

// Vocabulary lists the 50 tokens.
func (r *Relay) Vocabulary() []string { return slices.Clone(relayVocabulary) }

// relayProblem is a parsed prompt.
type relayProblem struct {
	guided  bool  // it begins with !
	offered []int // different digits
	marked  int   // one of them
	start   int
	added   []int // the digits of the first items
	stars   int   // items after these
}

// Problem draws a problem from the stream of the seed.
func (r *Relay) Problem(seed uint64) Problem {
	random := NewRandom(seed, ProblemStream)
	level := r.config.Difficulty.Draw(random)
	if r.config.Plain > 0 && random.Float64() < r.config.Plain { // without it the draws that follow stay those of older versions
		level = 0
	}
	p := relayProblem{guided: random.Float64() < r.config.Guided, offered: random.Perm(10)[:relayOffer], start: random.IntN(10), stars: relayStars[level]}
	p.marked = p.offered[random.IntN(relayOffer)]
	items := relayItems
	if level == 0 {
		items = relayShort
	}
	for range items - p.stars {
		p.added = append(p.added, random.IntN(10))
	}
	return p.problem()
}

// items is the length of the program.
func (p relayProblem) items() int { return len(p.added) + p.stars }

// value is the value after the first n items if a digit is chosen.
func (p relayProblem) value(n, chosen int) int {
	sum := p.start
	for _, digit := range p.added[:min(n, len(p.added))] {
		sum += digit
	}
	return (sum + max(0, n-len(p.added))*chosen) % 10
}

func (p relayProblem) problem() Problem {
	prompt := []int{Bos}
	if p.guided {
		prompt = append(prompt, relayGuide)
	}
	prompt = append(prompt, Semicolon)
	for _, digit := range p.offered {
		if digit == p.marked {
			prompt = append(prompt, Hash)
		}
		prompt = append(prompt, relayDigit+digit)
	}
	prompt = append(prompt, Semicolon, relayDigit+p.start, Semicolon)
	least := 0
	for item := range p.items() {
		prompt = append(prompt, relayLabel+item, p.operand(item))
		least += 6
	}
	if p.stars > 0 {
		least += 3
	}
	gold := p.value(p.items(), p.marked)
	return Problem{Difficulty: slices.Index(relayStars[:], p.stars), MinimumThink: least, Prompt: append(prompt, question, Think), Gold: strconv.Itoa(gold)}
}

// operand is the token after the label of an item: the digit that it adds, or the star.
func (p relayProblem) operand(item int) int {
	if item < len(p.added) {
		return relayDigit + p.added[item]
	}
	return times
}

// Content is all but the ! and the order of the digits on offer.
func (r *Relay) Content(p Problem) string {
	problem := r.mustRead(p)
	return fmt.Sprint(slices.Sorted(slices.Values(problem.offered)), problem.marked, problem.start, problem.added, problem.stars)
}
