package stat

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"

	"attnlab/rl/rltest/near"
)

var nan = math.NaN()

func TestMean(t *testing.T) {
	x := []float64{2, 4, 4, 4, 5, 5, 7, 9}
	mean, se := MeanError(x)
	near.Want(t, "mean, sample and population deviation, error", []float64{mean, StdDev(x), PopStdDev(x), se},
		[]float64{5, math.Sqrt(32. / 7), 2, math.Sqrt(32. / 7 / 8)}, 1e-12)
	mean, se = MeanError([]float64{3})
	near.Want(t, "one value", []float64{mean, se, StdDev([]float64{3}), PopStdDev([]float64{3})}, []float64{3, nan, nan, 0}, 0)
	mean, se = MeanError(nil)
	near.Want(t, "no value", []float64{mean, se, StdDev(nil), PopStdDev(nil)}, []float64{nan, nan, nan, nan}, 0)
}

// Rounding must not turn equal rewards into advantages, whatever the value and the number.
func TestEqualValues(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for n := 2; n < 300; n++ {
		v := []float64{1, 0.1, random.NormFloat64() * 1e9}[n%3]
		x := make([]float64, n)
		for i := range x {
			x[i] = v
		}
		mean, se := MeanError(x)
		if mean != v || se != 0 || StdDev(x) != 0 || PopStdDev(x) != 0 {
			t.Fatalf("%d times %v: mean %v, error %v, deviations %v and %v", n, v, mean, se, StdDev(x), PopStdDev(x))
		}
	}
}

func TestKurtosis(t *testing.T) {
	// Of n equal values and one other the fourth moment over the squared second is n - 1 + 1/n.
	near.Want(t, "one of five", []float64{Kurtosis([]float64{0, 0, 0, 0, 1})}, []float64{4 - 1 + 0.25 - 3}, 1e-12)
	near.Want(t, "two points", []float64{Kurtosis([]float64{-1, 1})}, []float64{-2}, 1e-12)
	near.Want(t, "constant", []float64{Kurtosis([]float64{3, 3, 3})}, []float64{nan}, 0)
}

func TestRatio(t *testing.T) {
	near.Want(t, "ratio", []float64{Ratio([]float64{1, 2}, []float64{2, 4}), Ratio([]float64{1}, []float64{0}), Ratio(nil, nil)}, []float64{0.5, 0, 0}, 0)
}

func TestNumber(t *testing.T) {
	in := []Number{0.5, Number(nan), Number(math.Inf(1)), -3}
	text, err := json.Marshal(in)
	if err != nil || string(text) != "[0.5,null,null,-3]" {
		t.Fatalf("%s, %v", text, err)
	}
	var out []Number
	if err := json.Unmarshal(text, &out); err != nil || out[0] != 0.5 || !math.IsNaN(float64(out[1])) || out[3] != -3 {
		t.Fatalf("%v, %v", out, err)
	}
	if out[1].String() != "–" || out[0].String() != "0.500" {
		t.Errorf("%v %v", out[0], out[1])
	}
	if json.Unmarshal([]byte(`["x"]`), &out) == nil {
		t.Error("a string was read as a number")
	}
}

func TestKnownLeavesOutNaN(t *testing.T) {
	x := []float64{math.NaN(), 2, math.NaN(), 4}
	if got := Mean(Known(x)); got != 3 || !math.IsNaN(x[2]) {
		t.Errorf("the mean of what is known is %g, want 3; %v", got, x)
	}
	if got := Mean(Known(x[:1])); !math.IsNaN(got) {
		t.Errorf("nothing is known, and its mean is %g", got)
	}
}
