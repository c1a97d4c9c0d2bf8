package engine

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"testing"

	"attnlab/app/session"
	"attnlab/gpu"
	"attnlab/model"
	"attnlab/model/hf"
	"attnlab/rl/examine"
	"attnlab/rl/rltest"
	"attnlab/rl/task"
)

// near compares within the tolerance that the page is held to.
func near[X float32 | float64](t *testing.T, name string, got, want []X) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", name, len(got), len(want))
	}
	for i := range got {
		if math.Abs(float64(got[i]-want[i])) > 1e-4 {
			t.Fatalf("%s[%d] = %v, want %v", name, i, got[i], want[i])
		}
	}
}

// The figures of the page are those of "attnlab trace" on the host with the same
// seed, on every adapter.
func TestTheTraceIsWhatExamineSays(t *testing.T) {
	task := chain(t)
	for name, checkpoint := range map[string]*hf.Checkpoint{"random": random(t, task), "parrot": rltest.Parrot(task)} {
		for _, backend := range []string{gpu.Host, gpu.WebGPU} {
			t.Run(name+" "+backend, func(t *testing.T) {
				needs(t, backend)
				s := start(t, map[string]map[string][]byte{"chain-tiny": filesOf(t, checkpoint)}, session.Open{Backend: backend})
				s.must(session.NewProblem{Seed: 9})
				s.must(session.Generate{Unit: "all", Sampling: session.Sampling{Temperature: 1, Seed: 9}})
				s.trace.All = s.allHeads()
				compareTrace(t, s.trace, task, checkpoint)
			})
		}
	}
}

func compareTrace(t *testing.T, got session.Trace, tk task.Task, checkpoint *hf.Checkpoint) {
	t.Helper()
	d := gpu.OpenHost()
	m, err := model.New(d, checkpoint.Config, checkpoint.Weights)
	if err != nil {
		t.Fatal(err)
	}
	decoder, err := model.NewDecoder(m, model.DecoderSize{Slots: 1, Rows: 512, Chunk: 16})
	if err != nil {
		t.Fatal(err)
	}
	scorer, err := model.NewScorer(m, 512)
	if err != nil {
		t.Fatal(err)
	}
	problems := task.Problems(tk, task.EvalStream, 9, 1)
	attempts, err := examine.Attempts(t.Context(), decoder, tk, problems, 0, model.Sampling{Temperature: 1, Seed: uint32(task.SeedOf("sample", 9, 0))}, nil)
	if err != nil {
		t.Fatal(err)
	}
	examined, err := examine.Examine(scorer, []task.Trace{attempts[0].Trace}, got.Delta)
	if err != nil {
		t.Fatal(err)
	}
	want, K := examined[0], len(examined[0].Steps)
	if !slices.Equal(got.Tokens, want.Tokens) || got.PromptLength != want.PromptLength || got.Gold != problems[0].Gold {
		t.Fatalf("tokens %v, want %v", got.Tokens, want.Tokens)
	}
	if got.Correct != want.Correct || got.WellFormed != want.WellFormed || len(got.Steps) != K || !got.Complete {
		t.Errorf("correct %v, well-formed %v, %d steps; want %v, %v, %d", got.Correct, got.WellFormed, len(got.Steps), want.Correct, want.WellFormed, K)
	}
	near(t, "logprobs", got.LogProbs, want.LogProbs)
	near(t, "entropy", got.Entropy, want.Entropy)
	near(t, "fci", got.FCI, want.FCI)
	near(t, "attention of each head", got.All, want.Attention.Mean)
	n := K + 2
	for at, most := range got.Attention {
		largest := float32(0)
		for h := range got.Layers * got.Heads {
			largest = max(largest, want.Attention.Mean[h*n*n+at])
		}
		near(t, "largest attention", []float32{most, want.Attention.Mean[got.Of[at]*n*n+at]}, []float32{largest, largest})
	}
	for l := range got.Layers {
		for h := range got.Heads {
			at := (l*got.Heads + h) * K
			near(t, fmt.Sprintf("fci_heads L%d H%d", l, h), got.FCIHeads[at:at+K], want.FCIHeads[l][h])
			near(t, fmt.Sprintf("focus L%d H%d", l, h), got.Focus[at:at+K], want.Focus[l][h])
		}
	}
	received := make([]float32, len(want.Tokens))
	for l := range m.Layers {
		for h := range m.Heads {
			rows, err := m.Attention(want.Tokens, l, h)
			if err != nil {
				t.Fatal(err)
			}
			for query, row := range rows {
				for key := range query {
					received[key] += row[key] / float32(m.Layers*m.Heads)
				}
			}
		}
	}
	near(t, "received", got.Received, received)
	logits, err := m.Logits(want.Tokens)
	if err != nil {
		t.Fatal(err)
	}
	for i, top := range got.Top {
		if i == 0 {
			if len(top) != 0 {
				t.Errorf("%d choices for the first token", len(top))
			}
			continue
		}
		wanted := likeliestBySort(logits[i-1])
		if len(top) != len(wanted) {
			t.Fatalf("choices at %d: %v, want %v", i, top, wanted)
		}
		for n, c := range top {
			if prob := softmax(logits[i-1], c.Token); math.Abs(float64(c.Prob-wanted[n].Prob)) > 1e-4 || math.Abs(float64(c.Prob)-prob) > 1e-4 {
				t.Errorf("choice %d at %d is %v, want %v; its token has %g", n, i, c, wanted[n], prob)
			}
			if c.Text != tk.Vocabulary()[c.Token] {
				t.Errorf("choice %v has another token's text", c)
			}
		}
	}
}

// likeliestBySort sorts the softmax of a whole row of logits: up to eight tokens, three of them always, the others only
// with a probability that three decimals show.
func likeliestBySort(logits []float32) (top []session.Choice) {
	order := make([]int, len(logits))
	for v := range order {
		order[v] = v
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(logits[b], logits[a]) })
	for i, v := range order[:8] {
		p := softmax(logits, v)
		if i >= 3 && p < 0.0005 {
			break
		}
		top = append(top, session.Choice{Token: v, Prob: float32(p)})
	}
	return top
}

// softmax is the probability of a token by a row of logits.
func softmax(logits []float32, token int) float64 {
	var sum float64
	for _, l := range logits {
		sum += math.Exp(float64(l - logits[token]))
	}
	return 1 / sum
}

// Whatever makes the engine show a trace, it takes one forward pass, one submit and one readback. The bytes read grow with
// tokens and with steps²: neither logits [T,V] nor attention [L,H,T,T] is read.
func TestShowingATraceTakesOnePass(t *testing.T) {
	bases := map[string]map[string][]byte{"chain-tiny": filesOf(t, random(t, chain(t)))}
	for _, backend := range []string{gpu.Host, gpu.WebGPU} {
		t.Run(backend, func(t *testing.T) {
			needs(t, backend)
			s := start(t, bases, session.Open{Backend: backend})
			s.must(session.NewProblem{Seed: 9})
			checkWork(t, s.trace)
			s.must(session.Generate{Unit: "step", Sampling: sampling})
			checkWork(t, s.trace)
			s.must(all)
			checkWork(t, s.trace)
			p := s.trace.PromptLength
			s.must(session.ShowTrace{Prompt: s.trace.Tokens[:p], Response: s.trace.Tokens[p:]})
			checkWork(t, s.trace)
		})
	}
}

func checkWork(t *testing.T, tr session.Trace) {
	t.Helper()
	// The device pools prompt, steps and answer in pieces of up to 128 tokens; an empty answer has none.
	pieces := func(tokens int) int64 { return int64(tokens+127) / 128 }
	T, N, heads := int64(len(tr.Tokens)), pieces(tr.PromptLength)+pieces(tr.Answer[1]-tr.Answer[0]), int64(tr.Layers*tr.Heads)
	for _, step := range tr.Steps {
		N += pieces(step.End - step.Start)
	}
	want := session.Work{Passes: 1, Submits: 1, Readbacks: 1, ReadBytes: 4 * (4*T + 2*model.TopK*T + heads*T + heads*N*N)}
	if tr.Work != want {
		t.Errorf("a trace of %d tokens in %d steps took %+v, want %+v", T, len(tr.Steps), tr.Work, want)
	}
}
