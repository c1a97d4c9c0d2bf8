package engine

import (
	"strings"
	"testing"

	"attnlab/app/session"
	"attnlab/rl/stat"
)

// Many responses are sampled beside the trace; the first is the trace's own, and what is said of all agrees with each.
func TestSampleMany(t *testing.T) {
	s := severalLines(t)
	const samples = 12
	trace := s.trace
	s.must(session.SampleMany{Samples: samples, Sampling: sampling, Method: "tlmre"})
	got := s.many
	if len(got.Responses) != samples || got.Of != samples || !got.Judged || got.Method != "tlmre" || got.Sampling != sampling {
		t.Fatalf("%d of %d responses, judged %v, by %s", len(got.Responses), got.Of, got.Judged, got.Method)
	}
	if s.trace.Number != trace.Number {
		t.Error("the trace changed")
	}
	first := got.Responses[0]
	if first.Tokens != len(trace.Tokens)-trace.PromptLength || !strings.HasPrefix(first.Text, trace.Steps[0].Text) || len(first.Steps) != len(trace.Steps) || first.Right != trace.Correct {
		t.Errorf("the first response is %+v, the trace has the steps %v", first, trace.Steps)
	}
	for i, r := range got.Responses {
		if r.Reward == nil || (*r.Reward > 0) != r.Right || len(r.Steps) > 0 && r.Steps[len(r.Steps)-1].End != r.Think {
			t.Errorf("response %d is %+v", i, r)
		}
	}
	n, right := 0, 0
	for _, o := range got.Split.Options {
		n, right = n+o.N, right+o.Right
	}
	if got.Split.Step >= 0 && (n != samples || right != got.RightOnes()) {
		t.Errorf("the responses part as %+v", got.Split)
	}
	for _, p := range got.Pass {
		if p.Value != stat.PassAtK(samples, got.RightOnes(), p.K) || p.Low > p.Value || p.High < p.Value {
			t.Errorf("%+v of %d right ones", p, got.RightOnes())
		}
	}
	s.must(session.Generate{Unit: "token", Restart: true, Sampling: sampling})
	if len(s.many.Responses) != samples {
		t.Error("another response to the same problem, and the many are gone")
	}
	s.must(session.NewProblem{Seed: 8, Difficulty: "4"})
	if len(s.many.Responses) != 0 || s.many.Of != 0 {
		t.Errorf("another problem, and the responses stay: %+v", s.many)
	}
	s.refused(session.SampleMany{Samples: 0, Sampling: sampling, Method: "grpo"}, "samples")
	s.refused(session.SampleMany{Samples: session.MaxResponses + 1, Sampling: sampling, Method: "grpo"}, "samples")
	s.refused(session.SampleMany{Samples: 2, Sampling: sampling, Method: "luck"}, "luck")
	if s.must(session.SampleMany{Samples: 2, Sampling: sampling, Method: "attnrl"}); s.many.Method != "grpo" { // its rewards need trees
		t.Errorf("the rewards are those of %s", s.many.Method)
	}
	s.refused(session.SampleMany{Samples: 2, Sampling: session.Sampling{Temperature: -1}, Method: "grpo"}, "temperature")
}
