package lab

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"attnlab/app/lab/explain"
	"attnlab/app/session"
	"attnlab/rl/hyper"
	"attnlab/rl/score"
)

// Growth is how the branch tree of a view grows, and which two rules are compared.
type Growth struct {
	Rule   session.TreeRule
	Seed   uint64
	Rounds int    // so far; AllRounds for a finished tree
	Hand   string // branches that a person began, see [session.BranchesText]

	Rivals [2]string // the rules that are compared
	Over   int       // problems they are compared on
}

// AllRounds in Growth.Rounds means a finished tree.
const AllRounds = -1

// startGrowth is TreeRL's and AttnRL's (M, N, T) = (6, 2, 2).
func startGrowth() Growth {
	return Growth{Rule: session.TreeRule{Branch: score.FCIBranch.Name, Initial: 6, Points: 2, Rollouts: 2}, Seed: 1, Rivals: [2]string{score.FCIBranch.Name, score.EntropyBranch.Name}, Over: 24}
}

// ungrown is the same growth before its first round.
func (g Growth) ungrown() Growth {
	g.Rounds, g.Hand = 0, ""
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
	if g.Hand != "" {
		add("by-hand", g.Hand)
	}
	if g.Rivals != start.Rivals {
		add("rivals", g.Rivals[0]+","+g.Rivals[1])
	}
	number("over", g.Over, start.Over)
}

// readGrowth is the inverse of write.
func readGrowth(q *linkReader) Growth {
	g := startGrowth()
	names := score.BranchNames()
	q.choose("rule", &g.Rule.Branch, names)
	q.whole("m", &g.Rule.Initial, int(hyper.Initial.Min), int(hyper.Initial.Max))
	q.whole("n", &g.Rule.Points, int(hyper.Points.Min), int(hyper.Points.Max))
	q.whole("t", &g.Rule.Rollouts, int(hyper.Rollouts.Min), int(hyper.Rollouts.Max))
	q.seed("tseed", &g.Seed)
	q.whole("rounds", &g.Rounds, AllRounds, 2+int(hyper.Initial.Max*hyper.Points.Max))
	if g.Hand = q.text("by-hand"); g.Hand != "" {
		if branches, err := session.ParseBranches(g.Hand); err != nil || session.BranchesText(branches) != g.Hand || g.Rounds == 0 {
			g.Hand = ""
			q.refuse("by-hand")
		}
	}
	if q.has("rivals") {
		if a, b, ok := strings.Cut(q.text("rivals"), ","); ok && slices.Contains(names, a) && slices.Contains(names, b) {
			g.Rivals = [2]string{a, b}
		} else {
			q.refuse("rivals")
		}
	}
	q.whole("over", &g.Over, 1, session.MaxProblems)
	return g
}

// LeafPlan is how many leaves a rule gives: M responses, each cut at N places and sampled again T times there.
func LeafPlan(r session.TreeRule) string {
	if r.Points == 0 {
		return fmt.Sprintf("%s without branch points: M = %d leaves.", explain.Plural(r.Initial, "response"), r.Initial)
	}
	return fmt.Sprintf("At most M (1 + N T) = %d (1 + %d × %d) = %d leaves.", r.Initial, r.Points, r.Rollouts, r.Initial*(1+r.Points*r.Rollouts))
}
