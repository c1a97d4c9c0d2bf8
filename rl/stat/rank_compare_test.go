package stat

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestCompareRanks(t *testing.T) {
	// By hand: outcomes 1 2 3 4; the first ranks them 1 2 4 3, so rho = 1 - 6·2/60 = .8; the second the other way round.
	r := CompareRanks([]float64{1, 2, 9, 8}, []float64{4, 3, 2, 1}, []float64{.1, .2, .3, .4})
	if math.Abs(r.First.Rho-0.8) > 1e-12 || r.Second.Rho != -1 || math.Abs(r.Between+0.8) > 1e-12 || r.N != 4 {
		t.Errorf("%+v", r)
	}
	// A predictor of the outcomes is distinguished from noise; two equally good ones are not.
	random := rand.New(rand.NewPCG(1, 2))
	var outcome, good, same, noise []float64
	for range 40 {
		y := random.NormFloat64()
		outcome = append(outcome, y)
		good, same = append(good, y+0.3*random.NormFloat64()), append(same, y+0.3*random.NormFloat64())
		noise = append(noise, random.NormFloat64())
	}
	if r := CompareRanks(good, noise, outcome); !(r.Difference.Low > 0) || !(r.First.Low > 0.5) || !(r.Second.Low < 0 && r.Second.High > 0) {
		t.Errorf("good against noise: %+v", r)
	}
	if r := CompareRanks(good, same, outcome); !(r.Difference.Low < 0 && r.Difference.High > 0) {
		t.Errorf("two alike: %+v", r)
	}
	if r := CompareRanks(good, good, outcome); r.Difference.Low != 0 || r.Difference.High != 0 || r.Between != 1 {
		t.Errorf("the same twice: %+v", r)
	}
}

// What cannot be ranked has no correlation, and a few outcomes have no interval.
func TestCompareRanksOfLittle(t *testing.T) {
	nan := math.IsNaN
	if r := CompareRanks([]float64{1, 2, 3, 4}, []float64{1, 2, 3, 4}, []float64{0, 0, 0, 0}); !nan(r.First.Rho) || !nan(r.Second.Low) || !nan(r.Difference.High) {
		t.Errorf("equal outcomes: %+v", r)
	}
	if r := CompareRanks([]float64{1, 2, 3}, []float64{3, 1, 2}, []float64{1, 2, 3}); r.First.Rho != 1 || !nan(r.First.Low) {
		t.Errorf("three outcomes: %+v", r)
	}
	if r := CompareRanks(nil, nil, nil); r.N != 0 || !nan(r.First.Rho) {
		t.Errorf("no outcomes: %+v", r)
	}
}
