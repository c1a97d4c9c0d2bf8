package simd_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"attnlab/gpu/simd"
)

// both runs a test with vector instructions and in plain Go.
func both(t *testing.T, test func(t *testing.T)) {
	for _, vectors := range []bool{true, false} {
		before := simd.Use(vectors)
		t.Run(simd.Name(), test)
		simd.Use(before)
	}
}

// close32 compares words with float64 to a relative and absolute error.
func close32(t *testing.T, what string, got []float32, want []float64, tolerance float64) {
	t.Helper()
	for i := range want {
		if !(math.Abs(float64(got[i])-want[i]) <= tolerance*(1+math.Abs(want[i]))) {
			t.Errorf("%s: word %d is %g, want %g", what, i, got[i], want[i])
			return
		}
	}
}

// TestSoftmax compares both directions of attention's softmax with float64 on random shapes, with garbage behind the keys.
func TestSoftmax(t *testing.T) {
	both(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(9, 10))
		for range 60 {
			rows, cols, seen := 1+r.IntN(13), 1+r.IntN(40), 1+r.IntN(9)
			ld := (cols + 7) / 8 * 8
			scores, grads := normal(r, rows*ld), normal(r, rows*ld)
			top, sum := make([]float32, rows), make([]float32, rows)
			s := simd.Of(slices.Clone(scores), rows, cols, ld)
			simd.Softmax(s, seen, .7, top, sum)
			stride := 1 + r.IntN(3)
			lse, delta := normal(r, rows*stride), normal(r, rows*stride)
			w, d := simd.Of(slices.Clone(scores), rows, cols, ld), simd.Of(slices.Clone(grads), rows, cols, ld)
			simd.SoftmaxGrad(w, d, seen, .7, lse, delta, stride)
			for i := range rows {
				n := min(seen+i, cols)
				row := scores[i*ld:][:n]
				best, total := .7*float64(slices.Max(row)), 0.0
				want, wantW, wantD := make([]float64, ld), make([]float64, ld), make([]float64, ld)
				for j, x := range row {
					want[j] = math.Exp(.7*float64(x) - best)
					total += want[j]
					wantW[j] = math.Exp(.7*float64(x) - float64(lse[i*stride]))
					wantD[j] = .7 * wantW[j] * (float64(grads[i*ld+j]) - float64(delta[i*stride]))
				}
				what := fmt.Sprintf("%d of %d keys", n, cols)
				close32(t, what+", weights", s.Data[i*ld:][:ld], want, 1e-6)
				close32(t, what+", top and sum", []float32{top[i], sum[i]}, []float64{best, total}, 1e-6)
				close32(t, what+", weights again", w.Data[i*ld:][:ld], wantW, 5e-6)
				close32(t, what+", gradient", d.Data[i*ld:][:ld], wantD, 5e-6)
			}
		}
	})
}

// TestLogits compares the sums and the gradient of a row of logits with float64, for lengths around the lanes; one logit is far
// below the others.
// Sums over the vocabulary of a published model are within 1e-5 of those in float64.
func TestLogitsOfLargeVocabulary(t *testing.T) {
	both(t, func(t *testing.T) {
		x := normal(rand.New(rand.NewPCG(13, 14)), 49152)
		top, sum, moment := simd.LogitStat(x, 1)
		var wantSum, wantMoment float64
		for _, v := range x {
			z := float64(v) - float64(top)
			wantSum += math.Exp(z)
			wantMoment += z * math.Exp(z)
		}
		if math.Abs(float64(sum)/wantSum-1) > 1e-5 || math.Abs(float64(moment)/wantMoment-1) > 1e-5 {
			t.Errorf("sums %g and %g, want %g and %g", sum, moment, wantSum, wantMoment)
		}
	})
}

func TestLogits(t *testing.T) {
	both(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(11, 12))
		for n := 1; n < 40; n++ {
			x := normal(r, n)
			if n > 2 {
				x[n/2] = -1e6
			}
			top, sum, moment := simd.LogitStat(x, 1.5)
			best := 1.5 * float64(slices.Max(x))
			var wantSum, wantMoment float64
			want := make([]float64, n)
			for i, v := range x {
				z := 1.5*float64(v) - best
				wantSum += math.Exp(z)
				if z > -87 {
					wantMoment += z * math.Exp(z)
				}
				if logp := 1.5*float64(v) - 2; logp > -87 {
					want[i] = math.Exp(logp) * (.3 - .8*logp)
				}
			}
			close32(t, fmt.Sprint(n, " logits"), []float32{top, sum, moment}, []float64{best, wantSum, wantMoment}, 2e-6)
			simd.LogitGrad(x, 1.5, 2, .3, -.8)
			close32(t, fmt.Sprint("gradient of ", n, " logits"), x, want, 5e-6)
		}
	})
}

// TestNorm compares the norm, its two gradients, sums and RoPE's rotation with float64 on random shapes.
func TestNorm(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	before := simd.Use(true)
	defer simd.Use(before)
	for range 40 {
		rows, D := 1+r.IntN(9), 8*(1+r.IntN(9))
		x, w, dy, dx := normal(r, rows*D), normal(r, D), normal(r, rows*D), normal(r, rows*D)
		y, rstd, sum := make([]float32, rows*D), make([]float32, rows), normal(r, D)
		start := slices.Clone(dx)
		if simd.Name() == "go" {
			if simd.Norm(y, rstd, x, w, .1) {
				t.Fatal("plain Go says that it computed")
			}
			return
		}
		if !simd.Norm(y, rstd, x, w, .1) || !simd.NormGrad(dx, dy, x, w, rstd) || !simd.NormGain(sum, dy, x, rstd) {
			t.Fatalf("%s: nothing computed for rows of %d words", simd.Name(), D)
		}
		wantY, wantR, wantDX, wantSum := make([]float64, rows*D), make([]float64, rows), make([]float64, rows*D), make([]float64, D)
		for n := range rows {
			square, along := 0.0, 0.0
			for i, v := range x[n*D:][:D] {
				square += float64(v) * float64(v)
				along += float64(dy[n*D+i]) * float64(w[i]) * float64(v)
			}
			R := 1 / math.Sqrt(square/float64(D)+float64(float32(.1)))
			wantR[n] = R
			for i := range D {
				X, G := float64(x[n*D+i]), float64(dy[n*D+i])
				wantY[n*D+i] = X * R * float64(w[i])
				wantDX[n*D+i] = float64(start[n*D+i]) + R*(G*float64(w[i])-X*R*R*along/float64(D))
				wantSum[i] += G * X * R
			}
		}
		what := fmt.Sprintf("%s %dx%d ", simd.Name(), rows, D)
		close32(t, what+"rstd", rstd, wantR, 1e-6)
		close32(t, what+"y", y, wantY, 1e-6)
		close32(t, what+"dx", dx, wantDX, 5e-6)
		close32(t, what+"gain", sum, wantSum, 5e-6)

		got, more := slices.Clone(start[:D-1]), make([]float64, D-1)
		simd.AddTo(got, x)
		for i := range got {
			more[i] = float64(start[i] + x[i])
		}
		close32(t, what+"sum", got, more, 0)

		half := 8 * (1 + r.IntN(2))
		row, cosine, sine := normal(r, 2*half*3+1), normal(r, half), normal(r, half)
		turned := make([]float64, len(row))
		for i, v := range row {
			turned[i] = float64(v)
		}
		for h := range 3 {
			for j := range half {
				low, high, c, s := turned[2*h*half+j], turned[(2*h+1)*half+j], float64(cosine[j]), float64(sine[j])
				turned[2*h*half+j], turned[(2*h+1)*half+j] = low*c+high*s, high*c-low*s
			}
		}
		if !simd.Rotate(row, 3, cosine, sine, -1) {
			t.Errorf("%snot rotated", what)
		}
		close32(t, what+"rotation", row, turned, 1e-6)
	}
}

// TestAdamW compares a step of the optimiser with float64.
func TestAdamW(t *testing.T) {
	before := simd.Use(true)
	defer simd.Use(before)
	r := rand.New(rand.NewPCG(15, 16))
	a := simd.AdamW{Clip: .5, Beta1: .9, Beta2: .95, Rate: .02, Share: 4, Eps: 1e-3, Keep: .99}
	for _, n := range []int{8, 16, 88} {
		g, w, m, v := normal(r, n), normal(r, n), normal(r, n), normal(r, n)
		wantW, wantM, wantV := make([]float64, n), make([]float64, n), make([]float64, n)
		for i := range n {
			v[i] *= v[i]
			G := float64(a.Clip) * float64(g[i])
			wantM[i] = float64(a.Beta1)*float64(m[i]) + (1-float64(a.Beta1))*G
			wantV[i] = float64(a.Beta2)*float64(v[i]) + (1-float64(a.Beta2))*G*G
			wantW[i] = float64(a.Keep)*float64(w[i]) - float64(a.Rate)*wantM[i]/(math.Sqrt(float64(a.Share)*wantV[i])+float64(a.Eps))
		}
		if done := a.Step(g, w, m, v); done != (simd.Name() != "go") {
			t.Fatalf("%s: a step of %d words computed: %v", simd.Name(), n, done)
		} else if !done {
			return
		}
		close32(t, "w", w, wantW, 2e-6)
		close32(t, "m", m, wantM, 2e-6)
		close32(t, "v", v, wantV, 2e-6)
	}
}
