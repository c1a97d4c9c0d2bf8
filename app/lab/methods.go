package lab

import (
	"cmp"

	"attnlab/app/session"
	"attnlab/rl/runs"
)

// Title is a method's name for people; its key where the engine has not sent the catalogue yet.
func (s *State) Title(method string) string {
	m, _ := s.Methods.Of(method)
	return cmp.Or(m.Title, method)
}

// usualHeldOut is how many held-out problems a run from a model is measured on by default.
func (s *State) usualHeldOut(model string) int {
	if m := s.Capabilities.Model; m.Frozen && (model == "" || model == m.Name) {
		return session.FewHeldOut
	}
	return runs.HeldOut
}

// HeldOut is how many held-out problems the planned run is measured on while it trains, and after how many generated tokens each time.
func (s *State) HeldOut() (problems, every int) {
	if problems = s.Plan.HeldOut; problems == 0 {
		problems = s.usualHeldOut(s.Plan.Model)
	}
	return max(0, problems), cmp.Or(s.Plan.HeldOutGap, runs.HeldOutGap)
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
