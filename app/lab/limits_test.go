package lab

import (
	"strconv"
	"testing"

	"attnlab/app/session"
	"attnlab/rl/hyper"
)

// TestControlsAllowWhatTheEngineAllows sets each number far too high and expects the engine's limit, or that of the table of
// hyper-parameters.
func TestControlsAllowWhatTheEngineAllows(t *testing.T) {
	l, _ := treeBench(t)
	for name, c := range map[string]struct {
		want int
		got  func() int
	}{
		"initial":  {int(hyper.Initial.Max), func() int { return l.Growth.Rule.Initial }},
		"points":   {int(hyper.Points.Max), func() int { return l.Growth.Rule.Points }},
		"rollouts": {int(hyper.Rollouts.Max), func() int { return l.Growth.Rule.Rollouts }},
		"over":     {session.MaxProblems, func() int { return l.Growth.Over }},
	} {
		l.Set(name, strconv.Itoa(10*session.MaxSteps))
		if got := c.got(); got != c.want {
			t.Errorf("%s is limited to %d, want %d", name, got, c.want)
		}
	}
}
