package loss

import (
	"math"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

func TestLogitStatByHand(t *testing.T) {
	// Logits 0, 0, log 2 make probabilities 1/4, 1/4, 1/2; scale 2 of half of them
	// the same. The first row's target is the last token, the second has none, and the
	// third has the first token. Padding is not read.
	row := []float64{0, 0, math.Ln2 / 2, 99}
	logits := append(append(append([]float64{}, row...), row...), row...)
	stat := make([]float64, 12)
	logitStat(LogitStatParams{N: 3, V: 3, Scale: 2}, gpu.NewArgs[float64](logits, []uint32{2, 3, 0}, stat))
	near(t, "stat", stat,
		-math.Ln2, 1.5*math.Ln2, 2*math.Ln2, 1,
		0, 1.5*math.Ln2, 2*math.Ln2, 0,
		-2*math.Ln2, 1.5*math.Ln2, 2*math.Ln2, 0)
}

// A constant added to every logit changes lse by it and nothing else, equal logits
// have the entropy log V, and huge logits stay finite.
func TestLogitStatInvariants(t *testing.T) {
	r := gputest.Rand(31)
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		const N, V, V4 = 5, 70, 72
		p := LogitStatParams{N: N, V: V, Scale: 1}
		logits, targets := logitsOf(r, N, V)
		moved, huge := make([]float32, len(logits)), make([]float32, len(logits))
		for i, l := range logits {
			moved[i], huge[i] = l+4, 1e4*l
		}
		stats := func(logits []float32) []float32 {
			return run(t, d, LogitStat, p, logits, targets, gpu.NaNs(4*N))[2]
		}
		was, is := stats(logits), stats(moved)
		for i := range was {
			want := float64(was[i])
			if i%4 == 2 {
				want += 4
			}
			if !(math.Abs(float64(is[i])-want) < 1e-4) {
				t.Errorf("stat%v = %g after adding 4 to every logit, want %g", []int{i / 4, i % 4}, is[i], want)
			}
		}
		for n, s := 0, stats(huge); n < N; n++ {
			if logp, entropy := s[4*n], s[4*n+1]; !(logp <= 0 && logp > -1e7 && entropy >= -1e-5 && entropy < 1) {
				t.Errorf("row %d of huge logits: logp %g, entropy %g", n, logp, entropy)
			}
		}
		for n, s := 0, stats(make([]float32, N*V4)); n < N; n++ {
			if !(math.Abs(float64(s[4*n+1])-math.Log(V)) < 1e-5) {
				t.Errorf("row %d of equal logits has the entropy %g, want log %d", n, s[4*n+1], V)
			}
		}
	})
}

// LogitStat of the logits that [Xent] computes gives the statistics of [Xent].
func TestLogitStatIsXent(t *testing.T) {
	r := gputest.Rand(32)
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		const N, D, V, V4 = 37, 16, 58, 60
		h, head, targets := rowsOf(r, N, D, V)
		xent := run(t, d, Xent, XentParams{N: N, D: D, V: V, Scale: 0.7}, h, head, targets, make([]float32, N), gpu.NaNs(N*V4), gpu.NaNs(4*N))[5]
		logits := make([]float32, N*V4)
		for n := range N {
			for v := range V {
				logits[n*V4+v] = dot(h[n*D:(n+1)*D], head[v*D:(v+1)*D])
			}
		}
		got := run(t, d, LogitStat, LogitStatParams{N: N, V: V, Scale: 0.7}, logits, targets, gpu.NaNs(4*N))[2]
		for i, v := range got {
			if i%4 != 2 && !(math.Abs(float64(v-xent[i])) < 1e-4) {
				t.Errorf("stat%v = %g, cross-entropy has %g", []int{i / 4, i % 4}, v, xent[i])
			}
		}
	})
}

// A vocabulary as large as those of published models. llvmpipe ends an invocation
// after 65,535 iterations, so one that took a whole row would leave tokens out.
func TestLogitStatOfLargeVocabulary(t *testing.T) {
	r := gputest.Rand(33)
	const N, V = 2, 151936
	logits, targets := logitsOf(r, N, V)
	logits[V-1], targets[0] = 30, V-1
	gputest.Verify(t, gpu.Case{Name: "large vocabulary", Kernel: LogitStat, Params: LogitStatParams{N: N, V: V, Scale: 1},
		Buffers: []any{logits, targets, gpu.NaNs(4 * N)}, Tol: gpu.Tolerance{Abs: 1e-6, Rel: 1e-5}})
}

func TestLogitStatDevice(t *testing.T) { gputest.Verify(t, logitStatCases(gputest.Rand(34))...) }
