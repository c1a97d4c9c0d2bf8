package panels

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"attnlab/app/session"
)

// Growth says how the branch tree of a view grows, and which rules are set side by side.
type Growth struct {
	Rule   session.TreeRule
	Seed   uint64
	Rounds int // so far; AllRounds for a finished tree

	Rivals [2]string // the rules that are compared
	Over   int       // problems they are compared on
}

// AllRounds in Growth.Rounds means a finished tree.
const AllRounds = -1

// Bounds of what a visitor may ask for, those of the table of hyper-parameters.
const (
	maxInitial    = 16
	maxPoints     = 8
	maxRollouts   = 8
	maxComparison = 2048
)

var branchRules = []string{"fci", "entropy", "random", "earliest"}

// startGrowth is TreeRL's and AttnRL's (M, N, T) = (6, 2, 2).
func startGrowth() Growth {
	return Growth{Rule: session.TreeRule{Branch: "fci", Initial: 6, Points: 2, Rollouts: 2}, Seed: 1, Rivals: [2]string{"fci", "entropy"}, Over: 24}
}

// anew is the same growth before its first round.
func (g Growth) anew() Growth {
	g.Rounds = 0
	return g
}

// write adds what differs from startGrowth to a link.
func (g Growth) write(add func(key, value string)) {
	start := startGrowth()
	number := func(key string, n, from int) {
		if n != from {
			add(key, strconv.Itoa(n))
		}
	}
	if g.Rule.Branch != start.Rule.Branch {
		add("rule", g.Rule.Branch)
	}
	number("m", g.Rule.Initial, start.Rule.Initial)
	number("n", g.Rule.Points, start.Rule.Points)
	number("t", g.Rule.Rollouts, start.Rule.Rollouts)
	if g.Seed != start.Seed {
		add("tseed", strconv.FormatUint(g.Seed, 10))
	}
	number("rounds", g.Rounds, start.Rounds)
	if g.Rivals != start.Rivals {
		add("rivals", g.Rivals[0]+","+g.Rivals[1])
	}
	number("over", g.Over, start.Over)
}

// readGrowth is the inverse of write; what it does not know is as in startGrowth.
func readGrowth(q url.Values) Growth {
	g := startGrowth()
	number := func(key string, n *int, lo, hi int) { *n = min(max(parse(q.Get(key), *n, strconv.Atoi), lo), hi) }
	if rule := q.Get("rule"); slices.Contains(branchRules, rule) {
		g.Rule.Branch = rule
	}
	number("m", &g.Rule.Initial, 1, maxInitial)
	number("n", &g.Rule.Points, 0, maxPoints)
	number("t", &g.Rule.Rollouts, 1, maxRollouts)
	g.Seed = parse(q.Get("tseed"), g.Seed, parseSeed)
	number("rounds", &g.Rounds, AllRounds, 2+maxInitial*maxPoints)
	if a, b, ok := strings.Cut(q.Get("rivals"), ","); ok && slices.Contains(branchRules, a) && slices.Contains(branchRules, b) {
		g.Rivals = [2]string{a, b}
	}
	number("over", &g.Over, 1, maxComparison)
	return g
}
