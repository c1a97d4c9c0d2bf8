package labtest

import (
	"attnlab/app/session"
	"attnlab/rl/stat"
)

// Losses are the losses of the steps of [Trace]: the first has no FCI, the last was not cut and has none.
func Losses() session.StepLosses {
	group := func(control, cut float64) session.DisruptionGroup {
		return session.DisruptionGroup{Pick: "step", N: 64, Control: control, ControlSE: 0.04, Disrupted: cut, DisruptedSE: 0.04, Loss: control - cut, LossSE: 0.05}
	}
	of := func(x float64) *float64 { return &x }
	t := Trace()
	l := session.StepLosses{Number: 8, Samples: 64, Steps: []session.StepLoss{
		{Cut: group(0.9, 0.1)}, {FCI: of(0.3), Cut: group(0.75, 0.25)}, {FCI: of(0.2), Cut: group(0.75, 0.875)}, {Why: "nothing can follow step 4"},
	}}
	for k := range l.Steps {
		s := &l.Steps[k]
		s.Step, s.Label, s.Text, s.Position = k, t.Steps[k].Label, t.Steps[k].Text, -float64(k+1)
	}
	l.Ranking = &session.LossRanking{N: 11, FCI: session.Correlation{Rho: of(0.42), Interval: &stat.Interval{Low: -0.2, High: 0.8}},
		Position: session.Correlation{Rho: of(0.55), Interval: &stat.Interval{Low: 0, High: 0.85}}, FCIPosition: of(0.9), Difference: &stat.Interval{Low: -0.4, High: 0.2}}
	return l
}
