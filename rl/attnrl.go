package rl

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"attnlab/rl/hyper"
	"attnlab/rl/score"
	"attnlab/rl/stat"
)

// AttnRL: Attention as a Compass: Efficient Exploration for Process-Supervised RL
// in Reasoning Models, arXiv 2509.26628 (ICLR 2026).
//
//	FCI   y_k = max_{l,h} Σ_{j>=k+Δ} α_{j,k}^{l,h}: how much later steps look back at step k
//	ATB   branch at the N earliest of the top ρ of steps by FCI, T rollouts each                    eq. 7
//	      values and advantages as in TreeRL                                                        eq. 2-3
//	ADS   drop all-correct problems of low mean FCI                                                 eq. 8
//	      expand Round(M e^-z) responses at pass rate z                                             eq. 9
//	      steer the batch size to B' valid sequences                                                eq. 10
//
// Switches: where paper and code differ the paper's form is the default (table
// of hyper-parameters: spacing, filter, trees, batch).
//
// From the code, the paper being silent: how candidates are filled up, which
// responses are expanded, that responses without branch points are not
// trained on, the dual clip.
//
// Departures: an empty step (no valid sequence at all) leaves the batch size as
// it is, where eq. 10 divides by zero, and a batch has at most as many problems as
// the table of hyper-parameters allows; the quantile of ATB and the mean of eq. 8
// are over the steps of the think part, without the answer, which the code counts
// in with scores of zero; AdamW has no weight decay (0.01 there).

// AttnRL configures the method. Its trees are TreeRL's.
type AttnRL struct {
	TreeRL
	Delta       int     // Δ, steps
	TopShare    float64 // ρ
	Spacing     int     // tokens
	Filter      string  // "off", "batch" or "running"
	Trees       string  // "all", "round" or "ceil"
	Batch       string  // "fixed", "round" or "ceil"
	Lambda      float64 // λ
	ValidTarget int     // B', sequences
}

// NewAttnRL reads the hyper-parameters of "attnrl".
func NewAttnRL(h hyper.Values) AttnRL {
	return AttnRL{
		TreeRL:      NewTreeRL(h),
		Delta:       h.Int("delta"),
		TopShare:    h["quantile"],
		Spacing:     h.Int("spacing"),
		Filter:      h.Choice("filter"),
		Trees:       h.Choice("trees"),
		Batch:       h.Choice("batch"),
		Lambda:      h["lambda"],
		ValidTarget: h.Int("valid"),
	}
}

// ---- Sample: initial responses and rollouts, see treeTrainer

// ---- Score: what later steps look back at

// ---- Score: where and how much to branch

// BranchPoints returns N indices into steps at which to branch, in order; the
// prefix kept is what lies strictly before the step, so that the influential
// step itself is sampled anew. fci has one score a response step, steps their
// token ranges counted from the start of the prompt. The first step is never
// chosen; a response of one step has no branch point. Where too few steps
// qualify the earliest others fill up, and where steps run out they repeat.
func (c AttnRL) BranchPoints(fci []float64, steps [][2]int) []int {
	if len(fci) != len(steps) {
		panic(fmt.Sprintf("rl: BranchPoints: %d scores for %d steps", len(fci), len(steps)))
	}
	if len(steps) < 2 {
		return nil
	}
	threshold := score.TopThreshold(fci, c.TopShare)
	var at []int
	for k := 1; k < len(steps) && len(at) < c.Points; k++ {
		if fci[k] >= threshold && steps[k][0] >= c.Spacing &&
			(len(at) == 0 || steps[k][0]-steps[at[len(at)-1]][1] >= c.Spacing) {
			at = append(at, k)
		}
	}
	for k := 1; k < len(steps) && len(at) < c.Points; k++ {
		if !slices.Contains(at, k) {
			at = append(at, k)
		}
	}
	for i := 0; len(at) < c.Points; i++ {
		at = append(at, at[i])
	}
	slices.Sort(at)
	return at
}

// TreeCount returns how many of a problem's M responses are expanded at pass
// rate z.
func (c AttnRL) TreeCount(z float64) int {
	want := float64(c.Initial) * math.Exp(-z)
	switch c.Trees {
	case "round":
		return int(math.Round(want))
	case "ceil":
		return int(math.Ceil(want))
	}
	return c.Initial
}

// Expanded returns which responses are expanded, in order: the rarer outcome
// first, then random ones of the other. Where all are correct or all are wrong
// the first ones are.
func (c AttnRL) Expanded(correct []bool, random *rand.Rand) []int {
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
	chosen := all[:min(c.TreeCount(z), len(all))]
	slices.Sort(chosen)
	return chosen
}

// EasyFilter decides which all-correct problems are worth a tree. Its fields
// are its state between steps.
type EasyFilter struct {
	Sum   float64 `json:"sum"` // of ȳ over every all-correct problem so far
	Count int     `json:"count"`
}

// Keep returns for each all-correct problem of a batch, given its MeanFCI,
// whether it stays: at least the batch's mean (paper), or above the mean of
// all so far, this batch included (code).
func (f *EasyFilter) Keep(c AttnRL, meanFCI []float64) []bool {
	for _, y := range meanFCI {
		f.Sum += y
	}
	f.Count += len(meanFCI)
	keep := make([]bool, len(meanFCI))
	batchMean := stat.Mean(meanFCI)
	for i, y := range meanFCI {
		switch c.Filter {
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

// NextBatch returns the next number of problems after a step of batch problems
// that yielded valid sequences.
func (c AttnRL) NextBatch(batch, valid int) int {
	if valid <= 0 {
		return batch
	}
	problems, _ := hyper.Lookup("problems")
	most := int(problems.Max)
	b := float64(batch)
	want := b * float64(c.ValidTarget) / float64(valid)
	switch c.Batch {
	case "round":
		return min(max(1, int(math.Round(c.Lambda*b+(1-c.Lambda)*want))), most)
	case "ceil":
		// 1e-9: a sum that is whole but for rounding stays what it is
		return min(max(1, int(math.Ceil(c.Lambda*b+(1-c.Lambda)*math.Floor(want)-1e-9))), most)
	}
	return batch
}

// ---- Credit: TreeRL.Credit. Loss: see LossConfig. Step: treeTrainer
