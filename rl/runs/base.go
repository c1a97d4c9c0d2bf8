package runs

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
)

// baseKey begins the names of the columns in which the first line of a log has the probe of the run's base.
const baseKey = "base."

// BaseProbe is how the model that the run began from did on the probing problems, one value a column: "problems", "accuracy",
// "think_tokens", "redundant_steps", "essential_steps", and in newer logs their standard errors, as
// "standard_error.accuracy". It is in the first line of the log, else in the result. It is nil where
// neither has it: logs of older versions have none.
func (r Run) BaseProbe() (probe Columns) {
	add := func(name string, v float64) {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			probe = append(probe, Column{Name: name, Values: []*float64{&v}})
		}
	}
	for _, c := range r.Log.Columns() {
		if name, ok := strings.CutPrefix(c.Name, baseKey); ok {
			if i := slices.IndexFunc(c.Values, func(v *float64) bool { return v != nil }); i >= 0 {
				add(name, *c.Values[i])
			}
		}
	}
	if probe != nil || r.Result == nil {
		return probe
	}
	var p Probe
	if json.Unmarshal(r.Result.Base, &p) != nil || p.Problems < 1 {
		return nil
	}
	add("problems", float64(p.Problems))
	add("accuracy", float64(p.Accuracy))
	add("think_tokens", float64(p.ThinkTokens))
	add("redundant_steps", float64(p.RedundantSteps))
	add("essential_steps", float64(p.EssentialSteps))
	return probe
}
