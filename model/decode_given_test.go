package model

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

// LogProbs gives what a scorer gives in a pass of its own for every hidden range, whatever the number of slots, whether the cache is cold, warm or
// nearly full, and for a buffer a parameter too.
func TestLogProbsOfGivenTokens(t *testing.T) {
	c := openable()
	src := &arenaSource{Config: c, arena: lively(c, 10)}
	tokens := randomSequences(gputest.Rand(195), c, 1, 60, 60)[0]
	const from = 52
	hides := []Hide{{}, {0, 1}, {0, 52}, {51, 52}, {20, 20}, {50, 55}}
	for at := 3; at+7 <= from; at += 4 {
		hides = append(hides, Hide{at, at + 7})
	}
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		m := opened(t, d, src, Options{Storage: BF16})
		s := newScorer(t, m, 256)
		var ask []ScoreRequest
		for _, h := range hides {
			ask = append(ask, ScoreRequest{Tokens: tokens, Hide: h})
		}
		want, err := s.Score(ask)
		if err != nil {
			t.Fatal(err)
		}
		for _, size := range []DecoderSize{{Slots: 1, Rows: 120, Chunk: 4}, {Slots: 3, Rows: 140, Chunk: 4}, {Slots: 40, Rows: 3000, Chunk: 4}} {
			dec := newDecoder(t, m, size)
			for range 2 { // the second time from the cache
				got, err := dec.LogProbs(t.Context(), tokens, from, hides)
				if err != nil {
					t.Fatal(err)
				}
				for i := range hides {
					within(t, "log-probabilities", got[i], want[i].LogProbs[from:], 1e-4)
				}
			}
			if dec.Prefilled != len(tokens)-1 {
				t.Errorf("%d given tokens were computed for the cache, want %d", dec.Prefilled, len(tokens)-1)
			}
			// The decoder still samples what a fresh one does, and finds the tokens in its cache.
			ask := []Request{{Tokens: tokens[:30], Max: 9, ID: 1, Hide: Hide{4, 9}}, {Tokens: tokens[:50], Max: 9}}
			after := generate(t, dec, ask, Sampling{Temperature: 1, Seed: 2})
			fresh := generateOnce(t, m, size, ask, Sampling{Temperature: 1, Seed: 2})
			for i := range ask {
				if !slices.Equal(after[i].Tokens, fresh[i].Tokens) {
					t.Errorf("response %d: %v, of a fresh decoder %v", i, after[i].Tokens, fresh[i].Tokens)
				}
			}
			free := len(dec.cache.free)
			dec.cache.prune(nil)
			if len(dec.cache.free) != size.Rows {
				t.Errorf("%d of %d rows are free, %d before pruning: some are lost", len(dec.cache.free), size.Rows, free)
			}
		}
		gputest.Count(d)
	})
}

func TestLogProbsRefuses(t *testing.T) {
	c := openable()
	m := newModel(t, gpu.OpenHost(), c, c.Init(1))
	dec := newDecoder(t, m, DecoderSize{Slots: 1, Rows: 40, Chunk: 4})
	tokens := randomSequences(gputest.Rand(196), c, 1, 30, 30)[0]
	for want, ask := range map[string]struct {
		tokens []int
		from   int
		hide   Hide
	}{
		"from token 0":                {tokens, 0, Hide{}},
		"from token 30":               {tokens, 30, Hide{}},
		"[3,31)":                      {tokens, 20, Hide{3, 31}},
		"[5,4)":                       {tokens, 20, Hide{5, 4}},
		"outside the vocabulary":      {append(slices.Clone(tokens), c.VocabSize), 20, Hide{}},
		"41 tokens do not fit":        {append(slices.Clone(tokens), tokens[:11]...), 20, Hide{}},
		"29 of them again do not fit": {tokens, 20, Hide{0, 3}},
	} {
		if _, err := dec.LogProbs(t.Context(), ask.tokens, ask.from, []Hide{ask.hide}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one about %q", err, want)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := dec.LogProbs(ctx, tokens, 20, []Hide{{}}); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
	if got, err := dec.LogProbs(t.Context(), tokens, 20, []Hide{{}}); err != nil || len(got[0]) != 10 {
		t.Errorf("afterwards: %v, %v", got, err)
	}
}
