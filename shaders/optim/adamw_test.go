package optim

import (
	"math"
	"slices"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

func TestAdamWByHand(t *testing.T) {
	// The first step moves every word by lr against the sign of its gradient,
	// after decay of the words before DecayEnd. Clipping does not change that.
	for _, maxNorm := range []float32{0, 0.5} {
		g := []float64{3, -3, 0.5, -0.5, 3, -3, 0.5, -0.5}
		w := slices.Repeat([]float64{10}, 8)
		m, v := make([]float64, 8), make([]float64, 8)
		p := AdamWParams{N: 8, DecayEnd: 4, Lr: 0.5, Beta1: 0.5, Beta2: 0.75, Decay: 0.25, C1: 0.5, C2: 0.25, MaxNorm: maxNorm}
		adamW(p, gpu.NewArgs[float64](g, []float64{5, 0, 0, 0}, w, m, v))
		for i, want := range []float64{8.25, 9.25, 8.25, 9.25, 9.5, 10.5, 9.5, 10.5} {
			if math.Abs(w[i]-want) > 1e-12 {
				t.Errorf("max norm %g: w[%d] = %g, want %g", maxNorm, i, w[i], want)
			}
		}
		clip := 1.0
		if maxNorm > 0 {
			clip = 0.1 // 0.5 of a norm of 5
		}
		if math.Abs(m[0]-1.5*clip) > 1e-6 || math.Abs(v[0]-2.25*clip*clip) > 1e-6 {
			t.Errorf("max norm %g: m %g v %g", maxNorm, m[0], v[0])
		}
	}
}

func TestAdamWReference(t *testing.T) {
	// Ten steps against the textbook's recurrence, unrolled into sums:
	// m = (1-β₁)Σ β₁^(t-i) g_i.
	const steps, lr, beta1, beta2, eps, decay = 10, 0.125, 0.5, 0.75, 0.0078125, 0.25
	r := gputest.Rand(3)
	var gs []float64
	w, m, v := []float64{1, 0, 0, 0}, make([]float64, 4), make([]float64, 4)
	want := 1.0
	for step := 1; step <= steps; step++ {
		gs = append(gs, r.NormFloat64())
		var m1, v1, c1, c2 float64
		for i, g := range gs {
			a, b := math.Pow(beta1, float64(step-1-i)), math.Pow(beta2, float64(step-1-i))
			m1, v1, c1, c2 = m1+a*g, v1+b*g*g, c1+a, c2+b
		}
		want -= lr*decay*want + lr*(m1/c1)/(math.Sqrt(v1/c2)+eps)
		adamW(AdamWParams{N: 4, DecayEnd: 4, Lr: lr, Beta1: beta1, Beta2: beta2, Eps: eps, Decay: decay,
			C1: float32(1 - math.Pow(beta1, float64(step))), C2: float32(1 - math.Pow(beta2, float64(step)))},
			gpu.NewArgs[float64]([]float64{gs[step-1], 0, 0, 0}, []float64{1, 0, 0, 0}, w, m, v))
		if math.Abs(w[0]-want) > 1e-6 {
			t.Errorf("step %d: w = %g, want %g", step, w[0], want)
		}
	}
}

func TestAdamWSkipsBadStep(t *testing.T) {
	// With a NaN or an infinity anywhere in the gradient, weights and moments do not
	// change, bit for bit.
	inf := float32(math.Inf(1))
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		const N, P = 260, 64
		g, partial, norm := d.Floats("g", N), d.Floats("partial", P), d.Floats("norm", 4)
		w, m, v := d.Floats("w", N), d.Floats("m", N), d.Floats("v", N)
		before := gpu.Normal(gputest.Rand(4), N)
		for _, maxNorm := range []float32{0, 1} {
			for _, bad := range []float32{float32(math.NaN()), inf, -inf, 1e30, 0} {
				grad := slices.Repeat([]float32{1}, N)
				grad[137] = bad
				for _, b := range []*gpu.Buffer{w, m, v} {
					b.Write(0, before)
				}
				v.Write(0, slices.Repeat([]float32{1}, N))
				g.Write(0, grad)
				p := d.NewProgram("step")
				p.Add(GradSquare, func() any { return Norm{N, P} }, g, partial)
				p.Add(GradNorm, func() any { return Norm{N, P} }, partial, norm)
				p.Add(AdamW, func() any {
					return AdamWParams{N: N, DecayEnd: N, Lr: 0.1, Beta1: 0.9, Beta2: 0.9, Decay: 0.1, Eps: 1e-8, C1: 1, C2: 1, MaxNorm: maxNorm}
				}, g, norm, w, m, v)
				if err := p.Run(1); err != nil {
					t.Fatal(err)
				}
				p.Release()
				after := make([]float32, N)
				for _, b := range []*gpu.Buffer{w, m} {
					if err := b.Read(0, after); err != nil {
						t.Fatal(err)
					}
					if same := slices.Equal(before, after); same != (bad != 0) {
						t.Errorf("gradient with %g, max norm %g: unchanged %t", bad, maxNorm, same)
					}
				}
				gputest.Count(d)
			}
		}
	})
}

func TestAdamWDevice(t *testing.T) { gputest.Verify(t, adamWCases(gputest.Rand(5))...) }
