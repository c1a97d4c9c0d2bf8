package stat

import (
	"math"
	"math/rand/v2"
	"testing"

	"attnlab/rl/rltest/near"

	"gonum.org/v1/gonum/stat/distuv"
)

// rights makes the outcomes of two classifiers: both right, only the first, only the second, none.
func rights(both, first, second, none int) (a, b []float64) {
	for _, of := range []struct {
		n    int
		a, b float64
	}{{both, 1, 1}, {first, 1, 0}, {second, 0, 1}, {none, 0, 0}} {
		for range of.n {
			a, b = append(a, of.a), append(b, of.b)
		}
	}
	return a, b
}

func TestMcNemar(t *testing.T) {
	for _, c := range []struct {
		both, first, second, none int
		p                         float64
	}{
		{5, 0, 0, 5, 1}, {5, 3, 3, 5, 1}, {0, 6, 0, 4, 2.0 / 64}, {9, 0, 10, 0, 2.0 / 1024},
		{50, 1, 7, 2, 2 * (1 + 8) / 256.0}, {50, 9, 2, 2, 2 * (1 + 11 + 55) / 2048.0},
	} {
		d := McNemar(rights(c.both, c.first, c.second, c.none))
		n := c.both + c.first + c.second + c.none
		near.Want(t, "McNemar", []float64{d.P, d.Mean, float64(d.N)}, []float64{c.p, float64(c.first-c.second) / float64(n), float64(n)}, 1e-12)
	}
	random := rand.New(rand.NewPCG(1, 1))
	for range 300 {
		first, second := random.IntN(60), random.IntN(60)
		want := min(1, 2*distuv.Binomial{N: float64(first + second), P: 0.5}.CDF(float64(min(first, second))))
		if first+second == 0 {
			want = 1
		}
		near.Want(t, "against gonum", []float64{McNemar(rights(7, first, second, 2)).P}, []float64{want}, 1e-9)
	}
	if d := McNemar(rights(1, 0, 0, 0)); d.P != 1 || !math.IsNaN(d.Low) {
		t.Errorf("one observation: %+v", d)
	}
}

// The error of the nested bootstrap of means has a closed form: the variance of a drawn mean is the population's variance of the seeds'
// means, plus the mean of the problems' variances of means, over the number of seeds.
func TestNestedError(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 2))
	x := make([][]float64, 6)
	var means, within []float64
	for s := range x {
		x[s] = make([]float64, 50+10*s)
		at := random.NormFloat64() / 10
		for i := range x[s] {
			x[s][i] = at + random.NormFloat64()
		}
		means = append(means, Mean(x[s]))
		within = append(within, math.Pow(PopStdDev(x[s]), 2)/float64(len(x[s])))
	}
	want := math.Sqrt((math.Pow(PopStdDev(means), 2)+Mean(within))/6) * math.Sqrt(6.0/5)
	d := Nested(x, 20_000, 1)
	near.Want(t, "error", []float64{d.Error / want, d.Mean, d.Low, d.High}, []float64{1, Mean(means), d.Mean - Student(5)*d.Error, d.Mean + Student(5)*d.Error}, 0.02)
	if again := Nested(x, 20_000, 1); again != d {
		t.Errorf("the same seed gives %v and %v", d, again)
	}
	// Without a spread of problems it is the paired t test.
	flat := Nested([][]float64{{.04, .04}, {.06}, {.03, .03, .03}}, 50_000, 1)
	paired := Paired([]float64{.04, .06, .03}, []float64{0, 0, 0})
	near.Want(t, "without problems", []float64{flat.Mean, flat.Error / paired.Error, flat.P / paired.P}, []float64{paired.Mean, 1, 1}, 0.03)
	for _, few := range [][][]float64{nil, {{1, 2}}} {
		if d := Nested(few, 10, 1); !math.IsNaN(d.Low) || !math.IsNaN(d.P) {
			t.Errorf("of %d seeds: %+v", len(few), d)
		}
	}
	if d := Nested([][]float64{{0, 0}, {0, 0}}, 10, 1); d.Mean != 0 || d.Low != 0 || d.High != 0 || d.P != 1 {
		t.Errorf("no difference at all: %+v", d)
	}
}

// Data without an effect show one in at most 7 of 100 cases, whether seeds or problems make the noise, with few seeds and with eight.
func TestNothingIsFound(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	for _, c := range []struct {
		seeds, problems int
		between         float64 // deviation of the seeds' means; problems deviate by 1
	}{{3, 20, 1}, {3, 20, 0}, {8, 20, 1}, {8, 20, 0.2}, {8, 20, 0}} {
		nested, paired := 0, 0
		for repeat := range 1000 {
			x := make([][]float64, c.seeds)
			means, zeros := make([]float64, c.seeds), make([]float64, c.seeds)
			for s := range x {
				x[s] = make([]float64, c.problems)
				at := c.between * random.NormFloat64()
				for i := range x[s] {
					x[s][i] = at + random.NormFloat64()
				}
				means[s] = Mean(x[s])
			}
			for found, d := range map[*int]Difference{&nested: Nested(x, 100, uint64(repeat)), &paired: Paired(means, zeros)} {
				if d.Low > 0 || d.High < 0 {
					*found++
				}
			}
		}
		if nested > 70 || paired > 70 {
			t.Errorf("%+v: the nested bootstrap finds an effect in %d of 1,000 data sets without one, the t test in %d", c, nested, paired)
		}
	}
}

// A real effect is found.
func TestNestedFinds(t *testing.T) {
	random := rand.New(rand.NewPCG(8, 8))
	found := 0
	for repeat := range 200 {
		x := make([][]float64, 8)
		for s := range x {
			x[s] = make([]float64, 40)
			at := 1 + 0.3*random.NormFloat64()
			for i := range x[s] {
				x[s][i] = at + random.NormFloat64()
			}
		}
		if d := Nested(x, 200, uint64(repeat)); d.Low > 0 {
			found++
		}
	}
	if found < 190 {
		t.Errorf("a difference of 1 with an error of about .12 is found in %d of 200 data sets", found)
	}
}

// Holm keeps the chance of one false finding among several contrasts.
func TestHolmOverContrasts(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 9))
	any := 0
	for range 1000 {
		var p []float64
		for range 6 {
			a, b := make([]float64, 8), make([]float64, 8)
			for i := range a {
				a[i], b[i] = random.NormFloat64(), random.NormFloat64()
			}
			p = append(p, Paired(a, b).P)
		}
		false1 := 0.0
		for _, adjusted := range Holm(p) {
			false1 = max(false1, Indicator(adjusted < 0.05))
		}
		any += int(false1)
	}
	if any > 70 {
		t.Errorf("%d of 1,000 families of six contrasts without an effect have a finding", any)
	}
}

func TestJudge(t *testing.T) {
	d := func(low, high float64) Difference { return Difference{Interval: Interval{low, high}} }
	for _, c := range []struct {
		d               Difference
		adjusted, bound float64
		want            Verdict
	}{
		{d(.1, .2), .01, 0, Shown}, {d(.1, .2), .06, 0, NotShown}, {d(-.1, .2), .4, 0, NotShown}, {d(-.1, .2), .4, .15, NotShown},
		{d(-.1, .2), .4, .2, Absent}, {d(.01, .02), .01, .1, Shown}, {d(nan, nan), nan, .1, NotShown}, {d(0, 0), 1, 0, NotShown}, {d(0, 0), 1, .1, Absent},
	} {
		if got := Judge(c.d, c.adjusted, c.bound); got != c.want {
			t.Errorf("%+v, p %g, bound %g: %s, want %s", c.d.Interval, c.adjusted, c.bound, got, c.want)
		}
	}
}
