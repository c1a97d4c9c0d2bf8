package handover

import (
	"fmt"
	"strings"

	"attnlab/rl/hyper"
)

// mapped is a hyper-parameter of the lab with the engine's name for it.
type mapped struct {
	Row          hyper.Param
	Theirs, Note string
}

// readme fills in README.md of a project. Rows that the method does not have are left out; rows of the method that nothing maps are listed
// below the sentence others.
func (p Project) readme(file, others string, rows []mapped, limits []string) ([]byte, error) {
	var table, own strings.Builder
	seen := map[string]bool{}
	for _, m := range rows {
		if row, ok := p.Method.Params.Row(m.Row.Name); ok {
			fmt.Fprintf(&table, "| %s | %s | %s | %s |\n", row.Name, p.Values[row.Name], m.Theirs, m.Note)
			seen[row.Name] = true
		}
	}
	for _, row := range p.Method.Params {
		if !seen[row.Name] {
			fmt.Fprintf(&own, "| %s | %s | %s |\n", row.Name, p.Values[row.Name], row.Meaning)
		}
	}
	values := map[string]any{"Rows": table.String(), "Own": "", "Limits": "- " + strings.Join(limits, "\n- "), "Title": p.Method.Title, "Source": p.Method.Source,
		"Method": p.Method.Name, "Task": p.Task.Name, "Steps": p.Steps, "Seed": p.Seed, "Responses": p.Values.Int(hyper.Problems.Name) * p.Values.Int(hyper.Group.Name),
		"Trained": p.Model, "IfTokens": "", "WithLabels": "", "MoreFiles": ""}
	if own.Len() > 0 {
		values["Own"] = others + "\n\n| attnlab | value | meaning |\n|---|---|---|\n" + own.String() + "\n"
	}
	if !p.Task.free() {
		values["IfTokens"], values["WithLabels"] = ", if it has the task's tokens", " with their true labels"
	}
	more := ""
	if p.Method.Takes.Heads {
		more = "\n| `attnpo.py`, `attention.py` | key-focus heads, scores of steps by attention, and the trainer that weighs advantages with them |"
	}
	if p.Model == ModelFolder {
		values["Trained"] = "the model in `model`"
		more += "\n| `model` | the model, in Hugging Face's form |"
	}
	values["MoreFiles"] = more
	return fill(file, values)
}

// fill writes values into the places {{name}} of one of the project's files. (The library text/template keeps every exported method of a program
// that it is part of: 3 MB of the engine in the page.) It returns an error if a place has no value.
func fill(file string, values map[string]any) ([]byte, error) {
	text, err := scripts.ReadFile(file)
	if err != nil {
		return nil, err
	}
	before, rest, found := strings.Cut(string(text), "{{")
	b := []byte(before)
	for found {
		var name string
		name, rest, _ = strings.Cut(rest, "}}")
		value, ok := values[name]
		if !ok {
			return nil, fmt.Errorf("%s: nothing fills %q", file, name)
		}
		b = fmt.Append(b, value)
		before, rest, found = strings.Cut(rest, "{{")
		b = append(b, before...)
	}
	return b, nil
}
