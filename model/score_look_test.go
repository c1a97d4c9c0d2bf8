package model

import (
	"cmp"
	"math"
	"slices"
	"testing"

	"attnlab/gpu/gputest"
)

// wanted is a score, and the log-probability of any token at a place p > 0.
type wanted struct {
	Score
	logp func(p, token int) float64
}

// wantLook is the score of one request by the long way: the full logits and the
// full attention matrices, read back.
func wantLook(t *testing.T, m *Model, r ScoreRequest) wanted {
	t.Helper()
	logits, err := m.Logits(r.Tokens)
	if err != nil {
		t.Fatal(err)
	}
	T := len(r.Tokens)
	want := wanted{Score: Score{LogProbs: make([]float32, T), Entropy: make([]float32, T), Top: make([][]Choice, T)}}
	want.logp = func(p, token int) float64 {
		var sum float64
		for _, l := range logits[p-1] {
			sum += math.Exp(float64(l))
		}
		return float64(logits[p-1][token]) - math.Log(sum)
	}
	for p := 1; p < T; p++ {
		row, order := logits[p-1], make([]int, m.VocabSize)
		var entropy float64
		for v := range row {
			order[v] = v
			entropy -= math.Exp(want.logp(p, v)) * want.logp(p, v)
		}
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(row[b], row[a]) })
		want.LogProbs[p], want.Entropy[p] = float32(want.logp(p, r.Tokens[p])), float32(entropy)
		for _, v := range order[:TopK] {
			want.Top[p] = append(want.Top[p], Choice{v, float32(want.logp(p, v))})
		}
	}
	for l := range m.Layers {
		for h := range m.Heads {
			rows, err := m.Attention(r.Tokens, l, h)
			if err != nil {
				t.Fatal(err)
			}
			for key := range T {
				var sum float32
				for _, row := range rows[key+1:] {
					sum += row[key]
				}
				want.Received = append(want.Received, sum)
			}
		}
	}
	return want
}

// What a pass reduces on the device is what the full logits and the full attention
// matrices reduce to on the host. The logits come in parts of 64 rows here.
func TestScoreIsWhatTheMatricesSay(t *testing.T) {
	eachModel(t, randomConfig(), func(t *testing.T, m *Model) {
		s, err := newScorerBy(m, 200, chunksOf(200, 64))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Release()
		rs := traces(m.Config)
		for i := range rs {
			rs[i].Look = i%3 != 1
		}
		scores, err := s.Score(rs)
		if err != nil {
			t.Fatal(err)
		}
		total := 0
		for i, r := range rs {
			total += len(r.Tokens)
			got, want := scores[i], wantLook(t, m, r)
			within(t, "log-probabilities", got.LogProbs, want.LogProbs, 2e-4)
			within(t, "entropy", got.Entropy, want.Entropy, 2e-4)
			if !r.Look {
				if got.Top != nil || got.Received != nil {
					t.Errorf("sequence %d did not ask to look and got %v", i, got.Top)
				}
				continue
			}
			within(t, "received", got.Received, want.Received, 2e-4)
			mean := got.MeanReceived()
			for at, v := range mean {
				var sum float32
				for h := range m.Layers * m.Heads {
					sum += want.Received[h*len(r.Tokens)+at]
				}
				within(t, "mean received", []float32{v}, []float32{sum / float32(m.Layers*m.Heads)}, 2e-4)
			}
			for p := range r.Tokens {
				if len(got.Top[p]) != len(want.Top[p]) {
					t.Fatalf("%d choices at place %d, want %d", len(got.Top[p]), p, len(want.Top[p]))
				}
				for n, c := range got.Top[p] {
					own := float32(want.logp(p, c.Token))
					within(t, "log-probability of a choice", []float32{c.LogProb, c.LogProb}, []float32{want.Top[p][n].LogProb, own}, 2e-4)
				}
			}
		}
		if total <= 128 {
			t.Fatalf("%d tokens: the logits of more than two parts were wanted", total)
		}
	})
}

// A temperature divides the logits of log-probabilities, entropies and choices.
func TestScoreAtTemperature(t *testing.T) {
	eachModel(t, randomConfig(), func(t *testing.T, m *Model) {
		s := newScorer(t, m, 64)
		r := traces(m.Config)[0]
		r.Look = true
		s.Temperature = 2
		scores, err := s.Score([]ScoreRequest{r})
		if err != nil {
			t.Fatal(err)
		}
		logits, err := m.Logits(r.Tokens)
		if err != nil {
			t.Fatal(err)
		}
		for p := 1; p < len(r.Tokens); p++ {
			var sum float64
			for _, l := range logits[p-1] {
				sum += math.Exp(float64(l) / 2)
			}
			logp := func(token int) float32 { return float32(float64(logits[p-1][token])/2 - math.Log(sum)) }
			within(t, "log-probability", scores[0].LogProbs[p:p+1], []float32{logp(r.Tokens[p])}, 1e-4)
			for _, c := range scores[0].Top[p] {
				within(t, "log-probability of a choice", []float32{c.LogProb}, []float32{logp(c.Token)}, 1e-4)
			}
		}
	})
}

// One look at a trace is one forward pass, one submit and one readback, of a size
// that grows with tokens and with steps², and neither with tokens × vocabulary nor
// with tokens².
func TestLookIsOnePassAndOneSmallReadback(t *testing.T) {
	c := randomConfig()
	c.VocabSize, c.MaxContext = 1024, 256
	eachModel(t, c, func(t *testing.T, m *Model) {
		s := newScorer(t, m, 256)
		r := ScoreRequest{Tokens: randomSequences(gputest.Rand(13), c, 1, 256, 256)[0], Look: true}
		for at := 0; at < 256; at += 32 {
			r.Steps = append(r.Steps, Range{at, at + 32})
		}
		before, passes := m.Device.Counters, s.Passes
		if _, err := s.Score([]ScoreRequest{r}); err != nil {
			t.Fatal(err)
		}
		after := m.Device.Counters
		T, K, LH := int64(len(r.Tokens)), int64(len(r.Steps)), int64(c.Layers*c.Heads)
		if n := s.Passes - passes; n != 1 {
			t.Errorf("%d forward passes, want 1", n)
		}
		if n := after.Submits - before.Submits; n != 1 {
			t.Errorf("%d submits, want 1", n)
		}
		if n := after.Readbacks - before.Readbacks; n != 1 {
			t.Errorf("%d readbacks, want 1", n)
		}
		want := 4 * (4*T + 2*TopK*T + LH*T + LH*K*K)
		if n := after.ReadBytes - before.ReadBytes; n != want {
			t.Errorf("%d bytes read back, want %d", n, want)
		}
		if logits, attention := 4*T*int64(c.VocabSize), 4*LH*T*T; want*10 > logits || want*10 > attention {
			t.Errorf("%d bytes are no small part of %d of logits or %d of attention", want, logits, attention)
		}
	})
}
