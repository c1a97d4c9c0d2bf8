package hf

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"attnlab/gpu"
	"attnlab/model"
	"attnlab/shaders/optim"
)

// BenchmarkDecode measures how fast a published model decodes in F32, BF16 and Q4, one and eight sequences at once, in turns: tokens a second,
// and what its weights' bytes a second are of those that a copy reads and writes in the same run. It prints the median with the slowest and
// the fastest of nine turns. ATTNLAB_REAL_MODEL is the model's folder; ATTNLAB_BENCH_BACKENDS, where set, the backends.
func BenchmarkDecode(b *testing.B) {
	path := os.Getenv("ATTNLAB_REAL_MODEL")
	if path == "" {
		b.Skip("needs a published model: set ATTNLAB_REAL_MODEL to its folder or GGUF file")
	}
	backends := []string{gpu.Host, gpu.WebGPU}
	if only := os.Getenv("ATTNLAB_BENCH_BACKENDS"); only != "" {
		backends = strings.Split(only, ",")
	}
	for _, backend := range backends {
		b.Run(backend, func(b *testing.B) {
			d, _, err := gpu.Open(backend)
			if err != nil {
				b.Skip(err)
			}
			defer d.Close()
			for b.Loop() {
				decodeInTurns(b, d, path)
			}
		})
	}
}

// decoding is one row of BenchmarkDecode.
type decoding struct {
	name           string
	dec            *model.Decoder
	sequences      int
	bytes          int64     // of weights
	tokens, shares []float64 // of each turn
}

func decodeInTurns(b *testing.B, d *gpu.Device, path string) {
	const turns, drawn, prompt = 9, 8, 32
	s, err := OpenPath(path)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	var rows []*decoding
	for _, storage := range []model.Storage{model.F32, model.BF16, model.Q4} {
		m, err := model.Open(context.Background(), d, s.Config, s, model.Options{Storage: storage, Context: 128})
		if err != nil {
			b.Fatal(err)
		}
		defer m.Release()
		for _, n := range []int{1, 8} {
			dec, err := model.NewDecoder(m, model.DecoderSize{Slots: n, Rows: 128 * n, Chunk: drawn})
			if err != nil {
				b.Fatal(err)
			}
			defer dec.Release()
			rows = append(rows, &decoding{name: fmt.Sprintf("%s, %d at once", storage, n), dec: dec, sequences: n, bytes: s.Config.WeightBytes(storage)})
		}
	}
	const words = 1 << 24 // 64 MiB, more than a cache holds
	x, y := d.Floats("x", words), d.Floats("y", words)
	defer x.Release()
	defer y.Release()
	copies := d.NewProgram("copy")
	defer copies.Release()
	copies.Add(optim.Copy, func() any { return optim.CopyParams{N: words} }, x, y)
	copied := func() float64 {
		best := time.Duration(0)
		for range 3 {
			begun := time.Now()
			if err := copies.Run(1); err != nil {
				b.Fatal(err)
			}
			if err := d.Wait(); err != nil {
				b.Fatal(err)
			}
			if took := time.Since(begun); best == 0 || took < best {
				best = took
			}
		}
		return 8 * words / best.Seconds()
	}
	for turn := range turns + 1 { // the first warms up
		bandwidth := copied()
		for _, r := range rows {
			var requests []model.Request
			for i := range r.sequences {
				tokens := make([]int, prompt)
				for t := range tokens {
					tokens[t] = (17*t + 31*i) % s.Config.VocabSize
				}
				requests = append(requests, model.Request{Tokens: tokens, Max: drawn, ID: uint32(turn*8 + i)})
			}
			if turn == 0 { // computes the prompts, which are in the cache from then on
				if _, err := r.dec.Generate(context.Background(), requests, model.Sampling{Temperature: 1}, nil); err != nil {
					b.Fatal(err)
				}
				continue
			}
			before, begun := r.dec.Generated, time.Now()
			if _, err := r.dec.Generate(context.Background(), requests, model.Sampling{Temperature: 1, Seed: uint32(turn)}, nil); err != nil {
				b.Fatal(err)
			}
			took := time.Since(begun).Seconds()
			r.tokens = append(r.tokens, float64(r.dec.Generated-before)/took)
			r.shares = append(r.shares, float64(r.bytes)*drawn/took/bandwidth)
		}
	}
	for _, r := range rows {
		slices.Sort(r.tokens)
		slices.Sort(r.shares)
		b.Logf("%s, %s: %.1f tokens a second (%.1f to %.1f), weights at %.2f of a copy's bytes a second (%.2f to %.2f)", d.Info, r.name,
			r.tokens[turns/2], r.tokens[0], r.tokens[turns-1], r.shares[turns/2], r.shares[0], r.shares[turns-1])
	}
}
