package handover

import (
	"fmt"

	"attnlab/rl/hyper"
)

// mapped is a hyper-parameter of the lab with the engine's name for it.
type mapped struct {
	Row          hyper.Param
	Theirs, Note string
}

// readme fills in README.md of a project. Rows that the method does not have are left out; rows of the method that nothing maps are listed.
func (p Project) readme(file string, rows []mapped, limits []string) ([]byte, error) {
	type line struct{ Name, Value, Meaning, Theirs, Note string }
	var lines []line
	seen := map[string]bool{}
	for _, m := range rows {
		if own, ok := p.Method.Params.Row(m.Row.Name); ok {
			lines = append(lines, line{own.Name, p.Values[own.Name].String(), own.Meaning, m.Theirs, m.Note})
			seen[own.Name] = true
		}
	}
	var own []line
	for _, row := range p.Method.Params {
		if !seen[row.Name] {
			own = append(own, line{Name: row.Name, Value: p.Values[row.Name].String(), Meaning: row.Meaning})
		}
	}
	return fill(file, map[string]any{"Project": p, "Rows": lines, "Own": own, "Limits": limits, "Title": p.Method.Title, "Source": p.Method.Source,
		"Free": p.Task.free(), "Attention": p.Method.Takes.Heads, "OwnModel": p.Model == ModelFolder,
		"Responses": fmt.Sprint(p.Values.Int(hyper.Problems.Name) * p.Values.Int(hyper.Group.Name))})
}
