package explain

import (
	"strings"
	"testing"

	"attnlab/app/session"
	"attnlab/rl/stat"
)

func TestLossVerdict(t *testing.T) {
	of := func(x float64) *float64 { return &x }
	needed := []session.StepLoss{{Cut: session.DisruptionGroup{N: 32, Loss: 0.6, LossSE: 0.1}}}
	noise := []session.StepLoss{{Cut: session.DisruptionGroup{N: 32, Loss: 0.1, LossSE: 0.1}}, {Cut: session.DisruptionGroup{N: 32, Loss: -0.6, LossSE: 0.1}}}
	ranking := func(n int, fci, place *float64, between float64, d *stat.Interval) *session.LossRanking {
		return &session.LossRanking{N: n, FCI: session.Correlation{Rho: fci}, Position: session.Correlation{Rho: place}, FCIPosition: &between, Difference: d}
	}
	for _, c := range []struct {
		steps []session.StepLoss
		r     *session.LossRanking
		want  string
	}{
		{needed, nil, ""},
		{needed, ranking(3, of(1), of(1), 1, nil), "too few"},
		{needed, ranking(9, nil, nil, 1, nil), "nothing to rank"},
		{needed, ranking(9, nil, of(.4), 0, nil), "it ranks nothing"},
		{noise, ranking(9, of(.9), of(-.4), .3, &stat.Interval{Low: .2, High: .9}), "but no loss exceeds two standard errors, so 32 continuations"},
		{needed, ranking(11, of(.42), of(.55), .9, &stat.Interval{Low: -.5, High: .3}), "11 steps: ρ = .42 for FCI, .55 for position: this trace does not show that FCI knows more than position."},
		{needed, ranking(11, of(.9), of(-.1), .1, &stat.Interval{Low: .3, High: .9}), "ρ = .90 for FCI, −.10 for position: on this trace FCI ranks the losses better"},
		{needed, ranking(11, of(.1), of(.9), .1, &stat.Interval{Low: -.9, High: -.2}), "position ranks the losses better"},
		{needed, ranking(11, of(.9), of(.9), 1, &stat.Interval{}), "cannot tell it from position"},
	} {
		if got := LossVerdict(&session.StepLosses{Samples: 32, Steps: c.steps, Ranking: c.r}); !strings.Contains(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%+v: %q, want %q", c.r, got, c.want)
		}
	}
}

func TestRho(t *testing.T) {
	for want, x := range map[string]float64{".42": 0.42, "−.07": -0.071, "0": -0.001, "1.00": 1, "−1.00": -1} {
		if got := Rho(&x); got != want {
			t.Errorf("%v is %q, want %q", x, got, want)
		}
	}
	if Rho(nil) != "–" {
		t.Error("no correlation is not a dash")
	}
}
