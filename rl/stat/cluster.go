package stat

import "math"

// ClusterMean returns the mean of values that come in clusters, such as the steps of one problem, and its standard error. x[g] has the
// values of cluster g, in any number. Each value weighs the same, but only clusters count as independent: the error is
// √(G/(G-1) Σ_g u_g²) over G clusters, where u_g = Σ_i (x_gi - mean)/n (Liang and Zeger 1986, working independence). It has G-1
// degrees of freedom and is NaN of fewer than two clusters. With one value in each cluster it is that of [MeanError].
func ClusterMean(x [][]float64) (mean, standardError float64) {
	mean, u := influence(x)
	return mean, clusterError(u)
}

// ClusterDifference returns the mean of x less that of y and its standard error, where x[g] and y[g] are of the same cluster g: see
// [ClusterMean]. It panics where they have different numbers of clusters.
func ClusterDifference(x, y [][]float64) (difference, standardError float64) {
	if len(x) != len(y) {
		panic("stat: x and y have different numbers of clusters")
	}
	above, u := influence(x)
	below, v := influence(y)
	for g := range u {
		u[g] -= v[g]
	}
	return above - below, clusterError(u)
}

// influence returns the mean of all values and what each cluster adds to its error.
func influence(x [][]float64) (mean float64, u []float64) {
	var all []float64
	for _, values := range x {
		all = append(all, values...)
	}
	mean, u = Mean(all), make([]float64, len(x))
	for g, values := range x {
		for _, v := range values {
			u[g] += (v - mean) / float64(len(all))
		}
	}
	return mean, u
}

func clusterError(u []float64) float64 {
	if len(u) < 2 {
		return math.NaN()
	}
	G, sum := float64(len(u)), 0.0
	for _, v := range u {
		sum += v * v
	}
	return math.Sqrt(G / (G - 1) * sum)
}
