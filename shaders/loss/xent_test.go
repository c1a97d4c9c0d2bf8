package loss

import (
	"math"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

func TestMain(m *testing.M) { gputest.Main(m) }

func TestXentByHand(t *testing.T) {
	// Logits 0, 0, log 2 make probabilities 1/4, 1/4, 1/2, and scale 2 of half of
	// them the same; the target is the last, with weight 3.
	h := []float64{1, 0, 0, 0}
	head := []float64{0, 9, 9, 9, 0, 9, 9, 9, math.Ln2 / 2, 9, 9, 9}
	d, stat := make([]float64, 4), make([]float64, 4)
	xent(XentParams{N: 1, D: 4, V: 3, Scale: 2}, gpu.NewArgs[float64](h, head, []uint32{2}, []float64{3}, d, stat))
	near(t, "dlogits", d, 1.5, 1.5, -3, 0)
	near(t, "stat", stat, -math.Ln2, 1.5*math.Ln2, 3*math.Ln2, 1)

	// Without a target there is an entropy and nothing else.
	xent(XentParams{N: 1, D: 4, V: 3, Scale: 2}, gpu.NewArgs[float64](h, head, []uint32{3}, []float64{3}, d, stat))
	near(t, "dlogits", d, 0, 0, 0, 0)
	near(t, "stat", stat, 0, 1.5*math.Ln2, 0, 0)

	// Without weight there is a log-probability, and no gradient.
	xent(XentParams{N: 1, D: 4, V: 3, Scale: 2}, gpu.NewArgs[float64](h, head, []uint32{0}, []float64{0}, d, stat))
	near(t, "dlogits", d, 0, 0, 0, 0)
	near(t, "stat", stat, -2*math.Ln2, 1.5*math.Ln2, 0, 0)
}

func near(t *testing.T, what string, got []float64, want ...float64) {
	t.Helper()
	for i := range want {
		if math.Abs(got[i]-want[i]) > 1e-12 {
			t.Errorf("%s[%d] = %g, want %g", what, i, got[i], want[i])
		}
	}
}

func TestXentInvariants(t *testing.T) {
	// Every row of the gradient sums to 0, and huge logits stay finite.
	r := gputest.Rand(1)
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		const N, D, V, V4 = 9, 8, 6, 8
		h, head, targets := rowsOf(r, N, D, V)
		for i := range h {
			h[i] *= 1e4
		}
		weight := gpu.Normal(r, N)
		got := run(t, d, Xent, XentParams{N: N, D: D, V: V, Scale: 1}, h, head, targets, weight, gpu.NaNs(N*V4), gpu.NaNs(N*4))
		for n := range N {
			var sum float64
			for _, g := range got[4][n*V4 : (n+1)*V4] {
				sum += float64(g)
			}
			if !(math.Abs(sum) < 1e-5) {
				t.Errorf("row %d of the gradient sums to %g", n, sum)
			}
			s := got[5][4*n : 4*n+4]
			if !(s[0] <= 0 && s[0] > -1e6 && s[1] > -1e-5 && s[1] <= 1.8) {
				t.Errorf("row %d: logp %g, entropy %g", n, s[0], s[1])
			}
		}
	})
}

// run runs a kernel on copies of buffers and reads back those of floats.
func run(t *testing.T, d *gpu.Device, k *gpu.Kernel, params any, data ...any) [][]float32 {
	t.Helper()
	buffers, out := make([]*gpu.Buffer, len(data)), make([][]float32, len(data))
	for i, s := range data {
		switch s := s.(type) {
		case []float32:
			buffers[i] = d.Floats(k.Bindings[i].Name, len(s))
			buffers[i].Write(0, s)
			out[i] = make([]float32, len(s))
		case []uint32:
			buffers[i] = d.Uints(k.Bindings[i].Name, len(s))
			buffers[i].WriteUints(0, s)
		}
		defer buffers[i].Release()
	}
	if err := d.Do(k, params, buffers...); err != nil {
		t.Fatal(err)
	}
	for i, b := range buffers {
		if out[i] != nil {
			if err := b.Read(0, out[i]); err != nil {
				t.Fatal(err)
			}
		}
	}
	gputest.Count(d)
	return out
}

// chain is the gradient of h and head through the gradient of their product.
func chain(h, head, dlogits []float64, D, V int) (dh, dhead []float64) {
	dh, dhead = make([]float64, len(h)), make([]float64, len(head))
	V4 := pad4(V)
	for n := range len(h) / D {
		for v := range V {
			g := dlogits[n*V4+v]
			for d := range D {
				dh[n*D+d] += g * head[v*D+d]
				dhead[v*D+d] += g * h[n*D+d]
			}
		}
	}
	return dh, dhead
}

func wide(f []float32) []float64 {
	w := make([]float64, len(f))
	for i, v := range f {
		w[i] = float64(v)
	}
	return w
}

func TestXentGradient(t *testing.T) {
	r := gputest.Rand(2)
	const N, D, V = 5, 4, 7
	h32, head32, targets := rowsOf(r, N, D, V)
	h, head, weight := wide(h32), wide(head32), wide(gpu.Normal(r, N))
	d, stat := make([]float64, N*pad4(V)), make([]float64, N*4)
	loss := func() (sum float64) {
		xent(XentParams{N: N, D: D, V: V, Scale: 0.7}, gpu.NewArgs[float64](h, head, targets, weight, d, stat))
		for n := range N {
			sum += stat[4*n+2]
		}
		return sum
	}
	loss()
	dh, dhead := chain(h, head, d, D, V)
	gputest.Gradient(t, "h", h, dh, 1e-6, loss)
	gputest.Gradient(t, "head", head, dhead, 1e-6, loss)
}

func TestXentDevice(t *testing.T) { gputest.Verify(t, xentCases(gputest.Rand(3))...) }
