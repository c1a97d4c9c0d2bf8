package engine

import (
	"context"
	"fmt"
	"time"

	"attnlab/app/session"
	"attnlab/rl"
	"attnlab/rl/hyper"
	"attnlab/rl/task"
)

// rulesBatch is how many problems are branched in one go.
const rulesBatch = 4

// planCompareRules branches the same initial responses by two rules, some problems at
// a time.
func (e *Engine) planCompareRules(c session.CompareRules) func(context.Context) (string, error) {
	var policy *rl.Policy
	var problems []task.Problem
	tallies := make([]rl.BranchTally, len(c.Rules))
	rules := make([]rl.TreeRule, len(c.Rules))
	done := 0
	return func(ctx context.Context) (string, error) {
		if e.rig.model == nil {
			return "", errNoModel
		}
		if err := checkCount("problems", c.Problems, session.MaxProblems); err != nil {
			return "", err
		}
		if err := mayExperiment(e.task, false); err != nil {
			return "", err
		}
		if policy == nil {
			var h hyper.Values
			var err error
			for i, branch := range c.Rules {
				rule := c.Rule
				rule.Branch = branch
				if h, err = treeHyper(rule); err != nil {
					return "", err
				}
				rules[i] = rl.NewTreeRule(h)
			}
			policy, problems = e.policy(e.task, h, c.Seed), task.Problems(e.task, task.EvalStream, c.Seed, c.Problems)
		}
		policy.Decoder, policy.Scorer = e.rig.decoder, e.rig.scorer // of another device, after a loss
		var shown time.Time
		for done < c.Problems {
			e.busy("comparing rules", done, c.Problems)
			n := min(rulesBatch, c.Problems-done)
			if err := policy.TryBranching(ctx, rules, problems[done:done+n], done, tallies); err != nil {
				return "", err
			}
			if done += n; time.Since(shown) > 100*time.Millisecond || done == c.Problems {
				e.showRules(c, tallies, done)
				shown = time.Now()
			}
		}
		return fmt.Sprintf("%d problems were branched by both rules, from the same initial responses.", done), nil
	}
}

// showRules publishes the shares so far. Sampled is by problem, as are the shares.
func (e *Engine) showRules(c session.CompareRules, tallies []rl.BranchTally, done int) {
	view := session.Rules{Number: e.next(), Problems: done, Of: c.Problems, Rows: []session.RuleOutcome{}}
	for i, t := range tallies {
		n := float64(max(1, t.Problems))
		valid := float64(t.Valid) / n
		view.Rows = append(view.Rows, session.RuleOutcome{Branch: c.Rules[i], Problems: t.Problems, AllCorrect: float64(t.AllCorrect) / n, AllWrong: float64(t.AllWrong) / n,
			Valid: valid, ValidSE: shareError(valid, max(1, t.Problems)), Sampled: float64(t.Sampled) / n, Position: t.Place / float64(max(1, t.Points))})
	}
	e.publish(view)
}
