package rl

import (
	"slices"
	"strings"
	"testing"

	"attnlab/gpu"
	"attnlab/model/hf"
	"attnlab/rl/score"
)

// focused is a run of ATTNPO whose credit its scores change, after n steps.
func focused(t *testing.T, how string, n int) (*Run, []StepReport) {
	t.Helper()
	r := open(t, nil, diceRun(t, "attnpo", map[string]string{"focus": how, "heads": "1", "schedule": "0", "kappa": "4"}))
	return r, steps(t, r, n)
}

// The controls keep the values of the scores and change their places alone.
func TestFocusControls(t *testing.T) {
	heads, plain := focused(t, "heads", 1)
	place, placed := focused(t, "position", 1)
	dealt, shuffled := focused(t, "shuffle", 1)
	again, _ := focused(t, "shuffle", 1)
	scored, moved := 0, 0
	for i, g := range heads.last {
		for j, s := range g.Samples {
			p, d := place.last[i].Samples[j].Scores, dealt.last[i].Samples[j].Scores
			if !slices.Equal(d, again.last[i].Samples[j].Scores) {
				t.Fatalf("shuffled twice: %v and %v", d, again.last[i].Samples[j].Scores)
			}
			sorted := slices.Clone(s.Scores)
			slices.Sort(sorted)
			slices.Sort(d)
			if !slices.Equal(d, sorted) {
				t.Fatalf("shuffled %v has other values than %v", d, s.Scores)
			}
			slices.Reverse(sorted)
			if !slices.Equal(p, sorted) {
				t.Fatalf("by position %v, want %v", p, sorted)
			}
			if s.Inputs.Advantage != 0 && s.Correct && len(s.Steps) > 1 {
				scored++
				if !slices.Equal(p, s.Scores) {
					moved++
				}
			}
		}
	}
	if scored == 0 || moved == 0 {
		t.Errorf("%d responses were scored, position moved the scores of %d", scored, moved)
	}
	if got := *placed[0].ScorePosition; got != 1 {
		t.Errorf("the scores by position have the rank correlation %g with position", got)
	}
	if plain[0].ScorePosition == nil || shuffled[0].ScorePosition == nil || *plain[0].ScorePosition == *shuffled[0].ScorePosition {
		t.Errorf("correlations with position: %s and %s", text(t, plain), text(t, shuffled))
	}
	for _, other := range []*Run{place, dealt} {
		if slices.Equal(weights(t, heads), weights(t, other)) {
			t.Error("a control trains as the heads do")
		}
	}
	if !slices.Equal(weights(t, dealt), weights(t, again)) {
		t.Error("two runs with shuffled scores differ")
	}
}

func TestRandomHeads(t *testing.T) {
	key, _ := focused(t, "heads", 1)
	other, _ := focused(t, "random-heads", 1)
	if k, o := key.FocusHeads(), other.FocusHeads(); len(o) != 1 || slices.Contains(k, o[0]) {
		t.Errorf("random heads %v, key-focus heads %v", o, k)
	}
	ranked := []score.Head{{Head: 0}, {Head: 1}, {Head: 2}, {Head: 3}, {Head: 4}, {Head: 5}}
	seen := map[int]bool{}
	for seed := range uint64(40) {
		got := chooseHeads("random-heads", ranked, 2, seed)
		if len(got) != 2 || got[0] == got[1] || !slices.Equal(got, chooseHeads("random-heads", ranked, 2, seed)) {
			t.Fatalf("seed %d: %v", seed, got)
		}
		seen[got[0].Head], seen[got[1].Head] = true, true
	}
	if seen[0] || seen[1] || len(seen) != 4 {
		t.Errorf("40 seeds draw the heads %v", seen)
	}
	for complaint, c := range map[string]RunConfig{
		"fewer than 2 others": diceRun(t, "attnpo", map[string]string{"focus": "random-heads"}),
		"leave one of the two out": func() RunConfig {
			c := diceRun(t, "attnpo", map[string]string{"focus": "random-heads", "heads": "1"})
			c.Heads = []score.Head{{}}
			return c
		}(),
	} {
		if r, err := NewRun(gpu.OpenHost(), dice{}, diceBase(t), nil, c); err == nil || !strings.Contains(err.Error(), complaint) {
			t.Errorf("%v, %v; want %q", r, err, complaint)
		}
	}
}

// A control is resumed as it was begun.
func TestControlsResume(t *testing.T) {
	for _, how := range []string{"shuffle", "random-heads"} {
		whole, want := focused(t, how, 3)
		begun, _ := focused(t, how, 1)
		kept, err := begun.Checkpoint()
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		if err := kept.Save(dir); err != nil {
			t.Fatal(err)
		}
		if kept, err = hf.Load(dir); err != nil {
			t.Fatal(err)
		}
		c := begun.RunConfig
		c.Hyper, c.Seed = nil, 0
		resumed := open(t, kept, c)
		if got := steps(t, resumed, 2)[1]; text(t, got) != text(t, want[2]) || !slices.Equal(weights(t, resumed), weights(t, whole)) {
			t.Errorf("%s resumed %s\nunbroken %s", how, text(t, got), text(t, want[2]))
		}
	}
}

// An A/A control: the same problems, other responses.
func TestSamplingKey(t *testing.T) {
	run := func(key string) *Run {
		r := open(t, nil, diceRun(t, "grpo", map[string]string{"sampling-key": key}))
		steps(t, r, 1)
		return r
	}
	a, b, again := run("0"), run("1"), run("1")
	same := 0
	for i := range a.last {
		if !slices.Equal(a.last[i].Problem.Prompt, b.last[i].Problem.Prompt) {
			t.Errorf("problem %d is another one", i)
		}
		for j := range a.last[i].Samples {
			if slices.Equal(a.last[i].Samples[j].Tokens, b.last[i].Samples[j].Tokens) {
				same++
			}
			if !slices.Equal(b.last[i].Samples[j].Tokens, again.last[i].Samples[j].Tokens) {
				t.Errorf("one key gives two responses")
			}
		}
	}
	if same > 1 {
		t.Errorf("%d responses are the same under both keys", same)
	}
}
