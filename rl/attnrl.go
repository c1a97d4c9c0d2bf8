package rl

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"attnlab/rl/hyper"
	"attnlab/rl/score"
	"attnlab/rl/stat"
)

// AttnRL is Attention as a Compass: Efficient Exploration for Process-Supervised RL in Reasoning Models, arXiv 2509.26628 (ICLR
// 2026).
//
//	FCI   y_k = max_{l,h} Σ_{j>=k+Δ} α_{j,k}^{l,h}: how much later steps look back at step k
//	ATB   branch at the N earliest of the top ρ of steps by FCI, T rollouts each                    eq. 7
//	      values and advantages as in TreeRL                                                        eq. 2-3
//	ADS   drop all-correct problems of low mean FCI                                                 eq. 8
//	      expand Round(M e^-z) responses at pass rate z                                             eq. 9
//	      steer the batch size to B' valid sequences:
//	      B_m = Round(λ B_{m-1} + (1-λ) B'/B''_{m-1} B_{m-1})                                       eq. 10
//
// B and B” of eq. 10 are of one step. With the pipeline, a batch of problems is drawn one step before its valid sequences are
// known, so the batch that is drawn after step m follows from the problems and the valid sequences of the trees trained on at step
// m, and the batch drawn at step m in between follows from those of step m-1.
//
// Switches: where paper and code differ the paper's form is the default (table of hyper-parameters: spacing, filter, trees,
// batch).
//
// The paper does not describe these, so they follow the code: how candidates are filled up, which responses are expanded, that
// responses without branch points are not trained on, the dual clip.
//
// Departures: an empty step (no valid sequence at all) leaves the batch size as it is, where eq. 10 divides by zero, and a batch
// has at most as many problems as the table of hyper-parameters allows; the quantile of ATB and the mean of eq. 8 are over the
// steps of the think part, without the answer, which the code includes with scores of zero.
//
// The training step is treeTrainer's, the tree's credit is [Tree.Credit].
var AttnRL = Method{
	Name:    "attnrl",
	Title:   "AttnRL",
	Summary: "Trees as in TreeRL that branch at steps of high FCI, and more often on hard problems. In these models those are mostly the earliest steps.",
	Source:  "arXiv 2509.26628",
	Steps:   40,
	Params: slices.Concat(hyper.Table{
		hyper.Problems.With(64, 10).From("AttnRL, training set-up"),
		hyper.Temperature.With(1, 1).From("AttnRL, training set-up"),
		hyper.SamplingKey.With(0, 0),
		hyper.MaxLength.With(8192, hyper.LabMaxLength).From("AttnRL, training set-up"),
		hyper.LearningRate.With(1e-6, 5e-4).From("AttnRL, training set-up"),
		hyper.WarmUp.With(0, 0).From("AttnRL script"),
		hyper.MiniBatches.With(10, 2).From("AttnRL code, inferred from mini-batches of 192 of 1,920 sequences"),
		hyper.ClipLow.With(0.2, 0.2).From("AttnRL script"),
		hyper.ClipHigh.With(0.28, 0.28).From("AttnRL, training set-up"),
		hyper.DualClip.With(3, 3).From("AttnRL code"),
		hyper.KL.With(0.001, 0).From("AttnRL, training set-up"),
		hyper.Entropy.With(0, 0).From("AttnRL, training set-up"),
		hyper.Aggregation.Choosing("token", "token").From("AttnRL, training set-up"),
		hyper.FlatGroups.Choosing("drop", "drop").From("AttnRL code"),
		hyper.Initial.With(6, 6).From("AttnRL, training set-up"),
		hyper.Points.With(2, 2).From("AttnRL, ATB"),
		hyper.Rollouts.With(2, 2).From("AttnRL code"),
		BranchParam.Choosing("fci", "fci").From("AttnRL, ATB; random, earliest and late are controls, pivot is an oracle"),
		hyper.Unbranched.Choosing("drop", "drop").From("AttnRL code"),
		hyper.Pipeline.Choosing("on", "on").From("AttnRL, one-step off-policy"),
		hyper.Delta.With(4, 2).From("AttnRL, FCI"),
		hyper.Quantile.With(0.2, 0.2).From("AttnRL, ATB, eq. 7"),
		hyper.FCI.Choosing("sum", "sum").From("AttnRL, FCI; the others are controls"),
		hyper.Take.Choosing("earliest", "earliest").From("AttnRL, ATB; highest is a control"),
		hyper.Spacing.With(0, 0).From("only in AttnRL's code, where it is 512"),
		{Name: "filter", Meaning: "which all-correct problems stay: all, mean FCI at least the batch mean (paper), or above the running mean (code)", Source: "AttnRL, ADS, eq. 8",
			Choices: []string{"off", "batch", "running"}, Max: 2, Step: 1, Paper: hyper.Choice("batch"), Lab: hyper.Choice("batch")},
		{Name: "trees", Meaning: "responses expanded: all, Round(M e^-z) (paper) or ceil(M e^-z) (code)", Source: "AttnRL, ADS, eq. 9",
			Choices: []string{"all", "round", "ceil"}, Max: 2, Step: 1, Paper: hyper.Choice("round"), Lab: hyper.Choice("round")},
		{Name: "batch", Symbol: "B_m", Meaning: "next batch size: fixed, Round of the moving average (paper), or its ceil over a floored target (code)", Source: "AttnRL, ADS, eq. 10",
			Choices: []string{"fixed", "round", "ceil"}, Max: 2, Step: 1, Paper: hyper.Choice("round"), Lab: hyper.Choice("round")},
		{Name: "lambda", Symbol: "λ", Meaning: "inertia of the batch size", Source: "AttnRL, ADS, eq. 10",
			Min: 0, Max: 1, Step: 0.01, Paper: hyper.Number(0.9), Lab: hyper.Number(0.9)},
		{Name: "valid", Symbol: "B′", Meaning: "wanted number of valid sequences at a step", Source: "AttnRL code",
			Min: 1, Max: 100000, Step: 1, Paper: hyper.Number(1920), Lab: hyper.Number(210)},
	}, hyper.Optimiser("AttnRL script and verl, on which it is built", 0.9, 0.999, 0.01, 1)),
	Rules: []hyper.Rule{
		func(h hyper.Values, _ hyper.Limits) error {
			leaves := NewTreeRule(h).leaves()
			if most := leaves * int(hyper.Problems.Max); h.Choice("batch") != "fixed" && h.Int("valid") > most {
				return fmt.Errorf("valid is %d sequences and %d problems, the largest batch, have %d; give at most that, or batch fixed",
					h.Int("valid"), int(hyper.Problems.Max), most)
			}
			return nil
		},
	},
	Takes: Takes{Tree: true},
	New: func(h hyper.Values, s Setup) (Trainer, error) {
		c := NewTreeRule(h)
		c.filter, c.trees, c.batch = h.Choice("filter"), h.Choice("trees"), h.Choice("batch")
		c.lambda, c.validTarget = h.Number("lambda"), h.Int("valid")
		return newTreeTrainer(c, h, s)
	},
}

// ---- Sample: initial responses and rollouts, see treeTrainer

// ---- Score: where and how much to branch

// branchPoints returns N indices into steps at which to branch, in order: the earliest, or the highest, of the top share; the prefix that stays is what lies strictly before the
// step, so that the influential step itself is sampled again. fci has one score a response step, steps their token ranges counted
// from the start of the prompt. The first step is never chosen; a response of one step has no branch point. Where too few steps
// qualify the others fill up in the same order, and where steps run out they repeat.
func (c TreeRule) branchPoints(fci []float64, steps [][2]int) []int {
	if len(fci) != len(steps) {
		panic(fmt.Sprintf("rl: branchPoints: %d scores for %d steps", len(fci), len(steps)))
	}
	if len(steps) < 2 {
		return nil
	}
	threshold := score.TopThreshold(fci, c.topShare)
	order := make([]int, len(steps)-1)
	for i := range order {
		order[i] = i + 1
	}
	if c.highest {
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(fci[b], fci[a]) })
	}
	var at []int
	for _, k := range order {
		near := func(other int) bool { return max(steps[k][0]-steps[other][1], steps[other][0]-steps[k][1]) < c.spacing }
		if len(at) < c.points && fci[k] >= threshold && steps[k][0] >= c.spacing && !slices.ContainsFunc(at, near) {
			at = append(at, k)
		}
	}
	for _, k := range order {
		if len(at) < c.points && !slices.Contains(at, k) {
			at = append(at, k)
		}
	}
	for i := 0; len(at) < c.points; i++ {
		at = append(at, at[i])
	}
	slices.Sort(at)
	return at
}

// treeCount returns how many of a problem's M responses are expanded at pass rate z.
func (c TreeRule) treeCount(z float64) int {
	want := float64(c.initial) * math.Exp(-z)
	switch c.trees {
	case "round":
		return int(math.Round(want))
	case "ceil":
		return int(math.Ceil(want))
	}
	return c.initial
}

// expanded returns which responses are expanded, in order: the rarer outcome first, then random ones of the other. Where all are
// correct or all are wrong the first ones are.
func (c TreeRule) expanded(correct []bool, random *rand.Rand) []int {
	var right, wrong []int
	for i, ok := range correct {
		if ok {
			right = append(right, i)
		} else {
			wrong = append(wrong, i)
		}
	}
	z := float64(len(right)) / float64(max(1, len(correct)))
	rare, other := wrong, right
	if z < 0.5 {
		rare, other = right, wrong
	}
	if len(rare) > 0 {
		random.Shuffle(len(other), func(i, j int) { other[i], other[j] = other[j], other[i] })
	}
	all := append(rare, other...)
	chosen := all[:min(c.treeCount(z), len(all))]
	slices.Sort(chosen)
	return chosen
}

// easyFilter decides which all-correct problems are worth a tree. Its fields are its state between steps.
type easyFilter struct {
	Sum   float64 `json:"sum"` // of ȳ over every all-correct problem so far
	Count int     `json:"count"`
}

// keep returns for each all-correct problem of a batch, given its mean FCI, whether it stays: at least the batch's mean (paper), or
// above the mean of all so far, this batch included (code).
func (f *easyFilter) keep(c TreeRule, meanFCI []float64) []bool {
	for _, y := range meanFCI {
		f.Sum += y
	}
	f.Count += len(meanFCI)
	keep := make([]bool, len(meanFCI))
	batchMean := stat.Mean(meanFCI)
	for i, y := range meanFCI {
		switch c.filter {
		case "batch":
			keep[i] = y >= batchMean*(1-1e-12) // the mean itself stays, whatever its rounding
		case "running":
			keep[i] = y > f.Sum/float64(f.Count)
		default:
			keep[i] = true
		}
	}
	return keep
}

// nextBatch returns the next number of problems after a step whose batch of problems yielded valid sequences.
func (c TreeRule) nextBatch(batch, valid int) int {
	if valid <= 0 {
		return batch
	}
	most := int(hyper.Problems.Max)
	b := float64(batch)
	want := b * float64(c.validTarget) / float64(valid)
	switch c.batch {
	case "round":
		return min(max(1, int(math.Round(c.lambda*b+(1-c.lambda)*want))), most)
	case "ceil":
		// 1e-9: rounding must not raise a whole sum to the next number
		return min(max(1, int(math.Ceil(c.lambda*b+(1-c.lambda)*math.Floor(want)-1e-9))), most)
	}
	return batch
}
