package rl

import (
	"encoding/json"
	"testing"

	"attnlab/rl/hyper"
)

// Flat groups take part where they are kept: the others then weigh less, as in the means of GRPO over all groups.
func TestTaking(t *testing.T) {
	mixed := Group{Samples: []Sample{{Advantage: []float64{0, 1}}, {Advantage: []float64{-1}}}}
	flat := Group{Samples: []Sample{{Advantage: []float64{0, 0, 0}}, {Advantage: []float64{0}}}}
	groups := []Group{flat, mixed, flat, mixed}
	if got := taking(groups, false); len(got) != 2 || !got[0].valid() || !got[1].valid() {
		t.Errorf("without flat groups %d take part", len(got))
	}
	if got := taking(groups, true); len(got) != 4 || got[0].valid() {
		t.Errorf("with flat groups %d take part", len(got))
	}
	c := LossConfig{Aggregation: SequenceMean}
	if half, whole := c.TokenWeights([]int{3, 1, 2, 1})[2], c.TokenWeights([]int{2, 1})[0]; half != whole/2 {
		t.Errorf("a response weighs %v beside a flat group and %v without", half, whole)
	}
	for method, keep := range map[string]string{"grpo": "keep", "drgrpo": "keep", "tlmre": "keep", "attnpo": "keep", "rearl": "keep", "dapo": "drop", "treerl": "drop", "attnrl": "drop"} {
		if got := hyper.Paper(method).Choice("flat-groups"); got != keep {
			t.Errorf("%s: the paper's way with flat groups is %q", method, got)
		}
		if got := hyper.Lab(method).Choice("flat-groups"); got != "drop" {
			t.Errorf("%s: the lab's way with flat groups is %q", method, got)
		}
	}
}

// Trees begun of which none is left are kept as that: a run gone on with does not begin others in their place.
func TestEmptyShootsAreKept(t *testing.T) {
	for _, want := range []runState{{Shoots: []shoot{}}, {}} {
		data, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got runState
		if err := json.Unmarshal(data, &got); err != nil || (got.Shoots == nil) != (want.Shoots == nil) {
			t.Errorf("%#v comes back as %#v, %v", want.Shoots, got.Shoots, err)
		}
	}
}
