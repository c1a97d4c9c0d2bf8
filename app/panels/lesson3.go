package panels

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"attnlab/app/session"
)

// lessonBranching is about trees, and where they branch.
var lessonBranching = lesson{
	title: "Where to branch",
	about: "Grow a tree of responses, then set two rules for its branch points side by side.",
	steps: []lessonStep{
		{page: pageTree, ring: "growth", title: "Ask what a step is worth",
			text:   "One [reward] at the end says little about the steps before it. So cut the response at a [branch point], sample the rest again and again, and see how often it ends well: the share of right leaves below a node is its [value], V.",
			source: "TreeRL, arXiv 2506.11902, EPTree; AttnRL, arXiv 2509.26628, eq. 2",
			shows: []try{{"Grow a tree by FCI", func(l *Lab) {
				l.setTree("rule", "fci")
				l.grow("all", true)
			}}}},
		{page: pageTree, ring: "node-panel", title: "From value to advantage",
			text:   "[GA] is V less that of the root, [LA] is V less that of the parent. A node's [advantage] is their sum over the square root of its leaves: its tokens come again in every path below it. Choose a node to see the numbers.",
			source: "AttnRL, arXiv 2509.26628, eq. 2 and 3; TreeRL, arXiv 2506.11902"},
		{part: asks, page: pageTree, ring: "rivals", title: "Predict",
			text:   "TreeRL branches at the tokens that the model was least sure of, AttnRL at early steps of high [FCI]. Rollouts teach something only if some end right and some wrong: such a problem is [valid|valid group]. Both rules branch the same responses.",
			source: "TreeRL, arXiv 2506.11902, EPTree; AttnRL, arXiv 2509.26628, ATB"},
		{part: runs, page: pageTree, ring: "rivals", title: "Grow both",
			text: "Each problem gets one initial response, two branch points in it by either rule, and two fresh rollouts from each point. Only these four are counted: with many more, nearly every problem of this task is valid by any rule."},
		{part: checks, page: pageTree, ring: "rivals", title: "What was seen",
			text:   "FCI points tend to be early, and where little is written yet much can still change. To see what attention itself adds, compare FCI with the rule earliest on this page. AttnRL reports more valid problems by FCI than by entropy.",
			source: "AttnRL, arXiv 2509.26628, branching statistics (curves only)"},
	},
	ask:      "Which rule leaves more problems valid?",
	choices:  []string{"entropy", "FCI"},
	bounds:   []float64{0},
	quantity: "valid share, FCI less entropy,",
	tries: []try{
		{"48 problems", func(l *Lab) { l.setRulesSideBySide(48) }},
		{"256 problems", func(l *Lab) { l.setRulesSideBySide(256) }},
	},
	forget: func(l *Lab) { l.rules = session.Rules{} },
	measure: func(s *state) measured {
		row := func(branch string) (r session.RuleOutcome, ok bool) {
			i := slices.IndexFunc(s.rules.Rows, func(r session.RuleOutcome) bool { return r.Branch == branch })
			if i < 0 {
				return r, false
			}
			return s.rules.Rows[i], true
		}
		fci, ok := row("fci")
		entropy, ok2 := row("entropy")
		n := min(fci.Problems, entropy.Problems)
		m := measured{n: n, what: "problems", freedom: 2 * (n - 1)}
		if !ok || !ok2 || n < least {
			return m
		}
		// The rules share problems and initial responses; taken as independent, the error is rather too large.
		m.value = fci.Valid - entropy.Valid
		m.se = math.Hypot(shareError(fci.Valid, fci.ValidSE, n), shareError(entropy.Valid, entropy.ValidSE, n))
		m.saw = fmt.Sprintf("Valid were %s by FCI and %s by entropy. Branch points lay on average at %s of the response by FCI, at %s by entropy; a problem took %.0f and %.0f new tokens.",
			format(fci.Valid), format(entropy.Valid), format(fci.Position), format(entropy.Position), fci.Sampled, entropy.Sampled)
		return m
	},
}

// setRulesSideBySide compares FCI and entropy on n problems, by the smallest trees in which both can differ.
func (l *Lab) setRulesSideBySide(n int) {
	for _, control := range [][2]string{{"rival", "fci"}, {"other-rival", "entropy"}, {"over", strconv.Itoa(n)}, {"initial", "1"}, {"points", "2"}, {"rollouts", "2"}} {
		l.setTree(control[0], control[1])
	}
	l.do("compare-rules")
}
