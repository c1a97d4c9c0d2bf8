package rl

import (
	"fmt"
	"math"
	"strings"

	"attnlab/rl/score"
	"attnlab/rl/stat"
	"attnlab/rl/task"
)

// Given is what the credit of a response was made of, as far as its method has such
// a thing: kept to be looked at, not needed to train.
type Given struct {
	Advantage float64    // of the whole response, before the method's own term
	Focus     []float64  // attnpo: S_k
	Base      float64    // attnpo: S_base
	Scales    []float64  // attnpo: γ_k
	Rewards   [3]float64 // rearl: R_acc, R_len, R_refl, without their weights
	Revision  bool       // rearl
	Copied    bool       // rearl: the revision was wrong, and is a copy of its response
	Leaf      int        // trees: the node it ends in
}

// Credited is the credit of one training step. It does not change any more.
type Credited struct {
	Groups []Group
	Task   task.Task
	Step   int // from 1

	method method
	heads  []score.Head
}

// Last is what the last training step made its credit of; nil before the first.
func (r *Run) Last() *Credited {
	if r.last == nil || r.state.Step == 0 {
		return nil
	}
	return &Credited{r.last, r.Task, r.state.Step, r.method, r.state.Heads}
}

// Term is one line of an arithmetic: what it is called, how it is formed, its value,
// and the paper that has it.
type Term struct {
	Name   string
	Form   string
	Value  float64
	Source string
}

// Explanation is how one response got its advantages.
type Explanation struct {
	Before  []float64 // [response] as if the method's own term were left out
	After   []float64 // [response] what was trained on; 0 where nothing was
	Outcome []Term    // from the reward to the advantage of the response
	Steps   []StepCredit
}

// StepCredit is the credit of one step, [Start, End) in response tokens.
type StepCredit struct {
	Start, End int
	Label      task.Label
	Scale      float64 // after over before, the means over the step; 1 where both are 0, and 0 where only before is
	Terms      []Term
}

// Explain does the arithmetic of one response again, from the values that trained.
func (c *Credited) Explain(group, sample int) Explanation {
	g := c.Groups[group]
	s := g.Samples[sample]
	x := Explanation{Before: make([]float64, len(s.Response())), After: s.Advantage}
	if x.After == nil {
		x.After = make([]float64, len(s.Response()))
	}
	for t := range x.Before {
		x.Before[t] = s.Given.Advantage
	}
	steps := func(int) []Term { return nil }
	switch m := c.method.(type) {
	case GRPO:
		x.Outcome = m.explain(g, sample)
	case TLMRE:
		x.Outcome = m.explain(g, sample)
	case ATTNPO:
		x.Outcome = m.TLMRE.explain(g, sample)
		steps = func(k int) []Term { return m.explainStep(c, g, s, k) }
	case REARL:
		x.Outcome = m.explain(g, sample)
	case treeTrainer:
		x.Outcome = explainLeaf(g, s)
		steps = func(k int) []Term { return explainNode(g, s, k) }
	}
	for k, r := range s.ResponseSteps() {
		before := stat.Mean(x.Before[r[0]:r[1]])
		after := stat.Mean(x.After[r[0]:r[1]])
		scale := 0.0
		switch {
		case s.Given.Scales != nil:
			scale = s.Given.Scales[k]
		case before != 0:
			scale = after / before
		case after == 0:
			scale = 1
		}
		x.Steps = append(x.Steps, StepCredit{r[0], r[1], s.Steps[k].Label, scale, steps(k)})
	}
	return x
}

// rewards are those of a group as they were credited.
func (g Group) rewards() []float64 {
	r := make([]float64, len(g.Samples))
	for i, s := range g.Samples {
		r[i] = s.Reward
	}
	return r
}

const (
	ofGRPO   = "GRPO 4.1, arXiv 2402.03300"
	ofTLMRE  = "TLMRE, arXiv 2502.04463; ATTNPO, outcome reward"
	ofATTNPO = "ATTNPO, step rescaling, arXiv 2602.09953"
	ofREARL  = "REA-RL, rewards, arXiv 2505.19862"
	ofTreeRL = "TreeRL, arXiv 2506.11902; AttnRL, eq. 2-3"
)

// explainGroup is from rewards to a group advantage.
func explainGroup(g Group, std Std, advantage float64) []Term {
	mean, sd := stat.Mean(g.rewards()), stat.PopStdDev(g.rewards())
	terms := []Term{{"mean", fmt.Sprintf("mean reward of the group's %d responses", len(g.Samples)), mean, ofGRPO}}
	form := "A = r - mean"
	if std == SampleStd {
		sd = stat.StdDev(g.rewards())
	}
	if std != NoStd {
		terms = append(terms, Term{"std", "standard deviation of these rewards", sd, ofGRPO})
		form = "A = (r - mean) / (std + 1e-6)"
	}
	if stat.Constant(g.rewards()) {
		form = "all rewards are equal: A = 0"
	}
	return append(terms, Term{"A", form, advantage, ofGRPO})
}

func (c GRPO) explain(g Group, i int) []Term {
	s := g.Samples[i]
	form, source := "r = 1[correct]", ofGRPO
	if c.Buffer > 0 {
		form = "r = 1[correct] + min(0, -(L - (L_max - L_cache)) / L_cache) · factor"
		source = "DAPO 3.4, arXiv 2503.14476"
	}
	return append([]Term{{"r", form, s.Reward, source}}, explainGroup(g, c.Std, s.Given.Advantage)...)
}

func (c TLMRE) explain(g Group, i int) []Term {
	s := g.Samples[i]
	correct, length := g.verdicts()
	lengths := lengthsOfCorrect(correct, length)
	mu, sd := stat.Mean(lengths), stat.PopStdDev(lengths)
	var terms []Term
	form := "a wrong response: r = 0"
	if s.Correct {
		terms = []Term{
			{"L", "length of the response, tokens", float64(len(s.Response())), ofTLMRE},
			{"μ", "mean length of the group's correct responses", mu, ofTLMRE},
			{"s", "standard deviation of these lengths", sd, ofTLMRE},
			{"α", "share of the reward that length can cost", c.Alpha, ofTLMRE}}
		form = "r = 1 - α σ((L - μ) / s), σ the logistic function"
	}
	own := c.Credit(g.rewards())[i]
	return append(terms, Term{"r", form, s.Reward, ofTLMRE},
		Term{"mean", fmt.Sprintf("mean reward of the other %d responses", len(g.Samples)-1), s.Reward - own, ofTLMRE},
		Term{"A", "A = r - mean", own, ofTLMRE})
}

func (c ATTNPO) explainStep(credited *Credited, g Group, s Sample, k int) []Term {
	p, A, gamma := g.passRate(), s.Given.Advantage, s.Given.Scales[k]
	one := func(why string) []Term { return []Term{{"γ", why + ": γ = 1", gamma, ofATTNPO}} }
	switch {
	case !s.Correct:
		return one("a wrong response is not rescaled")
	case len(s.Steps) < 2:
		return one("a response of one step is not rescaled")
	case A == 0:
		return one("the response has no advantage to rescale")
	case !c.Positive && !c.Negative:
		return one("both rescalings are switched off")
	}
	over := "(|q| + |o|)"
	if c.ResponseOnly {
		over = "|o|"
	}
	var names []string
	for _, h := range credited.heads {
		names = append(names, fmt.Sprintf("L%d·H%d", h.Layer, h.Head))
	}
	S, base, mix := s.Given.Focus[k], s.Given.Base, math.Pow(p, c.MixExponent)
	terms := []Term{
		{"S_k", "attention of the answer's tokens to a token of the step, summed over the answer, mean over heads " + strings.Join(names, ", "), S, "ATTNPO, step score"},
		{"p", "share of right responses in the group", p, ofATTNPO},
		{"S_base", fmt.Sprintf("κ p^%g |F| / %s with κ = %g: even attention", c.BaseExponent, over, c.Kappa), base, ofATTNPO}}
	start := c.Schedule * (1 - p)
	form := ""
	switch {
	case A > 0 && !c.Positive:
		form = "A > 0 and attenuation is switched off: γ = 1"
	case A > 0 && S >= base:
		form = "A > 0 and S_k ≥ S_base: the step keeps its credit, γ = 1"
	case A > 0:
		terms = append(terms, Term{"start", "T (1 - p): attenuation begins after this step of training", start, ofATTNPO})
		if float64(credited.Step) <= start {
			form = fmt.Sprintf("step %d is not after it: γ = 1", credited.Step)
			break
		}
		terms = append(terms, Term{"p^λ", fmt.Sprintf("weight of the attenuation, λ = %g", c.MixExponent), mix, ofATTNPO})
		form = fmt.Sprintf("A > 0 and S_k < S_base: γ = (1 - δ)(p^λ S_k / S_base + 1 - p^λ) + δ with δ = %g", c.Floor)
	case !c.Negative:
		form = "A < 0 and protection is switched off: γ = 1"
	case S > base:
		form = "A < 0 and S_k > S_base: a needed step does not pay, γ = 0"
	default:
		form = "A < 0 and S_k ≤ S_base: γ = 1"
	}
	return append(terms, Term{"γ", form, gamma, ofATTNPO}, Term{"γ A", "advantage of the step's tokens", gamma * A, ofATTNPO})
}

func (c REARL) explain(g Group, i int) []Term {
	s := g.Samples[i]
	var terms []Term
	if s.Given.Copied {
		terms = append(terms, Term{"copy", "the revision is wrong: its response stands for it", 1, "REA-RL, sequential revision"})
	}
	shortest, reflecting := "R_len = 1 - (L - min)/(max - min) if correct, else 0", "R_refl = min(0, D / D_q - 1)"
	if c.CodeForm {
		shortest, reflecting = "R_len = 0.5 - (L - min)/(max - min) if correct, else -0.5", "R_refl = min(D / D_q, 1)"
	}
	terms = append(terms,
		Term{"R_acc", "1[correct]", s.Given.Rewards[0], ofREARL},
		Term{"R_len", shortest, s.Given.Rewards[1], ofREARL},
		Term{"R_refl", reflecting + ", D reflections a think token", s.Given.Rewards[2], ofREARL},
		Term{"R", fmt.Sprintf("R = %g R_acc + %g R_len + %g R_refl", c.Accuracy, c.Length, c.Reflection), s.Reward, ofREARL})
	advantage := 0.0
	if len(s.Advantage) > 0 {
		advantage = s.Advantage[0]
	}
	if g.passRate() == 0 {
		return append(terms, Term{"A", "no response of the group is right: A = 0", advantage, ofREARL})
	}
	return append(terms, explainGroup(g, c.Std, advantage)...)
}

func explainLeaf(g Group, s Sample) []Term {
	root := g.Tree.Nodes[0]
	return []Term{
		{"r", "r = 1[correct]", s.Reward, ofTreeRL},
		{"V(root)", fmt.Sprintf("mean reward of the tree's %d leaves", root.Leaves), root.Value, ofTreeRL},
		{"r - V(root)", "what the whole response would get from its outcome alone", s.Given.Advantage, ofTreeRL}}
}

// explainNode is the arithmetic of the node in which a step begins.
func explainNode(g Group, s Sample, k int) []Term {
	at := s.ResponseSteps()[k][0]
	n := g.Tree.Nodes[s.Given.Leaf]
	for n.Start > at {
		n = g.Tree.Nodes[n.Parent]
	}
	form := "A = (GA + LA) / √|L(s)|"
	switch {
	case !g.Tree.Valid():
		form = "all leaves of the tree have one outcome: it is not trained on"
	case !n.Trained:
		form = "a response without branch points is not trained on: A = 0"
	}
	advantage := 0.0
	if s.Advantage != nil {
		advantage = s.Advantage[at]
	}
	return []Term{
		{"V(s)", fmt.Sprintf("mean reward of the %d leaves below node %d", n.Leaves, n.ID), n.Value, ofTreeRL},
		{"GA", "V(s) - V(root)", n.Global, ofTreeRL},
		{"LA", "V(s) - V(parent)", n.Local, ofTreeRL},
		{"√|L(s)|", "square root of the number of leaves", math.Sqrt(float64(n.Leaves)), ofTreeRL},
		{"A", form, advantage, ofTreeRL}}
}
