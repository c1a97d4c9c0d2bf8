package model

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
	"attnlab/shaders/nn"
)

var testAdam = Adam{Beta1: 0.9, Beta2: 0.98, Eps: 1e-8, WeightDecay: 0.01, MaxNorm: 1}

// testPolicy has every term of the policy loss.
var testPolicy = PolicyLoss{Low: 0.2, High: 0.28, Dual: 3, KL: 0.1, Entropy: 0.02, Temperature: 1.25}

// lesson returns a part for cross-entropy in which every third token is only context.
func lesson(r *rand.Rand, c Config, sequences ...[]int) MicroBatch {
	b := Pack(sequences...)
	p := MicroBatch{Batch: b, Targets: b.Next(c.VocabSize), Weight: make([]float32, b.N())}
	for i := range p.Weight {
		if i%3 != 0 {
			p.Weight[i] = r.Float32() / 50
		}
	}
	return p
}

// experience returns a part for the policy loss. Its old log-probabilities are around the
// true ones, so that ratios are on all sides of the clips and never so near one that
// rounding decides.
func experience(t *testing.T, r *rand.Rand, m *Model, sequences ...[]int) MicroBatch {
	t.Helper()
	return experienceOf(t, r, newTrainer(t, m, Pack(sequences...).N(), testAdam), sequences...)
}

// experienceOf is experience of the model that a trainer trains.
func experienceOf(t *testing.T, r *rand.Rand, tr *Trainer, sequences ...[]int) MicroBatch {
	t.Helper()
	b := Pack(sequences...)
	p := MicroBatch{Batch: b, Targets: b.Next(tr.VocabSize), PolicyTerms: make([]float32, 4*b.N())}
	tr.Policy = testPolicy
	if err := tr.Step(0, p); err != nil { // no token has weight yet
		t.Fatal(err)
	}
	stat := make([]float32, 8*b.N())
	if err := tr.stat.Read(0, stat); err != nil {
		t.Fatal(err)
	}
	if _, err := tr.Metrics(); err != nil { // of that step
		t.Fatal(err)
	}
	moved := []float32{0.02, -0.1, 0.5, -0.5, 1.5, -1.5}
	for n := range b.N() {
		logp := stat[8*n]
		copy(p.PolicyTerms[4*n:], []float32{logp - moved[n%len(moved)], logp + 0.3*float32(r.NormFloat64()), float32(r.NormFloat64()), r.Float32() / 50})
		if n%5 == 0 {
			p.PolicyTerms[4*n+3] = 0
		}
	}
	return p
}

// gradientsOf takes a step at rate 0 and returns its gradients and metrics.
func gradientsOf(t *testing.T, tr *Trainer, parts ...MicroBatch) ([]float32, Metrics) {
	t.Helper()
	if err := tr.Step(0, parts...); err != nil {
		t.Fatal(err)
	}
	metrics, err := tr.Metrics()
	if err != nil || len(metrics) != 1 {
		t.Fatalf("metrics %v, %v", metrics, err)
	}
	g, err := tr.Gradients()
	if err != nil {
		t.Fatal(err)
	}
	return g, metrics[0]
}

func weightsOf(t *testing.T, m *Model) []float32 {
	t.Helper()
	w, err := m.Weights()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (m Metrics) words() []float32 {
	return []float32{float32(m.Loss), float32(m.Tokens), float32(m.LogProb), float32(m.Entropy), float32(m.Correct),
		float32(m.Ratio), float32(m.KL), float32(m.ClipFraction), float32(m.GradNorm)}
}

func TestPartsAddUp(t *testing.T) {
	eachModel(t, randomConfig(), func(t *testing.T, m *Model) {
		r := gputest.Rand(21)
		sequences := randomSequences(r, m.Config, 70, 2, 9) // more parts than the ring has rows
		for _, policy := range []bool{false, true} {
			var whole MicroBatch
			if policy {
				whole = experience(t, r, m, sequences...)
			} else {
				whole = lesson(r, m.Config, sequences...)
			}
			var parts []MicroBatch
			for i := range sequences {
				parts = append(parts, whole.cut(i, i+1))
			}
			tr := newTrainer(t, m, whole.N(), testAdam)
			tr.Policy = testPolicy
			submits := m.Device.Counters.Submits
			want, sums := gradientsOf(t, tr, whole)
			if n := m.Device.Counters.Submits - submits; n != 1 {
				t.Errorf("a step takes %d submits", n)
			}
			got, sums2 := gradientsOf(t, tr, parts...)
			near(t, fmt.Sprintf("gradients by parts, policy %v", policy), got, want, 1e-5)
			near(t, "metrics by parts", sums2.words(), sums.words(), 1e-4)
			if sums.Tokens < 100 || sums.GradNorm == 0 || policy && (sums.ClipFraction == 0 || sums.KL == 0) {
				t.Errorf("the step shows little: %+v", sums)
			}
			// The step itself, in several parts.
			before := weightsOf(t, m)
			state, err := tr.State()
			if err != nil {
				t.Fatal(err)
			}
			halves := []MicroBatch{whole.cut(0, 20), whole.cut(20, len(sequences))}
			var after [2][]float32
			for i, step := range [][]MicroBatch{{whole}, halves} {
				if err := tr.Step(1e-2, step...); err != nil {
					t.Fatal(err)
				}
				after[i] = weightsOf(t, m)
				if err := tr.Restore(state); err != nil {
					t.Fatal(err)
				}
				if err := m.SetWeights(before); err != nil {
					t.Fatal(err)
				}
			}
			// AdamW moves by the sign of small gradients: 2 % of the rate.
			within(t, "weights after a step by parts", after[1], after[0], 2e-4)
			if slices.Equal(after[0], before) {
				t.Error("a step changed nothing")
			}
		}
	})
}

// cut is the part's sequences [from,to).
func (p MicroBatch) cut(from, to int) MicroBatch {
	var sequences [][]int
	for i := from; i < to; i++ {
		var s []int
		for _, token := range p.Tokens[p.Starts[i]:p.Starts[i+1]] {
			s = append(s, int(token))
		}
		sequences = append(sequences, s)
	}
	from, to = p.Starts[from], p.Starts[to]
	some := MicroBatch{Batch: Pack(sequences...), Targets: p.Targets[from:to]}
	if p.PolicyTerms != nil {
		some.PolicyTerms = p.PolicyTerms[4*from : 4*to]
	} else {
		some.Weight = p.Weight[from:to]
	}
	return some
}

func TestMasksContributeNothing(t *testing.T) {
	eachModel(t, randomConfig(), func(t *testing.T, m *Model) {
		r := gputest.Rand(22)
		sequences := randomSequences(r, m.Config, 5, 8, 20)
		for _, policy := range []bool{false, true} {
			part := lesson(r, m.Config, sequences...)
			stride, at := 1, 0
			if policy {
				part, stride, at = experience(t, r, m, sequences...), 4, 3
			}
			tr := newTrainer(t, m, part.N(), testAdam)
			tr.Policy = testPolicy
			want, sums := gradientsOf(t, tr, part)
			// The same tokens masked the other way: by targets that do not exist.
			other := part
			other.Targets = slices.Clone(part.Targets)
			words := slices.Clone(part.PolicyTerms)
			if !policy {
				words = slices.Clone(part.Weight)
			}
			left := 0.0
			for n := range part.N() {
				switch outside := int(part.Targets[n]) >= m.VocabSize; {
				case words[n*stride+at] == 0:
					other.Targets[n], words[n*stride+at] = uint32(m.VocabSize+n), 3
				case outside:
					other.Targets[n], words[n*stride+at] = 7, 0
				default:
					left++
				}
			}
			if policy {
				other.PolicyTerms = words
			} else {
				other.Weight = words
			}
			got, sums2 := gradientsOf(t, tr, other)
			if !slices.Equal(got, want) {
				t.Errorf("policy %v: gradients depend on how tokens are left out", policy)
			}
			sums2.Step = sums.Step
			if sums != sums2 || sums.Tokens != left {
				t.Errorf("policy %v: metrics %+v and %+v, want %g tokens", policy, sums, sums2, left)
			}
		}
	})
}

func TestMetricsOutliveTheRing(t *testing.T) {
	eachModel(t, randomConfig(), func(t *testing.T, m *Model) {
		part := lesson(gputest.Rand(23), m.Config, randomSequences(gputest.Rand(23), m.Config, 2, 10, 12)...)
		tr := newTrainer(t, m, 32, testAdam)
		before, steps := m.Device.Counters, ringRows+8
		for range steps {
			if err := tr.Step(1e-3, part); err != nil {
				t.Fatal(err)
			}
		}
		metrics, err := tr.Metrics()
		if err != nil {
			t.Fatal(err)
		}
		after := m.Device.Counters
		if len(metrics) != steps || tr.Steps != steps {
			t.Fatalf("metrics of %d steps, want %d", len(metrics), steps)
		}
		for i, k := range metrics {
			if k.Step != i+1 || k.Tokens != metrics[0].Tokens || !(k.GradNorm > 0) {
				t.Fatalf("metrics %d: %+v", i, k)
			}
		}
		if first, last := metrics[0].Loss, metrics[steps-1].Loss; !(last < first/2) {
			t.Errorf("loss went from %g to %g", first, last)
		}
		if n := after.Submits - before.Submits; n != int64(steps) {
			t.Errorf("%d submits in %d steps", n, steps)
		}
		if n := after.Readbacks - before.Readbacks; n > 2 {
			t.Errorf("%d readbacks in %d steps", n, steps)
		}
		if after.Buffers != before.Buffers || after.Bytes != before.Bytes {
			t.Errorf("%d buffers and %d bytes more", after.Buffers-before.Buffers, after.Bytes-before.Bytes)
		}
		if again, err := tr.Metrics(); err != nil || len(again) != 0 {
			t.Errorf("the same metrics twice: %v, %v", again, err)
		}
	})
}

func TestBadStepChangesNothing(t *testing.T) {
	eachModel(t, randomConfig(), func(t *testing.T, m *Model) {
		r := gputest.Rand(24)
		sequences := randomSequences(r, m.Config, 2, 10, 12)
		good, bad := lesson(r, m.Config, sequences...), lesson(r, m.Config, sequences...)
		bad.Weight[4] = float32(math.NaN())
		tr := newTrainer(t, m, 32, testAdam)
		if err := tr.Step(1e-3, good); err != nil {
			t.Fatal(err)
		}
		before := weightsOf(t, m)
		state, err := tr.State()
		if err != nil {
			t.Fatal(err)
		}
		if err := tr.Step(1e-3, good, bad); err != nil {
			t.Fatal(err)
		}
		after, err := tr.State()
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(weightsOf(t, m), before) || !slices.Equal(after.M, state.M) || !slices.Equal(after.V, state.V) {
			t.Error("a gradient that is not a number changed weights or moments")
		}
		if err := tr.Step(1e-3, good); err != nil {
			t.Fatal(err)
		}
		metrics, err := tr.Metrics()
		if err != nil || len(metrics) != 3 {
			t.Fatalf("%v, %v", metrics, err)
		}
		if !math.IsNaN(metrics[1].GradNorm) || !(metrics[2].GradNorm > 0) || slices.Equal(weightsOf(t, m), before) {
			t.Errorf("the bad step is not seen, or the next one is bad too: %+v", metrics)
		}
	})
}

func TestTrainerErrors(t *testing.T) {
	c := randomConfig()
	m := newModel(t, gpu.OpenHost(), c, c.Init(1))
	tr := newTrainer(t, m, 20, testAdam)
	r := gputest.Rand(25)
	good := lesson(r, c, []int{1, 2, 3})
	hiding := good
	hiding.Batch = PackHiding([][]int{{1, 2, 3}}, []Hide{{0, 1}})
	for want, bad := range map[string]MicroBatch{
		"a batch of 21 tokens, made for at most 20": lesson(r, c, make([]int, 21)),
		"sequence 1 has 0 tokens":                   lesson(r, c, []int{1}, nil),
		"sequence 0 has 65 tokens, the context":     lesson(r, c, make([]int, 65)),
		"token 61 at place 2 is outside":            lesson(r, c, []int{1, 2, 61}),
		"sequence 0 hides tokens":                   hiding,
	} {
		err := tr.Step(1e-3, good, bad)
		if err == nil || !strings.HasPrefix(err.Error(), "part 1: model: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if err := tr.Step(1e-3, good); err != nil {
		t.Fatal(err)
	}
	metrics, err := tr.Metrics()
	if err != nil || len(metrics) != 1 || metrics[0].Step != 1 || metrics[0].Tokens != 1 {
		t.Errorf("refused steps left something behind: %+v, %v", metrics, err)
	}
	weights := c.Init(1)
	weights[c.Param("layers.1.down").Offset+5] = float32(math.NaN())
	if _, err := New(m.Device, c, weights); err == nil || !strings.Contains(err.Error(), "weight 5 of layers.1.down is NaN") {
		t.Errorf("New with a weight that is not a number: %v", err)
	}
	c.HiddenSize++
	if _, err := New(m.Device, c, weights); err == nil {
		t.Error("New with a bad config gives no error")
	}
}

func TestSchedule(t *testing.T) {
	for _, c := range []struct {
		Schedule
		rates map[int]float64
	}{
		{Schedule{Peak: 2, Warmup: 4, Steps: 20, DecayStart: 0.6, Floor: 0.1}, map[int]float64{0: 0.5, 3: 2, 4: 2, 12: 2, 16: 1.1, 20: 0.2, 99: 0.2}},
		{Schedule{Peak: 2, Warmup: 4, Steps: 20, Cosine: true}, map[int]float64{0: 0.5, 4: 2, 12: 1, 20: 0}},
		{Schedule{Peak: 3, Steps: 10, DecayStart: 1}, map[int]float64{0: 3, 9: 3, 10: 3}},
	} {
		for step, want := range c.rates {
			if got := c.Rate(step); math.Abs(got-want) > 1e-12 {
				t.Errorf("%+v: rate %g at step %d, want %g", c.Schedule, got, step, want)
			}
		}
	}
}

// A trainer takes the tile that its device was found fastest with, and gets the same gradient, bit for bit.
func TestTrainerTakesTheTileOfItsDevice(t *testing.T) {
	c := randomConfig()
	r := rand.New(rand.NewPCG(31, 1))
	part := lesson(r, c, randomSequences(r, c, 3, 5, 20)...)
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		defer func() { d.Products = "" }()
		var want []float32
		for _, tile := range nn.Tiles {
			d.Products = tile.String()
			tr := newTrainer(t, newModel(t, d, c, lively(c, 3)), part.N(), testAdam)
			got, _ := gradientsOf(t, tr, part)
			if want == nil {
				want = got
			}
			if !slices.Equal(got, want) {
				t.Errorf("tile %s has another gradient", tile)
			}
			timings, err := tr.Profile(part)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(timings, func(k gpu.Timing) bool { return k.Kernel == "linear_bwd_"+tile.String() }) {
				t.Errorf("with tile %s the kernels are %v", tile, timings)
			}
			gputest.Count(d)
		}
	})
}
