package task

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
)

// Chain asks for the value of a variable at the end of a chain of definitions, all modulo 10. Some definitions are distractors
// that the answer does not need.
//
// # Grammar
//
// 58 tokens: <pad> <bos> <eos> \n ; ? = + - * # <think> </think> wait so ok, the digits 0..9, the names a..p, and the references
// &a..&p. A name is where a value is stated, a reference is where a definition points; were they one token, the answer could copy
// from any mention and no key-focus head would appear.
//
// The prompt defines givens and computed variables, each before its use:
//
//	<bos> k 8 ; o 4 ; f 0 ; b &k * &f ; j &b + &o ; ? j <think>
//
// The think part has one step a line. Each value follows its variable, so that every look-up is one induction hop:
//
//	b &k 8 * &f 0 = b 0 \n         compute, 10 tokens
//	wait b &k 8 * &f 0 ok \n       a check that agrees, 9
//	wait b &k 8 * &f 0 = b 3 \n    a check that computes again, 11
//	so b 0 \n                      restatement, 4
//
// The answer part states the needed variables in order, then the answer:
//
//	</think> b 0 j 4 # 4 <eos>
//
// It is well-formed when pairs of a name and a digit (any number of them) lead up to "# digit <eos>", and correct when that digit is
// right as well. Difficulty is the number of needed variables L; no complete think part is shorter than 10 L tokens.
//
// # Labels
//
// The judge replays the lines with a table of the last value stated for each variable. A step that states
//
//   - a value other than the true one is wrong, whether it slipped itself or inherited the error;
//   - the true value of a variable stated wrong before is correcting;
//   - the true value of a needed variable for the first time is essential.
//
// Any other line of the grammar is redundant: distractors, agreeing checks, restatements, repeats. Everything else is malformed,
// including a line about a variable that the problem does not define.
type Chain struct{ config ChainConfig }

// ChainKind is task chain with one of three teachers, see [Verdict], [Recompute] and [Plain].
var ChainKind = Kind{
	Name: "chain", Title: "Chain", Summary: "Follow a chain of definitions modulo 10; some definitions are not needed.",
	Teachers: []string{"verdict", "recompute", "plain"}, Levels: Range{2, 8}, Difficulty: Range{2, 5},
	Words: chainWords,
	New: func(teacher string, difficulty Range) (Task, error) {
		config := map[string]func() ChainConfig{"verdict": Verdict, "recompute": Recompute, "plain": Plain}[teacher]()
		config.Difficulty = difficulty
		return orNil(NewChain(config))
	},
}

// ChainConfig is the distribution of problems and the style of the teacher. [Plain], [Verdict] and [Recompute] fill it.
//
// A problem with difficulty L has L needed variables. The first uses two givens, each later one uses the one before and a random
// other one (given or needed), in random order; so the dependency path has exactly L steps. Distractors use random givens and needed
// variables and have a random place after their operands; no needed variable uses them. The 16 names are assigned at random.
type ChainConfig struct {
	Difficulty  Range // L, uniform; within 2..8
	Givens      int   // variables with a value in the prompt, at least 2
	Distractors Range // computed variables that nothing needs, uniform

	Plus, Minus, Times float64 // weights of the operators
	DistractorChain    float64 // probability that an operand of a distractor is an earlier distractor

	Teacher ChainTeacher
	Context int // longer demonstrations are dropped
}

const (
	chainWait = ownTokens + iota
	chainSo
	chainOk
	chainDigit             // the first of ten digits
	chainNames = 16        // number of names
	chainName  = 26        // the first name
	chainRef   = 26 + 16   // the first reference
	chainSize  = 26 + 2*16 // tokens
)

var chainVocabulary = func() []string {
	tokens := append(slices.Clone(CommonTokens), "wait", "so", "ok")
	for digit := range 10 {
		tokens = append(tokens, strconv.Itoa(digit))
	}
	for _, prefix := range []string{"", "&"} {
		for name := range chainNames {
			tokens = append(tokens, prefix+string(rune('a'+name)))
		}
	}
	return tokens
}()

// NewChain makes the task. It returns an error that says what is wrong with the configuration.
func NewChain(config ChainConfig) (*Chain, error) {
	if !config.Difficulty.within(2, 8) {
		return nil, fmt.Errorf("task: difficulty %v of task chain must lie within 2-8", config.Difficulty)
	}
	if config.Givens < 2 {
		return nil, fmt.Errorf("task: task chain needs at least 2 givens, not %d", config.Givens)
	}
	if !config.Distractors.within(0, chainNames) {
		return nil, fmt.Errorf("task: the number of distractors %v must be a range within 0-%d", config.Distractors, chainNames)
	}
	if most := config.Difficulty.Max + config.Givens + config.Distractors.Max; most > chainNames {
		return nil, fmt.Errorf("task: up to %d variables and only %d names: take fewer distractors or givens, or a lower difficulty", most, chainNames)
	}
	weight := config.Plus + config.Minus + config.Times
	if !(config.Plus >= 0 && config.Minus >= 0 && config.Times >= 0 && weight > 0 && weight <= 1e9) {
		return nil, fmt.Errorf("task: operator weights %v, %v, %v must be numbers from 0 up, not all 0", config.Plus, config.Minus, config.Times)
	}
	if err := checkProbabilities([]string{"DistractorChain"}, []float64{config.DistractorChain}); err != nil {
		return nil, err
	}
	if err := config.Teacher.check(); err != nil {
		return nil, err
	}
	longest := config.Difficulty.Max
	prompt := 1 + 3*config.Givens + 5*(longest+config.Distractors.Max) + 3
	if shortest := prompt + 10*longest + 1 + 2*longest + 3; shortest > config.Context {
		return nil, fmt.Errorf("task: a trace of difficulty %d may need %d tokens and the context holds %d: enlarge it or lower the difficulty",
			longest, shortest, config.Context)
	}
	return &Chain{config}, nil
}

// Name is that of [ChainKind].
func (c *Chain) Name() string { return "chain" }

// Reflections are REA-RL's words, of which "wait" is a token.
func (c *Chain) Reflections() []string { return slices.Clone(reflectionWords) }

// Vocabulary lists the 58 tokens.
func (c *Chain) Vocabulary() []string { return slices.Clone(chainVocabulary) }

// chainProblem is a parsed prompt. Variables go by the number of their name, 0..15.
type chainProblem struct {
	definitions []chainDefinition // in the order of the prompt
	question    int
	value       [chainNames]int  // true values, -1 where not defined
	needed      [chainNames]bool // computed and on the way to the question
}

type chainDefinition struct {
	name                  int
	given                 bool
	left, operator, right int // of a computed one: name, token, name
}

// Problem draws a problem from the stream of the seed.
func (c *Chain) Problem(seed uint64) Problem {
	random := NewRandom(seed, ProblemStream)
	length := c.config.Difficulty.Draw(random)
	names := random.Perm(chainNames)
	givens, rest := names[:c.config.Givens], names[c.config.Givens:]
	needed, rest := rest[:length], rest[length:]
	distractors := rest[:c.config.Distractors.Draw(random)]

	var computed []chainDefinition
	for i, name := range needed {
		first := givens[random.IntN(len(givens))]
		if i > 0 {
			first = needed[i-1]
		}
		computed = append(computed, c.define(random, name, first, slices.Concat(givens, needed[:i])))
	}
	useful := slices.Concat(givens, needed)
	for i, name := range distractors {
		first := useful[random.IntN(len(useful))]
		if i > 0 && random.Float64() < c.config.DistractorChain {
			first = distractors[random.IntN(i)]
		}
		d := c.define(random, name, first, useful)
		uses := func(other chainDefinition) bool { return other.name == d.left || other.name == d.right }
		earliest := 0
		for at, other := range computed {
			if uses(other) {
				earliest = at + 1
			}
		}
		computed = slices.Insert(computed, earliest+random.IntN(len(computed)-earliest+1), d)
	}

	prompt := []int{Bos}
	for _, name := range givens {
		prompt = append(prompt, chainName+name, chainDigit+random.IntN(10), Semicolon)
	}
	for _, d := range computed {
		prompt = append(prompt, chainName+d.name, chainRef+d.left, d.operator, chainRef+d.right, Semicolon)
	}
	prompt = append(prompt, question, chainName+needed[length-1], Think)
	problem, err := readChain(prompt)
	if err != nil {
		panic(err) // the generator left its own grammar
	}
	return problem.problem()
}

// define makes a definition of name from first and another one out of others, in random order, with a random operator.
func (c *Chain) define(random *rand.Rand, name, first int, others []int) chainDefinition {
	second := first
	for second == first {
		second = others[random.IntN(len(others))]
	}
	if random.IntN(2) == 0 {
		first, second = second, first
	}
	operator := times
	switch weight := random.Float64() * (c.config.Plus + c.config.Minus + c.config.Times); {
	case weight < c.config.Plus:
		operator = Plus
	case weight < c.config.Plus+c.config.Minus:
		operator = Minus
	}
	return chainDefinition{name: name, left: first, operator: operator, right: second}
}

// Parse reads definitions and a question such as "k 8 ; o 4 ; b &k * &o ; ? b". The question must be a computed variable.
func (c *Chain) Parse(text string) (Problem, error) {
	tokens, err := Tokens(c, text)
	if err != nil {
		return Problem{}, err
	}
	problem, err := readChain(tokens)
	if err != nil {
		return Problem{}, err
	}
	p := problem.problem()
	if shortest := len(p.Prompt) + p.MinimumThink + 1 + 2*p.Difficulty + 3; shortest > c.config.Context {
		return Problem{}, fmt.Errorf("task: the shortest trace of this problem has %d tokens and the context holds %d: define fewer variables",
			shortest, c.config.Context)
	}
	return p, nil
}

// readChain reads a prompt. It returns an error that says what is wrong. <bos>, <think>, line ends and the last semicolon may be missing or present.
func readChain(prompt []int) (*chainProblem, error) {
	tokens := slices.DeleteFunc(slices.Clone(prompt), func(token int) bool { return token == Newline })
	if len(tokens) > 0 && tokens[0] == Bos {
		tokens = tokens[1:]
	}
	if len(tokens) > 0 && tokens[len(tokens)-1] == Think {
		tokens = tokens[:len(tokens)-1]
	}

	p := &chainProblem{}
	for name := range p.value {
		p.value[name] = -1
	}
	for len(tokens) > 0 && tokens[0] != question {
		d, value, length := chainDefinition{}, 0, 0
		switch {
		case matches(tokens, isChainName, isChainDigit):
			d, value, length = chainDefinition{name: tokens[0] - chainName, given: true}, tokens[1]-chainDigit, 2
		case matches(tokens, isChainName, isChainRef, isOperator, isChainRef):
			d, length = chainDefinition{name: tokens[0] - chainName, left: tokens[1] - chainRef, operator: tokens[2], right: tokens[3] - chainRef}, 4
			for _, operand := range []int{d.left, d.right} {
				if p.value[operand] < 0 {
					return nil, fmt.Errorf("task: the variable %s uses %s before it is defined", chainVocabulary[tokens[0]], chainVocabulary[chainRef+operand])
				}
			}
			value = d.calculate(p.value)
		default:
			return nil, fmt.Errorf("task: definition %d is neither a given like \"k 8 ;\" nor computed like \"b &k * &f ;\"", len(p.definitions)+1)
		}
		if p.value[d.name] >= 0 {
			return nil, fmt.Errorf("task: the variable %s is defined twice", chainVocabulary[tokens[0]])
		}
		p.value[d.name] = value
		p.definitions = append(p.definitions, d)
		tokens = tokens[length:]
		if len(tokens) > 0 && tokens[0] == Semicolon {
			tokens = tokens[1:]
		} else if len(tokens) > 0 && tokens[0] != question {
			return nil, fmt.Errorf("task: definition %d must end with a semicolon", len(p.definitions))
		}
	}

	if len(tokens) != 2 || tokens[0] != question || !isChainName(tokens[1]) {
		return nil, fmt.Errorf("task: the problem must end with a question like \"? j\"")
	}
	p.question = tokens[1] - chainName
	p.needed[p.question] = true
	for _, d := range slices.Backward(p.definitions) {
		if d.given {
			p.needed[d.name] = false
		} else if p.needed[d.name] {
			p.needed[d.left], p.needed[d.right] = true, true
		}
	}
	if p.value[p.question] < 0 || !p.needed[p.question] {
		return nil, fmt.Errorf("task: the question must ask for a computed variable, and %s is not one", chainVocabulary[tokens[1]])
	}
	return p, nil
}

// problem writes the prompt in its canonical form.
func (p *chainProblem) problem() Problem {
	prompt := []int{Bos}
	difficulty := 0
	for _, d := range p.definitions {
		if d.given {
			prompt = append(prompt, chainName+d.name, chainDigit+p.value[d.name], Semicolon)
		} else {
			prompt = append(prompt, chainName+d.name, chainRef+d.left, d.operator, chainRef+d.right, Semicolon)
		}
		if p.needed[d.name] {
			difficulty++
		}
	}
	prompt = append(prompt, question, chainName+p.question, Think)
	return Problem{Difficulty: difficulty, MinimumThink: 10 * difficulty, Prompt: prompt, Gold: strconv.Itoa(p.value[p.question])}
}

// Content is the expression that the question asks for, such as "(4+(0*8))". Names, the order of definitions, distractors and the
// order of the operands of + and * do not matter.
func (c *Chain) Content(p Problem) string {
	problem := c.mustRead(p)
	var expression [chainNames]string
	for _, d := range problem.definitions {
		if d.given {
			expression[d.name] = strconv.Itoa(problem.value[d.name])
			continue
		}
		left, right := expression[d.left], expression[d.right]
		if d.operator != Minus && left > right {
			left, right = right, left
		}
		expression[d.name] = "(" + left + chainVocabulary[d.operator] + right + ")"
	}
	return expression[problem.question]
}

// calculate is the value of a computed variable where its operands have the given values, modulo 10.
func (d chainDefinition) calculate(values [chainNames]int) int {
	return modulo10(calculate(values[d.left], d.operator, values[d.right]))
}

func modulo10(value int) int { return (value%10 + 10) % 10 }

func isChainDigit(token int) bool { return chainDigit <= token && token < chainName }
func isChainName(token int) bool  { return chainName <= token && token < chainRef }
func isChainRef(token int) bool   { return chainRef <= token && token < chainSize }
