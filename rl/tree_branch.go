package rl

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"attnlab/rl/examine"
	"attnlab/rl/hyper"
	"attnlab/rl/score"
	"attnlab/rl/stat"
	"attnlab/rl/task"
)

// BranchParam is the row of the table of hyper-parameters that names one of [score.BranchRules].
var BranchParam = hyper.Param{
	Name: "branch", Meaning: "what chooses branch points: steps of high FCI, uncertain tokens, random steps, the earliest steps, random steps as late as those of high FCI, or the pivot where the task knows it", Source: "unstated",
	Choices: score.BranchNames(), Max: float64(len(score.BranchRules) - 1), Step: 1,
}

// TreeRule is how responses are branched and which are: TreeRL's trees, and with it AttnRL's choices.
type TreeRule struct {
	initial        int    // M
	points         int    // N
	rollouts       int    // T
	branch         string // of [score.BranchRules]
	keepUnbranched bool

	delta    int     // Δ, steps
	reading  string  // of FCI, see readings; "" is the paper's
	highest  bool    // branch at the highest of the top share, not at the earliest
	topShare float64 // ρ
	spacing  int     // tokens

	filter      string  // "off", "batch" or "running"
	trees       string  // "all", "round" or "ceil"
	batch       string  // "fixed", "round" or "ceil"
	lambda      float64 // λ
	validTarget int     // B', sequences
}

// NewTreeRule reads the hyper-parameters of a method of trees. All problems and all of their responses are expanded, in batches of
// a fixed size. A method that adapts them changes the rule in its file.
func NewTreeRule(h hyper.Values) TreeRule {
	return TreeRule{
		initial:        h.Int("initial"),
		points:         h.Int("points"),
		rollouts:       h.Int("rollouts"),
		branch:         h.Choice("branch"),
		keepUnbranched: h.Choice("unbranched") == "keep",
		delta:          h.Int("delta"),
		reading:        h.Choice("fci"),
		highest:        h.Choice("take") == "highest",
		topShare:       h.Number("quantile"),
		spacing:        h.Int("spacing"),
		filter:         "off", trees: "all", batch: "fixed",
	}
}

// leaves is the number of leaves of a problem whose responses are all expanded.
func (c TreeRule) leaves() int { return c.initial * (1 + c.points*c.rollouts) }

// readings are the scores that --fci names. Of these only the sum depends on how many steps follow.
var readings = map[string]score.Score{"": score.FCI, "sum": score.FCI, "mean": score.FCIMean, "over-uniform": score.FCIOverUniform}

// suits returns an error if the rule needs a pivot that the task does not know.
func (c TreeRule) suits(t task.Task) error {
	if c.branch == score.PivotBranch.Name && !task.KnowsPivot(t) {
		return fmt.Errorf("rl: task %s knows no pivot to branch at; choose branch fci, entropy, random, earliest or late, or a task that has one", t.Name())
	}
	return nil
}

// plannedTree is the initial responses to a problem with the places to branch them at.
type plannedTree struct {
	Group
	Points [][]int // [sample] response tokens before each branch; empty where it is not expanded
}

// ---- Sample

// branches are the rollouts that planned trees need: T at each point.
func (c TreeRule) branches(planned []plannedTree) []pendingBranch {
	var from []pendingBranch
	for _, s := range planned {
		for i, points := range s.Points {
			for _, at := range points {
				for range c.rollouts {
					from = append(from, pendingBranch{problem: s.Problem, response: s.Samples[i].Response()[:at], old: s.Samples[i].Old[:at]})
				}
			}
		}
	}
	return from
}

// ---- Score

// plan decides which problems stay, which of their initial responses are expanded, and where.
func (c TreeRule) plan(p *Policy, easy *easyFilter, groups []Group) ([]plannedTree, error) {
	fci, err := c.scores(p, groups)
	if err != nil {
		return nil, err
	}
	var solved []int
	var means []float64
	for i, g := range groups {
		if g.passRate() == 1 && c.filter != "off" {
			solved, means = append(solved, i), append(means, score.MeanFCI(fci[i]))
		}
	}
	keep := easy.keep(c, means)
	planned := []plannedTree{}
	for i, g := range groups {
		if j := slices.Index(solved, i); j >= 0 && !keep[j] {
			continue
		}
		random := task.NewRandom(task.SeedOf("branch", p.seed, g.Index), 0)
		s := plannedTree{Group: g, Points: make([][]int, len(g.Samples))}
		correct, _ := g.verdicts()
		for _, k := range c.expanded(correct, random) {
			pivot := p.pivot(g, k)
			s.Points[k] = c.pointsOf(g.Samples[k], fci[i][k], pivot, random)
			p.tally.branched(g.Samples[k], s.Points[k], c.points, pivot)
		}
		planned = append(planned, s)
	}
	return planned, nil
}

// scores are the FCI of all steps by the rule's reading, [group][sample][step], where a rule needs them; zeros otherwise, and of steps that
// have none.
func (c TreeRule) scores(p *Policy, groups []Group) (fci [][][]float64, err error) {
	var traces []task.Trace
	var wanted []*[]float64
	for i, g := range groups {
		fci = append(fci, make([][]float64, len(g.Samples)))
		for k, s := range g.Samples {
			fci[i][k] = make([]float64, len(s.Steps))
			if c.branch == score.FCIBranch.Name || c.branch == score.LateBranch.Name || c.filter != "off" && g.passRate() == 1 {
				traces, wanted = append(traces, s.Trace), append(wanted, &fci[i][k])
			}
		}
	}
	examined, err := examine.Examine(p.Scorer, traces, c.delta)
	for i, e := range examined {
		values := readings[c.reading].Of(e.Input()).Steps
		for k := range values {
			if !score.Scored(k, len(values), e.AnswerEnd > e.AnswerStart, c.delta) {
				values[k] = math.NaN()
			}
		}
		p.tally.scored(values)
		for k, y := range values {
			if math.IsNaN(y) {
				values[k] = 0
			}
		}
		*wanted[i] = values
	}
	return fci, err
}

// noPivot is the pivot of a response that has none, or of a task that does not know it.
const noPivot = -1

// pivot is the step of sample k of a group that decides whether its answer can still be right, or [noPivot].
func (p *Policy) pivot(g Group, k int) int {
	if step, known := task.Pivot(p.Task, g.Problem, g.Samples[k].Trace); known {
		return step
	}
	return noPivot
}

// pointsOf are the response tokens before each branch, by the rule's way of branching, in order. Steps are sampled again from their
// first token, and never the first step. At a pivot all points are the same.
func (c TreeRule) pointsOf(s Sample, fci []float64, pivot int, random *rand.Rand) []int {
	var steps []int
	switch later := max(0, len(s.Steps)-1); c.branch {
	case score.EntropyBranch.Name:
		logprob, think := make([]float64, len(s.Old)), make([]bool, len(s.Old))
		for t, l := range s.Old {
			logprob[t], think[t] = float64(l), s.PromptLength+t < s.ThinkEnd
		}
		return uncertainPoints(logprob, think, c.points)
	case score.FCIBranch.Name, score.LateBranch.Name:
		ranges := make([][2]int, len(s.Steps))
		for k, step := range s.Steps {
			ranges[k] = [2]int{step.Start, step.End}
		}
		steps = c.branchPoints(fci, ranges)
		if c.branch == score.LateBranch.Name {
			steps = asLate(steps, later, random)
		}
	case score.RandomBranch.Name:
		steps = random.Perm(later)[:min(c.points, later)]
		slices.Sort(steps)
		for i := range steps {
			steps[i]++
		}
	case score.FirstBranch.Name:
		for k := 1; k <= min(c.points, later); k++ {
			steps = append(steps, k)
		}
	case score.PivotBranch.Name:
		if pivot > 0 {
			steps = slices.Repeat([]int{pivot}, c.points)
		}
	default:
		panic(fmt.Sprintf("rl: there is no code for branch rule %q", c.branch))
	}
	at := make([]int, len(steps))
	for i, k := range steps {
		at[i] = s.Steps[k].Start - s.PromptLength
	}
	return at
}

// asLate draws a step in place of each, evenly from those at most as far from it as the nearer end of steps 1 to later: each is in the mean as late as the one that it
// replaces, and the step itself is as likely as any other. The two may be the same, and are where a step is step 1 or the last.
func asLate(steps []int, later int, random *rand.Rand) (drawn []int) {
	for _, k := range steps {
		reach := min(k-1, later-k)
		drawn = append(drawn, k-reach+random.IntN(2*reach+1))
	}
	slices.Sort(drawn)
	return drawn
}

// ---- Credit

// treeInputs is where a response lies in its tree.
type treeInputs struct{ leaf int }

// grow takes the rollouts of a planned tree's branches off the front of samples and builds the tree, without credit. hand are branches
// besides, which a person began.
func (c TreeRule) grow(s plannedTree, samples *[]Sample, hand ...handBranch) Group {
	g := Group{Problem: s.Problem, Index: s.Index, Tree: newTree()}
	for i, initial := range s.Samples {
		grown := []Sample{initial}
		var branches []branch
		for _, at := range s.Points[i] {
			for range c.rollouts {
				b := (*samples)[0]
				*samples = (*samples)[1:]
				b.Kind = "branch"
				grown = append(grown, b)
				branches = append(branches, branch{at: at, length: len(b.Response()) - at, reward: stat.Indicator(b.Correct)})
			}
		}
		for _, h := range hand {
			if h.tree == i {
				grown = append(grown, h.sample)
				branches = append(branches, branch{at: h.at, length: len(h.sample.Response()) - h.at, reward: stat.Indicator(h.sample.Correct)})
			}
		}
		for j, leaf := range g.Tree.add(len(initial.Response()), stat.Indicator(initial.Correct), branches) {
			grown[j].Inputs.Own = treeInputs{leaf}
		}
		g.Samples = append(g.Samples, grown...)
	}
	return g
}

// credit credits the tree of a group and gives every response the advantages of its nodes.
func (c TreeRule) credit(g Group) error {
	if err := g.Tree.Credit(c.keepUnbranched); err != nil {
		return err
	}
	for i := range g.Samples {
		s, leaf := &g.Samples[i], g.Samples[i].leaf()
		s.Reward = stat.Indicator(s.Correct)
		s.Inputs.Advantage = s.Reward - g.Tree.Nodes[0].Value
		s.Inputs.Before = s.Inputs.Advantage
		if s.Advantage = nil; g.Tree.Nodes[leaf].Trained && g.Tree.valid() {
			s.Advantage = g.Tree.tokenAdvantages(leaf)
		}
	}
	return nil
}

// leaf is the node of its tree in which a response ends.
func (s Sample) leaf() int { return s.Inputs.Own.(treeInputs).leaf }
