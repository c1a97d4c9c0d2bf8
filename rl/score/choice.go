package score

import (
	"fmt"
	"slices"
	"strings"
)

// StepChoice is a rule that chooses the step to ablate: the name of a score, of which it takes one of the top 20 % of steps, or
// one of the other names below.
type StepChoice string

const (
	ChooseFCI     StepChoice = "fci"
	ChooseOther   StepChoice = "other" // one of the 80 % of steps that ChooseFCI does not take
	ChooseEntropy StepChoice = "entropy"
	ChooseRandom  StepChoice = "random" // any step
	ChooseOne     StepChoice = "step"   // the step that a user names; no rule
)

// TopShare is the share of steps that a score chooses from: ρ of AttnRL, arXiv 2509.26628, eq. 7.
const TopShare = 0.2

// StepChoices lists the rules of AttnRL's analysis.
func StepChoices() []StepChoice {
	return []StepChoice{ChooseFCI, ChooseOther, ChooseEntropy, ChooseRandom}
}

// StepChoiceNames lists the names of AttnRL's rules.
func StepChoiceNames() (names []string) {
	for _, c := range StepChoices() {
		names = append(names, string(c))
	}
	return names
}

// ParseChoice reads the name of a rule. The error lists those that exist. Attention received is none, because an examination of
// traces does not compute it.
func ParseChoice(name string) (StepChoice, error) {
	names := append([]string{string(ChooseOther), string(ChooseRandom)}, Names()...)
	names = slices.DeleteFunc(names, func(name string) bool { return name == Received.Name })
	if !slices.Contains(names, name) {
		return "", fmt.Errorf("score: there is no rule %q to choose steps by; give one of %s", name, strings.Join(names, ", "))
	}
	return StepChoice(name), nil
}

// Title names a rule for people, as in "picked by Title".
func (c StepChoice) Title() string {
	switch c {
	case ChooseOther:
		return fmt.Sprintf("the other %g %%", 100*(1-TopShare))
	case ChooseRandom:
		return "random"
	case ChooseOne:
		return "the chosen step"
	}
	s, err := Find(string(c))
	if err != nil {
		return string(c)
	}
	name := s.Title
	if c == ChooseFCI {
		name = s.Symbol
	}
	return fmt.Sprintf("%s, top %g %%", name, 100*TopShare)
}
