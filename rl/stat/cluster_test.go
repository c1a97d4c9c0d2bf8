package stat

import (
	"math"
	"math/rand/v2"
	"testing"

	"attnlab/rl/rltest/near"
)

func TestClusterMean(t *testing.T) {
	// By hand: the mean is 3, u = (1-3 + 2-3)/4 and (4-3 + 5-3)/4, so the error is √(2 · 2 · 0.75²) = 1.5.
	mean, se := ClusterMean([][]float64{{1, 2}, {4, 5}})
	near.Want(t, "two clusters of two", []float64{mean, se}, []float64{3, 1.5}, 1e-12)

	x := []float64{2, 4, 4, 4, 5, 5, 7, 9}
	var alone [][]float64
	for _, v := range x {
		alone = append(alone, []float64{v})
	}
	mean, se = ClusterMean(alone)
	wantMean, wantError := MeanError(x)
	near.Want(t, "clusters of one value", []float64{mean, se}, []float64{wantMean, wantError}, 1e-12)

	if _, se := ClusterMean([][]float64{{1, 2, 3}}); !math.IsNaN(se) {
		t.Errorf("one cluster has the error %v", se)
	}
	if mean, se := ClusterMean(nil); !math.IsNaN(mean) || !math.IsNaN(se) {
		t.Errorf("no clusters have the mean %v, the error %v", mean, se)
	}
}

// Values that repeat within a cluster bring nothing: the error is that of the clusters' number, whatever each holds.
func TestClusterDifference(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 3))
	var x, y, many, manyY [][]float64
	for range 40 {
		a, b := random.NormFloat64(), random.NormFloat64()
		x, y = append(x, []float64{a}), append(y, []float64{b})
		many, manyY = append(many, []float64{a, a, a, a}), append(manyY, []float64{b, b})
	}
	d, se := ClusterDifference(x, y)
	d2, se2 := ClusterDifference(many, manyY)
	near.Want(t, "repeated values", []float64{d2, se2}, []float64{d, se}, 1e-12)

	// What a cluster adds to both means cancels in their difference.
	for g := range x {
		shift := 10 * random.NormFloat64()
		x[g][0], y[g][0] = x[g][0]+shift, y[g][0]+shift
	}
	d3, se3 := ClusterDifference(x, y)
	near.Want(t, "shifted clusters", []float64{d3, se3}, []float64{d, se}, 1e-9)

	if d, _ := ClusterDifference([][]float64{{1}, {}}, [][]float64{{}, {3}}); d != -2 {
		t.Errorf("clusters with values on one side only have the difference %v", d)
	}
}
