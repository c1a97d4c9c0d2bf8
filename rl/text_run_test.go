package rl

import (
	"strings"
	"testing"

	"attnlab/gpu"
	"attnlab/rl/rltest"
	"attnlab/rl/score"
	freetext "attnlab/rl/task/text"
)

// Methods take a task of free text as any other: its own end token, steps by a rule, labels and rewards.
func TestMethodsOnFreeText(t *testing.T) {
	base := rltest.Rambler()
	kind, err := freetext.New(freetext.FewShotChain.Name, freetext.Options{Tokenizer: base.Tokenizer, Stop: []int{base.Config.EosID}, Context: base.Config.MaxContext, Shots: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"sft", "grpo", "attnpo", "attnrl", "treerl", "tlmre with adapters", "attnrl with adapters"} {
		name, adapted := strings.CutSuffix(name, " with adapters")
		m := methodOf(t, name)
		c := RunConfig{Method: m, Hyper: m.Params.Lab(), Seed: 1, Probe: 4, Slots: 8, Tokens: 1024}
		if m.Takes.Heads {
			c.Heads = []score.Head{{Layer: 0, Head: 1}}
		}
		for name, text := range map[string]string{"problems": "4", "group": "4", "initial": "3", "max-length": "40", "dynamic": "off", "valid": "100"} {
			if c.Hyper.Has(name) {
				set(t, m, c.Hyper, map[string]string{name: text})
			}
		}
		if adapted {
			set(t, m, c.Hyper, map[string]string{"lora": "8", "lora-on": "all"})
		}
		r, err := NewRun(gpu.OpenHost(), kind, base, nil, c)
		if err != nil {
			t.Fatal(err)
		}
		reports := steps(t, r, 2)
		if last := reports[1]; last.Generated == 0 && name != "sft" || name == "sft" && last.Trained == 0 {
			t.Errorf("%s: %s", name, text(t, last))
		}
		r.Release()
	}
	if _, err := NewRun(gpu.OpenHost(), kind, base, nil, RunConfig{Method: REARL, Hyper: REARL.Params.Lab()}); err == nil || !strings.Contains(err.Error(), "free text has none") {
		t.Errorf("rearl on free text: %v", err)
	}
}
