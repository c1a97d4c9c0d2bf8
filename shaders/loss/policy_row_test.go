package loss

import (
	"math"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

func TestPolicyRowByHand(t *testing.T) {
	// Logits 0, 0, log 2: the target has probability 1/2, twice that of the policy that sampled. At advantage 1 the ratio 2 is clipped to
	// 1.28 and there is no gradient; at advantage −1 it is not, and the gradient is 2·(onehot − p) times the weight 3.
	row := []float64{0, 0, math.Ln2, 99}
	logits := append(append([]float64{}, row...), row...)
	old := -2 * math.Ln2
	stat := make([]float64, 16)
	policyRow(PolicyRowParams{N: 2, V: 3, Scale: 1, Lo: 0.2, Hi: 0.28, Dual: 3},
		gpu.NewArgs[float64]([]uint32{2, 2}, []float64{old, -math.Ln2, 1, 3, old, -math.Ln2, -1, 3}, logits, stat))
	for i, want := range []float64{0, 0, 0, 0, -1.5, -1.5, 3, 0} {
		if math.Abs(logits[i]-want) > 1e-6 {
			t.Errorf("dlogits[%d] = %g, want %g", i, logits[i], want)
		}
	}
	for i, want := range []float64{-math.Ln2, 1.5 * math.Ln2, 2, 0, 1, -3 * 1.28, 0, 0, -math.Ln2, 1.5 * math.Ln2, 2, 0, 0, 6, 0, 0} {
		if math.Abs(stat[i]-want) > 1e-6 {
			t.Errorf("stat[%d] = %g, want %g", i, stat[i], want)
		}
	}
}

func TestPolicyRowGradient(t *testing.T) {
	// The whole loss, entropy and KL terms and all, by central differences.
	r := gputest.Rand(51)
	const N, V = 24, 7
	p := PolicyParams{N: N, V: V, Scale: 1.3, Lo: 0.2, Hi: 0.28, Dual: 3, Beta: 0.3, Ent: 0.2}
	l32, targets := logitsOf(r, N, V)
	logp := make([]float32, N)
	for n, t := range targets {
		l32[n*pad4(V)+V] = 0
		row := make([]float32, V)
		for v := range row {
			row[v] = p.Scale * l32[n*pad4(V)+v]
		}
		if int(t) < V {
			logp[n] = row[t] - softmaxOf(row).lse
		}
	}
	logits, roll := wide(l32), wide(rollsAround(r, p, logp))
	roll[4+3] = 0 // a loss of e^20 would drown the others' differences
	d, stat := make([]float64, len(logits)), make([]float64, 8*N)
	loss := func() (sum float64) {
		copy(d, logits)
		policyRow(p.OfRows(),
			gpu.NewArgs[float64](targets, roll, d, stat))
		for n := range N {
			sum += stat[8*n+5]
		}
		return sum
	}
	loss()
	gputest.Gradient(t, "logits", logits, append([]float64{}, d...), 1e-6, loss)
}

// The gradient and statistics of Policy, from the logits that a product computes: all its branches.
func TestPolicyRowIsPolicy(t *testing.T) {
	r := gputest.Rand(52)
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		const N, D, V, V4 = 131, 16, 58, 60
		h, head, targets := rowsOf(r, N, D, V)
		p := PolicyParams{N: N, D: D, V: V, Scale: 1.25, Lo: 0.2, Hi: 0.28, Dual: 3, Beta: 0.04, Ent: 0.01}
		roll := rolls(r, p, h, head, targets)
		copy(roll[4:8], roll[8:12]) // no token beyond e^20, whose gradient would need a tolerance of its own
		want := run(t, d, Policy, p, h, head, targets, roll, gpu.NaNs(N*V4), gpu.NaNs(8*N))
		got := run(t, d, PolicyRow, p.OfRows(),
			targets, roll, product(h, head, N, D, V), gpu.NaNs(8*N))
		for _, c := range []struct {
			what      string
			got, want []float32
		}{{"dlogits", got[2], want[4]}, {"stat", got[3], want[5]}} {
			for i, v := range c.got {
				if w := float64(c.want[i]); !(math.Abs(float64(v)-w) < 1e-4*(1+math.Abs(w))) {
					t.Fatalf("%s[%d] = %g, want %g", c.what, i, v, w)
				}
			}
		}
	})
}

func TestPolicyRowDevice(t *testing.T) {
	gputest.Verify(t, policyRowCases(gputest.Rand(53), PolicyRow)...)
}
