package loss

import (
	"math"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

func TestXentRowByHand(t *testing.T) {
	// Logits 0, 0, log 2 make probabilities 1/4, 1/4, 1/2, and scale 2 of half of them the same; the target is the last, with weight 3.
	// The second row has no target, the third no weight. Padding is not read, and becomes 0.
	row := []float64{0, 0, math.Ln2 / 2, 99}
	logits := append(append(append([]float64{}, row...), row...), row...)
	stat := make([]float64, 12)
	xentRow(XentRowParams{N: 3, V: 3, Scale: 2}, gpu.NewArgs[float64]([]uint32{2, 3, 0}, []float64{3, 3, 0}, logits, stat))
	near(t, "dlogits", logits, 1.5, 1.5, -3, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	near(t, "stat", stat,
		-math.Ln2, 1.5*math.Ln2, 3*math.Ln2, 1,
		0, 1.5*math.Ln2, 0, 0,
		-2*math.Ln2, 1.5*math.Ln2, 0, 0)
}

// Every row of the gradient sums to 0, and huge logits stay finite.
func TestXentRowInvariants(t *testing.T) {
	r := gputest.Rand(41)
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		const N, V, V4 = 9, 1030, 1032
		logits, targets := logitsOf(r, N, V)
		for i := range logits {
			logits[i] *= 1e4
		}
		got := run(t, d, XentRow, XentRowParams{N: N, V: V, Scale: 1}, targets, gpu.Normal(r, N), logits, gpu.NaNs(4*N))
		for n := range N {
			var sum float64
			for _, g := range got[2][n*V4 : (n+1)*V4] {
				sum += float64(g)
			}
			if s := got[3][4*n:]; !(math.Abs(sum) < 1e-5 && s[0] <= 0 && s[0] > -1e6 && s[1] > -1e-5 && s[1] < 7) {
				t.Errorf("row %d: the gradient sums to %g, logp %g, entropy %g", n, sum, s[0], s[1])
			}
		}
	})
}

func TestXentRowGradient(t *testing.T) {
	r := gputest.Rand(42)
	const N, V = 5, 7
	l32, targets := logitsOf(r, N, V)
	for n := range N { // a change of the padding changes nothing, and its huge values would hide that
		l32[n*pad4(V)+V] = 0
	}
	logits, weight := wide(l32), wide(gpu.Normal(r, N))
	d, stat := make([]float64, len(logits)), make([]float64, 4*N)
	loss := func() (sum float64) {
		copy(d, logits)
		xentRow(XentRowParams{N: N, V: V, Scale: 0.7}, gpu.NewArgs[float64](targets, weight, d, stat))
		for n := range N {
			sum += stat[4*n+2]
		}
		return sum
	}
	loss()
	gputest.Gradient(t, "logits", logits, append([]float64{}, d...), 1e-6, loss)
}

// The gradient and statistics of Xent, from the logits that a product computes.
func TestXentRowIsXent(t *testing.T) {
	r := gputest.Rand(43)
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		const N, D, V, V4 = 37, 16, 58, 60
		h, head, targets := rowsOf(r, N, D, V)
		weight := gpu.Normal(r, N)
		want := run(t, d, Xent, XentParams{N: N, D: D, V: V, Scale: 0.7}, h, head, targets, weight, gpu.NaNs(N*V4), gpu.NaNs(4*N))
		got := run(t, d, XentRow, XentRowParams{N: N, V: V, Scale: 0.7}, targets, weight, product(h, head, N, D, V), gpu.NaNs(4*N))
		same(t, "dlogits", got[2], want[4])
		same(t, "stat", got[3], want[5])
	})
}

// product is h·headᵀ, [N,V4].
func product(h, head []float32, N, D, V int) []float32 {
	logits := make([]float32, N*pad4(V))
	for n := range N {
		for v := range V {
			logits[n*pad4(V)+v] = dot(h[n*D:(n+1)*D], head[v*D:(v+1)*D])
		}
	}
	return logits
}

func same(t *testing.T, what string, got, want []float32) {
	t.Helper()
	for i, v := range got {
		if !(math.Abs(float64(v-want[i])) < 1e-4) {
			t.Fatalf("%s[%d] = %g, want %g", what, i, v, want[i])
		}
	}
}

// Sums over a published model's vocabulary are within 1e-5 of those in float64.
func TestXentRowOfLargeVocabulary(t *testing.T) {
	r := gputest.Rand(44)
	const N, V = 3, 49152
	logits, targets := logitsOf(r, N, V)
	want, stat := wide(logits), make([]float64, 4*N)
	xentRow(XentRowParams{N: N, V: V, Scale: 1}, gpu.NewArgs[float64](targets, []float64{1, 1, 1}, want, stat))
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		got := run(t, d, XentRow, XentRowParams{N: N, V: V, Scale: 1}, targets, []float32{1, 1, 1}, logits, gpu.NaNs(4*N))[3]
		for i, w := range stat {
			if !(math.Abs(float64(got[i])-w) <= 1e-5*math.Abs(w)) {
				t.Errorf("stat%v = %g, want %g", []int{i / 4, i % 4}, got[i], w)
			}
		}
	})
}

func TestXentRowDevice(t *testing.T) { gputest.Verify(t, xentRowCases(gputest.Rand(45), XentRow)...) }
