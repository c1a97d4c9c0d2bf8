package text

import (
	"math/big"
	"regexp"
	"slices"
	"strings"
)

// Equation is a chain a ∘ b = c = … in a line of text. It is judged side by side: each must have the value of the one before.
type Equation struct {
	Name   string   // the variable that stands alone on a side, or ""
	Value  *big.Rat // of the last side without variables; nil where there is none
	Judged bool     // at least two sides have a value, and one of them an operation
	Right  bool     // all sides with a value are equal; a decimal on the right may be rounded
	Text   string   // its signs without spaces: equal texts say the same
}

// Equations finds the equations of a text, line by line. Operators are + − × ÷ and their forms in ASCII and LaTeX; units after a number and
// signs of money are left out. known are values of variables, which are letters; what uses another variable is not judged.
func Equations(text string, known map[string]*big.Rat) (found []Equation) {
	for line := range strings.Lines(text) {
		for _, run := range runs(signs(plainMath(listMark.ReplaceAllString(line, "")))) {
			if e, ok := readEquation(run, known); ok {
				found = append(found, e)
			}
		}
	}
	return found
}

// listMark is what comes before an item of a list.
var listMark = regexp.MustCompile(`^\s*(?:[-*•]\s+|\(?\d{1,3}[.)]\s+|[>#]+\s*)+`)

// sign is a token of an expression.
type sign struct {
	kind byte // 'n' number, 'v' variable, 'w' word, '=', one of + - * / ( ), '!' what is not understood, ' ' a break
	text string
}

var signPattern = regexp.MustCompile(`\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+|[A-Za-z]\d?\b|[\pL_][\pL\pM_'’\d]*|=>|->|[<>!]=|==|\*\*|\S`)

// alike are the other forms of the signs.
var alike = map[string]byte{"=": '=', "==": '=', "≈": '=', "+": '+', "-": '-', "−": '-', "–": '-', "*": '*', "×": '*', "·": '*', "⋅": '*', "∗": '*',
	"/": '/', "÷": '/', "∕": '/', "(": '(', ")": ')', "^": '!', "%": '!', "√": '!', "!": '!', "**": '!'}

func signs(line string) (all []sign) {
	for _, word := range signPattern.FindAllString(line, -1) {
		s := sign{' ', word}
		kind, isSign := alike[word]
		switch {
		case isSign:
			s.kind = kind
		case '0' <= word[0] && word[0] <= '9' || word[0] == '.' && len(word) > 1:
			s.kind = 'n'
		case strings.ContainsAny(word, "$€£¥"):
			continue
		case len(word) <= 2 && isDigitOrLetter(word[0]) && (len(word) == 1 || word[1] <= '9'):
			s.kind = 'v'
		case hasWord(word):
			s.kind = 'w'
		}
		all = append(all, s)
	}
	for i := range all { // "3 x 4"
		if all[i].text == "x" && 0 < i && i < len(all)-1 && all[i-1].kind == 'n' && all[i+1].kind == 'n' {
			all[i] = sign{'*', "*"}
		}
		if all[i].text == "**" && !(0 < i && i < len(all)-1 && all[i-1].kind == 'n' && all[i+1].kind == 'n') { // bold type
			all[i].kind = ' '
		}
	}
	return all
}

// longestRun bounds the work on one expression.
const longestRun = 200

// runs are the parts of a line that can be equations. Up to two words between a number and an operator are its unit.
func runs(all []sign) (parts [][]sign) {
	var run []sign
	flush := func() {
		for len(run) > 0 && run[0].kind == '=' {
			run = run[1:]
		}
		if len(run) > 2 && len(run) <= longestRun {
			parts = append(parts, run)
		}
		run = nil
	}
	for i := 0; i < len(all); i++ {
		if all[i].kind == 'w' && i > 0 && all[i-1].kind == 'n' {
			j := i
			for j < len(all) && j < i+2 && all[j].kind == 'w' {
				j++
			}
			if j < len(all) && strings.IndexByte("=+-*/)", all[j].kind) >= 0 {
				i = j - 1
				continue
			}
		}
		if all[i].kind == ' ' || all[i].kind == 'w' {
			flush()
			continue
		}
		run = append(run, all[i])
	}
	flush()
	return parts
}

// side is one side of an equation.
type side struct {
	value    *big.Rat // nil where a variable has no known value
	operated bool
	literal  bool // without variables
	decimals int  // of a single number; -1 of anything else
	name     string
}

func readEquation(run []sign, known map[string]*big.Rat) (e Equation, ok bool) {
	var sides []side
	var about []bool // the side comes after ≈
	p := &expression{rest: run, known: known}
	approximate := false
	for {
		s, ok := p.side()
		if !ok {
			return e, false
		}
		sides, about = append(sides, s), append(about, approximate)
		if len(p.rest) == 0 {
			break
		}
		if p.rest[0].kind != '=' {
			return e, false
		}
		approximate = p.rest[0].text == "≈"
		p.rest = p.rest[1:]
	}
	if len(sides) < 2 {
		return e, false
	}
	e.Right = true
	var before *side
	for i := range sides {
		s := &sides[i]
		if s.name != "" {
			e.Name = s.name
			continue
		}
		if s.value == nil {
			continue
		}
		if before != nil {
			e.Judged = e.Judged || before.operated || s.operated
			e.Right = e.Right && equal(before.value, *s, about[i])
		}
		if before = s; s.literal {
			e.Value = s.value
		}
	}
	e.Right = e.Right && e.Judged
	var b strings.Builder
	for _, s := range run {
		if kind := alike[s.text]; kind != 0 {
			b.WriteByte(kind)
		} else {
			b.WriteString(s.text)
		}
	}
	e.Text = b.String()
	return e, e.Judged || e.Name != "" && e.Value != nil
}

// equal reports whether a side has a value, or is that value rounded to its decimals.
func equal(value *big.Rat, s side, about bool) bool {
	if s.value.Cmp(value) == 0 {
		return true
	}
	if s.decimals < 0 || s.decimals == 0 && !about {
		return false
	}
	half := big.NewRat(1, 2)
	for range s.decimals {
		half.Mul(half, big.NewRat(1, 10))
	}
	difference := new(big.Rat).Sub(value, s.value)
	return difference.Abs(difference).Cmp(half) <= 0
}

// expression reads sums of products, with a sign before a number and multiplication without a sign: 2(3 + x).
type expression struct {
	rest  []sign
	known map[string]*big.Rat
	bad   bool
	ops   int
}

func (p *expression) peek() byte {
	if len(p.rest) == 0 {
		return 0
	}
	return p.rest[0].kind
}

func (p *expression) next() sign {
	s := p.rest[0]
	p.rest = p.rest[1:]
	return s
}

func (p *expression) side() (s side, ok bool) {
	p.ops = 0
	first, n := p.rest, len(p.rest)
	s.value = p.sum()
	if p.bad {
		return s, false
	}
	used := n - len(p.rest)
	s.operated, s.decimals = p.ops > 0, -1
	s.literal = !slices.ContainsFunc(first[:used], func(s sign) bool { return s.kind == 'v' })
	if used == 1 {
		switch first[0].kind {
		case 'n':
			_, fraction, _ := strings.Cut(first[0].text, ".")
			s.decimals = len(fraction)
		case 'v':
			s.name = first[0].text
		}
	}
	return s, true
}

func (p *expression) sum() *big.Rat {
	value := p.product()
	for !p.bad && (p.peek() == '+' || p.peek() == '-') {
		value = p.operate(p.next().kind, value, p.product())
	}
	return value
}

func (p *expression) product() *big.Rat {
	value := p.factor()
	for !p.bad {
		switch p.peek() {
		case '*', '/':
			value = p.operate(p.next().kind, value, p.factor())
		case '(', 'v':
			value = p.operate('*', value, p.factor())
		default:
			return value
		}
	}
	return nil
}

func (p *expression) factor() *big.Rat {
	switch p.peek() {
	case 'n':
		value, ok := parseNumber(p.next().text)
		p.bad = p.bad || !ok
		return value
	case 'v':
		return p.known[p.next().text]
	case '-':
		p.next()
		if kind := p.peek(); kind != 'n' && kind != '(' && kind != 'v' {
			p.bad = true
			return nil
		}
		if value := p.factor(); value != nil {
			return new(big.Rat).Neg(value)
		}
		return nil
	case '(':
		p.next()
		value := p.sum()
		if p.bad = p.bad || p.peek() != ')'; !p.bad {
			p.next()
		}
		return value
	}
	p.bad = true
	return nil
}

func (p *expression) operate(operator byte, a, b *big.Rat) *big.Rat {
	if p.ops++; a == nil || b == nil {
		return nil
	}
	value := new(big.Rat)
	switch operator {
	case '+':
		return value.Add(a, b)
	case '-':
		return value.Sub(a, b)
	case '*':
		return value.Mul(a, b)
	}
	if b.Sign() == 0 {
		p.bad = true
		return nil
	}
	return value.Quo(a, b)
}
