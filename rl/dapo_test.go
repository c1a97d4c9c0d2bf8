package rl

import (
	"testing"

	"attnlab/rl/rltest/near"
	"attnlab/rl/task"
)

// Fault A7: the reward is +1 or -1 with the penalty on, as in DAPO. Lengths 60, 192, 60, 60, the first two right, give the rewards
// 1, 0, -1, -1 with the mean -.25 and the standard deviation .8292.
func TestDAPOPenaltyCountsOnce(t *testing.T) {
	c := newDAPO(paper(t, "dapo", map[string]string{"max-length": "192", "overlong-buffer": "40"}))
	rewards := c.rewards([]bool{true, true, false, false}, []int{60, 192, 60, 60})
	near.Want(t, "rewards", rewards, []float64{1, 0, -1, -1}, 0)
	near.Want(t, "advantages", c.scale.advantages(rewards), []float64{1.51, .30, -.90, -.90}, 5e-3)
	// Half of the penalty at half of the buffer.
	near.Want(t, "rewards", c.rewards([]bool{true, false}, []int{172, 172}), []float64{.5, -1.5}, 1e-12)
}

// The penalty ends at -factor, however long a response from a file is.
func TestDAPOPenaltyEndsAtTheFactor(t *testing.T) {
	for _, factor := range []string{"0", "0.5", "1"} {
		c := newDAPO(paper(t, "dapo", map[string]string{"max-length": "192", "overlong-buffer": "40", "overlong-factor": factor}))
		near.Want(t, "rewards "+factor, c.rewards([]bool{true, true, true, false}, []int{192, 193, 250, 1 << 20}),
			[]float64{1 - c.factor, 1 - c.factor, 1 - c.factor, -1 - c.factor}, 1e-12)
		near.Want(t, "no penalty "+factor, c.rewards([]bool{true, true}, []int{0, 152}), []float64{1, 1}, 0)
	}
}

func TestDAPOKeepsMixedGroups(t *testing.T) {
	c := newDAPO(paper(t, "dapo", nil))
	group := func(correct ...bool) (g Group) {
		for _, right := range correct {
			g.Samples = append(g.Samples, Sample{Trace: task.Trace{Correct: right}})
		}
		return g
	}
	for _, x := range []struct {
		group Group
		keep  bool
	}{{group(true, true), false}, {group(false, false), false}, {group(true, false), true}} {
		if correct, _ := x.group.verdicts(); c.keeps(x.group) != x.keep {
			t.Errorf("of %v keeps is %v", correct, !x.keep)
		}
	}
	c.dynamic = false
	if !c.keeps(group(true, true)) {
		t.Error("without dynamic sampling a group of one outcome is dropped")
	}
}

// Fault A9: of 16 problems 10 gave a mixed group, so the missing 6 take ceil(6 / (10/16)) = 10 more.
func TestDynamicSamplingDrawsWhatIsMissing(t *testing.T) {
	c := dapo{grpo: grpo{problems: 16}, dynamic: true}
	for _, x := range []struct{ kept, mixed, drawn, want int }{
		{16, 16, 16, 0},
		{10, 10, 16, 10},
		{15, 15, 16, 2}, // 1 / (15/16) rounded up
		{8, 8, 16, 16},  // half
		{4, 4, 32, 96},  // 12 / (1/8)
		{0, 0, 16, 16},  // no share to go by: another batch
		{1, 1, 96, 64},  // 1440 more would be beyond ten batches of 16
		{3, 3, 160, 0},  // ten batches are over
		{12, 12, 20, 7}, // 4 / .6 rounded up
	} {
		if got := c.toDraw(x.kept, x.mixed, x.drawn); got != x.want {
			t.Errorf("%d kept of %d drawn: draws %d more, want %d", x.kept, x.drawn, got, x.want)
		}
	}
	c.dynamic = false
	if got := c.toDraw(3, 3, 16); got != 0 {
		t.Errorf("without dynamic sampling it draws %d more", got)
	}
}

// DAPO without its extras is GRPO with a token mean.
func TestDAPOOffIsGRPO(t *testing.T) {
	same := map[string]string{"clip-high": "0.2", "dual-clip": "0", "kl": "0", "aggregation": "token", "max-length": "8192", "problems": "16", "group": "8", "minibatches": "1"}
	g := paper(t, "grpo", same)
	same["overlong-buffer"], same["dynamic"] = "0", "off"
	d := paper(t, "dapo", same)
	dapo, grpo := newDAPO(d), newGRPO(g)
	if dapo.grpo != grpo || newLoss(d) != newLoss(g) {
		t.Errorf("%+v %+v\n%+v %+v", dapo.grpo, newLoss(d), grpo, newLoss(g))
	}
	correct, length := []bool{true, false, true}, []int{20480, 20480, 5}
	near.Want(t, "rewards", dapo.rewards(correct, length), accuracyReward(correct), 0)
}

func TestOverlongPenalty(t *testing.T) {
	for length, want := range map[int]float64{1: 0, 16384: 0, 18432: -0.5, 20480: -1, 22528: -1} {
		near.Want(t, "overlong", []float64{overlongPenalty(length, 20480, 4096, 1)}, []float64{want}, 0)
	}
}
