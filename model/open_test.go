package model

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

// arenaSource gives the tensors of an arena.
type arenaSource struct {
	Config
	arena   []float32
	longest int                                     // values that were asked for at once
	before  func(name string, row int) (stop error) // called before each read
}

func (s *arenaSource) ReadRows(ctx context.Context, name string, row int, dst []float32) error {
	s.longest = max(s.longest, len(dst))
	if s.before != nil {
		if err := s.before(name, row); err != nil {
			return err
		}
	}
	for _, p := range s.Params() {
		for _, t := range p.Tensors() {
			if columns := t.Shape[len(t.Shape)-1]; t.Name == name {
				copy(dst, s.arena[t.Offset+row*columns:][:len(dst)])
				return ctx.Err()
			}
		}
	}
	return fmt.Errorf("no tensor %s", name)
}

// openable is a config whose rows fit every storage, with heads that are together wider than the residual stream.
func openable() Config {
	return Config{VocabSize: 70, HiddenSize: 64, IntermediateSize: 96, Layers: 2, Heads: 6, KVHeads: 2, HeadDim: 16,
		MaxContext: 64, RMSNormEps: 1e-5, Rope: Rope{Theta: 10000}, PadID: 0, BosID: 1, EosID: -1}
}

func opened(t *testing.T, d *gpu.Device, src *arenaSource, o Options) *Model {
	t.Helper()
	m, err := Open(t.Context(), d, src.Config, src, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Release)
	return m
}

// stored returns the arena with the values that a storage makes of them.
func stored(t *testing.T, c Config, arena []float32, s Storage) []float32 {
	arena = slices.Clone(arena)
	for _, p := range c.Params() {
		of, values := c.StorageOf(p, s), arena[p.Offset:][:p.Size()]
		words := make([]uint32, of.Words(p.Size()))
		if err := of.Pack(words, values); err != nil {
			t.Fatal(err)
		}
		of.Unpack(values, words)
	}
	return arena
}

// An opened model computes what a model in one arena computes from the stored values: bit for bit in F32.
func TestOpenedLogits(t *testing.T) {
	for _, tied := range []bool{false, true} {
		c := openable()
		c.TieEmbeddings = tied
		src := &arenaSource{Config: c, arena: lively(c, 1)}
		tokens := randomSequences(gputest.Rand(180), c, 1, 40, 40)[0]
		gputest.Each(t, func(t *testing.T, d *gpu.Device) {
			for _, s := range []Storage{F32, BF16, F16, Q8, Q4} {
				want, err := newModel(t, d, c, stored(t, c, src.arena, s)).Logits(tokens)
				if err != nil {
					t.Fatal(err)
				}
				got, err := opened(t, d, src, Options{Storage: s}).Logits(tokens)
				if err != nil {
					t.Fatal(err)
				}
				for i := range got {
					if tol := 2e-4; s == F32 && !slices.Equal(got[i], want[i]) {
						t.Fatalf("row %d of the model in F32 has other bits", i)
					} else {
						within(t, "logits in "+s.String(), got[i], want[i], tol)
					}
				}
			}
			gputest.Count(d)
		})
	}
}

// An embedding and an output matrix that are larger than a binding may be are cut into parts, and nothing else changes.
func TestOpenedInParts(t *testing.T) {
	c := openable()
	c.VocabSize = 702
	src := &arenaSource{Config: c, arena: lively(c, 2)}
	tokens := append(randomSequences(gputest.Rand(181), c, 1, 30, 30)[0], 0, 175, 176, 527, 528, 701)
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		if _, err := openBy(t.Context(), d, c, src, Options{}, 100*64); err == nil || !strings.Contains(err.Error(), "layers.0.qkv takes 40 KiB in f32") {
			t.Errorf("a matrix larger than a binding: error %v", err)
		}
		m, err := openBy(t.Context(), d, c, src, Options{}, 202*64) // 202 rows
		if err != nil {
			t.Fatal(err)
		}
		defer m.Release()
		for _, name := range []string{"embed", "lm_head"} {
			if parts := m.parts(name); len(parts) != 4 || parts[1].first != 176 || parts[3].n != 702-3*176 {
				t.Errorf("%s is in parts %+v", name, parts)
			}
		}
		whole := opened(t, d, src, Options{})
		want, err := whole.Logits(tokens)
		if err != nil {
			t.Fatal(err)
		}
		got, err := m.Logits(tokens)
		if err != nil {
			t.Fatal(err)
		}
		for i := range got {
			if !slices.Equal(got[i], want[i]) {
				t.Fatalf("row %d has other bits", i)
			}
		}
		var drawn [2][]Rollout
		for i, m := range []*Model{whole, m} {
			dec := newDecoder(t, m, DecoderSize{Slots: 2, Rows: 200, Chunk: 4})
			if drawn[i], err = dec.Generate(t.Context(), []Request{{Tokens: tokens[:9], Max: 9}, {Tokens: tokens[30:], Max: 9}}, Sampling{Temperature: 1}, nil); err != nil {
				t.Fatal(err)
			}
		}
		for i := range drawn[0] {
			if !slices.Equal(drawn[0][i].Tokens, drawn[1][i].Tokens) {
				t.Errorf("response %d: %v in one part, %v in several", i, drawn[0][i].Tokens, drawn[1][i].Tokens)
			}
		}
		gputest.Count(d)
	})
}

// Decoder and scorer of an opened model give what those of a model in one arena give.
func TestOpenedDecodesAndScores(t *testing.T) {
	c := openable()
	c.QKVBias, c.QKNorm, c.NoRope = true, true, []bool{false, true}
	src := &arenaSource{Config: c, arena: lively(c, 3)}
	for i, r := c.DecayEnd(), gputest.Rand(182); i < len(src.arena); i++ {
		src.arena[i] += float32(r.NormFloat64()) / 4 // biases start as zeros and gains as ones
	}
	given := randomSequences(gputest.Rand(183), c, 3, 8, 20)
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		var requests []Request
		for i, s := range given {
			requests = append(requests, Request{Tokens: s, Max: 12, ID: uint32(i)})
		}
		var rollouts [2][]Rollout
		var scores [2][]Score
		for i, m := range []*Model{newModel(t, d, c, src.arena), opened(t, d, src, Options{Context: 40})} {
			dec := newDecoder(t, m, DecoderSize{Slots: 2, Rows: 160, Chunk: 5})
			var err error
			if rollouts[i], err = dec.Generate(t.Context(), requests, Sampling{Temperature: 1, Seed: 3}, nil); err != nil {
				t.Fatal(err)
			}
			var ask []ScoreRequest
			for k, s := range given {
				ask = append(ask, ScoreRequest{Tokens: append(slices.Clone(s), rollouts[i][k].Tokens...)})
			}
			if scores[i], err = newScorer(t, m, 64).Score(ask); err != nil {
				t.Fatal(err)
			}
		}
		for k := range given {
			if !slices.Equal(rollouts[0][k].Tokens, rollouts[1][k].Tokens) || !slices.Equal(rollouts[0][k].LogProbs, rollouts[1][k].LogProbs) {
				t.Errorf("response %d: %v, and %v of the opened model", k, rollouts[0][k].Tokens, rollouts[1][k].Tokens)
			}
			if !slices.Equal(scores[0][k].LogProbs, scores[1][k].LogProbs) {
				t.Errorf("scores of response %d differ", k)
			}
			// One pass over the whole sequence agrees with the cache, position by position.
			within(t, "log-probabilities", scores[1][k].LogProbs[len(given[k]):], rollouts[1][k].LogProbs, 2e-4)
		}
		gputest.Count(d)
	})
}

// A response ends at any of the end tokens, also where the kernel, which knows one, has drawn more in the same readback.
func TestSeveralEndTokens(t *testing.T) {
	c := openable()
	src := &arenaSource{Config: c, arena: lively(c, 4)}
	given := randomSequences(gputest.Rand(184), c, 4, 6, 12)
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		generate := func(c Config) []Rollout {
			m := opened(t, d, &arenaSource{Config: c, arena: src.arena}, Options{})
			var requests []Request
			for i, s := range given {
				requests = append(requests, Request{Tokens: s, Max: 30, ID: uint32(i)})
			}
			dec := newDecoder(t, m, DecoderSize{Slots: 2, Rows: 400, Chunk: 16})
			var rollouts []Rollout
			for range 2 { // the second time from the cache
				var err error
				if rollouts, err = dec.Generate(t.Context(), requests, Sampling{Temperature: 1, Seed: 1}, nil); err != nil {
					t.Fatal(err)
				}
			}
			return rollouts
		}
		free := generate(c)
		ending := c
		ending.EosID, ending.Stop = 7, []int{free[1].Tokens[3], free[2].Tokens[9], 7}
		cut := 0
		for i, r := range generate(ending) {
			want := free[i].Tokens
			if at := slices.IndexFunc(want, ending.Ends); at >= 0 {
				want, cut = want[:at+1], cut+1
			}
			if !slices.Equal(r.Tokens, want) || len(r.LogProbs) != len(want) || len(r.Entropy) != len(want) {
				t.Errorf("response %d is %v with %d log-probabilities, want %v", i, r.Tokens, len(r.LogProbs), want)
			}
		}
		if cut < 2 {
			t.Errorf("%d responses ended early, want 2 or more", cut)
		}
		gputest.Count(d)
	})
}

// Open holds a chunk at a time, reports bytes up to the total, and leaves nothing behind when it fails.
func TestOpenIsLean(t *testing.T) {
	c := openable()
	c.VocabSize = 2*openWords/c.HiddenSize + 12
	arena := c.Init(5)
	d := gpu.OpenHost()
	src := &arenaSource{Config: c, arena: arena}
	var last, total int64
	m := opened(t, d, src, Options{Storage: Q4, Progress: func(done, of int64) {
		if done <= last || done > of {
			t.Errorf("%d of %d bytes after %d", done, of, last)
		}
		last, total = done, of
	}})
	if want := c.WeightBytes(Q4); last != want || total != want {
		t.Errorf("%d of %d bytes at the end, want %d", last, total, want)
	}
	if src.longest > openWords {
		t.Errorf("%d values were asked for at once, want at most %d", src.longest, openWords)
	}
	if got, want := m.parts("embed")[0].storage, Q8; got != want {
		t.Errorf("the embedding is in %s, want %s", got, want)
	}
	before := d.Counters
	ctx, cancel := context.WithCancel(t.Context())
	broken := errors.New("the line dropped")
	for name, test := range map[string]struct {
		change func(s *arenaSource)
		o      Options
		want   string
	}{
		"broken line": {func(s *arenaSource) {
			s.before = func(name string, _ int) error {
				if strings.HasPrefix(name, "model.layers.1") {
					return broken
				}
				return nil
			}
		}, Options{}, "the line dropped"},
		"not a number": {func(s *arenaSource) { s.arena[c.Param("layers.1.o").Offset+70] = float32(math.NaN()) }, Options{Storage: BF16},
			"value 70 of model.layers.1.self_attn.o_proj.weight is NaN"},
		"too large": {func(s *arenaSource) { s.arena[c.Param("layers.0.down").Offset] = 1e5 }, Options{Storage: F16},
			"model.layers.0.mlp.down_proj.weight: nn: the values 0 to 1 do not fit the storage f16"},
		"cancelled": {func(s *arenaSource) {
			s.before = func(_ string, row int) error {
				if row > 0 {
					cancel()
				}
				return nil
			}
		}, Options{}, "context canceled"},
		"context": {func(*arenaSource) {}, Options{Context: 65}, "a context of 65 tokens"},
	} {
		s := &arenaSource{Config: c, arena: slices.Clone(arena)}
		test.change(s)
		if m, err := Open(ctx, d, c, s, test.o); err == nil || m != nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: model %v, error %v, want one about %q", name, m != nil, err, test.want)
		}
		if ctx.Err() != nil {
			ctx = t.Context()
		}
		if d.Counters.Buffers != before.Buffers || d.Counters.Bytes != before.Bytes {
			t.Errorf("%s: %d buffers of %d bytes are left", name, d.Counters.Buffers-before.Buffers, d.Counters.Bytes-before.Bytes)
		}
	}
}

// What cannot be trained says so by name, before anything is allocated.
func TestFrozenModels(t *testing.T) {
	d := gpu.OpenHost()
	c := openable()
	src := &arenaSource{Config: c, arena: c.Init(6)}
	m := opened(t, d, src, Options{})
	_, trainer := NewTrainer(m, 64, DefaultAdam)
	_, weights := m.Weights()
	for what, err := range map[string]error{"trainer": trainer, "weights": weights, "set": m.SetWeights(src.arena)} {
		if err == nil || !strings.Contains(err.Error(), "opened in parts") {
			t.Errorf("%s: error %v", what, err)
		}
	}
	for want, change := range map[string]func(*Config){
		"biases": func(c *Config) { c.QKVBias = true }, "normed": func(c *Config) { c.QKNorm = true },
		"rotary": func(c *Config) { c.NoRope = []bool{true, false} }, "128 features": func(c *Config) { c.HeadDim = 136 },
	} {
		c := openable()
		change(&c)
		buffers := d.Counters.Buffers
		m := newModel(t, d, c, c.Init(7))
		if _, err := NewTrainer(m, 64, DefaultAdam); err == nil || !strings.Contains(err.Error(), want) || d.Counters.Buffers != buffers+2 {
			t.Errorf("%s: error %v, %d new buffers", want, err, d.Counters.Buffers-buffers)
		}
	}
	dec := newDecoder(t, m, DecoderSize{Slots: 2, Rows: 100, Chunk: 4})
	for _, path := range Paths[1:] {
		if err := dec.fits(path); err == nil || !strings.Contains(err.Error(), "a buffer a parameter") {
			t.Errorf("path %s: error %v", path, err)
		}
	}
}

// A software adapter, which cuts long loops, gets no context that needs them.
func TestLongContextsOfSoftwareAdapters(t *testing.T) {
	c := openable()
	c.MaxContext = mostLoops + 1
	d := gpu.OpenHost()
	newModel(t, d, c, c.Init(1))
	d.Info.Backend = gpu.WebGPU
	if _, err := New(d, c, c.Init(1)); err == nil || !strings.Contains(err.Error(), "without cutting its loops") {
		t.Errorf("error %v", err)
	}
}

// Logits come by rows where all of them at once would be too many.
func TestLogitsByRows(t *testing.T) {
	c := randomConfig()
	c.MaxContext = 200
	tokens := randomSequences(gputest.Rand(185), c, 1, 150, 150)[0]
	eachModel(t, c, func(t *testing.T, m *Model) {
		whole, err := m.Logits(tokens)
		if err != nil {
			t.Fatal(err)
		}
		parts, err := m.logitsBy(tokens, chunksOf(150, 64))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.EqualFunc(whole, parts, slices.Equal[[]float32]) {
			t.Error("logits by 64 rows have other bits than all at once")
		}
	})
}

// A cache that no kernel could bind is refused in one sentence, and the device goes on.
func TestDecoderRefusesACacheTooLarge(t *testing.T) {
	c := openable()
	d := gpu.OpenHost()
	m := newModel(t, d, c, c.Init(1))
	d.Limits.MaxStorageBufferBindingSize = 4 * 2 * 2 * 16 * 100
	if _, err := NewDecoder(m, DecoderSize{Slots: 1, Rows: 101, Chunk: 4}); err == nil || !strings.Contains(err.Error(), "at most 100 tokens") || d.Err() != nil {
		t.Errorf("error %v, the device's %v", err, d.Err())
	}
}

// Given tokens of a large model are computed some at a time, so that their activations fit; those of a preset all at once.
func TestPrefillRows(t *testing.T) {
	if got := preset(t, "base", 58).prefillRows(prefillWords); got != 1024 {
		t.Errorf("base computes %d given tokens at once, want 1024", got)
	}
	c := Config{HiddenSize: 576, IntermediateSize: 1536, Heads: 9, KVHeads: 3, HeadDim: 64, MaxContext: 8192} // SmolLM2-135M
	if got := c.prefillRows(prefillWords); got < 1000 || got > 2000 {
		t.Errorf("SmolLM2-135M computes %d given tokens at once", got)
	}
}

// In one arena an opened model is one from New: the same weights and bits, every path of decoding, and a trainer. Where no kernel could
// bind the arena, it is a buffer a parameter.
func TestOpenedInAnArena(t *testing.T) {
	c := openable()
	c.HiddenSize, c.Heads = 64, 4 // paths of few dispatches need heads that are hidden_size wide together
	src := &arenaSource{Config: c, arena: lively(c, 8)}
	given := randomSequences(gputest.Rand(186), c, 3, 6, 12)
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		m := opened(t, d, src, Options{Arena: true, Context: 40})
		if got, err := m.Weights(); err != nil || !slices.Equal(got, src.arena) || m.MaxContext != 40 {
			t.Errorf("weights differ, or %v; a context of %d", err, m.MaxContext)
		}
		tr, err := NewTrainer(m, 64, DefaultAdam)
		if err != nil {
			t.Fatal(err)
		}
		tr.Release()
		var requests []Request
		for i, s := range given {
			requests = append(requests, Request{Tokens: s, Max: 12, ID: uint32(i)})
		}
		var rollouts [2][]Rollout
		for i, m := range []*Model{m, newModel(t, d, c, src.arena)} {
			dec := newDecoder(t, m, DecoderSize{Slots: 2, Rows: 160, Chunk: 5})
			for _, path := range Paths {
				if err := dec.fits(path); err != nil {
					t.Errorf("path %s: %v", path, err)
				}
			}
			if rollouts[i], err = dec.Generate(t.Context(), requests, Sampling{Temperature: 1, Seed: 3}, nil); err != nil {
				t.Fatal(err)
			}
		}
		for k := range given {
			if !slices.Equal(rollouts[0][k].Tokens, rollouts[1][k].Tokens) || !slices.Equal(rollouts[0][k].LogProbs, rollouts[1][k].LogProbs) {
				t.Errorf("response %d: %v, and %v of the model from New", k, rollouts[0][k].Tokens, rollouts[1][k].Tokens)
			}
		}
		apart, err := openBy(t.Context(), d, c, src, Options{Arena: true}, c.ArenaSize()-1)
		if err != nil {
			t.Fatal(err)
		}
		defer apart.Release()
		if _, err := apart.Weights(); err == nil {
			t.Error("an arena larger than a binding was made")
		}
		gputest.Count(d)
	})
}
