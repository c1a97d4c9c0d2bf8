package model

import (
	"math"
	"math/rand/v2"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

// randomConfig is a small shape with fewer key heads than query heads and no token
// that ends a response.
func randomConfig() Config {
	return Config{VocabSize: 61, HiddenSize: 48, IntermediateSize: 80, Layers: 2, Heads: 6, KVHeads: 2, HeadDim: 8,
		MaxContext: 64, RMSNormEps: 1e-5, Rope: Rope{Theta: 10000}, PadID: 0, BosID: 1, EosID: -1}
}

// lively returns weights so large that attention is sharp and the likeliest token changes
// at almost every position.
func lively(c Config, seed uint64) []float32 {
	weights := c.Init(seed)
	for i := range weights[:c.DecayEnd()] {
		weights[i] *= 6
	}
	return weights
}

// eachModel runs f with a model of random weights on every backend.
func eachModel(t *testing.T, c Config, f func(t *testing.T, m *Model)) {
	t.Helper()
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		m := newModel(t, d, c, lively(c, 1))
		f(t, m)
		gputest.Count(d)
	})
}

func newModel(t testing.TB, d *gpu.Device, c Config, weights []float32) *Model {
	t.Helper()
	m, err := New(d, c, weights)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Release)
	return m
}

func newDecoder(t testing.TB, m *Model, size DecoderSize) *Decoder {
	t.Helper()
	d, err := NewDecoder(m, size)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Release)
	return d
}

func newScorer(t testing.TB, m *Model, capacity int) *Scorer {
	t.Helper()
	s, err := NewScorer(m, capacity)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Release)
	return s
}

func newTrainer(t testing.TB, m *Model, capacity int, adam Adam) *Trainer {
	t.Helper()
	tr, err := NewTrainer(m, capacity, adam)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tr.Release)
	return tr
}

// randomSequences are n sequences of least to most tokens.
func randomSequences(r *rand.Rand, c Config, n, least, most int) [][]int {
	sequences := make([][]int, n)
	for i := range sequences {
		sequences[i] = make([]int, least+r.IntN(most-least+1))
		for j := range sequences[i] {
			sequences[i][j] = r.IntN(c.VocabSize)
		}
	}
	return sequences
}

// within fails the test where two words differ by more than tol or one is NaN.
func within(t *testing.T, what string, got, want []float32, tol float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d words, want %d", what, len(got), len(want))
	}
	for i := range got {
		if !(math.Abs(float64(got[i])-float64(want[i])) <= tol) {
			t.Fatalf("%s: word %d = %g, want %g (allowed %g)", what, i, got[i], want[i], tol)
		}
	}
}
