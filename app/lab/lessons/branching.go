package lessons

import (
	"fmt"
	"slices"
	"strconv"

	"attnlab/app/lab/explain"
	"attnlab/app/session"
	"attnlab/rl/score"
	"attnlab/rl/stat"
)

// lessonBranching is about trees, and where they branch.
var lessonBranching = Lesson{
	Title:   "Where to branch",
	About:   "Grow a tree of responses, then compare two rules for its branch points.",
	Minutes: 3,
	Steps: []Step{
		{Page: "tree", Ring: "growth", Title: "Ask what a step is worth",
			Text:   "One [reward] at the end says little about the steps before it. So cut the response at a [branch point], sample the rest several times, and count how often it ends well: the share of right leaves below a node is its [value], V.",
			Source: "TreeRL, arXiv 2506.11902, EPTree; AttnRL, arXiv 2509.26628, eq. 2",
			Shows: []Try{{"Grow a tree by FCI", func(b Bench, _ *Gathering) {
				b.Set("rule", score.FCIBranch.Name)
				b.Do("grow-again:all")
			}}}},
		{Page: "tree", Ring: "node-panel", Title: "From value to advantage",
			Text:   "[GA] is V minus that of the root, [LA] is V minus that of the parent. A node's [advantage] is their sum over the square root of its leaves, because its tokens are trained on in every path below it. Choose a node to see the numbers.",
			Source: "AttnRL, arXiv 2509.26628, eq. 2 and 3; TreeRL, arXiv 2506.11902"},
		{Part: Asks, Page: "tree", Ring: "rivals", Title: "Predict",
			Text:   "TreeRL branches at the tokens of which the model was least sure, AttnRL at early steps of high [FCI]. Rollouts teach something only if some end right and some wrong: such a problem is [valid|valid group]. Both rules branch the same responses.",
			Source: "TreeRL, arXiv 2506.11902, EPTree; AttnRL, arXiv 2509.26628, ATB"},
		{Part: Runs, Page: "tree", Ring: "rivals", Title: "Grow both",
			Text: "Each problem gets one initial response, two branch points in it by either rule, and two fresh rollouts from each point. Only these four are counted: with many more, nearly every problem of this task is valid by any rule."},
		{Part: Checks, Page: "tree", Ring: "rivals", Title: "What was seen",
			Text:   "Here FCI means early: its rank correlation with the place of a step, earlier first, is .86 to .94, and of the steps of highest FCI the rule takes the earliest. So this compares early points with later ones, and shows nothing about attention. Compare FCI with earliest on this page. AttnRL reports more valid problems by FCI.",
			Source: "AttnRL, arXiv 2509.26628, branching statistics (curves only). The correlation: attnlab heads, 300 problems, on chain-small, chain-tiny and countdown-small"},
	},
	Ask:      "Which rule leaves more problems valid?",
	Choices:  []string{score.EntropyBranch.Title, score.FCIBranch.Title},
	Bounds:   []float64{0},
	Quantity: "valid share, FCI less entropy,",
	Tries: []Try{
		{"48 problems", compareRules(48)},
		{"256 problems", compareRules(256)},
	},
	Beforehand: func(*session.Snapshots) string {
		return fmt.Sprintf("Over 48 problems, valid shares can be told apart if they differ by about %.2f; over 256, by about %.2f.", stat.SharesApart(48), stat.SharesApart(256))
	},
	Clear: func(now *session.Snapshots) { now.Rules = session.Rules{} },
	Measure: func(now *session.Snapshots, _ *Gathering) Measured {
		row := func(rule score.BranchRule) (r session.RuleOutcome, ok bool) {
			i := slices.IndexFunc(now.Rules.Rows, func(r session.RuleOutcome) bool { return r.Branch == rule.Name })
			if i < 0 {
				return r, false
			}
			return now.Rules.Rows[i], true
		}
		fci, ok := row(score.FCIBranch)
		entropy, ok2 := row(score.EntropyBranch)
		n := min(fci.Problems, entropy.Problems)
		m := Measured{N: n, What: "problems", Freedom: 2 * (n - 1)}
		if !ok || !ok2 || n < Least {
			return m
		}
		// The rules share problems and initial responses. Taking them as independent makes the error rather too large.
		m.Value = fci.Valid - entropy.Valid
		m.SE = stat.DifferenceError(fci.ValidSE, entropy.ValidSE)
		m.Reach = stat.ShareDifference(fci.Valid, fci.Problems, entropy.Valid, entropy.Problems)
		m.Saw = fmt.Sprintf("The valid share was %s by FCI and %s by entropy. Branch points were on average at %s of the response by FCI, at %s by entropy. A problem took %.0f and %.0f new tokens.",
			explain.Format(fci.Valid), explain.Format(entropy.Valid), explain.Format(fci.Position), explain.Format(entropy.Position), fci.Sampled, entropy.Sampled)
		return m
	},
}

// compareRules compares FCI and entropy on n problems, by the smallest trees in which they can differ.
func compareRules(n int) func(Bench, *Gathering) {
	return func(b Bench, _ *Gathering) {
		for _, control := range [][2]string{{"rival", score.FCIBranch.Name}, {"other-rival", score.EntropyBranch.Name}, {"over", strconv.Itoa(n)}, {"initial", "1"}, {"points", "2"}, {"rollouts", "2"}} {
			b.Set(control[0], control[1])
		}
		b.Do("compare-rules")
	}
}
