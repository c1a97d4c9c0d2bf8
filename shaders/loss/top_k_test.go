package loss

import (
	"cmp"
	"math"
	"slices"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

func TestTopKByHand(t *testing.T) {
	// Two equal logits: the smaller id first. The second row has fewer tokens than
	// wanted once all are chosen. Padding is not chosen.
	logits := []float64{1, 3, 3, -2, 0, 99, 99, 99, -1, -3, -2, -5, -4, 99, 99, 99}
	stat := []float64{0, 0, 2, 0, 0, 0, 10, 0}
	ids, logps := make([]uint32, 14), make([]float64, 14)
	topK(TopKParams{N: 2, V: 5, K: 7, Scale: 2}, gpu.NewArgs[float64](logits, stat, ids, logps))
	if want := []uint32{1, 2, 0, 4, 3, 5, 5, 0, 2, 1, 4, 3, 5, 5}; !slices.Equal(ids, want) {
		t.Errorf("ids %v, want %v", ids, want)
	}
	near(t, "logps", logps, 4, 4, 0, -2, -6, 0, 0, -12, -14, -16, -18, -20, 0, 0)
}

// The K first tokens are those of a full sort, with their log-probabilities, on
// every engine: with many equal logits, with all equal, and with as many tokens
// wanted as there are.
func TestTopKIsSorted(t *testing.T) {
	r := gputest.Rand(41)
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		for _, c := range []struct{ N, V, K, values int }{{9, 200, 8, 5}, {4, 64, 8, 1}, {3, 6, 6, 1000}, {2, 130, 130, 40}} {
			V4 := pad4(c.V)
			logits := gpu.NaNs(c.N * V4)
			for n := range c.N {
				for v := range c.V {
					logits[n*V4+v] = float32(r.IntN(c.values)) - 3
				}
			}
			stats := make([]float32, 4*c.N)
			for n := range c.N {
				stats[4*n+2] = float32(n)
			}
			ids, logps := d.Uints("ids", c.N*c.K), d.Floats("logps", c.N*c.K)
			in, stat := d.Floats("logits", len(logits)), d.Floats("stat", len(stats))
			in.Write(0, logits)
			stat.Write(0, stats)
			if err := d.Do(TopK, TopKParams{N: uint32(c.N), V: uint32(c.V), K: uint32(c.K), Scale: 0.5}, in, stat, ids, logps); err != nil {
				t.Fatal(err)
			}
			gotIDs, gotLogps := make([]uint32, c.N*c.K), make([]float32, c.N*c.K)
			if err := d.Read(ids.IntoUints(0, gotIDs), logps.Into(0, gotLogps)); err != nil {
				t.Fatal(err)
			}
			for n := range c.N {
				order := make([]int, c.V)
				for v := range order {
					order[v] = v
				}
				row := logits[n*V4:]
				slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(row[b], row[a]) })
				for i := range c.K {
					if got := int(gotIDs[n*c.K+i]); got != order[i] {
						t.Fatalf("%+v: token %d of row %d is %d, want %d", c, i, n, got, order[i])
					}
					if got, want := gotLogps[n*c.K+i], 0.5*row[order[i]]-float32(n); !(math.Abs(float64(got-want)) < 1e-6) {
						t.Errorf("%+v: log-probability %d of row %d is %g, want %g", c, i, n, got, want)
					}
				}
			}
			for _, b := range []*gpu.Buffer{ids, logps, in, stat} {
				b.Release()
			}
			gputest.Count(d)
		}
	})
}

// The likeliest tokens may stand anywhere in a vocabulary as large as those of
// published models, also where llvmpipe would end the loop of one invocation.
func TestTopKOfLargeVocabulary(t *testing.T) {
	const V = 151936
	logits, stat := gpu.Normal(gputest.Rand(42), V), make([]float32, 4)
	logits[V-1], logits[70000], logits[0] = 30, 29, 28
	gputest.Verify(t, gpu.Case{Name: "large vocabulary", Kernel: TopK, Params: TopKParams{N: 1, V: V, K: 8, Scale: 1},
		Buffers: []any{logits, stat, make([]uint32, 8), gpu.NaNs(8)}})
}

func TestTopKDevice(t *testing.T) { gputest.Verify(t, topKCases(gputest.Rand(43))...) }
