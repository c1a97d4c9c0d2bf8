package lab

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"attnlab/app/lab/labtest"
	"attnlab/app/session"
	"attnlab/rl/hyper"
)

// A number field takes the whole range of the engine, or of the table of hyper-parameters, and nothing else. What it refuses stays visible with the reason,
// and the lab uses the number from before.
func TestNumberFieldsRefuse(t *testing.T) {
	l, engine := ready(t, Start())
	labtest.Sent(t, engine, 1)
	l.Receive(session.Status{Stage: "ready"})
	fields := map[string]struct {
		most uint64
		got  func() uint64
	}{
		"seed":     {math.MaxUint64, func() uint64 { return l.Seed }},
		"draw":     {math.MaxUint32, func() uint64 { return uint64(l.Controls.Sampling.Seed) }},
		"problems": {session.MaxProblems, func() uint64 { return uint64(l.Controls.Problems) }},
		"samples":  {session.MaxSamples, func() uint64 { return uint64(l.Controls.Samples) }},

		"tree-seed": {math.MaxUint64, func() uint64 { return l.Growth.Seed }},
		"initial":   {uint64(hyper.Initial.Max), func() uint64 { return uint64(l.Growth.Rule.Initial) }},
		"points":    {uint64(hyper.Points.Max), func() uint64 { return uint64(l.Growth.Rule.Points) }},
		"rollouts":  {uint64(hyper.Rollouts.Max), func() uint64 { return uint64(l.Growth.Rule.Rollouts) }},
		"over":      {session.MaxProblems, func() uint64 { return uint64(l.Growth.Over) }},

		"run-seed": {math.MaxUint64, func() uint64 { return l.Plan.Seed }},
		"steps":    {session.MaxSteps, func() uint64 { return uint64(l.Plan.Steps) }},
		"probe":    {session.MaxProblems, func() uint64 { return uint64(l.Plan.Probe) }},
		"held-out": {session.MaxProblems, func() uint64 { problems, _ := l.HeldOut(); return uint64(problems) }},

		"save-rollouts":  {100, func() uint64 { return uint64(l.Plan.SavedShare()) }},
		"held-out-every": {session.MaxTokens, func() uint64 { _, every := l.HeldOut(); return uint64(every) }},
	}
	for name, f := range fields {
		before := f.got()
		for _, text := range []string{"-5", "3.7", "1e9", "", "x", "99999999999999999999"} {
			l.Set(name, text)
			r, bad := l.Refused[name]
			if !bad || r.Text != text || !strings.HasPrefix(r.Why, "Give a whole number from ") || !strings.HasSuffix(r.Why, ".") || f.got() != before {
				t.Errorf("%s %q: %+v, and the lab uses %d after %d", name, text, r, f.got(), before)
			}
		}
		l.Set(name, strconv.FormatUint(f.most, 10))
		if _, bad := l.Refused[name]; bad || f.got() != f.most {
			t.Errorf("%s takes up to %d, and %d is used", name, f.most, f.got())
		}
		l.Receive(session.Status{Stage: "ready"})
	}
	l.Set("steps", "-1")
	if l.Wrong()["steps"] == "" {
		t.Error("a run can start while its number of steps is refused")
	}
	l.Set("samples", "0")
	if l.Do("example"); len(l.Refused) != 0 {
		t.Errorf("after another view %v is still refused", l.Refused)
	}
}
