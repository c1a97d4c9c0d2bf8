package lab

import (
	"cmp"

	"attnlab/rl/runs"
)

// Title is a method's name for people; its key where the engine has not sent the catalogue yet.
func (s *State) Title(method string) string {
	m, _ := s.Methods.Of(method)
	return cmp.Or(m.Title, method)
}

// UsualSteps is how many steps a run of a method takes by default; 0 where the engine has not sent the catalogue yet.
func (s *State) UsualSteps(method string) int {
	m, _ := s.Methods.Of(method)
	return m.Steps
}

func StartsFrom(method string) string {
	if method == runs.Pretrain {
		return "size"
	}
	return "starts from"
}

var presets = []string{"tiny", "small", "base"}

// Knobs are the hyper-parameters shown before all others.
var Knobs = []string{"problems", "group", "initial", "points", "rollouts", "learning-rate", "tokens", "rate", "alpha", "heads", "negative", "branch", "delta", "cut", "length-weight"}
