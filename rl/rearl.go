package rl

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"attnlab/rl/hyper"
	"attnlab/rl/task"
)

// REARL is REA-RL: Reflection-Aware Online Reinforcement Learning for Efficient Reasoning Models, arXiv 2505.19862 (ICLR 2026).
//
//	sample o_1..o_G; a reflection model gives each step a probability P_i that it states a result;
//	cut o_i there, force the end of thinking, let the policy finish: revision o'_i
//	a wrong revision becomes a copy of its response; group = {o_1..o_G, o'_1..o'_G}
//	R = R_acc + R_len + R_refl;  A = (R - mean) / std over the 2G;  all wrong: A = 0
//	R_len  = 1 - (L - min)/(max - min) if correct, else 0
//	R_refl = min(0, D/D_0.2 - 1), D = reflections a think token, D_0.2 a quantile of the base model
//
// The switch reward-form takes the code's R_len and R_refl in place of the paper's. Equal lengths of all correct responses, where
// the paper's formula is 0/0, count as shortest.
//
// From the code: the loss is a mean over all tokens, std the sample's plus 1e-4, and <eos> is appended to a revision that met its
// limit of tokens (switch revision-eos).
//
// Departures: a step is a task's line, not 32 to 128 tokens; a cut at the last step drops that step, for the paper its last
// paragraph; in the cut "strong" we read "highest before the first result" as the likeliest step of 0.25 or more before the first
// of 0.5; oracle cuts use the task's labels in place of a reflection model; the words that count as reflections are the task's;
// P_i is the probability of Result among all tokens, not of Result and Think alone; the learning rate is constant, where the code
// warms up over a tenth of its steps and then follows a cosine; the ratio is that of PPO on fresh samples, where the code takes 1
// on samples one batch old.
var REARL = Method{
	Name:    "rearl",
	Title:   "REA-RL",
	Summary: "Each response is cut where it has its result and finished again. Both versions compete in the group for accuracy, shortness and enough reflection.",
	Source:  "arXiv 2505.19862",
	Steps:   40,
	Params: slices.Concat(hyper.Table{
		hyper.Problems.With(16, 16).From("REA-RL code, inferred from its devices"),
		hyper.Group.With(4, 4).From("REA-RL, sequential revision"),
		hyper.Temperature.With(0.6, 1).From("REA-RL code"),
		hyper.SamplingKey.With(0, 0),
		hyper.MaxLength.With(8000, hyper.LabMaxLength).From("REA-RL code"),
		hyper.LearningRate.With(2e-5, 5e-4).From("REA-RL code"),
		hyper.WarmUp.With(0, 0).From("REA-RL code has a tenth of its steps, whose number we do not know"),
		hyper.MiniBatches.With(1, 2).From("REA-RL code"),
		hyper.ClipLow.With(0.2, 0.2).From("TRL, on which the code is built"),
		hyper.ClipHigh.With(0.2, 0.28).From("TRL, on which the code is built"),
		hyper.DualClip.With(0, 0).From("not in the code"),
		hyper.KL.With(0.04, 0).From("REA-RL code"),
		hyper.Entropy.With(0, 0).From("not in the code"),
		hyper.Aggregation.Choosing("token", "sequence").From("REA-RL code"),
		hyper.FlatGroups.Choosing("keep", "drop").From("REA-RL code"),
		hyper.Std.Choosing("sample", "off").From("REA-RL code"),
		hyper.StdEpsilon.With(1e-4, 1e-6).From("REA-RL code"),
		{Name: "cut", Meaning: "where a response is cut for its revision; oracle needs the task's own labels", Source: "REA-RL, reflection model, code; oracle is ours",
			Choices: []string{"normal", "weak", "strong", "oracle"}, Max: 3, Step: 1, Paper: hyper.Choice("normal"), Lab: hyper.Choice("oracle")},
		{Name: "revise", Meaning: "add a revision of each response to its group", Source: "REA-RL, sequential revision",
			Choices: []string{"off", "on"}, Max: 1, Step: 1, Paper: hyper.Choice("on"), Lab: hyper.Choice("on")},
		{Name: "revision-tokens", Meaning: "longest finish of a revision, tokens", Source: "REA-RL code",
			Min: 8, Max: 4096, Step: 8, Paper: hyper.Number(256), Lab: hyper.Number(48)},
		{Name: "revision-eos", Meaning: "append <eos> to a revision that met its limit of tokens", Source: "REA-RL code",
			Choices: []string{"off", "on"}, Max: 1, Step: 1, Paper: hyper.Choice("on"), Lab: hyper.Choice("off")},
		{Name: "reward-form", Meaning: "length and reflection rewards as in the paper or as in its code", Source: "REA-RL, rewards, code",
			Choices: []string{"paper", "code"}, Max: 1, Step: 1, Paper: hyper.Choice("paper"), Lab: hyper.Choice("paper")},
		{Name: "accuracy-weight", Symbol: "w_acc", Meaning: "weight of the accuracy reward", Source: "REA-RL, rewards",
			Min: 0, Max: 2, Step: 0.05, Paper: hyper.Number(1), Lab: hyper.Number(1)},
		{Name: "length-weight", Symbol: "w_len", Meaning: "weight of the refined length reward", Source: "REA-RL, rewards",
			Min: 0, Max: 2, Step: 0.05, Paper: hyper.Number(1), Lab: hyper.Number(0.3)},
		{Name: "reflection-weight", Symbol: "w_refl", Meaning: "weight of the reflection reward", Source: "REA-RL, rewards",
			Min: 0, Max: 2, Step: 0.05, Paper: hyper.Number(1), Lab: hyper.Number(0.15)},
		{Name: "reflection-tokens", Symbol: "1/D_0.2", Meaning: "think tokens to a reflection below which a response is not punished; 0 measures it on the base model", Source: "REA-RL code",
			Min: 0, Max: 10000, Step: 0.01, Paper: hyper.Number(225.09), Lab: hyper.Number(0)},
		{Name: "density-quantile", Symbol: "q", Meaning: "quantile of the base model's reflection density that sets D_q", Source: "REA-RL, rewards",
			Min: 0, Max: 1, Step: 0.05, Paper: hyper.Number(0.2), Lab: hyper.Number(0.2)},
	}, hyper.Optimiser("TRL, on which the code is built", 0.9, 0.999, 0, 1)),
	Rules: []hyper.Rule{
		func(h hyper.Values, _ hyper.Limits) error {
			if h.On("revise") && h.Number("revision-tokens") > h.Number("max-length") {
				return fmt.Errorf("revision-tokens is %d and max-length is %d tokens; a revision cannot be longer than a response", h.Int("revision-tokens"), h.Int("max-length"))
			}
			return nil
		},
	},
	Takes: Takes{Revisions: true, ReflectionModel: func(h hyper.Values) bool { return h.On("revise") && h.Choice("cut") != "oracle" }},
	New: func(h hyper.Values, s Setup) (Trainer, error) {
		return &rearl{reaRule: newREARule(h), problems: h.Int("problems"), size: h.Int("group"), cut: h.Choice("cut"),
			revisionTokens: h.Int("revision-tokens"), revisionEOS: h.On("revision-eos"), reflector: s.Reflector}, nil
	},
}

const ofREARL = "REA-RL, rewards, arXiv 2505.19862"

type rearl struct {
	reaRule
	problems, size int
	cut            string // "normal", "weak", "strong" or "oracle"
	revisionTokens int
	revisionEOS    bool
	reflector      *Reflector
}

// reaRule is the arithmetic of rewards and credit.
type reaRule struct {
	scale      groupScale
	revise     bool
	codeForm   bool
	accuracy   float64 // weights of the rewards
	length     float64
	reflection float64
	density    float64 // D_q, reflections a think token; 0 is measured on the base
}

func newREARule(h hyper.Values) reaRule {
	c := reaRule{
		scale:      newGroupScale(h),
		revise:     h.On("revise"),
		codeForm:   h.Choice("reward-form") == "code",
		accuracy:   h.Number("accuracy-weight"),
		length:     h.Number("length-weight"),
		reflection: h.Number("reflection-weight"),
	}
	if tokens := h.Number("reflection-tokens"); tokens > 0 {
		c.density = 1 / tokens
	}
	return c
}

// ---- Sample

func (c *rearl) Sample(ctx context.Context, r *Run) ([]Group, error) {
	if c.density == 0 {
		c.density = r.Base().Density
	}
	groups, err := r.sampleGroups(ctx, c.problems, c.size)
	if err != nil || !c.revise {
		return groups, err
	}
	revisions, err := c.revisions(ctx, r, groups)
	if err != nil {
		return nil, err
	}
	for i := range groups {
		g := &groups[i]
		for j := range len(g.Samples) {
			revisions[j].Kind = "revision"
		}
		n := len(g.Samples)
		g.Samples = append(g.Samples, revisions[:n]...)
		revisions = revisions[n:]
	}
	return groups, nil
}

// revisions cuts every response, closes its think part and lets the policy finish: one revision each, groups in a row.
func (c *rearl) revisions(ctx context.Context, r *Run, groups []Group) ([]Sample, error) {
	kept, err := c.steps(r, groups)
	if err != nil {
		return nil, err
	}
	var from []pendingBranch
	for i, g := range groups {
		for j, s := range g.Samples {
			end := 0
			if n := kept[i][j]; n > 0 {
				end = s.Steps[n-1].End - s.PromptLength
			}
			// The sampler did not compute the log-probability of the forced token.
			from = append(from, pendingBranch{problem: g.Problem, response: append(slices.Clone(s.Response()[:end]), task.EndThink), old: s.Old[:end],
				most: c.revisionTokens, closed: c.revisionEOS})
		}
	}
	return r.generate(ctx, from)
}

// steps returns how many steps the revision of each response keeps.
func (c *rearl) steps(r *Run, groups []Group) (kept [][]int, err error) {
	var p [][]float64 // a response, all groups in a row
	if c.cut != "oracle" {
		if p, err = c.reflector.resultsOf(groups); err != nil {
			return nil, err
		}
	}
	for _, g := range groups {
		kept = append(kept, make([]int, len(g.Samples)))
		for i, s := range g.Samples {
			row := kept[len(kept)-1]
			switch c.cut {
			case "oracle":
				row[i] = cutOracle(r.Task.Concludes(g.Problem, s.Trace))
				continue
			case "normal":
				row[i] = cutNormal(p[0])
			case "weak":
				row[i] = cutWeak(p[0])
			case "strong":
				row[i] = cutStrong(p[0])
			}
			p = p[1:]
		}
	}
	return kept, nil
}

// cutNormal returns how many steps a revision keeps: up to and with the first step i >= n/2 that states a result, P_i >= 0.5.
func cutNormal(p []float64) int {
	return keptSteps(slices.IndexFunc(p[(len(p)+1)/2:], states), (len(p)+1)/2, len(p))
}

// cutWeak keeps up to and with the start of the second run of such steps.
func cutWeak(p []float64) int {
	runs := 0
	for i := (len(p) + 1) / 2; i < len(p); i++ {
		if states(p[i]) && (i == (len(p)+1)/2 || !states(p[i-1])) {
			if runs++; runs == 2 {
				return keptSteps(i, 0, len(p))
			}
		}
	}
	return keptSteps(-1, 0, len(p))
}

// cutStrong looks anywhere: before the first step of P_i >= 0.5 it takes the likeliest with P_i >= 0.25, else that step.
func cutStrong(p []float64) int {
	first := slices.IndexFunc(p, states)
	best := -1
	for i, v := range p {
		if i == first {
			break
		}
		if v >= 0.25 && (best < 0 || v > p[best]) {
			best = i
		}
	}
	if best < 0 {
		best = first
	}
	return keptSteps(best, 0, len(p))
}

// cutOracle keeps up to and with the first step that truly states the right final result, and drops the last step where none does.
func cutOracle(statesAnswer []bool) int {
	if i := slices.Index(statesAnswer, true); i >= 0 {
		return i + 1
	}
	return max(0, len(statesAnswer)-1)
}

func states(p float64) bool { return p >= 0.5 }

// keptSteps turns the cut step found+offset, or none (found < 0), into a number of steps: capped at n-1-min(0.05(n+10), 5), and
// never all n.
func keptSteps(found, offset, n int) int {
	last := n - 1 - min((n+10)/20, 5)
	cut := last
	if found >= 0 {
		cut = min(found+offset, last)
	}
	return max(0, min(cut+1, n-1))
}

// ---- Score

// rewards returns R for each member of a group, and what it is the weighted sum of: R_acc, R_len and R_refl.
func (c reaRule) rewards(g Group) (rewards []float64, parts [][3]float64) {
	correct, length := g.verdicts()
	right, short := accuracyReward(correct), refinedLengthReward(correct, length, c.codeForm)
	parts = make([][3]float64, len(g.Samples))
	rewards = make([]float64, len(g.Samples))
	for i, s := range g.Samples {
		density := reflectionDensity(s.Reflections, s.ThinkTokens())
		parts[i] = [3]float64{right[i], short[i], reflectionReward(density, c.density, c.codeForm)}
		rewards[i] = c.accuracy*parts[i][0] + c.length*parts[i][1] + c.reflection*parts[i][2]
	}
	return rewards, parts
}

// refinedLengthReward: in the paper's form a correct response gets 1 - (L-min)/(max-min) and a wrong one 0; in the code's form 0.5 -
// (L-min)/(max-min) and -0.5. Minimum and maximum are over the correct responses; where they are equal the paper's form gives 1,
// the code's 0.
func refinedLengthReward(correct []bool, length []int, codeForm bool) []float64 {
	r := accuracyReward(correct)
	right := lengthsOfCorrect(correct, length)
	if len(right) > 0 {
		lo, hi := slices.Min(right), slices.Max(right)
		for i, c := range correct {
			switch {
			case c && hi > lo:
				r[i] -= (float64(length[i]) - lo) / (hi - lo)
			case c && codeForm:
				r[i] = 0.5
			}
		}
	}
	if codeForm {
		for i := range r {
			r[i] -= 0.5
		}
	}
	return r
}

// reflectionReward is min(0, D/D_q - 1) in the paper's form and min(D/D_q, 1) in the code's, which is the same plus one. D and D_q
// are reflections a think token.
func reflectionReward(density, quantile float64, codeForm bool) float64 {
	ratio := 1.0 // the base does not reflect, so no count is too low
	if quantile > 0 {
		ratio = math.Min(density/quantile, 1)
	}
	if codeForm {
		return ratio
	}
	return ratio - 1
}

// reflectionDensity is reflections over think tokens, and 0 of a response without think tokens.
func reflectionDensity(reflections, thinkTokens int) float64 {
	if thinkTokens == 0 {
		return 0
	}
	return float64(reflections) / float64(thinkTokens)
}

// ---- Credit

// reaInputs is what REA-RL records of a response.
type reaInputs struct {
	rewards  [3]float64 // R_acc, R_len, R_refl, without their weights
	weights  [3]float64
	revision bool
	copied   bool // the revision was wrong, and is a copy of its response
}

func (a reaInputs) parts() (accuracy, length, reflection float64) {
	return a.weights[0] * a.rewards[0], a.weights[1] * a.rewards[1], a.weights[2] * a.rewards[2]
}

func (a reaInputs) report(out *GroupOutput) {
	if a.revision {
		out.Copied = append(out.Copied, a.copied)
	}
}

func (c *rearl) Credit(_ int, groups []Group) error {
	for i := range groups {
		g := &groups[i]
		copied, err := c.replaceWrong(g)
		if err != nil {
			return err
		}
		rewards, parts := c.rewards(*g)
		correct, _ := g.verdicts()
		g.credit(rewards, c.advantages(correct, rewards), c.scale.advantages(accuracyReward(correct)))
		for j := range g.Samples {
			s := &g.Samples[j]
			s.Inputs.Own = reaInputs{parts[j], [3]float64{c.accuracy, c.length, c.reflection}, s.Kind == "revision", copied[j]}
		}
	}
	return nil
}

// replaceWrong puts a copy of its response in the place of each wrong revision. A group is the responses followed by their
// revisions, of which there is one each or none.
func (c reaRule) replaceWrong(g *Group) (copied []bool, err error) {
	n := slices.IndexFunc(g.Samples, func(s Sample) bool { return s.Kind == "revision" })
	if n < 0 {
		return make([]bool, len(g.Samples)), nil
	}
	if !c.revise {
		g.Samples = g.Samples[:n]
		return make([]bool, n), nil
	}
	if revisions := len(g.Samples) - n; revisions != n {
		return nil, fmt.Errorf("there are %d revisions of %d responses; give one each, or none", revisions, n)
	}
	copied = make([]bool, len(g.Samples))
	for i := n; i < len(g.Samples); i++ {
		if !g.Samples[i].Correct {
			g.Samples[i], copied[i] = g.Samples[i-n], true
			g.Samples[i].Kind = "revision"
		}
	}
	return copied, nil
}

// advantages returns one a member, all 0 where none is correct.
func (c reaRule) advantages(correct []bool, rewards []float64) []float64 {
	if !slices.Contains(correct, true) {
		return make([]float64, len(rewards))
	}
	return c.scale.advantages(rewards)
}

// ---- Loss: see lossConfig. Explain

func (c *rearl) Explain(g Group, i int) Explanation {
	s := g.Samples[i]
	own := s.Inputs.Own.(reaInputs)
	x := newExplanation(s)
	if own.copied {
		x.Outcome = append(x.Outcome, Term{"copy", "the revision is wrong: a copy of its response takes its place", 1, "REA-RL, sequential revision"})
	}
	shortest, reflecting := "R_len = 1 - (L - min)/(max - min) if correct, else 0", "R_refl = min(0, D / D_q - 1)"
	if c.codeForm {
		shortest, reflecting = "R_len = 0.5 - (L - min)/(max - min) if correct, else -0.5", "R_refl = min(D / D_q, 1)"
	}
	x.Outcome = append(x.Outcome,
		Term{"R_acc", "1[correct]", own.rewards[0], ofREARL},
		Term{"R_len", shortest, own.rewards[1], ofREARL},
		Term{"R_refl", reflecting + ", D reflections a think token", own.rewards[2], ofREARL},
		Term{"R", fmt.Sprintf("R = %g R_acc + %g R_len + %g R_refl", c.accuracy, c.length, c.reflection), s.Reward, ofREARL})
	if g.passRate() == 0 {
		x.Outcome = append(x.Outcome, Term{"A", "no response of the group is right: A = 0", s.Inputs.Advantage, ofREARL})
	} else {
		x.Outcome = append(x.Outcome, explainGroup(g, c.scale, s.Inputs.Advantage, ofREARL)...)
	}
	return x
}

// ---- State: nothing

func (*rearl) State() (json.RawMessage, error) { return nil, nil }
