package examine_test

import (
	"context"
	"reflect"
	"testing"

	"attnlab/model"
	"attnlab/rl/examine"
	"attnlab/rl/score"
	"attnlab/rl/task"
)

// Nothing the parrot says depends on its attention, so hiding a step changes nothing, whatever is picked: control and disrupted draw
// the same random numbers. And it always ends right where 9 is right.
func TestDisruptAParrot(t *testing.T) {
	tk, m, d, attempts := parrots().Task, parrots().Model, parrots().Decoder, parrots().Attempts[:60]
	scorer, err := model.NewScorer(m, 2048)
	if err != nil {
		t.Fatal(err)
	}
	var traces []task.Trace
	for _, a := range attempts {
		traces = append(traces, a.Trace)
	}
	examined, err := examine.Examine(scorer, traces, 1)
	if err != nil {
		t.Fatal(err)
	}
	fit := 0
	for _, e := range examined {
		if e.Correct && len(e.Steps) >= 2 {
			fit++
		}
	}
	if fit < 3 {
		t.Fatalf("%d traces can be cut, too few to show anything", fit)
	}
	disrupt := func(ctx context.Context, progress func(finished, of int)) ([]examine.Disruption, error) {
		return examine.Disrupt(ctx, d, tk, attempts, examined, score.StepChoices(), 0, 3, model.Sampling{Temperature: 1, Seed: 5}, progress)
	}
	calls := 0
	groups, err := disrupt(context.Background(), func(finished, of int) {
		if calls++; finished != calls || of != 2*len(score.StepChoices())*fit {
			t.Errorf("progress says %d of %d at call %d", finished, of, calls)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(groups) != len(score.StepChoices()) {
		t.Fatalf("groups are %+v", groups)
	}
	for i, g := range groups {
		if g.Pick != score.StepChoices()[i] || g.Problems != fit || g.Control != 1 || g.Accuracy != 1 || g.Loss != 0 || g.LossError != 0 {
			t.Errorf("group %+v, want %d problems and no loss", g, fit)
		}
	}
	if again, err := disrupt(context.Background(), nil); err != nil || !reflect.DeepEqual(again, groups) {
		t.Errorf("the same seed gives %+v, then %+v (error %v)", groups, again, err)
	}

	ctx, stop := context.WithCancel(context.Background())
	some, err := disrupt(ctx, func(finished, _ int) {
		if finished == 9 { // two traces have eight runs in all groups
			stop()
		}
	})
	if err != context.Canceled || len(some) == 0 || some[0].Problems >= fit {
		t.Errorf("stopped early, it says %+v and error %v", some, err)
	}
}
