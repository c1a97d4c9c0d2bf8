// Package handover writes a method with its settings, its task and its model as a project for an engine that trains on many machines: TRL, on
// accelerate, or verl, on Ray. The project's scripts lie beside this file as Python and YAML that can be read and run where they are. Nothing of
// this program needs Python; the project does.
package handover

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"attnlab/rl"
	"attnlab/rl/hyper"
	"attnlab/rl/runs"
	"attnlab/rl/score"
)

// The engines that a project can be for.
const (
	TRL  = "trl"
	Verl = "verl"
)

// Engines lists them.
var Engines = []string{TRL, Verl}

// ModelFolder is the folder of the project that the model's files belong in, where it has any: [Project.Files] has none of them.
const ModelFolder = "model"

// Project is what is handed over.
type Project struct {
	To     string // one of Engines
	Method rl.Method
	Values hyper.Values // of the method, all of them
	Seed   uint64
	Steps  int            // training steps
	Heads  []score.Head   // of attnpo in place of those that the project finds
	Model  string         // [ModelFolder], or a name at Hugging Face
	Base   *runs.Identity // of the model in ModelFolder, so that logs are compared with the lab's; nil where it is not known
	Task   Task
}

// Title is the name of an engine as people write it.
func Title(to string) string { return engines[to].title }

// engine is how a project for one engine is made.
type engine struct {
	title   string
	methods []string // that it takes
	files   func(ctx context.Context, p Project, files map[string][]byte) error
}

var engines = map[string]engine{
	TRL:  {"TRL", []string{rl.GRPO.Name, rl.DrGRPO.Name, rl.DAPO.Name, rl.TLMRE.Name, rl.ATTNPO.Name}, forTRL},
	Verl: {"verl", []string{rl.GRPO.Name, rl.DrGRPO.Name, rl.DAPO.Name, rl.AttnRL.Name}, forVerl},
}

// lacks says why an engine does not take a method.
func (e engine) lacks(m rl.Method) string {
	switch {
	case m.Takes.Tree:
		return "it branches responses, and " + e.title + " samples whole ones"
	case m.Takes.Revisions:
		return "it cuts thoughts that a second model judges, and " + e.title + " has no revisions"
	case m.Takes.Demonstrations:
		return "it learns from demonstrations, and the project of " + e.title + " from rewards"
	}
	return "its reward needs the group of a response, and " + e.title + " rewards one response at a time"
}

// mostProblems bounds the problems that a project draws for training; so many of chain are some 70 MB of files.
const mostProblems = 250_000

// MostSteps is how many training steps a project may have. Each draws its own problems, except of free text, which repeats those of a file.
func (p Project) MostSteps() int {
	if p.Task.free() {
		return mostProblems
	}
	return mostProblems / max(1, p.Values.Int(hyper.Problems.Name))
}

// Check returns an error, one sentence, if the project cannot be made.
func (p Project) Check() error {
	e, ok := engines[p.To]
	switch {
	case !ok:
		return fmt.Errorf("there is no engine %q to hand over to; choose one of %s", p.To, strings.Join(Engines, ", "))
	case !slices.Contains(e.methods, p.Method.Name):
		return fmt.Errorf("%s cannot be handed over to %s: %s; choose one of %s", p.Method.Name, p.To, e.lacks(p.Method), strings.Join(e.methods, ", "))
	case p.Steps < 1 || p.Steps > p.MostSteps():
		return fmt.Errorf("the project has %d training steps; give 1 to %d", p.Steps, p.MostSteps())
	case p.Model != ModelFolder && !p.Task.free():
		return fmt.Errorf("task %s is written in tokens of its own, which %s does not have; choose task problems with a file of problems", p.Task.Name, p.Model)
	case p.Method.Takes.Heads && p.Task.free() && len(p.Heads) == 0:
		return errors.New("key-focus heads are found by labels of steps, which free text has not; name the heads, such as 16.2,20.9,23.2")
	}
	if err := p.Task.check(); err != nil {
		return err
	}
	if p.Values.Has("focus") && p.Values.Choice("focus") != "heads" {
		return fmt.Errorf("focus is %s, a control that is not handed over; choose heads", p.Values.Choice("focus"))
	}
	if p.Method.Name == rl.AttnRL.Name {
		if err := p.checkAttnRL(); err != nil {
			return err
		}
	}
	return p.Method.Check(p.Values, hyper.Limits{})
}

// Files are the files of the project by name, without those of its model. The error is ctx's where that ends first.
func (p Project) Files(ctx context.Context) (map[string][]byte, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	if err := engines[p.To].files(ctx, p, files); err != nil {
		return nil, err
	}
	return files, nil
}

// number is a value of the method, or 0 where it has no such row, and choice likewise "".
func (p Project) number(row hyper.Param) float64 {
	if !p.Values.Has(row.Name) {
		return 0
	}
	return p.Values.Number(row.Name)
}

func (p Project) choice(row hyper.Param) string {
	if !p.Values.Has(row.Name) {
		return ""
	}
	return p.Values.Choice(row.Name)
}

// indented is a value as JSON for people to read.
func indented(v any) ([]byte, error) {
	data, err := json.MarshalIndent(v, "", "  ")
	return append(data, '\n'), err
}
