//go:build !js

package workload

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
	"attnlab/gpu/simd"
	"attnlab/model"
)

// noisy returns batches in which each token follows from the last one, but one in eight is random.
func (w Workload) noisy(seed uint64) func(int) model.MicroBatch {
	r := rand.New(rand.NewPCG(seed, 2))
	V := w.config.VocabSize
	return func(int) model.MicroBatch {
		sequences := w.sequences(w.batch, w.length)
		for _, s := range sequences {
			s[0] = r.IntN(V)
			for i := 1; i < len(s); i++ {
				s[i] = (7*s[i-1] + 3) % V
				if r.IntN(8) == 0 {
					s[i] = r.IntN(V)
				}
			}
		}
		b := model.Pack(sequences...)
		p := model.MicroBatch{Batch: b, Targets: b.Next(V), Weight: make([]float32, b.N())}
		for i := range p.Weight {
			p.Weight[i] = 1 / float32(b.N())
		}
		return p
	}
}

const steps, last = 200, 20

// end trains for some steps on noisy batches and returns the mean loss of the last of them, with the weights.
func (w Workload) end(t testing.TB, seed uint64) (loss float64, weights []float32) {
	losses, weights := train(t, gpu.OpenHost(), w, w.config.Init(seed), steps, w.noisy(seed))
	for _, x := range losses[steps-last:] {
		loss += x / last
	}
	return loss, weights
}

// spread returns the mean of losses and their standard deviation.
func spread(losses []float64) (mean, deviation float64) {
	for _, x := range losses {
		mean += x / float64(len(losses))
	}
	for _, x := range losses {
		deviation += (x - mean) * (x - mean) / float64(len(losses)-1)
	}
	return mean, math.Sqrt(deviation)
}

// TestVariantsStayWithinSpread trains preset tiny for 200 steps from the same seeds: with vector instructions, in plain Go, and with
// activations saved in half precision. Rounding may move the last losses by less than another seed does.
func TestVariantsStayWithinSpread(t *testing.T) {
	w := named(t, "tiny")
	w.batch, w.length = 4, 32
	half := w
	half.saved = model.F16
	inGo := func(seed uint64) (float64, []float32) {
		defer simd.Use(simd.Use(false))
		return w.end(t, seed)
	}
	var plain []float64
	worst := map[string]float64{}
	for _, seed := range []uint64{1, 2, 3} {
		slow, others := inGo(seed)
		plain = append(plain, slow)
		fast, weights := w.end(t, seed)
		if simd.Name() != "go" && slices.Equal(weights, others) {
			t.Error("both ways computed the same bits: one of them did not run")
		}
		rounded, more := half.end(t, seed)
		if slices.Equal(weights, more) {
			t.Error("half precision changed no bit: it was not used")
		}
		for name, loss := range map[string]float64{simd.Name(): fast, "f16": rounded} {
			t.Logf("seed %d: mean loss of steps %d to %d is %.5f in plain Go, %.1e more in %s", seed, steps-last, steps, slow, loss-slow, name)
			worst[name] = max(worst[name], math.Abs(loss-slow))
		}
	}
	mean, deviation := spread(plain)
	for name, by := range worst {
		if !(by < deviation) {
			t.Errorf("%s moves the loss by %.5f, seeds by %.5f (standard deviation)", name, by, deviation)
		}
	}
	if first := math.Log(vocabulary); !(mean < .8*first) {
		t.Errorf("a loss of %.3f after %d steps: nothing was learnt from %.3f", mean, steps, first)
	}
}

// BenchmarkSaving compares training of nano with activations saved in half precision and exactly: the bytes that a trainer allocates, the time
// of a step, both in turn, on the host and on the adapter; and the mean loss of steps 180 to 200, of 256 tokens each, for three seeds
// on the host.
//
//	go test ./model/workload -run '^$' -bench Saving -benchtime 1x -timeout 60m
func BenchmarkSaving(b *testing.B) {
	const rounds = 7
	exact := named(b, "nano")
	half := exact
	half.saved = model.F16
	for b.Loop() {
		for _, d := range []*gpu.Device{gpu.OpenHost(), gputest.Adapter(b)} {
			var bytes [2]int64
			var step [2]func() error
			for i, w := range []Workload{exact, half} {
				before := d.Counters.Bytes
				rig, err := w.training(d)
				if err == nil {
					err = rig.Run() // compiles
				}
				if err != nil {
					b.Fatal(err)
				}
				defer rig.Release()
				bytes[i], step[i] = d.Counters.Bytes-before, rig.Run
			}
			var ratios []float64
			for range rounds {
				var took [2]float64
				for i, run := range step {
					begun := time.Now()
					if err := run(); err != nil {
						b.Fatal(err)
					}
					took[i] = time.Since(begun).Seconds()
				}
				ratios = append(ratios, took[1]/took[0])
			}
			slices.Sort(ratios)
			fmt.Printf("%s: %.1f and %.1f MB, %.2f times; a step takes %.2f [%.2f-%.2f] times as long\n", d.Info, float64(bytes[0])/1e6, float64(bytes[1])/1e6,
				float64(bytes[1])/float64(bytes[0]), ratios[rounds/2], ratios[0], ratios[rounds-1])
		}
		var losses []float64
		for _, seed := range []uint64{1, 2, 3} {
			small, smallHalf := exact, half
			small.batch, small.length, smallHalf.batch, smallHalf.length = 4, 64, 4, 64
			loss, _ := small.end(b, seed)
			rounded, _ := smallHalf.end(b, seed)
			fmt.Printf("seed %d: mean loss of steps %d to %d is %.5f, %+.1e in half precision\n", seed, steps-last, steps, loss, rounded-loss)
			losses = append(losses, loss)
		}
		_, deviation := spread(losses)
		fmt.Printf("standard deviation over seeds %.1e\n", deviation)
	}
}
