package lab

import "slices"

// Action is one thing a visitor can do. The table [Actions] feeds buttons, keys and the list of commands alike.
type Action struct {
	Name     string
	keys     string // separated by spaces, as KeyboardEvent.key; "tree:Enter" is a key on that page only; empty for none
	Does     string // in the list of commands; empty leaves it out
	undoable bool
	may      func(l *Lab) bool // nil: always
	do       func(l *Lab, argument string)
}

// Allowed reports whether the action can be taken now.
func (a Action) Allowed(l *Lab) bool { return a.may == nil || a.may(l) }

// Waits reports whether the action cannot be taken only because the engine has not been loaded yet. [Lab.Do] then takes it later.
func (a Action) Waits(l *Lab) bool {
	if l.Opened || l.Failure.Command == "Open" || a.Allowed(l) {
		return false
	}
	l.assume = true
	defer func() { l.assume = false }()
	return a.Allowed(l)
}

// Title is what the action does and its first key, empty for an action that is not in the list of commands.
func (a Action) Title() string {
	if keys := a.KeyNames(); a.Does != "" && len(keys) > 0 {
		return a.Does + " (" + keys[0] + ")"
	}
	return a.Does
}

const (
	MaxTemperature = 1.5 // the top of the slider
	// sliderSteps is how many steps a slider makes of 1. Sliders count steps, as a browser rounds to whole numbers until
	// the step is set, and attributes are set in any order.
	SliderSteps = 20
)

var Actions []Action

// The table refers to functions that refer to the table, so it is filled here.
func init() {
	Actions = slices.Concat(traceActions(), pageActions(), treeActions(), trainActions(), compareActions(), rolloutActions(), pairActions(), benchActions(), lessonActions(), diskActions())
}

func FindAction(name string) (Action, bool) {
	i := slices.IndexFunc(Actions, func(a Action) bool { return a.Name == name })
	if i < 0 {
		return Action{}, false
	}
	return Actions[i], true
}
