package loss

import (
	"math"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

func TestPolicyClip(t *testing.T) {
	// Surrogate and slope by hand: log 2 makes the ratio 2, -log 2 one half.
	p := PolicyParams{Lo: 0.2, Hi: 0.28, Dual: 3}
	for _, c := range []struct {
		name        string
		moved, A    float64
		loss, slope float64
		clipped     bool
	}{
		{"ratio 1", 0, 1.5, -1.5, -1.5, false},
		{"ratio 1, bad", 0, -1.5, 1.5, 1.5, false},
		{"good and already likelier", math.Ln2, 1, -1.28, 0, true},
		{"good and less likely", -math.Ln2, 1, -0.5, -0.5, false},
		{"bad and still likelier", math.Ln2, -1, 2, 2, false},
		{"bad and already less likely", -math.Ln2, -1, 0.8, 0, true},
		{"bad and far likelier: dual clip", math.Log(5), -1, 3, 0, true},
		{"inside the range above", math.Log(1.27), 2, -2.54, -2.54, false},
		{"inside the range below", math.Log(0.81), -2, 1.62, 1.62, false},
		{"no advantage", math.Ln2, 0, 0, 0, false},
		{"a ratio beyond e^20", 100, -1, 3, 0, true},
	} {
		got := p.token(c.moved-1, -1, 0, c.A)
		if math.Abs(got.loss-c.loss) > 1e-6 || math.Abs(got.slope-c.slope) > 1e-6 || got.clipped != c.clipped {
			t.Errorf("%s: loss %g slope %g clipped %t, want %g %g %t", c.name, got.loss, got.slope, got.clipped, c.loss, c.slope, c.clipped)
		}
	}
	p.Dual = 0
	if got := p.token(math.Log(5), 0, 0, -1); math.Abs(got.loss-5) > 1e-12 || got.clipped {
		t.Errorf("without dual clip: loss %g clipped %t, want 5 false", got.loss, got.clipped)
	}
	if got := p.token(21, 0, 0, -1); math.Abs(got.loss-math.Exp(20)) > 1e-6 || got.slope != 0 {
		t.Errorf("beyond e^20: loss %g slope %g, want e^20 and 0", got.loss, got.slope)
	}
	p.Beta = 0.5
	got := p.token(-1, -1, -1+math.Ln2, 0) // d = log 2: k3 = 1 - log 2, its slope 1 - 2
	if math.Abs(got.k3-(1-math.Ln2)) > 1e-12 || math.Abs(got.slope+0.5) > 1e-12 || math.Abs(got.loss-0.5*(1-math.Ln2)) > 1e-12 {
		t.Errorf("k3 %g slope %g loss %g", got.k3, got.slope, got.loss)
	}
	got = p.token(-21, -21, 0, 0)
	if math.Abs(got.k3-(math.Exp(20)-21)) > 1e-6 || got.slope != 0 {
		t.Errorf("KL beyond e^20: k3 %g slope %g, want e^20-21 and 0", got.k3, got.slope)
	}
}

func TestPolicyOnPolicy(t *testing.T) {
	// At ratio 1 the gradient is -A·weight·(onehot - p), times scale.
	r := gputest.Rand(4)
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		const N, D, V, V4 = 6, 8, 5, 8
		h, head, targets := rowsOf(r, N, D, V)
		p := PolicyParams{N: N, D: D, V: V, Scale: 2, Lo: 0.2, Hi: 0.2, Dual: 3}
		weight := gpu.Normal(r, N)
		scored := run(t, d, Xent, XentParams{N: N, D: D, V: V, Scale: 2}, h, head, targets, weight, gpu.NaNs(N*V4), gpu.NaNs(N*4))
		roll := make([]float32, 4*N)
		for n := range N {
			copy(roll[4*n:], []float32{scored[5][4*n], 0, -1.5, weight[n]})
		}
		got := run(t, d, Policy, p, h, head, targets, roll, gpu.NaNs(N*V4), gpu.NaNs(N*8))
		for i, v := range got[4] {
			if want := -1.5 * scored[4][i]; !(math.Abs(float64(v-want)) < 1e-5) {
				t.Errorf("dlogits[%d %d] = %g, want -A times cross-entropy's %g", i/V4, i%V4, v, want)
			}
		}
	})
}

func TestPolicyGradient(t *testing.T) {
	// The whole loss, entropy and KL terms and all, by central differences.
	r := gputest.Rand(5)
	const N, D, V = 24, 4, 7
	for _, p := range []PolicyParams{
		{N: N, D: D, V: V, Scale: 1.3, Lo: 0.2, Hi: 0.28, Dual: 3, Beta: 0.3, Ent: 0.2},
		{N: N, D: D, V: V, Scale: 1, Lo: 0.1, Hi: 0.1, Ent: -0.1},
	} {
		h32, head32, targets := rowsOf(r, N, D, V)
		h, head, roll := wide(h32), wide(head32), wide(rolls(r, p, h32, head32, targets))
		roll[4+3] = 0 // a loss of e^20 would drown the others' differences
		d, stat := make([]float64, N*pad4(V)), make([]float64, N*8)
		loss := func() (sum float64) {
			policy(p, gpu.NewArgs[float64](h, head, targets, roll, d, stat))
			for n := range N {
				sum += stat[8*n+5]
			}
			return sum
		}
		loss()
		var clipped float64
		for n := range N {
			clipped += stat[8*n+4]
		}
		if clipped == 0 || clipped == N {
			t.Errorf("%g of %d tokens are clipped: the test wants some", clipped, N)
		}
		dh, dhead := chain(h, head, d, D, V)
		gputest.Gradient(t, "h", h, dh, 1e-6, loss)
		gputest.Gradient(t, "head", head, dhead, 1e-6, loss)
	}
}

func TestPolicyDevice(t *testing.T) { gputest.Verify(t, policyCases(gputest.Rand(6))...) }
