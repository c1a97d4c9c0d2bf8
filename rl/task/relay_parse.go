package task

import (
	"fmt"
	"slices"
)

// Parse reads a problem such as "; 2 3 # 1 9 ; 2 ; a 5 b * c * d * ?". It may offer 2 to 10 digits and have up to 16 items. The number of
// stars must be that of a level.
func (r *Relay) Parse(text string) (Problem, error) {
	tokens, err := Tokens(r, text)
	if err != nil {
		return Problem{}, err
	}
	problem, err := readRelay(tokens)
	if err != nil {
		return Problem{}, err
	}
	return problem.problem(), nil
}

// readRelay reads a prompt. It returns an error that says what is wrong. <bos>, the first semicolon, <think> and line ends may be missing or present.
func readRelay(prompt []int) (p relayProblem, err error) {
	tokens := slices.DeleteFunc(slices.Clone(prompt), func(token int) bool { return token == Newline })
	skip := func(token int) bool {
		found := len(tokens) > 0 && tokens[0] == token
		if found {
			tokens = tokens[1:]
		}
		return found
	}
	skip(Bos)
	if len(tokens) > 0 && tokens[len(tokens)-1] == Think {
		tokens = tokens[:len(tokens)-1]
	}
	p.guided = skip(relayGuide)
	skip(Semicolon)

	p.marked = -1
	for len(tokens) > 0 && tokens[0] != Semicolon {
		marked := skip(Hash)
		if !matches(tokens, isRelayDigit) {
			return p, fmt.Errorf("task: a problem begins with the digits on offer, # before the right one, such as \"; 2 3 # 1 9 ;\"")
		}
		digit := tokens[0] - relayDigit
		switch {
		case slices.Contains(p.offered, digit):
			return p, fmt.Errorf("task: the digit %d is on offer twice: offer different digits", digit)
		case marked && p.marked >= 0:
			return p, fmt.Errorf("task: two digits on offer are marked by #: mark one")
		case marked:
			p.marked = digit
		}
		p.offered, tokens = append(p.offered, digit), tokens[1:]
	}
	if len(p.offered) < 2 || p.marked < 0 {
		return p, fmt.Errorf("task: a problem offers two or more digits and marks the right one by #, such as \"; 2 3 # 1 9 ;\"")
	}
	if !matches(tokens, is(Semicolon), isRelayDigit, is(Semicolon)) {
		return p, fmt.Errorf("task: the start value must follow the digits on offer, such as \"; 2 ;\"")
	}
	p.start, tokens = tokens[1]-relayDigit, tokens[3:]
	return p, p.readProgram(tokens)
}

// readProgram reads what follows the start value.
func (p *relayProblem) readProgram(tokens []int) error {
	for len(tokens) > 1 {
		item := p.items()
		if item == relayItems || tokens[0] != relayLabel+item {
			return fmt.Errorf("task: the items of the program are labelled a, b, c in this order, up to p, such as \"a 5 b * c * d * ?\"")
		}
		switch {
		case tokens[1] == times:
			p.stars++
		case isRelayDigit(tokens[1]) && p.stars == 0:
			p.added = append(p.added, tokens[1]-relayDigit)
		default:
			return fmt.Errorf("task: item %s must add a digit or *, and no digit follows a star", relayVocabulary[tokens[0]])
		}
		tokens = tokens[2:]
	}
	if len(tokens) != 1 || tokens[0] != question || p.items() == 0 {
		return fmt.Errorf("task: the problem must end with a program and a question mark, such as \"a 5 b * c * d * ?\"")
	}
	if !slices.Contains(relayStars[:], p.stars) {
		return fmt.Errorf("task: a program has 0, 3, 7, 9, 11 or 13 stars, not %d", p.stars)
	}
	return nil
}

func (r *Relay) mustRead(p Problem) relayProblem {
	problem, err := readRelay(p.Prompt)
	if err != nil {
		panic(fmt.Sprintf("task: not a problem of task relay: %v", err))
	}
	return problem
}

func isRelayDigit(token int) bool { return relayDigit <= token && token < relayLabel }
