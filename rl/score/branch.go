package score

import "slices"

// BranchRule is a rule that chooses the places at which a tree branches a response. A new rule is a value in [BranchRules] and its
// code in rl/tree_branch.go.
type BranchRule struct {
	Name   string // in flags, links and JSON
	Title  string // in a list or a caption: "branch points by Title"
	Phrase string // in a sentence: "branch points are chosen Phrase"
	Score  Score  // the number that is shown at a branch point
}

// The rules. FirstBranch and RandomBranch are controls: they do not use the model. LateBranch is the control of the place of FCI's points: as late as these, and
// chosen at random. PivotBranch is the oracle: it asks the task, see [attnlab/rl/task.Pivotal].
var (
	FCIBranch     = BranchRule{Name: "fci", Title: "FCI", Phrase: "by FCI", Score: FCI}
	EntropyBranch = BranchRule{Name: "entropy", Title: "entropy", Phrase: "by entropy", Score: Surprise} // as TreeRL's code
	RandomBranch  = BranchRule{Name: "random", Title: "random", Phrase: "at random", Score: FCI}
	FirstBranch   = BranchRule{Name: "earliest", Title: "earliest", Phrase: "earliest", Score: FCI}
	LateBranch    = BranchRule{Name: "late", Title: "as late as FCI's, at random", Phrase: "at random, as late as by FCI", Score: FCI}
	PivotBranch   = BranchRule{Name: "pivot", Title: "the pivot", Phrase: "at the pivot", Score: FCI}
)

// BranchRules lists all rules in the order in which they are shown.
var BranchRules = []BranchRule{FCIBranch, EntropyBranch, RandomBranch, FirstBranch, LateBranch, PivotBranch}

// BranchNames lists the names of all rules.
func BranchNames() []string {
	var names []string
	for _, r := range BranchRules {
		names = append(names, r.Name)
	}
	return names
}

// FindBranch returns the rule with a name. An unknown name, such as one from a newer file, gives a rule that is shown by that name
// and has no score.
func FindBranch(name string) BranchRule {
	if i := slices.IndexFunc(BranchRules, func(r BranchRule) bool { return r.Name == name }); i >= 0 {
		return BranchRules[i]
	}
	return BranchRule{Name: name, Title: name, Phrase: name, Score: Score{Name: "score", Symbol: "score"}}
}

// Label is the symbol of a score with its unit, as over a column of its values.
func (s Score) Label() string {
	if s.Unit == "" {
		return s.Symbol
	}
	return s.Symbol + ", " + s.Unit
}
