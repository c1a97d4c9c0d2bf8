package model

import (
	"slices"
	"strings"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

// pooled pools a full attention matrix by steps, with the keys of h hidden.
func pooled(rows [][]float32, steps []Range, h Hide) []float32 {
	sum := make([]float32, len(steps)*len(steps))
	for j, queries := range steps {
		for k, keys := range steps[:j+1] {
			var total float64
			for q := queries.Start; q < queries.End; q++ {
				for t := keys.Start; t < keys.End; t++ {
					if t < h.Start || t >= h.End {
						total += float64(rows[q][t])
					}
				}
			}
			if n := queries.End - queries.Start; n > 0 {
				sum[j*len(steps)+k] = float32(total / float64(n))
			}
		}
	}
	return sum
}

// traces are sequences with steps: some cover them, some leave tokens out, one
// step is empty, one sequence has no steps.
func traces(c Config) []ScoreRequest {
	r := gputest.Rand(11)
	var rs []ScoreRequest
	for i, tokens := range randomSequences(r, c, 7, 2, 40) {
		request := ScoreRequest{Tokens: tokens}
		for at := i % 3; at < len(tokens) && i != 4; {
			end := min(at+r.IntN(9), len(tokens))
			request.Steps = append(request.Steps, Range{at, end})
			at = end + i%2
		}
		if i == 6 {
			request.Steps = []Range{{0, len(tokens)}}
		}
		rs = append(rs, request)
	}
	return rs
}

func TestStepAttentionIsPooledAttention(t *testing.T) {
	eachModel(t, randomConfig(), func(t *testing.T, m *Model) {
		rs := traces(m.Config)
		s := newScorer(t, m, 90) // not enough for all in one pass
		submits := m.Device.Counters.Submits
		scores, err := s.Score(rs)
		if err != nil {
			t.Fatal(err)
		}
		if n := m.Device.Counters.Submits - submits; n < 2 || n >= int64(len(rs)) {
			t.Errorf("%d sequences in %d passes", len(rs), n)
		}
		hidden := slices.Clone(rs)
		for i := range hidden {
			hidden[i].Hide = Hide{len(rs[i].Tokens) / 4, len(rs[i].Tokens)/2 + 1}
		}
		blind, err := s.Score(hidden)
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range rs {
			a := scores[i].Attention
			if len(r.Steps) == 0 {
				if a != nil || len(scores[i].LogProbs) != len(r.Tokens) {
					t.Errorf("sequence %d without steps has attention %v", i, a)
				}
				continue
			}
			n := len(r.Steps)
			for l := range m.Layers {
				for h := range m.Heads {
					rows, err := m.Attention(r.Tokens, l, h)
					if err != nil {
						t.Fatal(err)
					}
					at := (l*m.Heads + h) * n * n
					within(t, "step attention", a.Sum[at:at+n*n], pooled(rows, r.Steps, Hide{}), 1e-5)
					if l == 0 { // later layers read what hiding changed
						within(t, "step attention with hidden tokens", blind[i].Attention.Sum[at:at+n*n], pooled(rows, r.Steps, hidden[i].Hide), 1e-5)
					}
					for j, step := range r.Steps {
						if mean := a.Mean(l, h, j, 0) * float32(r.Steps[0].End-r.Steps[0].Start); mean != 0 && !(abs(mean-a.At(l, h, j, 0)) < 1e-6) {
							t.Errorf("mean of step %v is %g of %g", step, a.Mean(l, h, j, 0), a.At(l, h, j, 0))
						}
					}
				}
			}
			if i > 0 && len(r.Tokens) > 8 && slices.Equal(a.Sum, blind[i].Attention.Sum) {
				t.Errorf("hiding %v changes nothing in sequence %d", hidden[i].Hide, i)
			}
		}
		// One at a time, is the same.
		for i, r := range rs {
			alone, err := s.Score([]ScoreRequest{r})
			if err != nil {
				t.Fatal(err)
			}
			within(t, "log-probabilities alone", alone[0].LogProbs, scores[i].LogProbs, 1e-5)
			if r.Steps != nil {
				within(t, "step attention alone", alone[0].Attention.Sum, scores[i].Attention.Sum, 1e-6)
			}
		}
	})
}

func abs(x float32) float32 { return max(x, -x) }

// steps16 are a sequence of n tokens in steps of 16.
func steps16(c Config, n int) ScoreRequest {
	r := ScoreRequest{Tokens: randomSequences(gputest.Rand(12), c, 1, n, n)[0]}
	for at := 0; at < n; at += 16 {
		r.Steps = append(r.Steps, Range{at, min(at+16, n)})
	}
	return r
}

func TestScorerRoomGrows(t *testing.T) {
	// Many short sequences, then few with many steps: both limits hold.
	c := randomConfig()
	c.MaxContext = 160
	m := newModel(t, gpu.OpenHost(), c, c.Init(1))
	s := newScorer(t, m, 320)
	wide := steps16(c, 160)
	var fine ScoreRequest
	fine.Tokens = wide.Tokens
	for i := range fine.Tokens {
		fine.Steps = append(fine.Steps, Range{i, i + 1})
	}
	want, err := s.Score([]ScoreRequest{wide})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Score([]ScoreRequest{fine}); err != nil {
		t.Fatal(err)
	}
	before := m.Device.Counters
	for range 3 {
		if _, err := s.Score([]ScoreRequest{fine}); err != nil {
			t.Fatal(err)
		}
		got, err := s.Score([]ScoreRequest{wide, wide})
		if err != nil {
			t.Fatal(err)
		}
		within(t, "after growing", got[1].Attention.Sum, want[0].Attention.Sum, 1e-6)
	}
	if after := m.Device.Counters; after.Buffers != before.Buffers || after.Bytes != before.Bytes {
		t.Errorf("from %d bytes to %d in calls of known size", before.Bytes, after.Bytes)
	}
}

func TestLongContextNeedsNoMatrix(t *testing.T) {
	const T = 4096
	c := Config{VocabSize: 16, HiddenSize: 16, IntermediateSize: 16, Layers: 1, Heads: 2, KVHeads: 1, HeadDim: 8,
		MaxContext: T, RMSNormEps: 1e-5, Rope: Rope{Theta: 10000}, PadID: -1, BosID: -1, EosID: -1}
	full := int64(c.Layers * c.Heads * T * T * 4)
	request := steps16(c, T)
	d := gputest.Adapter(t) // the host takes seconds
	m := newModel(t, d, c, lively(c, 1))
	start := d.Counters.Bytes
	s := newScorer(t, m, T)
	scores, err := s.Score([]ScoreRequest{request})
	if err != nil {
		t.Fatal(err)
	}
	grown := d.Counters.Bytes - start
	var pooled int64
	for _, b := range s.pooled {
		pooled += int64(b.Len()) * 4
	}
	t.Logf("scoring %d tokens takes %d KiB, %d KiB of them for the attention of %d steps; its full matrices %d KiB",
		T, grown>>10, pooled>>10, len(request.Steps), full>>10)
	if grown*20 > full {
		t.Errorf("%d bytes, the full matrices have %d", grown, full)
	}
	// Each query's weights sum to one, so those of a step to all earlier steps do.
	for h := range c.Heads {
		for _, j := range []int{0, 1, 100, 255} {
			var sum float32
			for k := range j + 1 {
				sum += scores[0].Attention.At(0, h, j, k)
			}
			within(t, "sum over a step's keys", []float32{sum}, []float32{1}, 1e-4)
		}
	}
}

func TestScorerErrors(t *testing.T) {
	c := randomConfig()
	m := newModel(t, gpu.OpenHost(), c, c.Init(1))
	s := newScorer(t, m, 50)
	good := ScoreRequest{Tokens: []int{1, 2, 3}}
	for want, r := range map[string]ScoreRequest{
		"a batch of 51 tokens, made for at most 50":  {Tokens: make([]int, 51)},
		"sequence 0 has 0 tokens":                    {},
		"token 99 at place 1 is outside":             {Tokens: []int{1, 99}},
		"token -1 at place 0 is outside":             {Tokens: []int{-1, 9}},
		"step [1,4) does not lie in the 3 tokens":    {Tokens: good.Tokens, Steps: []Range{{0, 1}, {1, 4}}},
		"step [2,1) does not lie in the 3 tokens":    {Tokens: good.Tokens, Steps: []Range{{2, 1}}},
		"the hidden range [2,1) of sequence 0 is no": {Tokens: good.Tokens, Hide: Hide{2, 1}},
	} {
		if _, err := s.Score([]ScoreRequest{r}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v gives %v, want %q", r, err, want)
		}
		if _, err := s.Score([]ScoreRequest{good}); err != nil {
			t.Errorf("after a bad request: %v", err)
		}
	}
	if _, err := m.Logits(make([]int, 65)); err == nil || !strings.Contains(err.Error(), "context holds 1 to 64") {
		t.Errorf("Logits of 65 tokens: %v", err)
	}
	if _, err := m.Attention([]int{1}, 2, 0); err == nil || !strings.Contains(err.Error(), "no head 0 in layer 2") {
		t.Errorf("Attention of layer 2: %v", err)
	}
}
