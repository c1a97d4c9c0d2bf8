package text

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"attnlab/rl/task"
)

// A ChainProblem asks for the value of a variable at the end of a chain of definitions, in plain text. Some definitions are distractors
// that the answer does not need:
//
//	m = 2 ; b = k + 3 ; k = 4 ; b = ?
//
// The first variable of the chain is given, each later one is the one before plus or minus a digit. Definitions come in any order. The
// expected response has one line for each needed variable, then the answer:
//
//	k = 4
//	b = 4 + 3 = 7
//	Answer: 7
type ChainProblem struct {
	Definitions []Definition // in the order of the text
	Question    string
	values      map[string]*big.Rat // true values
	needed      map[string]bool     // on the way to the question, given ones too
}

// Definition gives a variable a number, or another variable with a number added or taken away.
type Definition struct {
	Name   string
	From   string // the other variable, or "" for a given one
	Sign   string // "+" or "-"
	Number int
}

// Sizes of a chain problem: operations on the way to the answer, and values.
const (
	chainNames  = "abcdefghjkmnpqrstuvwxyz" // no i, l, o: they look like digits
	mostValue   = 15                        // of a computed variable; none is below 0
	mostGiven   = 9
	mostAdded   = 5
	chainLevels = 8
)

// newChainProblem draws a problem with a number of operations, and a distractor for every two of them, at least one.
func newChainProblem(random *rand.Rand, operations int) ChainProblem {
	distractors := max(1, operations/2)
	for {
		names := random.Perm(len(chainNames))[:operations+1+distractors]
		name := func(i int) string { return chainNames[names[i] : names[i]+1] }
		given := func(i int) Definition { return Definition{Name: name(i), Number: 1 + random.IntN(mostGiven)} }
		definitions := []Definition{given(0)}
		value := definitions[0].Number
		for i := 1; i <= operations; i++ {
			d := Definition{Name: name(i), From: name(i - 1), Sign: "+", Number: 1 + random.IntN(mostAdded)}
			if random.IntN(2) == 0 {
				d.Sign = "-"
			}
			if value = d.of(value); value < 0 || value > mostValue {
				break
			}
			definitions = append(definitions, d)
		}
		if len(definitions) <= operations {
			continue
		}
		for i := range distractors {
			definitions = append(definitions, given(operations+1+i))
		}
		random.Shuffle(len(definitions), func(i, j int) { definitions[i], definitions[j] = definitions[j], definitions[i] })
		p := ChainProblem{Definitions: definitions, Question: name(operations)}
		if err := p.solve(); err != nil {
			panic(err) // the generator left its own grammar
		}
		return p
	}
}

// answerWord begins the answer of a solution.
const answerWord = "Answer:"

// chainWords are all the words of problems and solutions.
func chainWords() string {
	words := strings.Split(chainNames, "")
	for n := range mostValue + 1 {
		words = append(words, strconv.Itoa(n))
	}
	return strings.Join(append(words, "+", "-", "=", ";", "?", "\n", answerWord), " ")
}

// of is the value of a computed variable.
func (d Definition) of(from int) int {
	if d.Sign == "-" {
		return from - d.Number
	}
	return from + d.Number
}

// solve computes values and needed variables. It returns an error that says what is wrong with the definitions.
func (p *ChainProblem) solve() error {
	of := map[string]Definition{}
	for _, d := range p.Definitions {
		if _, twice := of[d.Name]; twice {
			return fmt.Errorf("task: %s is defined twice", d.Name)
		}
		of[d.Name] = d
	}
	if _, defined := of[p.Question]; !defined {
		return fmt.Errorf("task: the question asks for %s, which is not defined", p.Question)
	}
	p.values, p.needed = map[string]*big.Rat{}, map[string]bool{}
	for _, d := range p.Definitions {
		path, at := []Definition{}, d
		for {
			if path = append(path, at); len(path) > len(of) {
				return fmt.Errorf("task: %s is defined by itself", d.Name)
			}
			if at.From == "" {
				break
			}
			from, defined := of[at.From]
			if !defined {
				return fmt.Errorf("task: %s uses %s, which is not defined", at.Name, at.From)
			}
			at = from
		}
		value := 0
		for _, step := range slices.Backward(path) {
			if value = step.of(value); step.From == "" {
				value = step.Number
			}
			if d.Name == p.Question {
				p.needed[step.Name] = true
			}
		}
		p.values[d.Name] = big.NewRat(int64(value), 1)
	}
	return nil
}

// String writes the problem as one line.
func (p ChainProblem) String() string {
	var parts []string
	for _, d := range p.Definitions {
		if d.From == "" {
			parts = append(parts, fmt.Sprintf("%s = %d", d.Name, d.Number))
		} else {
			parts = append(parts, fmt.Sprintf("%s = %s %s %d", d.Name, d.From, d.Sign, d.Number))
		}
	}
	return strings.Join(append(parts, p.Question+" = ?"), " ; ")
}

var definition = regexp.MustCompile(`^([a-z]) = (?:(\d{1,4})|([a-z]) ([+-]) (\d{1,4}))$`)

// mostDefinitions bounds a typed problem.
const mostDefinitions = 26

// ParseChain reads what String writes, with any white space. The error is one sentence that says what is wrong.
func ParseChain(text string) (ChainProblem, error) {
	var p ChainProblem
	parts := strings.Split(text, ";")
	if len(parts) > mostDefinitions+1 {
		return p, fmt.Errorf("task: the problem has %d definitions, more than %d", len(parts)-1, mostDefinitions)
	}
	for i, part := range parts {
		part = strings.Join(strings.Fields(part), " ")
		if i == len(parts)-1 {
			name, ok := strings.CutSuffix(part, " = ?")
			if !ok || len(name) != 1 || name[0] < 'a' || name[0] > 'z' {
				return p, fmt.Errorf("task: the problem must end with a question such as \"b = ?\"")
			}
			p.Question = name
			break
		}
		m := definition.FindStringSubmatch(part)
		if m == nil {
			return p, fmt.Errorf("task: definition %d, %.20q, is neither given like \"k = 4\" nor computed like \"b = k + 3\"", i+1, part)
		}
		d := Definition{Name: m[1], From: m[3], Sign: m[4]}
		d.Number, _ = strconv.Atoi(m[2] + m[5])
		p.Definitions = append(p.Definitions, d)
	}
	return p, p.solve()
}

// Gold is the value that the question asks for.
func (p ChainProblem) Gold() string { return p.values[p.Question].RatString() }

// operations counts the computed variables that the answer needs.
func (p ChainProblem) operations() (n int) {
	for _, d := range p.Definitions {
		if d.From != "" && p.needed[d.Name] {
			n++
		}
	}
	return n
}

// Solution is the shortest complete response: a line for each needed variable in the order of the chain, then the answer.
func (p ChainProblem) Solution() string {
	of := map[string]Definition{}
	for _, d := range p.Definitions {
		of[d.Name] = d
	}
	lines := []string{answerWord + " " + p.Gold()}
	for at := p.Question; at != ""; at = of[at].From {
		d := of[at]
		line := fmt.Sprintf("%s = %d", d.Name, d.Number)
		if d.From != "" {
			line = fmt.Sprintf("%s = %s %s %d = %s", d.Name, p.values[d.From].RatString(), d.Sign, d.Number, p.values[d.Name].RatString())
		}
		lines = append(lines, line)
	}
	slices.Reverse(lines)
	return strings.Join(lines, "\n")
}

// Labels judges the steps of a response as [task.Chain] does. A step that states
//
//   - a value other than the true one, or has an equation that is wrong, is wrong;
//   - the true value of a variable stated wrong before is correcting;
//   - the true value of a needed variable for the first time is essential.
//
// Any other step about variables of the problem is redundant: distractors and repeats. The rest is malformed, such as a line about a
// variable that the problem does not define. A step that states several values has the first label of wrong, correcting, essential and
// redundant that one of them has.
func (p ChainProblem) Labels(steps []string) []task.Label {
	labels := make([]task.Label, len(steps))
	stated := map[string]bool{}
	for k, step := range steps {
		labels[k] = task.Malformed
		for _, e := range Equations(step, p.values) {
			if l := p.label(e, stated); rank(l) < rank(labels[k]) {
				labels[k] = l
			}
		}
	}
	return labels
}

// rank orders labels by which of several a step has.
func rank(l task.Label) int {
	return slices.Index([]task.Label{task.Wrong, task.Correcting, task.Essential, task.Redundant, task.Malformed}, l)
}

// label judges one equation and notes in stated whether the variable is stated right.
func (p ChainProblem) label(e Equation, stated map[string]bool) task.Label {
	value := p.values[e.Name]
	if value == nil || e.Value == nil {
		if e.Judged && !e.Right {
			return task.Wrong
		}
		return task.Malformed
	}
	right := e.Value.Cmp(value) == 0 && (e.Right || !e.Judged)
	before, again := stated[e.Name]
	stated[e.Name] = right
	switch {
	case !right:
		return task.Wrong
	case again && !before:
		return task.Correcting
	case !again && p.needed[e.Name]:
		return task.Essential
	}
	return task.Redundant
}

// concludes reports whether a step states the right value of the variable asked for.
func (p ChainProblem) concludes(step string) bool {
	return slices.ContainsFunc(Equations(step, p.values), func(e Equation) bool {
		return e.Name == p.Question && e.Value != nil && e.Value.Cmp(p.values[p.Question]) == 0
	})
}
