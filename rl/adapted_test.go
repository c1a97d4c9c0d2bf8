package rl

import (
	"context"
	"slices"
	"strings"
	"testing"

	"attnlab/gpu"
	"attnlab/model"
	"attnlab/model/hf"
)

// openedDice puts the base on a device in a storage, as a published model is opened, and returns it with a base that has no weights.
func openedDice(t *testing.T, d *gpu.Device, s model.Storage) (*model.Model, *hf.Checkpoint) {
	t.Helper()
	base := diceBase(t)
	files, err := base.Files()
	if err != nil {
		t.Fatal(err)
	}
	src, err := hf.Open(hf.Memory(files))
	if err != nil {
		t.Fatal(err)
	}
	m, err := model.Open(context.Background(), d, base.Config, src, model.Options{Storage: s})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Release)
	base.Weights = nil
	return m, base
}

func openOver(t *testing.T, m *model.Model, base, saved *hf.Checkpoint, c RunConfig) *Run {
	t.Helper()
	c.Opened = m
	r, err := NewRun(m.Device, dice{}, base, saved, c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// adaptedRuns are runs of adapters of every kind: a reference in the loss, one in the reward, scores, trees.
var adaptedRuns = []struct {
	method string
	change map[string]string
}{
	{"sft", nil}, {"grpo", map[string]string{"kl": "0.1", "minibatches": "2"}}, {"dapo", nil}, {"tlmre", map[string]string{"reward-kl": "0.1"}},
	{"attnpo", map[string]string{"schedule": "0", "lora-on": "all"}}, {"attnrl", nil}, {"treerl", nil}, {"rearl", map[string]string{"cut": "oracle"}},
}

// Every method trains adapters over an opened model, without its weights in memory, in F32 to the bits of a run over a model in memory; its
// files hold no weights, and resumed from them it is the run that was never stopped.
func TestAdaptersOverAnOpenedModel(t *testing.T) {
	for _, test := range adaptedRuns {
		t.Run(test.method, func(t *testing.T) {
			change := map[string]string{"lora": "4"}
			for name, value := range test.change {
				change[name] = value
			}
			c := diceRun(t, test.method, change)
			want := open(t, nil, c)
			reports := steps(t, want, 3)
			m, base := openedDice(t, gpu.OpenHost(), model.F32)
			whole := openOver(t, m, base, nil, c)
			got := steps(t, whole, 3)
			for i := range got {
				if text(t, got[i]) != text(t, reports[i]) {
					t.Fatalf("over an opened model %s\nover one in memory    %s", text(t, got[i]), text(t, reports[i]))
				}
			}
			state, err := whole.Trainer.State()
			if err != nil {
				t.Fatal(err)
			}
			whole.Release()

			begun := openOver(t, m, base, nil, c)
			steps(t, begun, 1)
			saved, err := begun.Checkpoint()
			if err != nil {
				t.Fatal(err)
			}
			begun.Release()
			files, err := saved.Files()
			if err != nil {
				t.Fatal(err)
			}
			if files["model.safetensors"] != nil || len(files[hf.StateFile]) > 40_000 {
				t.Errorf("the files hold weights: %d bytes of state", len(files[hf.StateFile]))
			}
			if saved, err = hf.LoadState(files); err != nil {
				t.Fatal(err)
			}
			c.Hyper, c.Seed = nil, 0
			resumed := openOver(t, m, base, saved, c)
			defer resumed.Release()
			if again := steps(t, resumed, 2)[1]; text(t, again) != text(t, reports[2]) {
				t.Errorf("resumed  %s\nunbroken %s", text(t, again), text(t, reports[2]))
			}
			end, err := resumed.Trainer.State()
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(end.Adapters, state.Adapters) || !slices.Equal(end.V, state.V) {
				t.Error("a resumed run has other adapters than one that was not stopped")
			}
		})
	}
}

// The reference of a run with adapters is its model without them: the log-probabilities of a copy of the base, and no copy is made.
func TestReferenceWithoutAdapters(t *testing.T) {
	r := open(t, nil, diceRun(t, "grpo", map[string]string{"lora": "4", "kl": "0.1", "learning-rate": "0.01"}))
	steps(t, r, 2)
	if r.reference != nil {
		t.Error("there is a second copy of the base")
	}
	got, err := r.referenceLogProbs(r.last[0].Samples)
	if err != nil {
		t.Fatal(err)
	}
	base, err := model.New(r.Model.Device, r.base.Config, r.base.Weights)
	if err != nil {
		t.Fatal(err)
	}
	defer base.Release()
	scorer, err := model.NewScorer(base, 256)
	if err != nil {
		t.Fatal(err)
	}
	defer scorer.Release()
	which := make([]int, len(got))
	for i := range which {
		which[i] = i
	}
	want, err := r.logprobs(scorer, r.last[0].Samples, which)
	if err != nil {
		t.Fatal(err)
	}
	now, err := r.logprobs(r.Scorer, r.last[0].Samples, which)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.EqualFunc(got, want, slices.Equal) {
		t.Error("the reference is not the base")
	}
	if slices.EqualFunc(got, now, slices.Equal) {
		t.Error("the policy has not moved from its reference")
	}
}

// An opened model has frozen weights, and says so.
func TestOpenedModelNeedsAdapters(t *testing.T) {
	m, base := openedDice(t, gpu.OpenHost(), model.BF16)
	c := diceRun(t, "grpo", nil)
	c.Opened = m
	if _, err := NewRun(m.Device, dice{}, base, nil, c); err == nil || !strings.Contains(err.Error(), "give lora a rank") {
		t.Errorf("without adapters: %v", err)
	}
}

// A long context takes fewer sequences at once, and a small model all that are asked for.
func TestCacheSlots(t *testing.T) {
	if n := cacheSlots(diceShape); n < 64 {
		t.Errorf("a tiny model samples %d sequences at once", n)
	}
	large := model.Config{Layers: 30, KVHeads: 3, HeadDim: 64, MaxContext: 1024} // 47 MB of keys and values a sequence
	if n := cacheSlots(large); n != 5 {
		t.Errorf("a model of 135 M parameters samples %d sequences of 1,024 tokens at once", n)
	}
}
