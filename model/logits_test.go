package model

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

// Logits of published vocabularies come some rows at a time; those of the presets come all at once, as ever.
func TestChunks(t *testing.T) {
	for _, c := range []struct{ vocabulary, tokens, rows, chunks int }{
		{58, 16384, 16384, 1}, {5000, 4096, 1664, 3}, {49152, 4096, 128, 32}, {151936, 100, 64, 2}, {49152, 1, 1, 1},
	} {
		config := Config{VocabSize: c.vocabulary}
		chunks := config.chunks(c.tokens)
		end := 0
		for _, k := range chunks {
			if k.first != end || k.first%Align != 0 || k.n < 1 || k.n > c.rows {
				t.Errorf("vocabulary %d: chunk %+v after %d tokens", c.vocabulary, k, end)
			}
			end = k.first + k.n
		}
		if end != c.tokens || len(chunks) != c.chunks || chunks[0].n != c.rows {
			t.Errorf("vocabulary %d, %d tokens: %d chunks of %d rows to token %d, want %d of %d", c.vocabulary, c.tokens, len(chunks), chunks[0].n, end, c.chunks, c.rows)
		}
		if words := chunks[0].n * up4(c.vocabulary); words > logitWords && chunks[0].n > Align {
			t.Errorf("vocabulary %d: a chunk has %d logits", c.vocabulary, words)
		}
	}
}

// manyTokens has a vocabulary and a width at which one invocation a row would loop 83,750 times: llvmpipe ended it silently after
// 65,535, and log-probabilities came out positive.
func manyTokens() Config {
	c := randomConfig()
	c.VocabSize, c.HiddenSize, c.Heads, c.KVHeads, c.HeadDim, c.Layers, c.TieEmbeddings = 5000, 256, 16, 16, 16, 1, true
	return c
}

// Scores, losses and gradients over a large vocabulary are those of float64.
func TestLargeVocabulary(t *testing.T) {
	c, r := manyTokens(), gputest.Rand(61)
	sequences := randomSequences(r, c, 2, 4, 7)
	exact := newModel(t, gpu.OpenReferee(), c, lively(c, 1))
	var wants [2][]float32
	var sums [2]Metrics
	var parts [2]MicroBatch
	for i := range parts {
		if parts[i] = lesson(r, c, sequences...); i == 1 {
			parts[i] = experience(t, r, newModel(t, gpu.OpenHost(), c, lively(c, 1)), sequences...)
		}
		tr := newTrainer(t, exact, parts[i].N(), testAdam)
		tr.Policy = testPolicy
		if err := tr.Step(0, parts[i]); err != nil {
			t.Fatal(err)
		}
		gradients := make([]float64, c.ArenaSize())
		tr.g.weights.Read64(gradients)
		for _, g := range gradients {
			wants[i] = append(wants[i], float32(g))
		}
		stat := make([]float64, tr.stat.Len())
		tr.stat.Read64(stat)
		for n := range parts[i].N() {
			if logp := stat[[]int{4, 8}[i]*n]; logp > 0 || math.IsNaN(logp) {
				t.Fatalf("token %d has the log-probability %g", n, logp)
			}
		}
		metrics, err := tr.Metrics()
		if err != nil {
			t.Fatal(err)
		}
		sums[i] = metrics[0]
	}
	eachModel(t, c, func(t *testing.T, m *Model) {
		for i, part := range parts {
			tr := newTrainer(t, m, part.N(), testAdam)
			tr.Policy = testPolicy
			got, metrics := gradientsOf(t, tr, part)
			near(t, fmt.Sprintf("gradients, policy %v", i == 1), got, wants[i], 1e-4)
			near(t, "metrics", metrics.words(), sums[i].words(), 1e-4)
		}
		scores, err := newScorer(t, m, 64).Score([]ScoreRequest{{Tokens: sequences[0]}})
		if err != nil {
			t.Fatal(err)
		}
		for i, logp := range scores[0].LogProbs[1:] {
			if !(logp < -1) || !(scores[0].Entropy[i+1] > 0) {
				t.Errorf("token %d of random ones among 5,000 has the log-probability %g, entropy %g", i+1, logp, scores[0].Entropy[i+1])
			}
		}
	})
}

// Losses and gradients do not depend on how many logits exist at once, and a batch that fills only some chunks leaves the others out.
func TestTrainingInChunks(t *testing.T) {
	eachModel(t, randomConfig(), func(t *testing.T, m *Model) {
		r := gputest.Rand(62)
		for _, policy := range []bool{false, true} {
			long, short := lesson(r, m.Config, randomSequences(r, m.Config, 5, 30, 40)...), lesson(r, m.Config, randomSequences(r, m.Config, 2, 9, 20)...)
			if policy {
				long = experience(t, r, m, randomSequences(r, m.Config, 5, 30, 40)...)
				short = experience(t, r, m, randomSequences(r, m.Config, 2, 9, 20)...)
			}
			whole := newTrainer(t, m, 200, testAdam)
			cut, err := newTrainerBy(m, 200, testAdam, chunksOf(200, Align), F32)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(cut.Release)
			whole.Policy, cut.Policy = testPolicy, testPolicy
			for _, part := range []MicroBatch{long, short} {
				want, sums := gradientsOf(t, whole, part)
				got, metrics := gradientsOf(t, cut, part)
				near(t, fmt.Sprintf("gradients of %d tokens in chunks, policy %v", part.N(), policy), got, want, 1e-5)
				near(t, "metrics in chunks", metrics.words(), sums.words(), 1e-5)
			}
		}
	})
}

// A decoder with more sequences than one chunk of logits has draws tokens whose log-probabilities are those of a scorer.
func TestDecodingInChunks(t *testing.T) {
	c := randomConfig()
	c.VocabSize, c.HiddenSize, c.Heads, c.KVHeads, c.IntermediateSize, c.Layers = 60_001, 16, 2, 2, 16, 1
	eachModel(t, c, func(t *testing.T, m *Model) {
		const slots = 2*Align + 2
		d := newDecoder(t, m, DecoderSize{Slots: slots, Rows: 512, Chunk: 2, Path: PathKernels})
		if n := len(d.logitChunks); n < 2 {
			t.Fatalf("%d sequences have their logits in %d chunk", slots, n)
		}
		requests := make([]Request, slots)
		for i := range requests {
			requests[i] = Request{Tokens: []int{1, c.VocabSize - 1 - i}, Max: 1, ID: uint32(i)}
		}
		rollouts, err := d.Generate(context.Background(), requests, Sampling{Temperature: 1, Seed: 3}, nil)
		if err != nil {
			t.Fatal(err)
		}
		s := newScorer(t, m, 4)
		seen := map[int]bool{}
		for i, rollout := range rollouts {
			seen[rollout.Tokens[0]] = true
			if i%Align > 1 {
				continue // the first two of each chunk
			}
			logps, err := s.LogProbs(requests[i].Tokens, rollout.Tokens)
			if err != nil {
				t.Fatal(err)
			}
			within(t, fmt.Sprint("log-probabilities of sequence ", i), rollout.LogProbs, logps[0], 2e-4)
		}
		if len(seen) < slots/2 {
			t.Errorf("%d sequences begin with %d different tokens", slots, len(seen))
		}
	})
}

// Sizes at which an invocation would loop longer than llvmpipe lets it are refused.
func TestTooLongLoops(t *testing.T) {
	for _, c := range []struct {
		config Config
		tokens int
		want   string
	}{
		{Config{VocabSize: 240_004, Heads: 1, KVHeads: 1, MaxContext: 64}, 64, "a vocabulary of 240004 tokens"},
		{Config{VocabSize: 151_936, Heads: 16, KVHeads: 8, MaxContext: 40_960}, 40_960, "use parts of at most 30000 tokens"},
		{Config{VocabSize: 151_936, Heads: 16, KVHeads: 8, MaxContext: 40_960}, 16_384, ""},
	} {
		if err := c.config.loops(c.tokens); (err != nil) != (c.want != "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v, %d tokens: %v, want %q", c.config, c.tokens, err, c.want)
		}
	}
}
