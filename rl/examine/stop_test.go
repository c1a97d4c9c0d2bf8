package examine_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"attnlab/gpu"
	"attnlab/model"
	"attnlab/rl/examine"
	"attnlab/rl/rltest"
	"attnlab/rl/task"
)

// A context that ends keeps what was scored of the first traces, and reports how far it is.
func TestScoringStops(t *testing.T) {
	_, _, _, examined := rambles(t, 8)
	c := rltest.Rambler().Config
	m, err := model.New(gpu.OpenHost(), c, c.Init(3))
	if err != nil {
		t.Fatal(err)
	}
	var traces []task.Trace
	longest := 0
	for _, e := range examined {
		if e.AnswerEnd > e.AnswerStart && len(e.Steps) > 0 {
			traces, longest = append(traces, e.Trace), max(longest, len(e.Tokens))
		}
	}
	s, err := model.NewScorer(m, longest) // a trace a pass, or two
	if err != nil {
		t.Fatal(err)
	}
	want, err := examine.Examine(s, traces, 1)
	if err != nil || len(want) < 3 {
		t.Fatalf("%d traces, %v", len(want), err)
	}
	ctx, stop := context.WithCancel(t.Context())
	last := 0
	got, err := examine.ExamineBy(ctx, s, traces, 1, func(done, of int) {
		last = done
		if stop(); of != len(traces) {
			t.Errorf("of %d traces", of)
		}
	})
	if !errors.Is(err, context.Canceled) || len(got) != last || last == 0 || last == len(traces) {
		t.Fatalf("%d of %d traces, told %d, %v", len(got), len(traces), last, err)
	}
	for i := range got {
		if !slices.Equal(got[i].FCI, want[i].FCI) {
			t.Errorf("FCI of trace %d is %v, want %v", i, got[i].FCI, want[i].FCI)
		}
	}

	d := answerDecoder(t, m)
	whole, err := examine.AnswerLosses(t.Context(), d, traces, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop = context.WithCancel(t.Context())
	all, first := 0, len(traces[0].Steps)
	for _, trace := range traces {
		all += len(trace.Steps)
	}
	before := 0
	losses, err := examine.AnswerLosses(ctx, d, traces, func(done, of int) {
		if done <= before || of != all {
			t.Errorf("%d of %d after %d, want of %d", done, of, before, all)
		}
		if before = done; done >= first {
			stop()
		}
	})
	if !errors.Is(err, context.Canceled) || len(losses) != 1 || !slices.Equal(losses[0], whole[0]) {
		t.Errorf("losses %v, %v, want those of the first trace, %v", losses, err, whole[0])
	}
}
