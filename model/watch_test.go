package model

import (
	"context"
	"errors"
	"slices"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

// Watch sees every response grow to what Generate returns, after the passes over given tokens.
func TestDecoderIsWatched(t *testing.T) {
	eachModel(t, randomConfig(), func(t *testing.T, m *Model) {
		given := randomSequences(gputest.Rand(190), m.Config, 5, 4, 9)
		dec := newDecoder(t, m, DecoderSize{Slots: 2, Rows: 256, Chunk: 3})
		seen, prefilled := map[int][]int{}, 0
		dec.Watch = func(request int, tokens []int) {
			if request < 0 {
				prefilled = dec.Prefilled
				return
			}
			if len(tokens) <= len(seen[request]) || !slices.Equal(tokens[:len(seen[request])], seen[request]) {
				t.Errorf("request %d: %v after %v", request, tokens, seen[request])
			}
			seen[request] = slices.Clone(tokens)
		}
		rollouts, err := dec.Generate(t.Context(), requests(given, 10), Sampling{Temperature: 1, Seed: 5}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range rollouts {
			if !slices.Equal(seen[i], r.Tokens) {
				t.Errorf("request %d: saw %v of %v", i, seen[i], r.Tokens)
			}
		}
		if prefilled != dec.Prefilled || prefilled == 0 {
			t.Errorf("saw %d given tokens of %d", prefilled, dec.Prefilled)
		}
	})
}

// A context that ends stops between passes over given tokens, and the decoder can be used again.
func TestGenerateStopsInPrompts(t *testing.T) {
	d := gpu.OpenHost()
	c := openable()
	m := newModel(t, d, c, c.Init(1))
	dec := newDecoder(t, m, DecoderSize{Slots: 40, Rows: 3000, Chunk: 4})
	given := randomSequences(gputest.Rand(191), c, 40, 50, 50)
	ctx, stop := context.WithCancel(t.Context())
	dec.Watch = func(int, []int) { stop() }
	_, err := dec.Generate(ctx, requests(given, 5), Sampling{}, nil)
	if capacity := dec.prefillRows(); !errors.Is(err, context.Canceled) || dec.Prefilled != capacity || dec.Generated != 0 {
		t.Errorf("%d given tokens, of %d a pass, and %d new ones were computed, %v", dec.Prefilled, capacity, dec.Generated, err)
	}
	dec.Watch = nil
	again, err := dec.Generate(t.Context(), requests(given, 5), Sampling{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want, err := newDecoder(t, m, DecoderSize{Slots: 40, Rows: 3000, Chunk: 4}).Generate(t.Context(), requests(given, 5), Sampling{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if !slices.Equal(again[i].Tokens, want[i].Tokens) {
			t.Errorf("request %d: %v after a stop, %v without", i, again[i].Tokens, want[i].Tokens)
		}
	}
}

// A context that ends stops a scorer between passes: the scores so far are those of a whole run.
func TestScorerStops(t *testing.T) {
	d := gpu.OpenHost()
	c := openable()
	m := newModel(t, d, c, c.Init(1))
	s := newScorer(t, m, 64)
	var all []ScoreRequest
	for _, tokens := range randomSequences(gputest.Rand(192), c, 6, 30, 30) {
		all = append(all, ScoreRequest{Tokens: tokens})
	}
	want, err := s.Score(all)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var told []int
	got, err := s.ScoreBy(ctx, all, func(done, of int) {
		if told = append(told, done); done == 4 {
			stop()
		}
		if of != 6 {
			t.Errorf("of %d", of)
		}
	})
	if !errors.Is(err, context.Canceled) || len(got) != 4 || !slices.Equal(told, []int{2, 4}) {
		t.Fatalf("%d scores, %v, %v", len(got), told, err)
	}
	for i := range got {
		if !slices.Equal(got[i].LogProbs, want[i].LogProbs) {
			t.Errorf("score %d differs", i)
		}
	}
}
