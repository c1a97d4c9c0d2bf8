package model

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

// wideConfig is a shape with a wide head and tied embeddings, one row a workgroup more often than not.
func wideConfig() Config {
	return Config{VocabSize: 64, HiddenSize: 64, IntermediateSize: 96, Layers: 1, Heads: 2, KVHeads: 2, HeadDim: 32,
		MaxContext: 64, RMSNormEps: 1e-5, Rope: Rope{Theta: 10000}, TieEmbeddings: true, PadID: 0, BosID: 1, EosID: -1}
}

// TestPathsAgree draws the same tokens on every path, with prompts and ends at different places, hidden tokens, a shared prefix, and
// more requests than slots.
func TestPathsAgree(t *testing.T) {
	for _, c := range []Config{randomConfig(), wideConfig()} {
		c.EosID = 7
		eachModel(t, c, func(t *testing.T, m *Model) {
			prompts := randomSequences(gputest.Rand(11), c, 21, 1, 30)
			prompts = append(prompts, slices.Concat(prompts[0], []int{5, 9}))
			rs := requests(prompts, newTokens)
			for i := range rs {
				rs[i].Max = 1 + i%13
				if i%3 == 1 {
					rs[i].Hide = Hide{i % 5, i%5 + 4}
				}
			}
			for i, how := range []Sampling{{}, {Temperature: 1, Seed: 3}, {Temperature: 0.8, TopK: 9, TopP: 0.9, Seed: 4, Step: 2}} {
				size := []DecoderSize{{Slots: 1, Rows: 64, Chunk: 16}, {Slots: 3, Rows: 256, Chunk: 6}, {Slots: 32, Rows: 2048, Chunk: 16}}[i]
				if c.Layers == 1 {
					size.Slots, size.Rows = 9, 512 // every size of a workgroup costs seconds of compilation
				}
				var want []Rollout
				for _, path := range Paths {
					size.Path = path
					got := generateOnce(t, m, size, rs, how)
					if path == PathKernels {
						want = got
						continue
					}
					again := generateOnce(t, m, size, rs, how)
					for i := range rs {
						what := fmt.Sprintf("%+v, %+v, request %d", size, how, i)
						sameTokens(t, what, got[i:i+1], [][]int{want[i].Tokens})
						within(t, what, got[i].LogProbs, want[i].LogProbs, 1e-5)
						within(t, what, got[i].Entropy, want[i].Entropy, 1e-5)
						if !slices.Equal(again[i].LogProbs, got[i].LogProbs) || !slices.Equal(again[i].Entropy, got[i].Entropy) {
							t.Fatalf("%s: a second run gives other bits", what)
						}
					}
				}
			}
			ended := 0
			for _, r := range generate(t, newDecoder(t, m, decoderSizes[2]), rs, Sampling{Temperature: 1, Seed: 3}) {
				if n := len(r.Tokens); r.Tokens[n-1] == c.EosID {
					ended++
				}
			}
			if ended == 0 || ended == len(rs) {
				t.Errorf("%d of %d sequences end by themselves", ended, len(rs))
			}
		})
	}
}

// generateOnce decodes with a decoder of its own.
func generateOnce(t *testing.T, m *Model, size DecoderSize, rs []Request, s Sampling) []Rollout {
	t.Helper()
	d, err := NewDecoder(m, size)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Release()
	return generate(t, d, rs, s)
}

// nano is the shape of the workload nano.
func nano() Config {
	return Config{VocabSize: 64, HiddenSize: 128, IntermediateSize: 352, Layers: 4, Heads: 4, KVHeads: 4, HeadDim: 32,
		MaxContext: 128, RMSNormEps: 1e-5, Rope: Rope{Theta: 10000}, TieEmbeddings: true, PadID: -1, BosID: -1, EosID: -1}
}

// TestDecodingDispatches counts the dispatches of a token of nano, after prompts of one token, which need none themselves.
func TestDecodingDispatches(t *testing.T) {
	const drawn = 20
	c := nano()
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		m := newModel(t, d, c, c.Init(1))
		for path, bounds := range map[Path][2]float64{PathKernels: {11, 40}, PathLayers: {2, 10}, PathTokens: {1. / 16, 1}} {
			before := d.Counters.Dispatches
			for i, r := range generateOnce(t, m, DecoderSize{Slots: 1, Rows: 64, Chunk: 16, Path: path},
				requests([][]int{{1}}, drawn), Sampling{Temperature: 1}) {
				if len(r.Tokens) != drawn {
					t.Errorf("path %s: sequence %d has %d tokens", path, i, len(r.Tokens))
				}
			}
			if n := float64(d.Counters.Dispatches-before) / drawn; n < bounds[0] || n > bounds[1] {
				t.Errorf("path %s takes %.3g dispatches a token of nano, want %g to %g", path, n, bounds[0], bounds[1])
			}
		}
	})
}

// TestPathsRefuse names what a path lacks, and falls back where none was asked for.
func TestPathsRefuse(t *testing.T) {
	c := wideConfig()
	c.VocabSize = 6000 // logits of a row do not fit workgroup memory
	d := gpu.OpenHost()
	d.Limits.MaxComputeWorkgroupStorageSize = 16 << 10
	m := newModel(t, d, c, c.Init(1))
	size := DecoderSize{Slots: 2, Rows: 64, Chunk: 4}
	for path, want := range map[Path]string{PathLayers: "workgroup memory", PathTokens: "workgroup memory", "warp": `no decoding path "warp"`} {
		size.Path = path
		if _, err := NewDecoder(m, size); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("path %s: %v, want %q", path, err, want)
		}
	}
	size.Path = ""
	generate(t, newDecoder(t, m, size), requests([][]int{{1, 2}}, 3), Sampling{})

	c.VocabSize, c.Layers = 64, 3
	m = newModel(t, gpu.OpenHost(), c, c.Init(1))
	m.Device.Limits.MaxStorageBufferBindingSize = 4 << 20 // a layer's cache fits a binding, all do not
	size = DecoderSize{Slots: 2, Rows: 4096, Chunk: 4, Path: PathTokens}
	if _, err := NewDecoder(m, size); err == nil || !strings.Contains(err.Error(), "in one binding") {
		t.Errorf("a cache in several buffers: %v", err)
	}
	size.Path = PathLayers
	generate(t, newDecoder(t, m, size), requests([][]int{{1, 2}}, 3), Sampling{})
}

// TestChoose races the paths on the adapter: all draw the same tokens there, the choice says why, and a second decoder takes it over.
func TestChoose(t *testing.T) {
	eachModel(t, randomConfig(), func(t *testing.T, m *Model) {
		size := DecoderSize{Slots: 8, Rows: 512, Chunk: 16}
		d := newDecoder(t, m, size)
		prompts := randomSequences(gputest.Rand(12), m.Config, 8, 5, 20)
		want := generate(t, d, requests(prompts, newTokens), Sampling{})
		got, err := d.Choose()
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %s", got.Path, got.Why)
		for _, try := range got.Tries {
			t.Logf("%+v", try)
			if try.Problem != "" && !strings.Contains(try.Problem, "to compile") { // a busy machine
				t.Errorf("path %s: %s", try.Path, try.Problem)
			}
		}
		info := m.Device.Info
		if still := info.Backend == gpu.Host || info.Software && info.Backend == gpu.WebGPU; still != (len(got.Tries) == 0) || got.Why == "" || still && got.Path != PathKernels {
			t.Errorf("the choice is %+v", got)
		}
		checkRows(t, d.cache)
		before := d.Prefilled
		for i, r := range generate(t, d, requests(prompts, newTokens), Sampling{}) {
			sameTokens(t, "after the choice", []Rollout{r}, [][]int{want[i].Tokens})
		}
		if d.Prefilled != before {
			t.Error("the race emptied the cache")
		}
		dispatches := m.Device.Counters.Dispatches
		again, err := newDecoder(t, m, size).Choose()
		if err != nil || again.Path != got.Path || m.Device.Counters.Dispatches != dispatches {
			t.Errorf("the second decoder chooses %s after %d dispatches: %v", again.Path, m.Device.Counters.Dispatches-dispatches, err)
		}
	})
}

// TestChooseFallsBack decodes by the path of most dispatches where the path that another decoder chose does not compile here.
func TestChooseFallsBack(t *testing.T) {
	m := newModel(t, gputest.Adapter(t), wideConfig(), wideConfig().Init(1))
	size := DecoderSize{Slots: 2, Rows: 64, Chunk: 4}
	want := generateOnce(t, m, size, requests([][]int{{1, 2}, {3}}, 4), Sampling{})
	for _, path := range []Path{PathLayers, PathTokens} {
		d := newDecoder(t, m, size)
		d.fused.Lanes = 1 << 16 // more invocations a workgroup than any adapter allows
		m.decodings = map[decoderShape]Decoding{{d.slots, d.chunk, d.kvs != nil}: {Path: path, Times: 2}}
		got, err := d.Choose()
		if err != nil || got.Path != PathKernels || !strings.Contains(got.Why, "path "+string(path)+", which another decoder chose, cannot be used: ") {
			t.Errorf("path %s: the choice is %+v, %v", path, got, err)
			continue
		}
		for i, r := range generate(t, d, requests([][]int{{1, 2}, {3}}, 4), Sampling{}) {
			sameTokens(t, "after the choice", []Rollout{r}, [][]int{want[i].Tokens})
		}
		if again, err := d.Choose(); err != nil || again.Path != PathKernels {
			t.Errorf("path %s: the second choice is %+v, %v", path, again, err)
		}
	}
}

// TestChooseByCache does not take over a path that needs the cache in one binding where it is in several.
func TestChooseByCache(t *testing.T) {
	m := newModel(t, gpu.OpenHost(), randomConfig(), lively(randomConfig(), 1))
	small, large := DecoderSize{Slots: 2, Rows: 64, Chunk: 4}, DecoderSize{Slots: 2, Rows: 1 << 14, Chunk: 4}
	m.Device.Limits.MaxStorageBufferBindingSize = int64(4 * large.Rows * 2 * m.KVHeads * m.HeadDim) // one layer of the large cache
	d := newDecoder(t, m, small)
	m.decodings = map[decoderShape]Decoding{{d.slots, d.chunk, true}: {Path: PathTokens, Times: 2}}
	for _, c := range []struct {
		size DecoderSize
		want Path
	}{{small, PathTokens}, {large, PathKernels}} {
		if got, err := newDecoder(t, m, c.size).Choose(); err != nil || got.Path != c.want {
			t.Errorf("%d rows: path %q, %v; want %q", c.size.Rows, got.Path, err, c.want)
		}
	}
}

// TestChooseForRun chooses before the first token on a GPU, and leaves the choice to a race after many tokens on a software adapter.
func TestChooseForRun(t *testing.T) {
	eachModel(t, wideConfig(), func(t *testing.T, m *Model) {
		info := m.Device.Info
		defer func() { m.Device.Info = info }()
		d := newDecoder(t, m, DecoderSize{Slots: 1, Rows: 64, Chunk: 4})
		if err := d.ChooseForRun(); err != nil {
			t.Fatal(err)
		}
		if early := info.Backend != gpu.Host && !info.Software; early != (d.fused.chosen != nil) {
			t.Errorf("on %s the choice is %+v", info, d.fused.chosen)
		}
		m.Device.Info.Software = false
		if err := d.ChooseForRun(); err != nil {
			t.Fatal(err)
		}
		if info.Backend != gpu.Host && d.fused.chosen == nil {
			t.Error("a run on a GPU begins without a choice")
		}
	})
}

// TestJudge lets only paths with the same bits race.
func TestJudge(t *testing.T) {
	try := func(path Path, ms float64, exact bool, problem string) Try {
		return Try{Path: path, Exact: exact, Problem: problem, Token: time.Duration(ms * float64(time.Millisecond))}
	}
	base := try(PathKernels, 10, true, "")
	for _, c := range []struct {
		layers, tokens Try
		software       bool
		want           Path
		why            string
	}{
		{try(PathLayers, 5, true, ""), try(PathTokens, 2, true, ""), true, PathTokens, "2.00 ms, 10.00 ms by path kernels"},
		{try(PathLayers, 5, true, ""), try(PathTokens, 6, true, ""), false, PathLayers, "5.00 ms"},
		{try(PathLayers, 9.8, true, ""), try(PathTokens, 30, true, ""), true, PathKernels, "faster than 10.00 ms"},
		{try(PathLayers, 5, true, ""), try(PathTokens, 2, true, "it draws other tokens"), true, PathLayers, "not tokens: it draws other tokens"},
		{try(PathLayers, 0, true, "small"), try(PathTokens, 0, true, "slow"), false, PathKernels, "can be used; not layers: small; not tokens: slow"},
		{try(PathLayers, 5, false, ""), try(PathTokens, 2, false, ""), true, PathKernels, "last digits"},
		{try(PathLayers, 5, false, ""), try(PathTokens, 20, false, ""), false, PathTokens, "fewest dispatches"},
		{try(PathLayers, 5, false, ""), try(PathTokens, 2, false, "no"), false, PathLayers, "fewest dispatches"},
		{try(PathLayers, 5, false, ""), try(PathTokens, 2, true, ""), false, PathLayers, "fewest dispatches"},
	} {
		got := judge([]Try{base, c.layers, c.tokens}, c.software)
		if got.Path != c.want || !strings.Contains(got.Why, c.why) {
			t.Errorf("layers %+v, tokens %+v, software %v: path %s, %q; want %s, %q", c.layers, c.tokens, c.software, got.Path, got.Why, c.want, c.why)
		}
	}
}

// TestPace keeps dispatches short as attention gets longer.
func TestPace(t *testing.T) {
	f := &fused{times: 1, most: 12, longest: 50 * time.Millisecond}
	for i, c := range []struct {
		n    int
		took time.Duration
		want int
	}{
		{16, 16 * time.Millisecond, 2}, {16, 16 * time.Millisecond, 4}, {16, 0, 8}, {16, 16 * time.Millisecond, 12},
		{16, 160 * time.Millisecond, 5}, {16, 8 * time.Second, 1}, {16, math.MaxInt64, 1},
	} {
		if f.pace(c.n, c.took); f.times != c.want {
			t.Errorf("step %d: %d tokens a dispatch, want %d", i, f.times, c.want)
		}
	}
}

// A model that only one path can decode is not tried out: of a large one that would take seconds.
func TestOnePathNeedsNoTrial(t *testing.T) {
	c := openable()
	src := &arenaSource{Config: c, arena: c.Init(9)}
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		dec := newDecoder(t, opened(t, d, src, Options{Storage: BF16}), DecoderSize{Slots: 2, Rows: 100, Chunk: 4})
		before := d.Counters.Dispatches
		chosen, err := dec.Choose()
		if err != nil || chosen.Path != PathKernels || d.Counters.Dispatches != before {
			t.Errorf("path %s after %d dispatches, %v", chosen.Path, d.Counters.Dispatches-before, err)
		}
		if d.Info.Backend != gpu.Host && !strings.Contains(chosen.Why, "a buffer a parameter") && !strings.Contains(chosen.Why, "software adapter") {
			t.Errorf("because %s", chosen.Why)
		}
		gputest.Count(d)
	})
}
