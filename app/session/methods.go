package session

import (
	"slices"

	"attnlab/rl/hyper"
)

// FirstMethod is the method of the page's first plan, and of its lessons about credit.
const FirstMethod = "attnpo"

// Method is what a page needs to know of a training method.
type Method struct {
	Name    string      `json:"name"` // flag, URL key and key of a saved run
	Title   string      `json:"title"`
	Summary string      `json:"summary"` // one or two sentences
	Source  string      `json:"source"`
	Steps   int         `json:"steps"`             // training steps of a run that names no number
	Teacher bool        `json:"teacher,omitempty"` // it learns from a teacher's demonstrations
	Heads   bool        `json:"heads,omitempty"`   // its heads can be named
	Params  hyper.Table `json:"params"`
}

// Trainer is a trainer on many machines that a run can be handed over to.
type Trainer struct {
	Name  string `json:"name"` // part of a run to export, see [ExportRun]
	Title string `json:"title"`
}

// Of returns the method of a name. It is false before the engine has sent the catalogue.
func (m Methods) Of(name string) (Method, bool) {
	i := slices.IndexFunc(m.Methods, func(m Method) bool { return m.Name == name })
	if i < 0 {
		return Method{}, false
	}
	return m.Methods[i], true
}

// Names are the names of all methods.
func (m Methods) Names() []string {
	names := make([]string, len(m.Methods))
	for i, of := range m.Methods {
		names[i] = of.Name
	}
	return names
}
