package model

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

const newTokens = 10

// greedy are 64 prompts and what follows them, decoded without a cache: the
// likeliest token after the whole sequence, one at a time.
var greedy = sync.OnceValues(func() (prompts, responses [][]int) {
	c := randomConfig()
	m, err := New(gpu.OpenHost(), c, lively(c, 1))
	if err != nil {
		panic(err)
	}
	defer m.Release()
	prompts = randomSequences(gputest.Rand(2), c, 62, 1, 12)
	prompts = append(prompts, prompts[0], slices.Concat(prompts[1], []int{7}))
	for _, prompt := range prompts {
		all := slices.Clone(prompt)
		for range newTokens {
			logits, err := m.Logits(all)
			if err != nil {
				panic(err)
			}
			last := logits[len(all)-1]
			all = append(all, slices.Index(last, slices.Max(last)))
		}
		responses = append(responses, all[len(prompt):])
	}
	return prompts, responses
})

// requests ask for Max more tokens of each sequence.
func requests(sequences [][]int, most int) []Request {
	var rs []Request
	for i, s := range sequences {
		rs = append(rs, Request{Tokens: s, Max: most, ID: uint32(i)})
	}
	return rs
}

// generate decodes and checks that no row of the cache is lost or owned twice.
func generate(t *testing.T, d *Decoder, rs []Request, s Sampling) []Rollout {
	t.Helper()
	rollouts, err := d.Generate(context.Background(), rs, s, nil)
	if err != nil {
		t.Fatal(err)
	}
	checkRows(t, d.cache)
	return rollouts
}

func checkRows(t *testing.T, c *cache) {
	t.Helper()
	held := make([]int, len(c.rows))
	for _, r := range c.free {
		held[r]++
	}
	var walk func(at int32)
	walk = func(at int32) {
		for ; at >= 0 && held[at] < 2; at = c.rows[at].sibling {
			held[at]++
			walk(c.rows[at].child)
		}
	}
	for _, root := range c.roots {
		walk(root)
	}
	for r, n := range held {
		if n != 1 {
			t.Fatalf("row %d is held %d times, %d rows are free", r, n, len(c.free))
		}
	}
}

func sameTokens(t *testing.T, what string, got []Rollout, want [][]int) {
	t.Helper()
	for i := range want {
		if !slices.Equal(got[i].Tokens, want[i]) {
			t.Fatalf("%s: sequence %d gives %v, want %v", what, i, got[i].Tokens, want[i])
		}
		if len(got[i].LogProbs) != len(want[i]) || len(got[i].Entropy) != len(want[i]) {
			t.Fatalf("%s: sequence %d has %d log-probabilities and %d entropies", what, i, len(got[i].LogProbs), len(got[i].Entropy))
		}
	}
}

var decoderSizes = []DecoderSize{
	{Slots: 1, Rows: 64, Chunk: 16}, // each request evicts the last one's rows
	{Slots: 3, Rows: 130, Chunk: 5}, // full while other sequences are active
	{Slots: 64, Rows: 4096, Chunk: 16},
	{Slots: 3, Rows: 130, Chunk: 5, Path: PathLayers},
	{Slots: 64, Rows: 4096, Chunk: 16, Path: PathLayers},
	{Slots: 3, Rows: 130, Chunk: 5, Path: PathTokens},
	{Slots: 64, Rows: 4096, Chunk: 16, Path: PathTokens},
}

func TestGreedyDecoding(t *testing.T) {
	prompts, responses := greedy()
	distinct := map[int]bool{}
	for _, token := range slices.Concat(responses...) {
		distinct[token] = true
	}
	if len(distinct) < 20 {
		t.Fatalf("the model says only %d different tokens", len(distinct))
	}
	eachModel(t, randomConfig(), func(t *testing.T, m *Model) {
		for _, size := range decoderSizes {
			d := newDecoder(t, m, size)
			what := fmt.Sprintf("%+v", size)
			sameTokens(t, what, generate(t, d, requests(prompts, newTokens), Sampling{}), responses)
			if d.Generated != len(prompts)*newTokens {
				t.Errorf("%s: %d tokens generated, want %d", what, d.Generated, len(prompts)*newTokens)
			}
			if size.Slots == 1 {
				continue
			}
			// From the middle of a response, with a hit in the cache and without.
			rest, middle := make([][]int, len(prompts)), make([][]int, len(prompts))
			for i, p := range prompts {
				cut := i % newTokens
				middle[i] = slices.Concat(p, responses[i][:cut])
				rest[i] = responses[i][cut:min(cut+3, newTokens)]
			}
			rs := requests(middle, 0)
			for i := range rs {
				rs[i].Max = len(rest[i])
			}
			before := d.Prefilled
			sameTokens(t, what+", from the middle", generate(t, d, rs, Sampling{}), rest)
			if size.Slots == 64 && d.Prefilled != before {
				t.Errorf("%s: %d given tokens computed that were in the cache", what, d.Prefilled-before)
			}
			d.cache.reset(m.version)
			sameTokens(t, what+", again from the middle", generate(t, d, rs, Sampling{}), rest)
			if d.Prefilled == before {
				t.Errorf("%s: nothing was computed after the cache was reset", what)
			}
		}
	})
}

func TestDecodingStops(t *testing.T) {
	prompts, responses := greedy()
	c := randomConfig()
	c.EosID = responses[0][5]
	ended := 0
	want := make([][]int, len(responses))
	for i, r := range responses {
		want[i] = r
		if at := slices.Index(r, c.EosID); at >= 0 {
			want[i] = r[:at+1]
			ended++
		}
	}
	if ended == len(want) || ended < 2 {
		t.Fatalf("%d of %d responses end", ended, len(want))
	}
	eachModel(t, c, func(t *testing.T, m *Model) {
		for _, size := range decoderSizes[1:] {
			d := newDecoder(t, m, size)
			var done []int
			got, err := d.Generate(context.Background(), requests(prompts, newTokens), Sampling{}, func(i int, r Rollout) {
				if done = append(done, i); !slices.Equal(r.Tokens, want[i]) {
					t.Errorf("onDone sees %v of sequence %d, want %v", r.Tokens, i, want[i])
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			sameTokens(t, fmt.Sprintf("%+v", size), got, want)
			if slices.Sort(done); len(slices.Compact(done)) != len(prompts) {
				t.Errorf("%d of %d requests were reported", len(done), len(prompts))
			}
			checkRows(t, d.cache)
		}
	})
}

func TestSharedPrefix(t *testing.T) {
	eachModel(t, randomConfig(), func(t *testing.T, m *Model) {
		prompt := randomSequences(gputest.Rand(3), m.Config, 1, 25, 25)[0]
		d := newDecoder(t, m, DecoderSize{Slots: 16, Rows: 1024, Chunk: 16})
		alone := newDecoder(t, m, DecoderSize{Slots: 1, Rows: 64, Chunk: 16})
		s := Sampling{Temperature: 1, Seed: 5}
		group := requests([][]int{prompt, prompt, prompt, prompt, prompt, prompt, prompt, prompt}, 18)
		rollouts := generate(t, d, group, s)
		if d.Prefilled != len(prompt)-1 {
			t.Errorf("a group of equal prompts computed %d given tokens, want %d", d.Prefilled, len(prompt)-1)
		}
		if slices.Equal(rollouts[0].Tokens, rollouts[1].Tokens) {
			t.Error("two members of the group are the same")
		}
		// Branches: two at each of three places of a rollout.
		var branches []Request
		for _, cut := range []int{4, 9, 15} {
			for range 2 {
				branches = append(branches, Request{Tokens: slices.Concat(prompt, rollouts[2].Tokens[:cut]), Max: 12, ID: uint32(100 + len(branches))})
			}
		}
		got := generate(t, d, branches, s)
		if d.Prefilled != len(prompt)-1 {
			t.Errorf("branches computed %d tokens that the cache has", d.Prefilled-len(prompt)+1)
		}
		for i, r := range append(group, branches...) {
			want := generate(t, alone, []Request{r}, s)[0]
			have := append(rollouts, got...)[i]
			sameTokens(t, "alone", []Rollout{want}, [][]int{have.Tokens})
			within(t, "log-probabilities", have.LogProbs, want.LogProbs, 1e-5)
		}
		// New weights invalidate the cache.
		if err := m.SetWeights(lively(m.Config, 9)); err != nil {
			t.Fatal(err)
		}
		changed := generate(t, d, group, s)
		fresh := generate(t, newDecoder(t, m, decoderSizes[0]), group[3:4], s)
		sameTokens(t, "other weights", changed[3:4], [][]int{fresh[0].Tokens})
		if slices.Equal(changed[3].Tokens, rollouts[3].Tokens) {
			t.Error("other weights changed nothing")
		}
	})
}

// score scores prompt and response and returns the part of the response.
func score(t *testing.T, s *Scorer, r Request, out Rollout) (logProbs, entropy []float32) {
	t.Helper()
	scores, err := s.Score([]ScoreRequest{{Tokens: slices.Concat(r.Tokens, out.Tokens), Hide: r.Hide}})
	if err != nil {
		t.Fatal(err)
	}
	return scores[0].LogProbs[len(r.Tokens):], scores[0].Entropy[len(r.Tokens):]
}

func TestDecodingAgreesWithScoring(t *testing.T) {
	eachModel(t, randomConfig(), func(t *testing.T, m *Model) {
		s := newScorer(t, m, 64)
		d := newDecoder(t, m, DecoderSize{Slots: 8, Rows: 512, Chunk: 16})
		prompts := randomSequences(gputest.Rand(4), m.Config, 12, 1, 30)
		for _, how := range []Sampling{{}, {Temperature: 1}, {Temperature: 0.6, TopK: 8, TopP: 0.9}} {
			rs := requests(prompts, newTokens)
			for i, r := range generate(t, d, rs, how) {
				logProbs, entropy := score(t, s, rs[i], r)
				within(t, fmt.Sprintf("log-probabilities %+v", how), r.LogProbs, logProbs, 1e-4)
				within(t, fmt.Sprintf("entropies %+v", how), r.Entropy, entropy, 1e-4)
			}
		}
	})
}

func TestSamplingIsReproducible(t *testing.T) {
	eachModel(t, randomConfig(), func(t *testing.T, m *Model) {
		prompts := randomSequences(gputest.Rand(5), m.Config, 24, 1, 30)
		how := Sampling{Temperature: 0.9, TopK: 30, TopP: 0.95, Seed: 77, Step: 3}
		rs := requests(prompts, newTokens)
		want := generate(t, newDecoder(t, m, DecoderSize{Slots: 64, Rows: 4096, Chunk: 16}), rs, how)
		for _, size := range []DecoderSize{{Slots: 64, Rows: 4096, Chunk: 5}, {Slots: 3, Rows: 256, Chunk: 16}, {Slots: 5, Rows: 128, Chunk: 5}} {
			d := newDecoder(t, m, size)
			shuffled := slices.Clone(rs)
			gputest.Rand(6).Shuffle(len(rs), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			for i, r := range generate(t, d, shuffled, how) {
				w := want[shuffled[i].ID]
				sameTokens(t, fmt.Sprintf("%+v", size), []Rollout{r}, [][]int{w.Tokens})
				within(t, "log-probabilities", r.LogProbs, w.LogProbs, 1e-5)
			}
		}
		how.Seed++
		other := generate(t, newDecoder(t, m, decoderSizes[2]), rs, how)
		if slices.Equal(other[0].Tokens, want[0].Tokens) && slices.Equal(other[1].Tokens, want[1].Tokens) {
			t.Error("another seed changed nothing")
		}
	})
}

func TestCancelledDecoding(t *testing.T) {
	prompts, responses := greedy()
	prompts = prompts[:20]
	eachModel(t, randomConfig(), func(t *testing.T, m *Model) {
		d := newDecoder(t, m, DecoderSize{Slots: 4, Rows: 300, Chunk: 5})
		ctx, cancel := context.WithCancel(context.Background())
		done := 0
		got, err := d.Generate(ctx, requests(prompts, newTokens), Sampling{}, func(int, Rollout) {
			if done++; done == 6 {
				cancel()
			}
		})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("error %v, want %v", err, context.Canceled)
		}
		finished := 0
		for i, r := range got {
			if r.Tokens != nil {
				finished++
				sameTokens(t, "finished", []Rollout{r}, responses[i:i+1])
			}
		}
		if finished != done || done >= len(prompts) {
			t.Errorf("%d rollouts came back, %d were reported", finished, done)
		}
		checkRows(t, d.cache)
		sameTokens(t, "after a cancelled call", generate(t, d, requests(prompts, newTokens), Sampling{}), responses[:20])
	})
}

func TestDecodingReadsBackSeldom(t *testing.T) {
	eachModel(t, randomConfig(), func(t *testing.T, m *Model) {
		d := newDecoder(t, m, DecoderSize{Slots: 64, Rows: 4096, Chunk: 16})
		prompts := randomSequences(gputest.Rand(7), m.Config, 64, 10, 10)
		for _, n := range []int{1, 64} {
			before, made := m.Device.Counters, d.Generated
			generate(t, d, requests(prompts[:n], 48), Sampling{Temperature: 1})
			after := m.Device.Counters
			tokens, readbacks, submits := int64(d.Generated-made), after.Readbacks-before.Readbacks, after.Submits-before.Submits
			if tokens != int64(48*n) || readbacks != 3 || submits > 3+1 {
				t.Errorf("%d sequences: %d tokens with %d readbacks and %d submits; want 16 tokens of each a readback", n, tokens, readbacks, submits)
			}
			if after.Buffers != before.Buffers {
				t.Errorf("%d buffers more after decoding", after.Buffers-before.Buffers)
			}
		}
	})
}

func TestDecodingWithHiddenTokens(t *testing.T) {
	eachModel(t, randomConfig(), func(t *testing.T, m *Model) {
		s := newScorer(t, m, 64)
		d := newDecoder(t, m, DecoderSize{Slots: 8, Rows: 1024, Chunk: 16})
		prompt := randomSequences(gputest.Rand(8), m.Config, 1, 24, 24)[0]
		var rs []Request
		for i, h := range []Hide{{}, {5, 12}, {}, {0, 24}, {6, 13}, {5, 12}, {26, 31}} {
			rs = append(rs, Request{Tokens: prompt, Max: newTokens, ID: uint32(i), Hide: h})
		}
		for range 2 { // the second time from the cache
			got := generate(t, d, rs, Sampling{})
			for i, r := range got {
				logProbs, entropy := score(t, s, rs[i], r)
				within(t, fmt.Sprintf("log-probabilities hiding %v", rs[i].Hide), r.LogProbs, logProbs, 1e-4)
				within(t, fmt.Sprintf("entropies hiding %v", rs[i].Hide), r.Entropy, entropy, 1e-4)
			}
			if !slices.Equal(got[0].LogProbs, got[2].LogProbs) || !slices.Equal(got[1].LogProbs, got[5].LogProbs) {
				t.Error("the same hidden range gives different log-probabilities")
			}
			for _, other := range []int{1, 3, 4, 6} {
				if slices.Equal(got[0].LogProbs, got[other].LogProbs) {
					t.Errorf("hiding %v changes nothing", rs[other].Hide)
				}
			}
			if !slices.Equal(got[6].LogProbs[:2], got[0].LogProbs[:2]) {
				t.Error("tokens before the hidden range are changed by it")
			}
		}
		if want := 5 * (len(prompt) - 1); d.Prefilled != want {
			t.Errorf("%d given tokens computed, want %d: once for each hidden range", d.Prefilled, want)
		}
	})
}

func TestDecoderErrors(t *testing.T) {
	c := randomConfig()
	m := newModel(t, gpu.OpenHost(), c, lively(c, 1))
	d := newDecoder(t, m, DecoderSize{Slots: 2, Rows: 40, Chunk: 4})
	for want, r := range map[string]Request{
		"a request has no tokens":              {Max: 1},
		"0 new tokens":                         {Tokens: []int{1}},
		"do not fit the context of 64":         {Tokens: make([]int, 60), Max: 5},
		"do not fit a cache of 40 rows":        {Tokens: make([]int, 30), Max: 11},
		"token 61 at place 1 is outside":       {Tokens: []int{1, 61}, Max: 1},
		"token -1 at place 0 is outside":       {Tokens: []int{-1}, Max: 1},
		"the hidden range [4,2) is not valid":  {Tokens: []int{1}, Max: 1, Hide: Hide{4, 2}},
		"the hidden range [-1,2) is not valid": {Tokens: []int{1}, Max: 1, Hide: Hide{-1, 2}},
	} {
		_, err := d.Generate(context.Background(), []Request{{Tokens: []int{1}, Max: 2}, r}, Sampling{}, nil)
		if err == nil || !strings.HasPrefix(err.Error(), "request 1: model: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v gives %v, want %q", r, err, want)
		}
	}
	for _, size := range []DecoderSize{{Rows: 10, Chunk: 4}, {Slots: 2, Rows: 1, Chunk: 4}, {Slots: 2, Rows: 10}} {
		if _, err := NewDecoder(m, size); err == nil || !strings.Contains(err.Error(), "it needs at least") {
			t.Errorf("NewDecoder(%+v) = %v", size, err)
		}
	}
	if out, err := d.Generate(context.Background(), nil, Sampling{}, nil); err != nil || len(out) != 0 {
		t.Errorf("no requests: %v, %v", out, err)
	}
}
