package runs

import (
	"fmt"
	"strings"

	"attnlab/rl/stat"
)

// Outcomes of a rollout that [RolloutFilter] knows.
var RolloutOutcomes = []string{"right", "wrong", "malformed", "cut"}

// RolloutFilter chooses among the rollouts of a run; its zero value takes all.
type RolloutFilter struct {
	From    int      `json:"from,omitempty"`    // first step
	To      int      `json:"to,omitempty"`      // last step; 0 is no bound
	Problem string   `json:"problem,omitempty"` // its name, its prompt, or a part of that
	Outcome string   `json:"outcome,omitempty"` // one of RolloutOutcomes
	Least   *float64 `json:"least,omitempty"`   // reward
	Most    *float64 `json:"most,omitempty"`    // reward
}

// Check returns an error for an outcome that does not exist.
func (f RolloutFilter) Check() error {
	for _, known := range append([]string{""}, RolloutOutcomes...) {
		if f.Outcome == known {
			return nil
		}
	}
	return fmt.Errorf("there is no outcome %.40q; choose one of %s", f.Outcome, strings.Join(RolloutOutcomes, ", "))
}

// Of are the rollouts that the filter takes.
func (f RolloutFilter) Of(all []Rollout) (taken []Rollout) {
	for _, r := range all {
		if f.takes(r) {
			taken = append(taken, r)
		}
	}
	return taken
}

func (f RolloutFilter) takes(r Rollout) bool {
	is := func(x *bool, value bool) bool { return x != nil && *x == value }
	switch f.Outcome {
	case "right":
		if !is(r.Correct, true) {
			return false
		}
	case "wrong":
		if !is(r.Correct, false) {
			return false
		}
	case "malformed":
		if !is(r.WellFormed, false) {
			return false
		}
	case "cut":
		if !r.Cut {
			return false
		}
	}
	return r.Step >= f.From && (f.To == 0 || r.Step <= f.To) && (f.Problem == "" || r.Problem == f.Problem || strings.Contains(r.Prompt, f.Problem)) &&
		(f.Least == nil || r.Reward >= *f.Least) && (f.Most == nil || r.Reward <= *f.Most)
}

// RolloutStep is what rollouts of one step have in common: "this problem through training" where all are of one problem.
type RolloutStep struct {
	Step      int      `json:"step"`
	Rollouts  int      `json:"rollouts"`
	Right     *float64 `json:"right"` // share, of those where it is known
	Reward    float64  `json:"reward"`
	Tokens    float64  `json:"tokens"`    // mean
	Advantage *float64 `json:"advantage"` // mean of its size, without sign
}

// RolloutSteps are the steps of rollouts in their order.
func RolloutSteps(all []Rollout) []RolloutStep {
	steps := []RolloutStep{}
	for start := 0; start < len(all); {
		end := start
		var right, reward, tokens, advantage []float64
		for ; end < len(all) && all[end].Step == all[start].Step; end++ {
			r := all[end]
			reward, tokens = append(reward, r.Reward), append(tokens, float64(r.Tokens))
			if r.Correct != nil {
				right = append(right, stat.Indicator(*r.Correct))
			}
			if r.Advantage != nil {
				advantage = append(advantage, max(*r.Advantage, -*r.Advantage))
			}
		}
		steps = append(steps, RolloutStep{Step: all[start].Step, Rollouts: end - start, Right: stat.Finite(stat.Mean(right)), Reward: stat.Mean(reward), Tokens: stat.Mean(tokens), Advantage: stat.Finite(stat.Mean(advantage))})
		start = end
	}
	return steps
}

// Browsed is what the page and "attnlab rollouts" show of the rollouts of a run.
type Browsed struct {
	All     int           `json:"all"`     // rollouts of the run
	Matches int           `json:"matches"` // that the filter takes
	Alarms  []Alarm       `json:"alarms"`  // of all
	Steps   []RolloutStep `json:"steps"`   // of the matches
	Rows    []Rollout     `json:"rows"`    // of the matches, a page
	First   int           `json:"first"`   // number of the first row among the matches, from 0
}

// Browse takes the matches from number first on, at most so many; most 0 is all.
func Browse(all []Rollout, f RolloutFilter, first, most int) Browsed {
	taken := f.Of(all)
	first = max(0, min(first, len(taken)))
	rows := taken[first:]
	if most > 0 {
		rows = rows[:min(most, len(rows))]
	}
	return Browsed{All: len(all), Matches: len(taken), Alarms: Alarms(all), Steps: RolloutSteps(taken), Rows: append([]Rollout{}, rows...), First: first}
}
