package model

import (
	"strings"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

// A plan says to the byte what a trainer of adapters takes beside the model, on each backend.
func TestPlanOfTrainingAdapters(t *testing.T) {
	c := openable()
	c.Layers, c.QKNorm = 3, true
	src := &arenaSource{Config: c, arena: lively(c, 1)}
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		m := opened(t, d, src, Options{Storage: Q8})
		for _, with := range []Training{{LoRA{Rank: 4, Alpha: 8}, 96}, {LoRA{Rank: 32, Alpha: 8, All: true}, 600}} {
			before := d.Counters.Bytes
			newLoRATrainer(t, m, with.Tokens, with.LoRA, c.InitAdapters(with.LoRA, 1)).Release()
			if d.Counters.Bytes != before {
				t.Errorf("%d bytes are left", d.Counters.Bytes-before)
			}
			tr := newLoRATrainer(t, m, with.Tokens, with.LoRA, c.InitAdapters(with.LoRA, 1))
			if took, planned := d.Counters.Bytes-before, c.adapterBytes(with, m.partsOf); took != planned {
				t.Errorf("%v takes %d bytes, planned were %d", with, took, planned)
			}
			tr.Release()
		}
		gputest.Count(d)
	})
}

// A step of adapters of rank 8 over SmolLM2-135M fits 2 GB with the model, and the plan says what it takes.
func TestPlanOfTrainingAPublishedModel(t *testing.T) {
	c := published(t)["SmolLM2-135M"]
	for _, all := range []bool{false, true} {
		ask := Ask{Context: 1024, Stored: BF16, Memory: 2 << 30, Train: &Training{LoRA{Rank: 8, Alpha: 16, All: all}, 2048}}
		p := c.Plan(limits(2047, 128), ask)
		if p.Choice < 0 || p.Needs[p.Choice].Storage != BF16 {
			t.Errorf("%s", p)
		}
		if want := "and a training step of adapters of rank 8 over 2048 tokens "; !strings.Contains(p.String(), want) || p.Train < 300<<20 || p.Train > 1200<<20 {
			t.Errorf("%d bytes: %s", p.Train, p)
		}
	}
	large := published(t)["Qwen2.5-1.5B"].Plan(limits(2047, 128), Ask{Context: 1024, Stored: BF16, Memory: 3 << 30, Train: &Training{LoRA{Rank: 8, Alpha: 16}, 2048}})
	if large.Choice < 0 || large.Needs[large.Choice].Storage != Q4 {
		t.Errorf("%s", large)
	}
}
